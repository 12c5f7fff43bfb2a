"""Reader of pieces in JSON: numbers of the notes that sound in each step."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.faults import Missing, settled
from regard.inputs.music.pieces import REST, Kind, Pieces
from regard.inputs.split_parts import PARTS
from regard.tables.files import FilePath, read_text
from regard.tables.problems import Problems

__all__ = ["parse_json", "read_json_pieces"]

_SILENCE = -1
_WANTED = (
    "wanted pieces of steps of MIDI numbers, such as [[[72, 67], [71]], [[60]]], or such lists as "
    "train, valid and test of an object"
)

_Steps = list[list[int]]


def read_json_pieces(
    path: FilePath,
    *,
    voices: Sequence[str] | None = None,
    per_quarter: float = 1.0,
    missing: Missing = "refuse",
) -> dict[str, Pieces]:
    """Read a list of pieces, or an object with such lists as "train", "valid" and "test".

    A piece is a list of steps, a step a list of MIDI numbers from 0 to 127. If all steps of the
    file have the same length, the numbers are those of voices, and -1 is silence; otherwise they
    are the notes of a step, in any order. Such a file does not say whether a note goes on: all
    notes begin.

    Parameters:
        path: a JSON file, plain or gzipped.
        voices: names of the voices; None names them "voice 1" and so on.
        per_quarter: steps of a quarter note.
        missing: "refuse"; "skip" leaves out pieces that have no steps or a number that is no note,
            with a note; "keep" keeps them, without steps, with their fault.

    Returns:
        Name of the part to its B pieces, "" for a file without parts. "validation" is "valid".

    Raises:
        DataError: the file is not JSON or has no pieces; a step is no list or has not as many
            numbers as there are voices; a piece cannot be used.
    """
    found = {
        name: [_steps(piece, path, place) for place, piece in _placed(given, name)]
        for name, given in _parts(parse_json(path), path).items()
    }
    lengths = {len(step) for pieces in found.values() for piece in pieces for step in piece}
    silent = any(
        _SILENCE in step for pieces in found.values() for piece in pieces for step in piece
    )
    if voices or silent or (len(lengths) == 1 and 0 not in lengths):
        names = voices or [f"voice {at}" for at in range(1, max(lengths, default=0) + 1)]
        _refuse_ragged(found, len(names), path)
        return {
            name: _pieces(each, "voices", tuple(names), path, name, per_quarter, missing)
            for name, each in found.items()
        }
    return {
        name: _pieces(each, "notes", (), path, name, per_quarter, missing)
        for name, each in found.items()
    }


def parse_json(path: FilePath) -> Any:
    """What a JSON file holds.

    Raises:
        DataError: it cannot be read; names line and column of what is wrong.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}") from None


def _parts(given: Any, path: FilePath) -> dict[str, list[Any]]:
    """Name of each part to its pieces, of which there is at least one."""
    parts = given if isinstance(given, dict) else {"": given}
    found: dict[str, list[Any]] = {}
    for key, pieces in parts.items():
        name = PARTS.get(key.lower(), "") if key else ""
        if key and not name:
            raise DataError(f"{path}: {key!r} is no part: wanted train, valid or test")
        if name in found:
            raise DataError(f"{path}: has the part {name} twice")
        if not isinstance(pieces, list):
            raise DataError(f"{path}: {_WANTED}; given {type(pieces).__name__}")
        if not pieces:
            raise DataError(f"{path}: has no pieces{f' in {key}' * bool(key)}; {_WANTED}")
        found[name] = pieces
    if not found:
        raise DataError(f"{path}: has no pieces; {_WANTED}")
    return found


def _place(part: str, at: int) -> str:
    return f"{part} piece {at}".lstrip()


def _placed(pieces: list[Any], part: str) -> Iterator[tuple[str, Any]]:
    return ((_place(part, at), piece) for at, piece in enumerate(pieces))


def _steps(piece: Any, path: FilePath, place: str) -> _Steps:
    """The steps of a piece, whose numbers are not checked yet."""
    if not isinstance(piece, list):
        raise DataError(f"{path}, {place}: wanted a list of steps, given {piece!r:.40}")
    for at, step in enumerate(piece):
        if not isinstance(step, list):
            raise DataError(
                f"{path}, {place}, step {at}: wanted a list of MIDI numbers, given {step!r:.40}"
            )
    return piece


def _refuse_ragged(found: dict[str, list[_Steps]], wanted: int, path: FilePath) -> None:
    for name, pieces in found.items():
        for place, piece in _placed(pieces, name):
            for at, step in enumerate(piece):
                if len(step) != wanted:
                    raise DataError(
                        f"{path}, {place}, step {at}: wanted a number for each of {wanted} voices, "
                        f"-1 for silence, given {len(step)}"
                    )


def _pieces(
    given: list[_Steps],
    kind: Kind,
    voices: tuple[str, ...],
    path: FilePath,
    part: str,
    per_quarter: float,
    missing: Missing,
) -> Pieces:
    faults = [_fault(steps, kind) for steps in given]
    blank = np.empty((0, len(voices) or 1), "<U4")
    events = [
        blank if fault else _events(steps, kind) for steps, fault in zip(given, faults, strict=True)
    ]
    return settled(
        Pieces(tuple(events), kind, voices, per_quarter=per_quarter, faults=np.array(faults)),
        Problems(path),
        missing=missing,
        place=lambda at: _place(part, at),
        what="piece",
    )


def _fault(steps: _Steps, kind: Kind) -> str:
    if not steps:
        return "it has no steps"
    lowest = _SILENCE if kind == "voices" else 0
    for at, step in enumerate(steps):
        for number in step:
            if not _is_whole(number) or not lowest <= number <= 127:
                return f"step {at}: wanted whole MIDI numbers from 0 to 127, given {number!r:.40}"
    return ""


def _is_whole(number: Any) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and number % 1 == 0


def _events(steps: _Steps, kind: Kind) -> NDArray[np.str_]:
    if kind == "notes":
        steps = [sorted(set(step), reverse=True) for step in steps]
    width = max(1, *map(len, steps))
    texts = [
        [REST if number == _SILENCE else str(int(number)) for number in step]
        + [REST] * (width - len(step))
        for step in steps
    ]
    return np.array(texts, "<U4")
