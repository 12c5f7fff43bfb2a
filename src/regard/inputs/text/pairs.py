"""Readers of texts with a text to write for each: parallel files, tables, lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.text.files import column_of, ids_of, open_rows
from regard.inputs.text.texts import (
    Missing,
    Texts,
    check_missing,
    check_text,
    items_of,
    settled,
)
from regard.tables.files import FilePath, read_text
from regard.tables.frames import Table
from regard.tables.jsonl import JsonLines
from regard.tables.problems import Problems

__all__ = ["as_pairs", "note_copies", "read_new_sources", "read_pairs", "read_parallel"]

_NOUNS = "source", "target"
_COPIES = 0.9  # share of pairs with equal sides from which it is said


def read_parallel(
    source_path: FilePath,
    target_path: FilePath,
    *,
    encoding: str = "utf-8",
    missing: Missing = "refuse",
) -> Texts:
    """Read two files, where line n of one belongs to line n of the other.

    Parameters:
        source_path: Texts to translate, one a line, plain or gzipped.
        target_path: Their translations.
        encoding: Character encoding of both, such as "utf-8" or "cp1252".
        missing: "refuse", or "skip" to leave out lines that are blank in one file, with a note.

    Returns:
        B stripped texts; the labels are their targets, objects.

    Raises:
        ConfigError: Unknown choice or encoding.
        DataError: A file cannot be read, they differ in length, or a line is blank.
    """
    check_missing(missing)
    sides = [_lines(path, encoding) for path in (source_path, target_path)]
    sources, targets = sides
    if len(sources) != len(targets):
        blank = [
            f"; line {side.index('') + 1} of {path} is blank"
            for path, side in zip((source_path, target_path), sides, strict=True)
            if "" in side
        ]
        raise DataError(
            f"{source_path} has {_count(sources)}, {target_path} has {_count(targets)}; "
            f"wanted a target for each source{''.join(blank)}"
        )
    found = Texts(tuple(sources), _objects(targets))
    problems = Problems(f"{source_path} and {target_path}")
    return _settled(found, problems, missing=missing, place=lambda row, _: f"line {row + 1}")


def read_pairs(
    path: FilePath,
    *,
    source: str | None = None,
    target: str | None = None,
    id: str | None = None,  # noqa: A002 - the name that tables give it
    header: bool = True,
    encoding: str = "utf-8",
    missing: Missing = "refuse",
) -> Texts:
    """Read a table or JSON lines with a source and its target in each row.

    Parameters:
        path: A CSV file (tab, semicolon or comma), a Parquet or Feather file, or JSON lines (one
            object a line) in a file named .jsonl or .ndjson; CSV and JSON lines plain or gzipped.
        source: The column to translate from; by default "source", or "1" without a header.
        target: The column to translate to; by default "target", or "2" without a header.
        id: The column with their names; None numbers the rows from 0.
        header: Whether the first row of a CSV file names the columns. Otherwise they are called
            "1", "2" and so on, and cells between tabs keep their quotation marks.
        encoding: Character encoding of the file, such as "utf-8" or "cp1252".
        missing: "refuse", or "skip" to leave out rows without a source or a target, with a note.

    Returns:
        B texts, unchanged; the labels are their targets, objects.

    Raises:
        ConfigError: Unknown choice or encoding.
        DataError: The file cannot be read, a column does not exist, or a text is missing, blank or
            of another type.
    """
    check_missing(missing)
    rows = open_rows(path, encoding=encoding, header=header)
    return _pairs(rows, _columns(rows, source, target, header), id, missing)


def read_new_sources(
    path: FilePath,
    *,
    source: str | None,
    target: str | None,
    id: str | None,  # noqa: A002
    header: bool,
    encoding: str,
    labelled: bool | None,
    table: bool,
) -> Texts:
    """Read texts to translate, which may be missing, as may their targets.

    Parameters:
        path, source, target, id, header, encoding: As for `read_pairs`.
        labelled: Whether there are targets; None reads them if at least one row has one.
        table: Whether the file is a table, or has a text a line; without a header it is a table
            if its first line has a tab.

    Returns:
        A text for each row, empty where it is missing, as is its target.
    """
    if not (table or (not header and "\t" in _lines(path, encoding)[0])):
        if labelled:
            raise DataError(
                f"{path}: a file of lines has no targets; wanted a table with both, such as a CSV "
                "file with the columns source and target"
            )
        return Texts(tuple(_lines(path, encoding)))
    rows = open_rows(path, encoding=encoding, keep_blank=True, header=header)
    columns = _columns(rows, source, target, header)
    with_targets = columns[1] in rows.filled if labelled is None else labelled
    return _pairs(rows, columns if with_targets else columns[:1], id, "keep")


def as_pairs(X: Any, y: Any, *, missing: Missing = "refuse") -> Texts:
    """Convert Python objects to texts with a text to write for each.

    Parameters:
        X: B strings: a list, a tuple, an array, or a column of a data frame, also as a frame.
        y: B strings, likewise.
        missing: "refuse", or "skip" to leave out pairs without a source or a target, with a note.

    Raises:
        ConfigError: Unknown choice.
        DataError: X or y is a single string, not a list, or empty, or they differ in length; a
            text is missing, not a string or blank.

    Example:
        >>> pairs = as_pairs(["It works."], ["Es funktioniert."])
        >>> pairs.texts, pairs.labels.tolist()
        (('It works.',), ['Es funktioniert.'])
    """
    check_missing(missing)
    if y is None:
        raise DataError("y: wanted the text to write for each text of X, given None")
    sources, targets = items_of(X), items_of(y, "y")
    if len(sources) != len(targets):
        raise DataError(
            f"y: wanted a text for each of the {len(sources)} of X, given {len(targets)}"
        )
    sides, found = [], Problems("X and y")
    for name, side in zip("Xy", (sources, targets), strict=True):
        sides.append(
            [check_text(text, f"case {case} of {name}", found) for case, text in enumerate(side)]
        )
    return _settled(Texts(tuple(sides[0]), _objects(sides[1])), found, missing=missing)


def note_copies(pairs: Texts) -> tuple[str, ...]:
    """A note where source and target are equal in nearly all pairs."""
    assert pairs.labels is not None
    same = sum(map(str.__eq__, pairs.texts, pairs.labels))
    if same < _COPIES * len(pairs):
        return ()
    return (
        f"source and target are equal in {same} of {len(pairs)} pairs: was one file or column "
        "given twice?",
    )


def _lines(path: FilePath, encoding: str) -> list[str]:
    text = read_text(path, encoding=encoding)
    return [line.strip() for line in text.removesuffix("\n").split("\n")]


def _count(lines: Sequence[str]) -> str:
    return "1 line" if len(lines) == 1 else f"{len(lines)} lines"


def _columns(
    rows: Table | JsonLines, source: str | None, target: str | None, header: bool
) -> tuple[str, str]:
    """The names of both columns."""
    named = header or isinstance(rows, JsonLines) or rows.typed
    first, second = _NOUNS if named else ("1", "2")
    return source or first, target or second


def _pairs(
    rows: Table | JsonLines,
    columns: Sequence[str],
    case: str | None,
    missing: Literal["refuse", "skip", "keep"],
) -> Texts:
    problems = Problems(rows.path)
    names = dict(zip(_NOUNS, columns, strict=False))
    # Two columns without a header are the commonest form of such a table.
    unnamed = (
        isinstance(rows, Table)
        and not rows.typed
        and tuple(columns) == _NOUNS
        and any(" " in each.strip() for each in rows.frame.columns)
    )
    fixes = (("header", False),) if unnamed else ()
    sides = [
        column_of(rows, name, problems, parameter=noun, fixes=fixes) for noun, name in names.items()
    ]

    def place(row: int, noun: str) -> str:
        return rows.cell(row, names[noun])

    labels = _objects(sides[1]) if len(sides) > 1 else None
    found = Texts(tuple(sides[0]), labels, ids_of(rows, case))
    return _settled(found, problems, missing=missing, place=place)


def _objects(texts: Sequence[str]) -> NDArray[Any]:
    """[B] an array of strings of any length."""
    found = np.empty(len(texts), object)
    found[:] = texts
    return found


def _settled(found: Texts, problems: Problems, **options: Any) -> Texts:
    without = None if found.labels is None else np.array([not text for text in found.labels])
    return settled(found, problems, unlabelled=without, nouns=_NOUNS, **options)
