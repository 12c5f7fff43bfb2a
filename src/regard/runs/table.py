"""Tables of predictions, in the format that the name of the file says, and lines of texts."""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from regard.errors import ConfigError
from regard.runs.writing import replacing

__all__ = [
    "LINES",
    "TABLES",
    "check_suffix",
    "escaped",
    "print_table",
    "unescaped",
    "write_lines",
    "write_rows",
    "write_table",
]

LINES = ".txt"
"""Suffix of a file with a text a line."""

# What a spreadsheet takes for a formula, also in wide letters, after any marks that it is none.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20].", re.DOTALL)
_NUMBER = re.compile(r"'*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

_Columns = Mapping[str, list[Any]]


def check_suffix(path: Path, known: Iterable[str]) -> str:
    """The suffix of an output in lower case, with its dot.

    Raises:
        ConfigError: it is not one of the known ones.
    """
    suffix = path.suffix.lower()
    names = list(known)
    if suffix not in names:
        given = f"'{path.suffix}'" if suffix else "no ending"
        wanted = f"{', '.join(names[:-1])} or {names[-1]}"
        raise ConfigError(f"{path}: wanted a name that ends in {wanted}, given {given}")
    return suffix


def escaped(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula after an apostrophe, all else as it is.

    >>> [escaped(cell) for cell in ("=1+1", "-1.5", "-", "'=1", "it's", -2)]
    ["'=1+1", '-1.5', '-', "''=1", "it's", -2]
    """
    return f"'{cell}" if isinstance(cell, str) and _is_formula(cell) else cell


def unescaped(cell: str) -> str:
    """What `escaped` was given."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell) else cell


def _is_formula(text: str) -> bool:
    return bool(_FORMULA.match(text)) and not _NUMBER.fullmatch(text)


def write_rows(
    file: IO[str], rows: Iterable[Iterable[Any]], *, delimiter: str = ",", end: str = "\r\n"
) -> None:
    """Write rows as CSV to an open file, their cells `escaped`."""
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end)
    writer.writerows([escaped(cell) for cell in row] for row in rows)


def write_table(
    path: Path, columns: Mapping[str, Iterable[Any]], *, overwrite: bool = False
) -> None:
    """Write columns of equal lengths as CSV, TSV, Parquet or JSON lines.

    Parameters:
        path: its suffix is one of `TABLES`.
        columns: name to cells; None and NaN are missing: empty in CSV and TSV, otherwise null.
            Texts in CSV and TSV are `escaped`.
        overwrite: whether a file that exists may be replaced.

    Raises:
        ConfigError: the suffix is unknown.
        RunError: the file exists, or cannot be written.
    """
    write = TABLES[check_suffix(path, TABLES)]
    with replacing(path, overwrite=overwrite) as beside:
        write(beside, _cells(columns))


def print_table(file: IO[str], columns: Mapping[str, Iterable[Any]]) -> None:
    """Write columns as CSV to an open file, as `write_table` does."""
    _write_rows(file, _cells(columns), delimiter=",", end="\n")


def write_lines(path: Path, texts: Iterable[str | None], *, overwrite: bool = False) -> None:
    """Write a text a line; a missing one is a blank line.

    Raises:
        RunError: the file cannot be written.
    """
    lines = (f"{' '.join((text or '').split())}\n" for text in texts)
    with replacing(path, overwrite=overwrite) as beside:
        beside.write_text("".join(lines), encoding="utf-8", newline="")


def _cells(columns: Mapping[str, Iterable[Any]]) -> _Columns:
    return {name: [_cell(each) for each in column] for name, column in columns.items()}


def _cell(value: Any) -> Any:
    """As a value of Python, None for one that is missing."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if value != value else value


def _write_delimited(path: Path, columns: _Columns, *, delimiter: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        _write_rows(file, columns, delimiter=delimiter)


def _write_rows(file: IO[str], columns: _Columns, *, delimiter: str, end: str = "\r\n") -> None:
    rows = itertools.chain([columns], zip(*columns.values(), strict=True))
    write_rows(file, rows, delimiter=delimiter, end=end)


def _write_parquet(path: Path, columns: _Columns) -> None:
    import polars as pl

    pl.DataFrame(columns, strict=False).write_parquet(path)


def _write_json_lines(path: Path, columns: _Columns) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in zip(*columns.values(), strict=True):
            named = dict(zip(columns, row, strict=True))
            file.write(json.dumps(named, ensure_ascii=False, default=str) + "\n")


TABLES: Mapping[str, Callable[[Path, _Columns], None]] = {
    ".csv": partial(_write_delimited, delimiter=","),
    ".tsv": partial(_write_delimited, delimiter="\t"),
    ".parquet": _write_parquet,
    ".jsonl": _write_json_lines,
}
