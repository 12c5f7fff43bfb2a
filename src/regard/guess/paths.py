"""The task of a file, a folder, or two parallel files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from regard.errors import DataError
from regard.guess.columns import PICTURES, Column, columns_of
from regard.guess.guessed import Guess, refuse
from regard.guess.tables import guess_table
from regard.inputs.folders import files_in
from regard.inputs.series.header import first_is_header
from regard.inputs.series.sheet import Sheet
from regard.inputs.series.ts import read_ts
from regard.inputs.sound.files import SUFFIXES as SOUNDS
from regard.inputs.text.files import open_rows
from regard.tables.archives import read_archive
from regard.tables.cells import is_missing, is_number
from regard.tables.files import check_file, read_text
from regard.tables.frames import Table, is_typed
from regard.tables.separators import find_separator

__all__ = ["guess"]

_SCORES = frozenset({".mid", ".midi", ".musicxml", ".mxl", ".xml"})
_CLASSES = 30  # of lines that begin with one


def guess(path: str, other: str | None = None, *, task: str | None = None) -> Guess:
    """What a file or folder probably is.

    Parameters:
        path: a file, or a folder of files by class.
        other: a second file whose lines belong to those of the first, such as translations.
        task: the task, where it is known.

    Raises:
        DataError: it cannot be read, or nothing is known to do with it.
    """
    if other is not None:
        for each in (path, other):
            check_file(each)
        paths = {"source_path": path, "target_path": other}
        return Guess(task or "translate", {"kind": "parallel", **paths})
    if Path(path).is_dir():
        return _folder(path, task)
    check_file(path)
    suffix = Path(path.lower().removesuffix(".gz")).suffix
    if suffix == ".ts":
        labels = read_ts(path, missing="interpolate").labels
        numbers = labels is not None and labels.dtype.kind == "f"
        return Guess(task or ("regress" if numbers else "classify"), {"kind": "ts", "path": path})
    if suffix == ".npz":
        return _archive(path, task)
    if suffix in _SCORES:
        return Guess(task or "compose", {"kind": "scores", "path": path})
    if suffix in (".jsonl", ".ndjson") or is_typed(path):
        return guess_table(path, columns_of(open_rows(path, encoding="utf-8")), task)
    return _text(path, task)


def _folder(path: str, task: str | None) -> Guess:
    files = files_in(Path(path))
    if not files:
        raise refuse(path, "the folder is empty")
    endings = [file.suffix.lower() for file in files]
    for known, found in ((PICTURES, "classify-image"), (SOUNDS, "classify-sound")):
        inside = [file for file in files if file.suffix.lower() in known]
        if len(inside) * 2 <= len(files):
            continue
        if any(len(file.parts) < 2 for file in inside):
            what = "pictures" if known is PICTURES else "recordings"
            raise refuse(path, f"has {what} beside each other; wanted a folder for each class")
        return Guess(task or found, {"kind": "folder", "path": path})
    if sum(ending in _SCORES for ending in endings) * 2 > len(files):
        return Guess(task or "compose", {"kind": "scores", "path": path})
    raise refuse(path, "the folder has no pictures, recordings or scores")


def _archive(path: str, task: str | None) -> Guess:
    arrays = read_archive(path, ("X", "y", "lengths", "spans", "boxes"))
    if "X" not in arrays or "y" not in arrays:
        raise refuse(path, "wanted the arrays X and y")
    X, y = arrays["X"], arrays["y"]
    if X.ndim == 4 or (X.ndim == 3 and X.dtype == np.uint8):
        return Guess(task or "classify-image", {"kind": "npz", "path": path})
    numbers = y.dtype.kind == "f" and not (y == np.floor(y)).all()
    found = task or ("regress" if numbers or y.ndim == 2 else "classify")
    return Guess(found, {"kind": "npz", "path": path})


def _text(path: str, task: str | None) -> Guess:
    """A delimited table with or without a header, or lines."""
    encoding = _encoding(path)
    own: dict[str, Any] = {} if encoding == "utf-8" else {"encoding": encoding}
    text = read_text(path, encoding=encoding).strip("\n")
    separator = find_separator(text)
    if separator is None and not _of_numbers(text):
        return _lines(path, text, task, own)
    try:
        rows = _cells(path, separator, encoding)
    except DataError:
        if separator == "\t" or _of_numbers(text):
            raise
        return _lines(path, text, task, own)  # of prose, with commas
    header = first_is_header(rows, _odd(rows))
    if header or (header is None and len(rows) > 1) or _names(rows):
        columns = columns_of(open_rows(path, encoding=encoding))
        found = guess_table(path, columns, task, **own)
        if header is None:
            found.doubts.append("the first row is read as a header; data.header says otherwise")
        return found
    return _unnamed(path, rows, separator, task, own)


def _cells(path: str, separator: str | None, encoding: str) -> list[list[str]]:
    """The cells of all rows, the first among them."""
    if separator is None:  # between blanks, which tables are not
        sheet = Sheet.open(path, header=False, labels=lambda _: (), encoding=encoding)
        return [cells for _, cells in sheet.rows]
    frame = Table.open(path, encoding=encoding, header=False).frame
    return [["" if cell is None else cell for cell in row] for row in frame.rows()]


def _encoding(path: str) -> str:
    """The encoding of a file of text, as the error of another says it."""
    encoding = "utf-8"
    for _ in range(2):
        try:
            read_text(path, encoding=encoding)
        except DataError as error:
            named = [
                fix[1] for fix in error.fixes if isinstance(fix, tuple) and fix[0] == "encoding"
            ]
            if not named or named[0] is ...:
                raise
            encoding = named[0]
    return encoding


def _of_numbers(text: str) -> bool:
    """Whether most of the cells between blanks are numbers."""
    cells = text[:10_000].split()
    return sum(map(is_number, cells)) * 2 > len(cells)


def _odd(rows: list[list[str]]) -> list[int]:
    """Positions of columns of texts below the first row, and of the first column."""
    below = rows[1:200]
    texts = [
        at
        for at in range(len(rows[0]))
        if below and not any(at < len(row) and is_number(row[at]) for row in below)
    ]
    return texts or [0]


def _names(rows: list[list[str]]) -> bool:
    """Whether the first row may name columns of texts: short, different, and nowhere below."""
    first = [cell.strip() for cell in rows[0]]
    short = all(
        cell and len(cell.split()) <= 3 and cell[-1] not in ".!?," and not is_number(cell)
        for cell in first
    )
    below = {cell.strip() for row in rows[1:] for cell in row}
    return short and len(set(first)) == len(first) and not below & set(first)


def _lines(path: str, text: str, task: str | None, own: dict[str, Any]) -> Guess:
    """A label and a text a line."""
    firsts = [line.split(None, 1) for line in text.split("\n") if line.strip()]
    labels = {first[0] for first in firsts}
    several = all(len(first) == 2 for first in firsts) and len(labels) <= min(
        _CLASSES, len(firsts) / 2
    )
    if not several and task != "classify-text":
        raise refuse(
            path,
            "wanted a label and a text on each line; for translations name the second file, too",
        )
    data = {"kind": "lines", "path": path, **own}
    return Guess(task or "classify-text", data, ["the first word of a line is taken as its label"])


def _unnamed(
    path: str, rows: list[list[str]], separator: str | None, task: str | None, own: dict[str, Any]
) -> Guess:
    """Rows without a header: pairs of texts, or one series a row."""
    wide = len(rows[0])
    columns = [
        Column(str(at + 1), [row[at].strip() if at < len(row) else "" for row in rows[:5000]])
        for at in range(wide)
    ]
    texts = [each for each in columns if not each.numbers]
    if any(each.text for each in texts) and wide > len(texts):
        raise refuse(path, "has no header, which texts in a table need; add one")
    if len(texts) >= 2 and (task in ("translate", "summarize") or wide == len(texts)):
        if task in (None, "classify-text") and texts[0].classes and separator == "\t":
            return Guess("classify-text", {"kind": "lines", "path": path, **own})
        if task == "classify-text" or any(each.classes for each in texts):
            raise refuse(path, "has no header, which texts in a table need; add one")
        data = {"kind": "table", "path": path, "header": False, **own}
        return Guess(task or "translate", data, ["no header was found; data.header true reads one"])
    first, last = columns[0], columns[-1]
    by_class = [each for each in (first, last) if each.classes or not each.numbers]
    odd = [each for each in by_class if not each.numbers] or by_class
    chosen = odd[0] if odd else first
    place = "last" if chosen is last and wide > 1 else "first"
    found = task or ("classify" if odd else "regress")
    data = {"kind": "csv", "path": path, "label": place, **own}
    doubts = [f"no header: the {place} column is taken as the label; data.label says which"]
    if any(is_missing(cell) for cell in chosen.cells):
        doubts.append("some rows have no label")
    return Guess(found, data, doubts)
