"""Notes in musical time, and the grid of steps that they are laid on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.music.pieces import HELD, REST

__all__ = ["LONGEST", "Laid", "Note", "Part", "Score", "is_monophonic", "lay_notes", "lay_voices"]

LONGEST = 100_000
"""Most steps of a piece."""

# A note that starts less than a quarter of a step late is on time. Times are whole numbers, since
# fractions take ten times as long.
_LATE = 4


class Note(NamedTuple):
    """A note from `start` to `stop`, in ticks from the start of its piece."""

    start: int
    stop: int
    pitch: int


class Part(NamedTuple):
    """The notes of a track, a channel or a part of a score; its name is "" where it has none."""

    name: str
    notes: list[Note]


class Score(NamedTuple):
    """A file: its parts with notes, ticks of a quarter note, how many notes are percussion."""

    parts: list[Part]
    quarter: Fraction
    percussion: int = 0


class Laid(NamedTuple):
    """Events [T, V] of a piece, and how many notes no step has."""

    events: NDArray[np.str_]
    lost: int


class _Placed(NamedTuple):
    """A note on the steps from `first` up to `stop`."""

    first: int
    stop: int
    note: Note


def is_monophonic(part: Part, step: Fraction) -> bool:
    """Whether no two notes of a part sound together, on a grid of steps of so many ticks.

    They do if they overlap by a quarter of a step, or by half of the shorter of them.
    """
    last: Note | None = None
    for note in sorted(part.notes):
        if last is not None:
            overlap = min(last.stop, note.stop) - note.start
            shorter = min(each.stop - each.start for each in (last, note))
            if overlap > 0 and (overlap * _LATE >= step or 2 * overlap >= shorter):
                return False
        last = max(last or note, note, key=lambda each: each.stop)
    return True


def lay_voices(parts: Sequence[Part], step: Fraction) -> Laid:
    """Parts of one note at a time as voices, on a grid of steps of so many ticks.

    A step has the note that sounds at its start; a note that starts less than a quarter of a step
    later is on time. Of several that start in one step the longest is taken, the first of equals.

    Raises:
        DataError: there are too many steps, or none.
    """
    placed = [_placed(part.notes, step) for part in parts]
    events = np.full((_steps(placed), len(parts)), REST, "<U4")
    laid = 0
    for voice, notes in enumerate(placed):
        chosen: dict[int, _Placed] = {}
        for each in notes:
            before = chosen.get(each.first)
            if before is None or _length(each) > _length(before):
                chosen[each.first] = each
        laid += len(chosen)
        for first in sorted(chosen):  # a later note ends those before it
            _, stop, note = chosen[first]
            events[first:stop, voice] = f"{note.pitch}{HELD}"
            events[first, voice] = str(note.pitch)
    return Laid(events, sum(len(part.notes) for part in parts) - laid)


def lay_notes(parts: Iterable[Part], step: Fraction) -> Laid:
    """The notes of all parts that sound in each step, from high to low, as by `lay_voices`.

    A note that several parts have is one, which begins where any of them begins.

    Raises:
        DataError: there are too many steps, or none.
    """
    notes = [note for part in parts for note in part.notes]
    placed = _placed(notes, step)
    begins: list[dict[int, bool]] = [{} for _ in range(_steps([placed]))]
    for first, stop, note in placed:
        for at in range(first, stop):
            begins[at][note.pitch] = begins[at].get(note.pitch, False) or at == first
    events = np.full((len(begins), max(map(len, begins))), REST, "<U4")
    for at, sounding in enumerate(begins):
        for place, pitch in enumerate(sorted(sounding, reverse=True)):
            events[at, place] = f"{pitch}{'' if sounding[pitch] else HELD}"
    return Laid(events, len(notes) - len(placed))


def _length(placed: _Placed) -> int:
    return placed.note.stop - placed.note.start


def _placed(notes: Iterable[Note], step: Fraction) -> list[_Placed]:
    """The notes that sound at the start of a step, in their order."""
    found = []
    ticks, parts = step.as_integer_ratio()
    for note in sorted(notes):
        first, stop = (_step(time * parts, ticks) for time in note[:2])
        if first * ticks < note.stop * parts:
            found.append(_Placed(first, max(stop, first + 1), note))
    return found


def _step(time: int, ticks: int) -> int:
    """The first step of so many ticks that starts at a time, or after it.

    >>> [_step(time, 20) for time in (0, 4, 5, 18, 20)]
    [0, 0, 1, 1, 1]
    """
    return (_LATE * time - ticks) // (_LATE * ticks) + 1


def _steps(placed: Iterable[Iterable[_Placed]]) -> int:
    """How many steps there are."""
    steps = max((each.stop for notes in placed for each in notes), default=0)
    if not steps:
        raise DataError("all of its notes are shorter than a step (per_quarter)")
    if steps > LONGEST:
        raise DataError(f"it has {steps:,} steps; wanted at most {LONGEST:,} (per_quarter)")
    return steps
