"""Readers of texts: tables, JSON lines, and files with a text a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_choice
from regard.errors import ConfigError, DataError, Fix
from regard.inputs.labels import class_labels
from regard.inputs.text.texts import Missing, Texts, check_missing, check_text, settled
from regard.tables.files import FilePath, read_text
from regard.tables.frames import Table
from regard.tables.jsonl import JsonLines
from regard.tables.problems import Problems

__all__ = [
    "column_of",
    "ids_of",
    "open_rows",
    "read_lines",
    "read_new_lines",
    "read_new_texts",
    "read_texts",
]


def read_texts(
    path: FilePath,
    *,
    text: str | Sequence[str] = "text",
    label: str | None = "label",
    id: str | None = None,  # noqa: A002 - the name that tables give it
    encoding: str = "utf-8",
    missing: Missing = "refuse",
) -> Texts:
    """Read a table or JSON lines with a text in each row.

    Parameters:
        path: A CSV file (tab, semicolon or comma, with a header), a Parquet or Feather file, or
            JSON lines (one object a line) in a file named .jsonl or .ndjson.
        text: The column with the texts; or several, which become one text, a line for each column
            that is not empty.
        label: The column with their classes; None for a file without labels.
        id: The column with their names; None numbers the rows from 0.
        encoding: Character encoding of the file, such as "utf-8" or "cp1252".
        missing: "refuse", or "skip" to leave out rows without a text or a class, with a note.

    Returns:
        B texts with strings as labels and ids; labels are normalised as by `tidy_labels`.

    Raises:
        ConfigError: Unknown choice or encoding.
        DataError: The file cannot be read, a column does not exist, a text or label is missing or
            blank, or the labels are numbers with fractions.
    """
    check_missing(missing)
    return _texts(open_rows(path, encoding=encoding), _names(text), label, id, missing)


def read_new_texts(
    path: FilePath,
    *,
    text: str | Sequence[str],
    label: str,
    id: str | None,  # noqa: A002
    encoding: str,
    labelled: bool | None,
) -> Texts:
    """Read a table or JSON lines to predict, which may lack texts and labels.

    Parameters:
        path, text, label, id, encoding: As for `read_texts`.
        labelled: Whether there are labels; None reads them if at least one row has one.

    Returns:
        A text for each row, empty where it is missing, as is its label.
    """
    source = open_rows(path, encoding=encoding, keep_blank=True)
    has_labels = label in source.filled if labelled is None else labelled
    return _texts(source, _names(text), label if has_labels else None, id, "keep")


def read_lines(
    path: FilePath,
    *,
    label: Literal["first", "none"] = "first",
    encoding: str = "utf-8",
    missing: Missing = "refuse",
) -> Texts:
    """Read a file with a label and a text on each line.

        5 How far is it from Denver to Aspen ?

    Parameters:
        path: A text file. Blank lines are skipped.
        label: "first" if each line begins with its label and a blank or tab, "none" if there are no
            labels.
        encoding: Character encoding of the file, such as "utf-8" or "cp1252".
        missing: "refuse", or "skip" to leave out lines with a label and no text, with a note.

    Returns:
        B stripped texts, with labels as in `read_texts`.

    Raises:
        ConfigError: Unknown choice or encoding.
        DataError: The file cannot be read, or a line has a label and no text.
    """
    check_missing(missing)
    return read_new_lines(path, label=label, encoding=encoding, missing=missing)


def read_new_lines(
    path: FilePath,
    *,
    label: Literal["first", "none"],
    encoding: str,
    missing: Literal["refuse", "skip", "keep"] = "keep",
) -> Texts:
    """As `read_lines`; "keep" has an empty text for a line with a label and no text."""
    check_choice("label", label, ("first", "none"))
    lines, labels, texts = [], [], []
    for line, content in enumerate(read_text(path, encoding=encoding).split("\n"), start=1):
        if content.strip():
            first, *rest = content.split(None, 1) if label == "first" else ["", content]
            lines.append(line)
            labels.append(first)
            texts.append("".join(rest).strip())
    problems = Problems(path)

    def place(at: int, _: str) -> str:
        return f"line {lines[at]}"

    classes = (
        None if label == "none" else class_labels(labels, lambda at: place(at, "label"), problems)
    )
    return settled(Texts(tuple(texts), classes), problems, missing=missing, place=place)


def open_rows(
    path: FilePath, *, encoding: str | None, keep_blank: bool = False, header: bool = True
) -> Table | JsonLines:
    """A table or JSON lines, told apart by the name; the parameters are those of `Table.open`."""
    name = Path(path).name.lower().removesuffix(".gz")
    if name.endswith(".json"):
        raise DataError(
            f"{path}: JSON is read as one object a line, from a file named .jsonl or .ndjson"
        )
    if name.endswith((".jsonl", ".ndjson")):
        return JsonLines.open(path, encoding=encoding)
    return Table.open(path, encoding=encoding, keep_blank=keep_blank, header=header)


def _names(text: str | Sequence[str]) -> tuple[str, ...]:
    names = (text,) if isinstance(text, str) else tuple(text)
    if not names:
        raise ConfigError("text: wanted a column, or a list of columns")
    return names


def _texts(
    source: Table | JsonLines,
    columns: tuple[str, ...],
    label: str | None,
    case: str | None,
    missing: Literal["refuse", "skip", "keep"],
) -> Texts:
    problems = Problems(source.path)

    def place(row: int, what: str) -> str:
        return source.cell(row, ", ".join(columns) if what == "text" else str(label))

    parts = [column_of(source, name, problems) for name in columns]
    texts = tuple("\n".join(filter(None, row)) for row in zip(*parts, strict=True))
    ids = ids_of(source, case)
    labels, unlabelled = None, None
    if label is not None:
        source.need(label, "label")
        labels = class_labels(source.labels(label), lambda at: place(at, "label"), problems)
        unlabelled = labels == ""
    found = Texts(texts, labels, ids)
    return settled(found, problems, missing=missing, place=place, unlabelled=unlabelled)


def column_of(
    source: Table | JsonLines,
    name: str,
    problems: Problems,
    *,
    parameter: str = "text",
    fixes: tuple[Fix, ...] = (),
) -> list[str]:
    """The texts of a column, empty where they are missing.

    Parameters:
        source: the rows.
        name: of the column.
        problems: takes cells that are no text.
        parameter: that names the column.
        fixes: what helps where there is no such column.
    """
    source.need(name, parameter, fixes)
    cells = enumerate(source.values(name))
    return [check_text(given, source.cell(row, name), problems) for row, given in cells]


def ids_of(source: Table | JsonLines, name: str | None) -> NDArray[Any]:
    """The names of the cases in a column; none, for which their number stands, without one."""
    if name is None:
        return np.empty(0)
    source.need(name, "id")
    return np.array(["" if each is None else str(each) for each in source.values(name)])
