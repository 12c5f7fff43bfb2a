"""Pieces from Python objects."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.faults import Missing, settled
from regard.inputs.music.pieces import REST, Kind, Pieces
from regard.inputs.music.written import parse_piece
from regard.tables.problems import Problems

__all__ = ["NO_EVENT", "as_pieces"]

NO_EVENT = "has no event"


def as_pieces(
    X: Any,
    *,
    kind: Kind | None = None,
    voices: tuple[str, ...] = (),
    missing: Missing = "refuse",
) -> Pieces:
    """Convert Python objects to `Pieces`.

    Parameters:
        X: B pieces, each a text, such as "Dm7 G7 Cmaj7" or "72,67,64,48 71,67,62,55"; an array
            [T, V] of MIDI numbers, a column for each voice, -1 where it rests; or a list of steps,
            each a list of the MIDI numbers that sound.
        kind: "voices", "notes" or "chords"; None tells it from X: texts without a comma and
            without a number are chords, arrays are voices, lists of steps notes unless all have
            the same length and a rest occurs.
        voices: their names; by default "voice 1" and so on.
        missing: "refuse"; "skip" to leave out pieces without an event, with a note; "keep".

    Raises:
        DataError: X is no list of pieces, or is empty; an event is no MIDI number.

    >>> as_pieces(["Dm7 G7"]).kind, as_pieces([[[60, 64], [62]]]).events[0].tolist()
    ('chords', [['64', '60'], ['62', '-']])
    """
    if isinstance(X, Pieces):
        return X
    if isinstance(X, str | bytes) or not hasattr(X, "__len__"):
        given = "a string; for one piece write [piece]" if isinstance(X, str) else type(X).__name__
        raise DataError(f"X: wanted a list of pieces, given {given}")
    if not len(X):
        raise DataError(
            "X: Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required."
        )
    problems = Problems("X")
    if all(isinstance(piece, str) for piece in X):
        kind = kind or ("chords" if not any(_has_numbers(piece) for piece in X) else "voices")
        read = [_of_text(piece, kind, voices) for piece in X]
        events, told = [piece for piece, _ in read], [fault for _, fault in read]
    else:
        grids = [_of_numbers(piece, at) for at, piece in enumerate(X)]
        kind = kind or ("voices" if all(voiced for _, voiced in grids) else "notes")
        events = [_ordered(grid) if kind == "notes" else grid for grid, _ in grids]
        told = [""] * len(events)
    widths = {piece.shape[1] for piece in events if len(piece)}
    if kind == "voices" and not voices and len(widths) == 1:
        voices = tuple(f"voice {voice + 1}" for voice in range(min(widths)))
    if kind == "voices" and len(widths) > 1 and missing != "keep":
        raise DataError(f"X: wanted as many voices in every piece, given {sorted(widths)}")
    pairs = zip(events, told, strict=True)
    faults = np.array([fault or ("" if len(piece) else NO_EVENT) for piece, fault in pairs])
    named = voices if widths == {len(voices)} else ()
    if named:
        events = [piece if len(piece) else piece.reshape(0, len(named)) for piece in events]
    found = Pieces(tuple(events), kind, named, faults=faults)
    return settled(found, problems, missing=missing, place="piece {}".format, what="piece")


def _has_numbers(text: str) -> bool:
    """Whether a text is of notes and not of chords."""
    first = text.split()[0].split(",")[0] if text.split() else ""
    return first.rstrip("~").isdigit() or first == REST or "," in text


def _of_text(text: str, kind: Kind, voices: tuple[str, ...]) -> tuple[NDArray[np.str_], str]:
    """The events of a text, and why it has none."""
    none = np.empty((0, max(1, len(voices))), "<U1")
    if not text.strip():
        return none, NO_EVENT
    try:
        return parse_piece(text, kind, voices), ""
    except DataError as error:
        return none, str(error)


def _of_numbers(piece: Any, at: int) -> tuple[NDArray[np.str_], bool]:
    """[T, V] events of an array or a list of steps, and whether its columns can be voices."""
    steps = [np.atleast_1d(np.asarray(step)) for step in piece]
    for step, numbers in enumerate(steps):
        if numbers.size and not np.issubdtype(numbers.dtype, np.integer):
            raise DataError(
                f"X: piece {at}, step {step}: wanted MIDI numbers, whole numbers from 0 to 127 or "
                f"-1 for a rest, given {numbers.tolist()}"
            )
        wrong = numbers[(numbers < -1) | (numbers > 127)] if numbers.size else numbers
        if wrong.size:
            raise DataError(
                f"X: piece {at}, step {step}: wanted MIDI numbers from 0 to 127, or -1 for a rest, "
                f"given {int(wrong[0])}"
            )
    widths = {len(numbers) for numbers in steps}
    voiced = isinstance(piece, np.ndarray) or (
        len(widths) == 1 and any(-1 in numbers for numbers in steps)
    )
    events = np.full((len(steps), max(widths, default=1) or 1), REST, "<U4")
    for row, numbers in zip(events, steps, strict=True):
        row[: len(numbers)] = [REST if each < 0 else str(each) for each in numbers.tolist()]
    return events, voiced


def _ordered(events: NDArray[np.str_]) -> NDArray[np.str_]:
    """The notes of each step from high to low, rests at the end."""
    numbers = np.array([[-1 if e == REST else int(e) for e in row] for row in events])
    order = np.argsort(-numbers, axis=1, kind="stable") if events.size else numbers
    return np.take_along_axis(events, order, 1) if events.size else events
