"""Estimators that write a text for each case."""

from __future__ import annotations

from typing import Any, NamedTuple

from regard.checks import check_choice, check_count
from regard.errors import ConfigError, DataError
from regard.estimators.base import AttentionEstimator, Floats
from regard.estimators.contract import check_is_fitted
from regard.inference import Inference
from regard.tokens import Vocabulary

__all__ = ["Looks", "TextWriter"]


class Looks(NamedTuple):
    """Where each word of a text looked.

    Attributes:
        target: words of the text, and "[END]"; characters where these are the tokens.
        weights: [target, ...], a map over the input for each of them, which sums to one.
    """

    target: list[str]
    weights: Floats


class TextWriter(AttentionEstimator):
    """An estimator with the output `tokens`, whatever its input."""

    target_vocabulary_: Vocabulary

    def predict(self, X: Any) -> list[str]:
        """The text that the beam search finds for each case."""
        return self._texts(self.infer(X))

    def predict_nbest(self, X: Any, n: int) -> list[list[tuple[str, float]]]:
        """The n best texts for each case, with the log-probability for each token.

        Parameters:
            X: B cases.
            n: how many; the beam is as large at least.
        """
        check_is_fitted(self)
        check_count("n", n, least=1)
        seen = self.infer(X, beam=max(n, self.output_.config.model.beam), nbest=n)
        output: Any = self.output_
        return [
            [(output.text_of(each), each.per_token) for each in case if len(each.ids)]
            for case in seen.values
        ]

    def score(self, X: Any, y: Any, *, metric: str | None = None) -> float:
        """How good the predicted texts are, the higher the better.

        Parameters:
            X: B cases.
            y: B references.
            metric: of transcripts "word_accuracy", 1 - WER, "character_accuracy", 1 - CER, or
                "exact_match", the share of the texts that equal the reference; of others "bleu", of
                the cased, detokenised texts, or "chrf", both in percent as sacreBLEU computes them,
                or "exact_match". None takes the first.
        """
        check_is_fitted(self)
        output: Any = self.output_
        names = output.measure.scores
        metric = names[0] if metric is None else metric
        check_choice("metric", metric, names)
        cases = self._cases(X, y, fitting=True)  # refuses what is missing and unequal numbers
        if cases.labels is None:
            raise DataError("requires y to be passed, but the target y is None")
        references = [str(each) for each in cases.labels]
        found: float = output.measure.score(metric, self.predict(cases), references)
        return found

    def attend(self, X: Any, *, heads: bool = False) -> list[Any]:
        """Where each word of the predicted texts looked: `Looks` for each case.

        Raises:
            ConfigError: heads are asked for.
        """
        if heads:
            raise ConfigError("heads: the map of a written text is the mean over heads and layers")
        seen = self.infer(X, maps=("attention",))
        output: Any = self.output_
        return [
            Looks(output.units(best.ids, best.beyond)[0], self._laid(seen, n))
            for n, (best, *_) in enumerate(seen.values)
        ]

    def _laid(self, seen: Inference, n: int) -> Floats:
        """The maps of the words of case n over its input."""
        laid: Floats = seen.maps["attention"][n]
        return laid

    def evidence(self, X: Any) -> Any:
        """Not of texts that are written token by token.

        Raises:
            ConfigError: always.
        """
        raise ConfigError("evidence: a decoder is not linear in the encoder's states; use attend")

    def _texts(self, seen: Inference) -> list[str]:
        output: Any = self.output_
        texts: list[str] = output.texts(seen)
        return texts
