"""Recordings from a table with their paths, from a folder for each class, and from Python."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import ConfigError, DataError
from regard.inputs.faults import Missing, refuse_fault, settled
from regard.inputs.file_rows import read_file_rows
from regard.inputs.sound.files import decode, sound_files
from regard.inputs.sound.recordings import Recordings, Word, fault_of
from regard.inputs.target_texts import given_labels
from regard.inputs.text.files import open_rows
from regard.tables.files import FilePath
from regard.tables.frames import Table
from regard.tables.jsonl import JsonLines
from regard.tables.problems import Problems

__all__ = [
    "MAX_SECONDS",
    "as_recordings",
    "read_recordings",
    "read_sound_file",
    "read_sound_folder",
]

MAX_SECONDS = 60.0
"""Longest recording by default."""


def read_recordings(
    path: FilePath | Table | JsonLines,
    *,
    recording: str = "path",
    label: str | None = "label",
    id: str | None = None,  # noqa: A002 - the name that tables give it
    split: str | None = None,
    texts: bool = False,
    folder: FilePath | None = None,
    encoding: str = "utf-8",
    rate: int | None = None,
    max_seconds: float = MAX_SECONDS,
    missing: Missing = "refuse",
) -> Recordings:
    """Read a table with the path of a sound file in each row.

    Parameters:
        path: A CSV file (tab, semicolon or comma, with a header), a Parquet or a Feather file, or
            JSON lines (one object a line) in a file named .jsonl; or a table that is open already.
        recording: The column with the paths.
        label: The column with their classes; None for a table without labels.
        id: The column with their names; None names them by their paths, as the table has them.
        split: The column with the part that each belongs to: train, valid or test.
        texts: Whether the labels are texts to write, such as transcripts, and not classes.
        folder: The folder that the paths are relative to; None for that of the table.
        encoding: Character encoding of the table, such as "utf-8" or "cp1252".
        rate: Samples in a second to resample to; None takes the highest rate of the files, and at
            most 16,000.
        max_seconds: Longest recording; a longer one is not decoded.
        missing: "refuse"; "skip" leaves out recordings that cannot be used or have no label, with a
            note; "keep" has them with their fault, for cases to predict.

    Returns:
        B recordings, one a row, with strings as labels and ids.

    Raises:
        DataError: The table cannot be read, a column does not exist, or a recording is missing, no
            sound, truncated, without samples, silent, too long or without a label.
    """
    table = path
    if not isinstance(table, Table | JsonLines):
        table = open_rows(table, encoding=encoding, keep_blank=missing == "keep")
    if isinstance(table, JsonLines) and recording not in table.filled and "parts" in table.filled:
        raise DataError(
            f"{table.path}: is a manifest, whose lines have parts and no {recording!r}",
            fixes=(("kind", "manifest"),),
        )
    rows = read_file_rows(
        table,
        column=recording,
        parameter="recording",
        label=label,
        id=id,
        split=split,
        texts=texts,
        folder=folder,
        encoding=encoding,
        missing=missing,
    )
    found = decode(rows.paths, rate=rate, max_seconds=max_seconds)
    faults, fixes = rows.explain(found.faults)
    return settled(
        replace(found, labels=rows.labels, ids=rows.ids, parts=rows.parts, faults=tuple(faults)),
        rows.problems,
        missing=missing,
        place=rows.place,
        unlabelled=rows.unlabelled,
        noun="text" if texts else "label",
        what="recording",
        fixes=fixes,
    )


def read_sound_folder(
    path: FilePath,
    *,
    labelled: bool = True,
    rate: int | None = None,
    max_seconds: float = MAX_SECONDS,
    missing: Missing = "refuse",
) -> Recordings:
    """Read a folder with a sub-folder of sound files for each class, or of sound files alone.

    Parameters:
        path: The folder; what is in it besides sound files, by their names, is left alone.
        labelled: Whether the first sub-folder on the way to a recording is its class.
        rate, max_seconds, missing: As for `read_recordings`.

    Returns:
        B recordings in the order of their paths within the folder, which are their ids.

    Raises:
        DataError: It is no folder, holds no sound file, one outside of the folders of the classes,
            or one that cannot be used.
    """
    folder = Path(path)
    if not folder.is_dir():
        what = "is a file; wanted a folder" if folder.exists() else "there is no such folder"
        raise DataError(f"{path}: {what}")
    files = sound_files(folder)
    if not files:
        raise DataError(f"{path}: holds no sound file, such as .wav or .flac")
    names = [each.as_posix() for each in files]
    problems = Problems(path)
    labels = None
    if labelled:
        for each in files:
            if len(each.parts) == 1:
                problems.add("it is in no folder of a class", [each.name])
        labels = np.array([each.parts[0] for each in files])
    found = decode([folder / each for each in files], rate=rate, max_seconds=max_seconds)
    found = replace(found, labels=labels, ids=np.array(names))
    return settled(found, problems, missing=missing, place=names.__getitem__, what="recording")


def read_sound_file(path: Path, *, rate: int | None, max_seconds: float) -> Recordings:
    """A single sound file as one recording, without a label.

    Raises:
        DataError: it cannot be used.
    """
    found = replace(decode([path], rate=rate, max_seconds=max_seconds), ids=np.array([path.name]))
    refuse_fault(path, found.faults[0])
    return found


def as_recordings(
    X: Any,
    y: ArrayLike | None = None,
    *,
    rate: int | None = None,
    spans: ArrayLike | None = None,
    words: Sequence[Sequence[tuple[str, float, float]]] | None = None,
    texts: bool = False,
    max_seconds: float = MAX_SECONDS,
    missing: Missing = "refuse",
) -> Recordings:
    """Take recordings, and their labels, from Python.

    Parameters:
        X: Paths of sound files; or B arrays [samples], or one [B, samples], of numbers between -1
            and 1 or of integers of any width, which are divided by the largest.
        y: [B] classes, kept as they are; or None.
        rate: Samples in a second: that of the arrays, or to which files are resampled, see
            `read_recordings`.
        spans: [B, 2] seconds (start, stop) of what is known to matter, start == stop where nothing
            is; or None.
        words: B times the words that are said, each with its start and stop in seconds; or None.
        texts: Whether y are texts to write, such as transcripts, and not classes.
        max_seconds: Longest recording.
        missing: As for `read_recordings`.

    Raises:
        DataError: X is something else or empty, a recording cannot be used, or y has another
            length or gaps.
        ConfigError: X is arrays, and the rate is not given.

    >>> tones = [np.sin(np.arange(n)) for n in (800, 1200)]
    >>> as_recordings(tones, ["short", "long"], rate=8000).seconds.tolist()
    [0.1, 0.15]
    """
    if isinstance(X, str | os.PathLike | set | frozenset | dict | Iterator) or not hasattr(
        X, "__len__"
    ):
        raise DataError(f"X: wanted a list of paths or of arrays, given {type(X).__name__}")
    given = list(X)
    if not given:
        raise DataError("X: there are no recordings")
    paths = [isinstance(each, str | os.PathLike) for each in given]
    if all(paths):
        found = decode([Path(each) for each in given], rate=rate, max_seconds=max_seconds)
        found = replace(found, ids=np.array([str(each) for each in given]))
    elif any(paths):
        first, other = ("a path", "no path") if paths[0] else ("no path", "a path")
        at = paths.index(not paths[0])
        raise DataError(f"X: case 0 is {first} and case {at} is {other}; wanted one kind of both")
    elif rate is None:
        raise ConfigError("rate: arrays do not say how many samples a second has", fixes=("rate",))
    else:
        found = _of_arrays(given, rate, max_seconds)

    def place(at: int) -> str:
        return f"case {at}{f' ({given[at]})' if paths[0] else ''}"

    labels, unlabelled = given_labels(y, len(given), texts=texts, missing=missing)
    found = replace(
        found, labels=labels, spans=_spans(spans, len(given)), words=_words(words, len(given))
    )
    return settled(
        found,
        Problems("X"),
        missing=missing,
        place=place,
        unlabelled=unlabelled,
        noun="text" if texts else "label",
        what="recording",
    )


def _of_arrays(given: Sequence[Any], rate: int, max_seconds: float) -> Recordings:
    waves, faults = [], []
    for case, each in enumerate(given):
        wave = _wave(each, f"X: case {case}")
        fault = fault_of(wave)
        if len(wave) > max_seconds * rate:
            fault = f"it is longer than {max_seconds:g} s (max_seconds)"
        waves.append(wave)
        faults.append(fault)
    return Recordings(tuple(waves), rate, faults=tuple(faults))


def _wave(given: Any, name: str) -> NDArray[np.float32]:
    """[samples] float32 of an array of numbers of any type."""
    array = np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)
    if array.ndim != 1:
        raise DataError(
            f"{name} has the shape {list(array.shape)}; wanted [samples] of one channel: average "
            "the channels, or give its path"
        )
    if array.dtype.kind in "iu":
        bits = np.iinfo(array.dtype)
        middle = (int(bits.max) + int(bits.min) + 1) // 2  # 0 where they are signed
        return np.asarray(
            (array.astype(np.float64) - middle) / (int(bits.max) + 1 - middle), np.float32
        )
    if array.dtype.kind != "f":
        raise DataError(f"{name} holds {array.dtype}; wanted numbers")
    return array.astype(np.float32)


def _words(
    given: Sequence[Sequence[tuple[str, float, float]]] | None, cases: int
) -> tuple[tuple[Word, ...], ...] | None:
    if given is None:
        return None
    if len(given) != cases:
        raise DataError(f"words: wanted those of {cases} recordings, given {len(given)}")
    found = []
    for case, each in enumerate(given):
        said = tuple(Word(*one) for one in each)
        for word in said:
            if not 0 <= word.start < word.stop:
                raise DataError(
                    f"words: case {case}: wanted a start before the stop in seconds, given "
                    f"{word.start} and {word.stop} of {word.text!r}"
                )
        found.append(said)
    return tuple(found)


def _spans(given: ArrayLike | None, cases: int) -> NDArray[np.float64] | None:
    if given is None:
        return None
    spans = np.asarray(given, np.float64)
    if spans.shape != (cases, 2) or not (
        np.isfinite(spans).all() and (spans[:, 0] <= spans[:, 1]).all()
    ):
        raise DataError(
            f"spans: wanted a start and a stop in seconds for each of {cases} recordings, given "
            f"the shape {list(spans.shape)}"
        )
    return spans
