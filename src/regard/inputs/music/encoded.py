"""Pieces as numbers of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.inputs.music.pieces import REST, Pieces
from regard.inputs.music.vocabulary import EventVocabulary

__all__ = ["EncodedPieces", "encode_pieces"]


@dataclass(frozen=True, eq=False)
class EncodedPieces:
    """B pieces as the model takes them, V events in each step.

    Attributes:
        pieces: B arrays [T_b, V]; 0 where an event is to be written.
        events: B arrays [T_b, V], the same as texts; "" where an event is to be written.
        unknown: [B] events of each that the vocabulary lacks.
        dropped: [B] steps of each of which notes were left out, since there are more than V.
        shortened: [B] steps that were left out from the beginning of each.
    """

    pieces: tuple[NDArray[np.int64], ...]
    events: tuple[NDArray[np.str_], ...]
    unknown: NDArray[np.int64]
    dropped: NDArray[np.int64]
    shortened: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.pieces)


def encode_pieces(
    vocabulary: EventVocabulary, cases: Pieces, *, given: NDArray[np.bool_], max_steps: int
) -> EncodedPieces:
    """Number the events of pieces.

    Parameters:
        vocabulary: of the training part.
        cases: pieces with all V voices, or with those alone that are given.
        given: [V] which voices these are.
        max_steps: of a longer piece the last steps stay.
    """
    pieces, every, unknown, dropped = [], [], [], []
    for events in cases.events:
        kept, fewer = events[-max_steps:], 0
        if cases.kind == "notes":
            kept, fewer = _fitted(kept, len(given))
        numbers = vocabulary.encode(kept)
        unknown.append(int((numbers == vocabulary.UNKNOWN).sum()))
        dropped.append(fewer)
        if numbers.shape[1] < len(given):
            numbers, kept = (_spread(each, given) for each in (numbers, kept))
        pieces.append(numbers)
        every.append(kept)
    lengths = cases.lengths
    return EncodedPieces(
        tuple(pieces),
        tuple(every),
        np.array(unknown, np.int64),
        np.array(dropped, np.int64),
        np.maximum(lengths - max_steps, 0),
    )


def _spread(known: NDArray[Any], given: NDArray[np.bool_]) -> NDArray[Any]:
    """The columns of the voices that are given, with blank ones for the others."""
    whole = np.zeros((len(known), len(given)), known.dtype)
    whole[:, given] = known
    return whole


def _fitted(events: NDArray[np.str_], voices: int) -> tuple[NDArray[np.str_], int]:
    """Notes as [T, voices], and in how many steps some were left out: those below the highest
    `voices - 1` and above the lowest.
    """
    most = events.shape[1]
    if most <= voices:
        return np.pad(events, ((0, 0), (0, voices - most)), constant_values=REST), 0
    sounding = (events != REST).sum(1)
    fitted = events[:, :voices].copy()
    over = sounding > voices
    fitted[over, -1] = events[over, sounding[over] - 1]
    return fitted, int(over.sum())
