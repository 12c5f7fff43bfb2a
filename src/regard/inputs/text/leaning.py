"""Whether a text looks like the language to translate to, and not like that to translate from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Leaning"]

_SCALE = 10  # of the weights that are kept, as whole numbers
_MOST = 40  # of one token: four nats
_LEAST = -30  # threshold where no training source is near it: odds of twenty, for short texts
_ALARMS = 0.001  # share of the training sources that may look like targets
_HITS = 0.9  # share of the training targets that must, or nothing is said


class Leaning:
    """A unigram model of each side, compared.

        score = sum over tokens of log p(token | source) - log p(token | target)

    Probabilities are counts in the training part plus one half. A text looks like a target if its
    score is below a threshold, -3 or less, that nearly all training sources exceed; where many
    training targets exceed it too, such as in one language, nothing looks like a target.

    Parameters:
        weights: [V] summands of each token, in tenths, at most 40.
        threshold: in tenths; None says nothing.
    """

    def __init__(self, weights: NDArray[np.int64], threshold: int | None) -> None:
        self._weights, self._threshold = weights, threshold

    @property
    def size(self) -> int:
        """V, of the vocabulary that it was learned with."""
        return len(self._weights)

    @classmethod
    def learn(
        cls,
        sources: Sequence[NDArray[np.int32]],
        targets: Sequence[NDArray[np.int32]],
        *,
        tokens: int,
    ) -> Self:
        """Count the tokens of both sides, encoded with the vocabulary of the sources.

        Parameters:
            sources, targets: the numbers of the tokens of each text.
            tokens: V.

        Example:
            >>> a, b = np.array([0, 0, 1]), np.array([1, 2, 2])
            >>> Leaning.learn([a] * 9, [b] * 9, tokens=3).like_targets([a, b]).tolist()
            [False, True]
        """
        counts = [
            np.bincount(np.concatenate(side), minlength=tokens) for side in (sources, targets)
        ]
        logs = [np.log((own + 0.5) / (own + 0.5).sum()) for own in counts]
        weights = np.rint(_SCALE * (logs[0] - logs[1])).clip(-_MOST, _MOST).astype(np.int64)
        own, others = (_scores(weights, side) for side in (sources, targets))
        threshold = min(int(np.floor(np.quantile(own, _ALARMS))), _LEAST)
        useful = np.mean(others < threshold) >= _HITS
        return cls(weights, threshold if useful else None)

    def like_targets(self, texts: Sequence[NDArray[np.int32]]) -> NDArray[np.bool_]:
        """[B] whether a text looks like a target."""
        if self._threshold is None:
            return np.zeros(len(texts), bool)
        return _scores(self._weights, texts) < self._threshold

    def to_dict(self) -> dict[str, Any]:
        return {"weights": self._weights.tolist(), "threshold": self._threshold}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Self:
        threshold = kept["threshold"]
        return cls(
            np.array(kept["weights"], np.int64), None if threshold is None else int(threshold)
        )


def _scores(weights: NDArray[np.int64], texts: Sequence[NDArray[np.int32]]) -> NDArray[np.int64]:
    return np.array([weights[ids].sum() for ids in texts], np.int64)
