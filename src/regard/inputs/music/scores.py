"""Reader of scores: MIDI and MusicXML, one file or all of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np

from regard.checks import check_choice, check_number
from regard.errors import ConfigError, DataError
from regard.inputs.faults import Missing, settled
from regard.inputs.folders import files_in
from regard.inputs.music.grid import Laid, Part, Score, is_monophonic, lay_notes, lay_voices
from regard.inputs.music.midi import midi_score
from regard.inputs.music.musicxml import musicxml_score
from regard.inputs.music.pieces import Pieces
from regard.tables.files import NO_FILE, FilePath, check_file, file_fault
from regard.tables.problems import Problems

__all__ = ["SCORES", "read_scores"]

_READERS = {
    **dict.fromkeys((".mid", ".midi", ".kar"), midi_score),
    **dict.fromkeys((".musicxml", ".mxl", ".xml"), musicxml_score),
}
SCORES = tuple(_READERS)
"""How the names of files that are read end."""

_WANTED = f"MIDI or MusicXML ({', '.join(_READERS)})"

_NO_VOICES = "it has other voices"
_SEVERAL = "several notes at a time"
_AS_NOTES = ("kind", "notes")


def read_scores(
    path: FilePath,
    *,
    kind: Literal["voices", "notes"] | None = None,
    per_quarter: float = 1.0,
    voices: Sequence[str] | None = None,
    missing: Missing = "refuse",
) -> Pieces:
    """Read a file of MIDI or MusicXML, or all in a folder and below it.

    A step has what sounds at its start; a note that starts less than a quarter of a step later is
    on time, and one that goes on from the step before is marked. Steps are counted from the start
    of the file to the end of its last note.

    Parameters:
        path: the file or folder.
        kind: "voices", of which each is a part (a track, or a channel of a file with one track)
            that has no two notes at a time; "notes" takes all parts together; None takes voices if
            all files have the same number of such parts, and notes otherwise.
        per_quarter: steps of a quarter note.
        voices: names of the voices; None takes those of the parts if all files agree, or "voice 1"
            and so on. In a file with a part of each of these names, those alone are taken, in this
            order; of others, all parts, which must be as many.
        missing: "refuse"; "skip" leaves out files that cannot be used, with a note; "keep" has
            them, without steps, with their fault, for pieces to continue.

    Returns:
        B pieces in the order of their paths within the folder, which are their ids.

    Raises:
        ConfigError: a parameter is out of range, or MusicXML is to be read and music21 is not
            installed.
        DataError: there is no such file, no music in it, or none that can be used.
    """
    if kind is not None:
        check_choice("kind", kind, ("voices", "notes"))
    check_number("per_quarter", per_quarter, within="(0, 96]")
    if kind == "notes" and voices:
        raise ConfigError("voices: pieces of the kind notes have none")
    folder, files = _files(path)
    names = [file.as_posix() for file in files]
    scores = [_score(folder / file) for file in files]
    grid = Fraction(per_quarter).limit_denominator(1000)
    chosen, note = _voices([*zip(names, scores, strict=True)], kind, voices, grid)
    laid = [each if isinstance(each, str) else _laid(each, chosen, grid) for each in scores]
    faults = [each if isinstance(each, str) else "" for each in laid]
    fixes = {each: (_AS_NOTES,) for each in faults if each.startswith(_NO_VOICES)}
    if not Path(path).is_dir() and faults[0] and missing != "keep":
        raise DataError(f"{path}: {faults[0]}", fixes=fixes.get(faults[0], ()))
    blank = np.empty((0, len(chosen or "-")), "<U4")
    pieces = Pieces(
        tuple(blank if isinstance(each, str) else each.events for each in laid),
        "notes" if chosen is None else "voices",
        chosen or (),
        np.array(names),
        per_quarter,
        np.array(faults),
        (*note, *_left_out(names, scores, laid, chosen)),
    )
    return settled(
        pieces,
        Problems(path),
        missing=missing,
        place=names.__getitem__,
        what="piece",
        fixes=fixes,
    )


def _files(path: FilePath) -> tuple[Path, list[Path]]:
    """The folder, and the files in it that are read."""
    if Path(path).is_dir():
        files = [file for file in files_in(Path(path)) if file.suffix.lower() in _READERS]
        if not files:
            raise DataError(f"{path}: holds no {_WANTED}")
        return Path(path), files
    file = check_file(path)
    if file.suffix.lower() not in _READERS:
        raise DataError(f"{path}: wanted {_WANTED}, or a folder of them")
    return file.parent, [Path(file.name)]


def _score(path: Path) -> Score | str:
    """The notes of a file, or why it has none."""
    if fault := file_fault(path):
        return fault if fault == NO_FILE else f"it {fault}"
    try:
        return _READERS[path.suffix.lower()](path)
    except DataError as error:
        return str(error)


def _voices(
    scores: Sequence[tuple[str, Score | str]],
    kind: str | None,
    voices: Sequence[str] | None,
    grid: Fraction,
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """The names of the voices, None to take all parts together, and a note where that is why."""
    if kind == "notes":
        return None, ()
    if voices:
        return tuple(voices), ()
    usable = [
        (name, score.parts, score.quarter / grid)
        for name, score in scores
        if isinstance(score, Score)
    ]
    counts = [0 if _several(parts, step) else len(parts) for _, parts, step in usable]
    if kind is None and not any(counts):
        return None, ()
    most = max(sorted(set(counts) - {0}), key=counts.count, default=1)
    if kind is None and set(counts) != {most}:
        at = next(at for at, count in enumerate(counts) if count != most)
        voice = f"{counts[at]} voice{'s' * (counts[at] > 1)}"
        why = (
            f"all are read as notes: {usable[at][0]} has {voice if counts[at] else _SEVERAL}, and "
            f"others have {most} voices"
        )
        return None, (why,)
    named = [tuple(part.name for part in parts) for _, parts, _ in usable if len(parts) == most]
    known = {frozenset(each) for each in named}  # in whatever order
    if len(known) == 1 and "" not in named[0] and len(set(named[0])) == most:
        return named[0], ()
    return tuple(f"voice {at}" for at in range(1, most + 1)), ()


def _several(parts: Sequence[Part], step: Fraction) -> str:
    """The first part with several notes at a time; "" where there is none."""
    for at, part in enumerate(parts, start=1):
        if not is_monophonic(part, step):
            return f"part {at} ({part.name})".removesuffix(" ()")
    return ""


def _laid(score: Score, voices: tuple[str, ...] | None, grid: Fraction) -> Laid | str:
    """The events of a score, or why it has none."""
    parts, step = score.parts, score.quarter / grid
    try:
        if voices is None:
            return lay_notes(parts, step)
        names = [part.name for part in parts]
        if all(names.count(voice) == 1 for voice in voices):
            parts = [parts[names.index(voice)] for voice in voices]
        if several := _several(parts, step):
            return f"{_NO_VOICES}: {several} has {_SEVERAL}"
        if len(parts) != len(voices):
            has = f"{len(parts)} part{'s' * (len(parts) > 1)}"
            return f"{_NO_VOICES}: it has {has}, wanted {len(voices)} ({', '.join(voices)})"
        return lay_voices(parts, step)
    except DataError as error:
        return str(error)


def _left_out(
    names: Sequence[str],
    scores: Sequence[Score | str],
    laid: Sequence[Laid | str],
    voices: tuple[str, ...] | None,
) -> list[str]:
    """Notes for what no step has, of the files that are read."""
    found = [
        (name, score, each)
        for name, score, each in zip(names, scores, laid, strict=True)
        if isinstance(score, Score) and isinstance(each, Laid)
    ]
    told = []
    for what, why, counts in (
        ("note", "shorter than a step (per_quarter)", [each.lost for *_, each in found]),
        ("note", "percussion", [score.percussion for _, score, _ in found]),
        (
            "part",
            "named as none of the voices",
            [len(score.parts) - len(voices or score.parts) for _, score, _ in found],
        ),
    ):
        if count := sum(counts):
            first = next(name for (name, *_), each in zip(found, counts, strict=True) if each)
            many = f"1 {what} is" if count == 1 else f"{count:,} {what}s are"
            told.append(f"{many} left out: {why} (first: {first})")
    return told
