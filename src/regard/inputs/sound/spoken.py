"""Recordings as an input whose targets are texts, such as transcripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.explain import average_precision
from regard.inference import Inference
from regard.inputs.sound.input import SoundInput
from regard.inputs.sound.recordings import Recordings, Word
from regard.inputs.sound.view import SpeechView
from regard.inputs.word_maps import WordMaps, word_maps
from regard.plots import Outcome
from regard.tokens import align_sequences

__all__ = ["SpokenInput"]


class SpokenInput(SoundInput):
    """Recordings, for each of which what is said is to be written."""

    writes = "transcript"

    def localisation(self, seen: Inference, outcome: Callable[[int], Outcome]) -> dict[str, Any]:
        """Average precision with which a word's weights rank the frames in which it is said.

        Of the words that are recognised rightly, as the shortest edits align both texts.
        """
        cases: Recordings = seen.cases
        if cases.words is None:
            return {}
        found, shares = [], []
        for n, said in enumerate(cases.words):
            heard = self._heard(seen, n, outcome(n))
            inside = self._frames(said, heard.weights.shape[1])
            for a, b in align_sequences([word.text for word in said], heard.words):
                if a is None or b is None or said[a].text != heard.words[b] or not inside[a].any():
                    continue
                found.append(average_precision(heard.weights[b], inside[a]))
                shares.append(inside[a].mean())
        if not found:
            return {}
        return {
            "localisation_ap": float(np.mean(found)),
            "localisation_chance": float(np.mean(shares)),
        }

    def _frames(self, said: Sequence[Word], frames: int) -> NDArray[np.bool_]:
        """[W, S] whether the middle of a frame lies where a word is said."""
        middle = (np.arange(frames) + 0.5) * self.features.seconds
        edges = np.array([(word.start, word.stop) for word in said]).reshape(-1, 2, 1)
        return np.asarray((edges[:, 0] <= middle) & (middle < edges[:, 1]))

    def _heard(self, seen: Inference, n: int, outcome: Any) -> WordMaps:
        return word_maps(outcome.predicted, outcome.units, seen.maps["weights"][n])

    def view(self, seen: Inference, n: int, outcome: Outcome) -> SpeechView:
        cases: Recordings = seen.cases
        features = self.features
        heard = self._heard(seen, n, outcome)
        return SpeechView(
            id=str(cases.ids[n]),
            outcome=outcome,
            wave=cases.waves[n],
            rate=cases.rate,
            energies=features.energies(cases.waves[n]).T,
            hop=features.seconds,
            words=heard.words,
            weights=heard.weights,
            truth=() if cases.words is None else cases.words[n],
        )

    def columns(self, seen: Inference) -> dict[str, Any]:
        return {}
