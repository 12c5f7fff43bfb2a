"""The composer of pieces of music."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from regard.errors import ConfigError
from regard.estimators.base import AttentionEstimator, Floats
from regard.estimators.contract import check_is_fitted
from regard.inputs.music.pieces import Pieces
from regard.inputs.music.vocabulary import EventVocabulary

__all__ = ["Composer"]


class Composer(AttentionEstimator):
    """Continues pieces of music, or writes voices to those that are given, with attention.

    X is a list of pieces, each a text, such as "Dm7 G7 Cmaj7" or "72,67,64,48 71,67,62,55"; an
    array [steps, voices] of MIDI numbers, -1 where a voice rests; or a list of steps, each a list
    of the MIDI numbers that sound; or `Pieces` that a reader of `regard.data` returned. There is no
    y: the pieces are what is learned. Which events follow which is told by one self-attention over
    all of them.

    Parameters:
        {parameters}

    Attributes:
        events_: the events that are known.
        voices_: names of the voices; () of pieces without.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> model = Composer(epochs=1, hidden=8, heads=2, steps=3, random_state=0)
    >>> model = model.fit(["Dm7 G7 Cmaj7 Am7", "Am7 Dm7 G7 Cmaj7"])
    >>> model.predict(["Dm7 G7"]).events[0].shape  # steps, voices
    (5, 1)
    """

    task = "compose"

    events_: EventVocabulary
    voices_: tuple[str, ...]

    def predict(
        self,
        X: Any,
        *,
        steps: int | None = None,
        temperature: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
    ) -> Pieces:
        """Pieces with what the model writes: their continuations, or the voices not given.

        Parameters:
            X: primers, or pieces with the voices that are given, or with all, of which the others
                are written anew.
            steps: to continue by.
            temperature, top_k, top_p: instead of the parameters of the estimator.
            seed: random seed of what is drawn, instead of that of the training. The same primer,
                seed and options give the same piece.
        """
        check_is_fitted(self)
        asked = {
            "steps": steps,
            "temperature": temperature,
            "top_k": top_k,
            "top_p": top_p,
            "seed": seed,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        output: Any = self.output_
        seen = self.infer(X, **(output.for_new | given))
        reader: Any = self.input_
        events = tuple(reader.events_of(seen, n) for n in range(len(seen)))
        pieces: Pieces = replace(seen.cases, events=events, voices=self.voices_)
        return pieces

    def log_prob(self, X: Any) -> list[Floats]:
        """The log-probability of each event of each piece, an array [steps, voices].

        That of an event on condition of those before it and of the voices that are given, for which
        it is 0.
        """
        return [read.log_probs for read in self.infer(X).values]

    def score(self, X: Any, y: Any = None) -> float:
        """The mean log-probability of a step, or, with voices that are given, the share of the
        other voices' events that are written as they are in X.
        """
        check_is_fitted(self)
        metrics = self.output_.metrics(self.infer(X))
        return float(metrics.get("right", -metrics["nll_per_step"]))

    def attend(self, X: Any, *, heads: bool = False) -> list[Floats]:
        """What each event of each piece looked at: [L, L], L = steps x voices, step by step.

        A row sums to one, less what was looked at before the first event; it is the mean over
        layers and heads.

        Raises:
            ConfigError: heads are asked for.
        """
        if heads:
            raise ConfigError("heads: the map of an event is the mean over heads and layers")
        return self.infer(X, maps=("attention",)).maps["attention"]

    def evidence(self, X: Any) -> Any:
        """Not of events that are written one after the other.

        Raises:
            ConfigError: always.
        """
        raise ConfigError("evidence: several layers are not linear in the events; use attend")
