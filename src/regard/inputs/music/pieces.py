"""Pieces of music on a grid of steps, and those that cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError

__all__ = ["HELD", "REST", "Kind", "Pieces", "with_onsets"]

REST = "-"
HELD = "~"  # after a note that goes on from the step before

Kind = Literal["voices", "notes", "chords"]
"""Voices: each column is one of them. Notes: what sounds in a step, from high to low. Chords: one
symbol in each step, such as Dm7."""


def with_onsets(events: NDArray[np.str_], kind: Kind, where: NDArray[np.bool_]) -> NDArray[np.str_]:
    """Events [T, V] of which those to be looked at [T, V] begin where they did not sound before.

    >>> piece = np.array([["60"], ["62~"], ["62~"]])
    >>> with_onsets(piece, "voices", np.ones((3, 1), bool)).ravel().tolist()
    ['60', '62', '62~']
    """
    found = events.copy()
    for step, voice in np.argwhere(where & np.strings.endswith(events, HELD)):
        before = events[step - 1] if step else events[:0, 0]
        before = before[voice : voice + 1] if kind == "voices" else before
        note = str(events[step, voice]).removesuffix(HELD)
        if kind != "chords" and note not in [each.removesuffix(HELD) for each in before.tolist()]:
            found[step, voice] = note
    return found


@dataclass(frozen=True, eq=False)
class Pieces:
    """B pieces of music, each of T steps with V events: notes, rests or chords.

    A note is its MIDI number (60 is the middle C): "60" begins, "60~" goes on from the step before.
    "-" is a rest; of `notes` it also fills up the steps in which fewer sound.

    Attributes:
        events: B arrays [T_b, V_b] of texts; V is the same for all unless the kind is "notes".
        kind: "voices", "notes" or "chords".
        voices: names of the V voices, such as ("soprano", "alto"); () of other kinds.
        ids: [B] name of each in its source; by default its position, from 0.
        per_quarter: steps of a quarter note.
        faults: [B] why a piece cannot be used, "" where it can.
        notes: what the user should know of how they were read, such as pieces left out.
        groups: [B] number of the piece that each is a part of; by default each is a whole one.
    """

    events: tuple[NDArray[np.str_], ...]
    kind: Kind
    voices: tuple[str, ...] = ()
    ids: NDArray[Any] = field(default_factory=lambda: np.empty(0))
    per_quarter: float = 1.0
    faults: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, np.str_))
    notes: tuple[str, ...] = ()
    groups: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    labels = None  # what is to be written are the pieces themselves

    def __post_init__(self) -> None:
        pieces = len(self.events)
        if len(self.ids) == 0:
            object.__setattr__(self, "ids", np.arange(pieces))
        if len(self.faults) == 0:
            object.__setattr__(self, "faults", np.full(pieces, "", "<U1"))
        if len(self.groups) == 0:
            object.__setattr__(self, "groups", np.arange(pieces))
        for name in ("ids", "faults", "groups"):
            if len(getattr(self, name)) != pieces:
                raise DataError(
                    f"{name}: wanted one for each of {pieces} pieces, given "
                    f"{len(getattr(self, name))}"
                )
        for at, piece in enumerate(self.events):
            if piece.ndim != 2 or (self.voices and piece.shape[1] != len(self.voices)):
                wanted = len(self.voices) or "events"
                raise DataError(
                    f"piece {self.ids[at]}: wanted [steps, {wanted}], given {list(piece.shape)}"
                )

    def __len__(self) -> int:
        return len(self.events)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """[B] steps of each piece."""
        return np.array([len(piece) for piece in self.events], np.int64)

    def take(self, index: NDArray[np.int64]) -> Pieces:
        """The pieces at these positions, in this order."""
        return Pieces(
            tuple(self.events[at] for at in index),
            self.kind,
            self.voices,
            self.ids[index],
            self.per_quarter,
            self.faults[index],
            groups=self.groups[index],
        )
