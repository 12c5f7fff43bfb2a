"""Readers of chord progressions: charts of tunes in JSON, and a progression a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from regard.errors import DataError
from regard.inputs.faults import Missing, settled
from regard.inputs.music.json_pieces import parse_json
from regard.inputs.music.pieces import Pieces
from regard.tables.files import FilePath, read_text
from regard.tables.problems import Problems

__all__ = ["PER_QUARTER", "read_charts", "read_progressions"]

PER_QUARTER = 0.5
"""Steps of a quarter note: a chord is taken to last half of a bar of four quarters."""

_TUNE = 'such as {"Title": "Blues", "Sections": [{"MainSegment": {"Chords": "C7|F7|Dm7,G7|C7"}}]}'


def read_charts(path: FilePath, *, missing: Missing = "refuse") -> Pieces:
    """Read a list of tunes, each an object with a title and sections.

    A section has a `MainSegment` and may have `Endings`; the `Chords` of each are bars, divided by
    `|`, of chords, divided by commas. They are taken in this order, as written: repeats are not
    played, and it is not kept how long a chord lasts.

    Parameters:
        path: a JSON file, plain or gzipped.
        missing: "refuse"; "skip" leaves out tunes without a chord, with a note; "keep" keeps them,
            without steps, with their fault.

    Returns:
        B pieces [T, 1] of the kind "chords", a chord a step, named by their titles; a title that
        occurs before has its number behind it, such as "Blues (2)".

    Raises:
        DataError: the file is no such list, or a tune cannot be used.
    """
    tunes = parse_json(path)
    if not isinstance(tunes, list):
        raise DataError(f"{path}: wanted a list of tunes, {_TUNE}")
    if not tunes:
        raise DataError(f"{path}: has no tunes; wanted a list of tunes, {_TUNE}")
    chords, titles = [], []
    for at, tune in enumerate(tunes):
        try:
            title = tune["Title"]
            segments = [
                segment["Chords"]
                for section in tune["Sections"]
                for segment in (section["MainSegment"], *section.get("Endings", ()))
            ]
            chords.append([chord for segment in segments for chord in _chords_of(segment)])
        except (KeyError, TypeError, AttributeError):
            raise DataError(
                f"{path}, tune {at}: wanted Title and Sections, each with a MainSegment with "
                f"Chords, {_TUNE}"
            ) from None
        titles.append(str(title))
    return _pieces(chords, _unique(titles), path, missing, lambda at: f"tune {at} ({titles[at]})")


def read_progressions(
    path: FilePath, *, encoding: str = "utf-8", missing: Missing = "refuse"
) -> Pieces:
    """Read a text file with a progression a line, such as `Dm7 G7 | Cmaj7`.

    Any symbol is a chord. Bar lines, `|`, may stand between chords and are left out.

    Parameters:
        path: a text file, plain or gzipped.
        encoding: character encoding of the file.
        missing: "refuse"; "skip" leaves out lines without a chord, with a note; "keep" keeps them,
            without steps, with their fault.

    Returns:
        B pieces [T, 1] of the kind "chords", a chord a step, named by the numbers of their lines.

    Raises:
        ConfigError: unknown encoding.
        DataError: the file cannot be read, or a line has no chord.
    """
    lines = read_text(path, encoding=encoding).removesuffix("\n").split("\n")
    chords = [line.replace("|", " ").split() for line in lines]
    ids = [str(line) for line in range(1, len(lines) + 1)]
    return _pieces(chords, ids, path, missing, lambda at: f"line {ids[at]}")


def _chords_of(segment: str) -> list[str]:
    found = (chord.strip() for bar in segment.split("|") for chord in bar.split(","))
    return [chord for chord in found if chord]


def _unique(titles: Sequence[str]) -> list[str]:
    """Titles of which those that occur before are numbered.

    >>> _unique(["Blues", "Misty", "Blues"])
    ['Blues', 'Misty', 'Blues (2)']
    """
    found: dict[str, None] = {}
    for title in titles:
        name, number = title, 1
        while name in found:
            number += 1
            name = f"{title} ({number})"
        found[name] = None
    return list(found)


def _pieces(
    chords: Sequence[list[str]],
    ids: Sequence[str],
    path: FilePath,
    missing: Missing,
    place: Callable[[int], str],
) -> Pieces:
    events = tuple(np.array(each, np.str_).reshape(-1, 1) for each in chords)
    faults = np.array(["" if each else "it has no chord" for each in chords], np.str_)
    found = Pieces(events, "chords", (), np.array(ids, np.str_), PER_QUARTER, faults)
    return settled(found, Problems(path), missing=missing, place=place, what="piece")
