"""The events that pieces are made of, by number, and their transpositions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from regard.inputs.music.chords import transpose
from regard.inputs.music.pieces import HELD, REST, Kind

__all__ = ["EventVocabulary"]

_SPECIAL = ("[PAD]", "[UNKNOWN]", "[BEGIN]")


@dataclass(frozen=True)
class EventVocabulary:
    """Events by number: 0 padding, 1 unknown, 2 the beginning, then those of the training part.

    Attributes:
        events: from number 3 on.
    """

    events: tuple[str, ...]

    UNKNOWN: ClassVar[int] = 1

    def __len__(self) -> int:
        return len(_SPECIAL) + len(self.events)

    @classmethod
    def learn(
        cls, pieces: Sequence[NDArray[np.str_]], kind: Kind, *, semitones: int
    ) -> EventVocabulary:
        """The events of pieces, and of their transpositions, the most frequent first.

        Parameters:
            pieces: arrays [T, V].
            kind: of the pieces.
            semitones: most by which they are transposed; notes stay within their range.
        """
        counts = Counter(event for piece in pieces for event in piece.ravel().tolist())
        known = [event for event, _ in counts.most_common()]
        notes = [int(event.rstrip(HELD)) for event in known if kind != "chords" and event != REST]
        found = dict.fromkeys(known)
        for by in range(-semitones, semitones + 1):
            for event in known:
                moved = transpose(event, by, known=found)
                if moved is None or moved in found:
                    continue
                if kind == "chords" or min(notes) <= int(moved.rstrip(HELD)) <= max(notes):
                    found[moved] = None
        return cls(tuple(found))

    def encode(self, events: NDArray[np.str_]) -> NDArray[np.int64]:
        """Events of any shape as numbers of the same shape.

        >>> EventVocabulary(("60", "-")).encode(np.array([["60", "-"], ["99", "60"]]))
        array([[3, 4],
               [1, 3]])
        """
        number = {event: at for at, event in enumerate(self.events, len(_SPECIAL))}
        found = [number.get(event, self.UNKNOWN) for event in events.ravel().tolist()]
        return np.array(found, np.int64).reshape(events.shape)

    def decode(self, numbers: NDArray[np.int64]) -> NDArray[np.str_]:
        """Numbers of any shape as events."""
        return np.array([*_SPECIAL, *self.events])[numbers]

    def transpositions(self, semitones: int) -> NDArray[np.int64]:
        """[2 semitones + 1, E] numbers of all events transposed by each of these intervals.

        0 where an event has no transposition in the vocabulary.
        """
        number = {event: at for at, event in enumerate(self.events, len(_SPECIAL))}
        table = np.zeros((2 * semitones + 1, len(self)), np.int64)
        table[:, : len(_SPECIAL)] = np.arange(len(_SPECIAL))
        for row, by in enumerate(range(-semitones, semitones + 1)):
            for event, at in number.items():
                moved = event if by == 0 else transpose(event, by, known=number)
                table[row, at] = 0 if moved is None else number.get(moved, 0)
        return table
