"""What counting gets: an interpolated trigram of events."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Trigram"]

_Context = tuple[Hashable, ...]


class Trigram:
    """p(event | its voice and the two events before it), smoothed by Witten and Bell.

    Where voices are given, the context is what these have in the step, in the one before it and in
    the one after it, the nearest first to stay.

    Parameters:
        pieces: arrays [T, V] of numbers of events to count.
        given: [V] which voices are given.
        events: E, the number of different events.

    Source: Witten and Bell, 1991, "The zero-frequency problem", method C; interpolated as in Chen
    and Goodman, 1999, "An empirical study of smoothing techniques for language modeling".
    """

    def __init__(
        self, pieces: Sequence[NDArray[np.int64]], given: NDArray[np.bool_], events: int
    ) -> None:
        self._given, self._events = given, events
        self._counts: dict[_Context, Counter[int]] = defaultdict(Counter)
        for piece in pieces:
            for contexts, event in self._places(piece):
                for context in contexts:
                    self._counts[context][event] += 1

    def log_prob(self, piece: NDArray[np.int64]) -> NDArray[np.float64]:
        """[n] log-probabilities of the n events of a piece that are not given, in their order."""
        return np.log([self._prob(contexts, event) for contexts, event in self._places(piece)])

    def likeliest(self, piece: NDArray[np.int64]) -> NDArray[np.int64]:
        """[n] the likeliest event at each of these places."""
        found = []
        for contexts, _ in self._places(piece):
            known = [context for context in contexts if context in self._counts]
            seen = {event for context in known for event in self._counts[context]}
            found.append(max(seen, key=lambda event: self._prob(contexts, event), default=0))
        return np.array(found, np.int64)

    def _prob(self, contexts: Sequence[_Context], event: int) -> float:
        """From the shortest context to the longest."""
        prob = 1.0 / self._events
        for context in contexts:
            counts = self._counts.get(context)
            if counts is not None:
                total, kinds = counts.total(), len(counts)
                prob = (counts[event] + kinds * prob) / (total + kinds)
        return prob

    def _places(self, piece: NDArray[np.int64]) -> Iterator[tuple[list[_Context], int]]:
        """The contexts of each event that is not given, the shortest first, and the event."""
        if self._given.any():
            own = [None, *(tuple(row) for row in piece[:, self._given].tolist()), None]
            for step, row in enumerate(piece.tolist()):
                before, now, after = own[step], own[step + 1], own[step + 2]
                for voice in np.flatnonzero(~self._given).tolist():
                    contexts: list[_Context] = [(voice,), (voice, now), (voice, now, before)]
                    yield [*contexts, (voice, now, before, after)], row[voice]
            return
        flat, voices = [0, 0, *piece.ravel().tolist()], piece.shape[1]
        for at, event in enumerate(flat[2:]):
            voice, (second, first) = at % voices, flat[at : at + 2]
            yield [(voice,), (voice, first), (voice, first, second)], event
