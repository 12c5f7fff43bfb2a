"""Pieces as text: steps divided by blanks, the events of a step by commas."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.music.pieces import HELD, REST, Kind

__all__ = ["parse_piece", "piece_text"]

_MIDI = re.compile("[0-9]{1,3}")
_NAME = re.compile(r"([A-Ga-g])(##|#|bb|b|)(-?[0-9]{1,2})")
_DEGREES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHIFTS = {"##": 2, "#": 1, "": 0, "b": -1, "bb": -2}


def parse_piece(text: str, kind: Kind, voices: Sequence[str] = ()) -> NDArray[np.str_]:
    """A piece from its text; bar lines, `|`, may stand between steps and are left out.

    Parameters:
        text: a symbol a step, such as "Dm7 G7 Cmaj7", of chords; otherwise notes divided by commas,
            such as "72,67 72~,65 -,64": MIDI numbers, or names such as C5, F#4 or Bb3 (C4 is 60),
            with "~" where a note goes on, or "-" for a rest.
        kind: what its events are.
        voices: names of the voices; () takes as many as the first step has.

    Returns:
        [T, V] events; those of `notes` from high to low, with rests behind them.

    Raises:
        DataError: it has no steps, an event is no note, a note stands twice in a step of `notes`,
            or a step has not as many events as there are voices.

    >>> parse_piece("C5,67 72~,-", "voices").tolist()
    [['72', '67'], ['72~', '-']]
    >>> parse_piece("60,64,67 - 62", "notes").tolist()
    [['67', '64', '60'], ['-', '-', '-'], ['62', '-', '-']]
    """
    words = [word for word in text.split() if word.strip("|")]
    if not words:
        raise DataError("the piece has no steps; wanted events such as " + _example(kind))
    if kind == "chords":
        return np.array(words, np.str_).reshape(-1, 1)
    steps = [
        [_event(event, f"step {at}, event {place}") for place, event in enumerate(word.split(","))]
        for at, word in enumerate(words)
    ]
    if kind == "notes":
        steps = [_sorted(step, at) for at, step in enumerate(steps)]
        width = max(1, *map(len, steps))
        return np.array([step + [REST] * (width - len(step)) for step in steps], np.str_)
    wanted = len(voices) or len(steps[0])
    for at, step in enumerate(steps):
        if len(step) != wanted:
            named = f" ({', '.join(voices)})" if voices else ""
            raise DataError(
                f"step {at} ({words[at]}): wanted an event for each of {wanted} voices{named}, "
                f"given {len(step)}"
            )
    return np.array(steps, np.str_)


def piece_text(events: NDArray[np.str_], kind: Kind = "voices") -> str:
    """The text of a piece, from which `parse_piece` makes the same events.

    Parameters:
        events: [T, V].
        kind: what they are; of `notes`, rests beside notes are not written.

    >>> piece_text(np.array([["72", "67"], ["72~", "-"]]))
    '72,67 72~,-'
    >>> piece_text(np.array([["72", "67"], ["72~", "-"]]), "notes")
    '72,67 72~'
    """
    steps = events.tolist()
    if kind == "notes":
        steps = [[event for event in step if event != REST] or [REST] for step in steps]
    return " ".join(",".join(step) for step in steps)


def _event(given: str, place: str) -> str:
    """A rest or a note by its number.

    >>> [_event(each, "") for each in ("60", "c4", "Bb3~", "B#3", "-")]
    ['60', '60', '58~', '60', '-']
    """
    if given == REST:
        return REST
    note = given.removesuffix(HELD)
    number = int(note) if _MIDI.fullmatch(note) else _number(note)
    if number is None or not 0 <= number <= 127:
        raise DataError(
            f"{place}: wanted a MIDI number from 0 to 127, a name such as C4, F#4 or Bb3, with "
            f"{HELD} where it goes on, or {REST} for a rest, given {given!r}"
        )
    return f"{number}{HELD * given.endswith(HELD)}"


def _number(name: str) -> int | None:
    """The MIDI number of a note by its name and octave."""
    found = _NAME.fullmatch(name)
    if not found:
        return None
    letter, accidental, octave = found.groups()
    return 12 * (int(octave) + 1) + _DEGREES[letter.upper()] + _SHIFTS[accidental]


def _sorted(step: list[str], at: int) -> list[str]:
    """The notes of a step from high to low, without the rests."""
    numbers = [int(event.removesuffix(HELD)) for event in step if event != REST]
    if len(set(numbers)) < len(numbers):
        twice = next(each for each in numbers if numbers.count(each) > 1)
        raise DataError(f"step {at}: the note {twice} stands twice in it; write it once")
    notes = [event for event in step if event != REST]
    return sorted(notes, key=lambda event: -int(event.removesuffix(HELD)))


def _example(kind: Kind) -> str:
    return "Dm7 G7 Cmaj7" if kind == "chords" else "72,67 71,67~"
