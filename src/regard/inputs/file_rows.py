"""Tables with the path of a file in each row, such as that of a picture or of a recording."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError, Fix
from regard.inputs.faults import Missing
from regard.inputs.labels import class_labels
from regard.inputs.split_parts import split_parts
from regard.inputs.target_texts import column_texts
from regard.inputs.text.files import ids_of, open_rows
from regard.tables.files import NO_FILE, FilePath
from regard.tables.frames import Table
from regard.tables.jsonl import JsonLines
from regard.tables.problems import Problems

__all__ = [
    "NO_PATH",
    "TABLES",
    "FileRows",
    "PathBase",
    "open_paths",
    "read_file_rows",
    "refuse_table_options",
]

TABLES = frozenset(
    (".csv", ".tsv", ".txt", ".parquet", ".feather", ".jsonl", ".ndjson", ".json", ".gz")
)
"""Ends of the names of tables."""

NO_PATH = "it has no path"


class PathBase(NamedTuple):
    """The folder that the paths of a table are relative to.

    Attributes:
        table: the file.
        folder: the folder; None for that of the file.
    """

    table: FilePath
    folder: FilePath | None

    @classmethod
    def of(cls, table: FilePath, folder: FilePath | None) -> PathBase:
        """The same.

        Raises:
            DataError: there is no such folder.
        """
        if folder is not None and not os.path.isdir(folder):
            raise DataError(f"folder: there is no folder {folder}", fixes=("folder",))
        return cls(table, folder)

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self.table).parent if self.folder is None else Path(self.folder)

    def locate(self, name: str) -> Path:
        """The file that a name stands for; a backslash stands between folders, as in Windows."""
        path = self.path / name
        if "\\" in name and not os.path.exists(path):  # which takes names of any length
            return self.path / name.replace("\\", "/")
        return path

    def explain(
        self, names: Sequence[str], faults: Sequence[str]
    ) -> tuple[list[str], dict[str, tuple[Fix, ...]]]:
        """Faults that say where files were looked for, and what may be meant.

        Parameters:
            names: B paths as the table has them.
            faults: B; those that are `NO_FILE` are explained, all in the same words.

        Returns:
            The faults, and what helps against that of files that are not there.
        """
        absent = [at for at, fault in enumerate(faults) if fault == NO_FILE]
        if not absent:
            return list(faults), {}
        first = self.locate(names[absent[0]])
        hint, inside = _hint(first, self.path)
        fault = NO_FILE
        if not Path(names[absent[0]]).is_absolute():
            fault += f" relative to {self.folder or 'the folder of the table'}"
        fault += f" ({hint})" if hint else ""
        told = [fault if each == NO_FILE else each for each in faults]
        if inside is not None:
            return told, {fault: (("folder", str(inside)),)}
        if len(absent) < len(faults):
            return told, {fault: (("missing", "skip"),)}
        return told, {fault: () if hint else ("folder",)}


class FileRows(NamedTuple):
    """The rows of a table of B files.

    Attributes:
        names: B paths as the table has them, "" where one is missing.
        paths: B files, None where the path is missing.
        ids: [B] names of the cases, by default their paths.
        labels: [B] classes, or texts to write; empty where one is missing; or None.
        parts: [B] "train", "valid" or "test", where the table says so; or None.
        problems: found so far.
        place: of a row in the table.
        base: of the paths.
    """

    names: list[str]
    paths: list[Path | None]
    ids: NDArray[Any]
    labels: NDArray[Any] | None
    parts: NDArray[np.str_] | None
    problems: Problems
    place: Callable[[int], str]
    base: PathBase

    def explain(self, faults: Sequence[str]) -> tuple[list[str], dict[str, tuple[Fix, ...]]]:
        """As `PathBase.explain`, with rows that have no path."""
        found, fixes = self.base.explain(self.names, faults)
        pairs = zip(self.names, found, strict=True)
        return [fault if name else NO_PATH for name, fault in pairs], fixes

    @property
    def unlabelled(self) -> NDArray[np.bool_] | None:
        """[B] which rows have no label; None where none is wanted."""
        return None if self.labels is None else np.asarray(self.labels == "")


def refuse_table_options(
    path: Path, *, folder: FilePath | None = None, encoding: str | None = None
) -> None:
    """Refuse, for files that are no tables, what only tables have.

    Raises:
        ConfigError: folder or encoding is given.
    """
    for name, given in (("folder", folder), ("encoding", encoding)):
        if given is not None:
            raise ConfigError(f"{name}: is for tables of files; {path} is none")


def open_paths(
    path: Path, data: Any, *, encoding: str | None = None, folder: FilePath | None = None
) -> tuple[Table | JsonLines, dict[str, Any]]:
    """A table to predict, and what its paths are relative to as an option of its reader.

    Parameters:
        path: the file.
        data: the section of the configuration, which has both where it is one of tables.
        encoding: of the file; None for that of the file trained on.
        folder: that the paths are relative to; None for that of the file trained on.
    """
    known = encoding or getattr(data, "encoding", "utf-8")
    table = open_rows(path, encoding=known, keep_blank=True)
    return table, {"folder": folder or getattr(data, "folder", None)}


def read_file_rows(
    path: FilePath | Table | JsonLines,
    *,
    column: str,
    parameter: str,
    label: str | None,
    id: str | None,  # noqa: A002 - the name that tables give it
    split: str | None,
    texts: bool,
    folder: FilePath | None,
    encoding: str,
    missing: Missing,
) -> FileRows:
    """Read a table with the path of a file in each row.

    Parameters:
        path: a CSV, Parquet or Feather file or JSON lines; or one that is open already.
        column: with the paths.
        parameter: that names the column.
        label: the column with the labels; None for a table without.
        id: the column with the names of the cases; None names them by their paths.
        split: the column with the part that each belongs to: train, valid or test.
        texts: whether the labels are texts to write and not classes.
        folder: that the paths are relative to; None for that of the table.
        encoding: of a CSV file or JSON lines.
        missing: "keep" has blank rows, too, of cases to predict.

    Raises:
        DataError: The table cannot be read, or has not these columns.
    """
    table = path
    if not isinstance(table, Table | JsonLines):
        table = open_rows(table, encoding=encoding, keep_blank=missing == "keep")
    table.need(column, parameter)
    names = ["" if each is None else str(each).strip() for each in table.values(column)]
    problems, base = Problems(table.path), PathBase.of(table.path, folder)
    labels: NDArray[Any] | None = None
    if label is not None:
        table.need(label, "target" if texts else "label")
        if texts:
            labels = column_texts(table, label)
        else:
            labels = class_labels(table.labels(label), lambda at: table.cell(at, label), problems)

    def place(at: int) -> str:
        row = f"row {table.rows[at]}" if isinstance(table, Table) else f"line {table.lines[at]}"
        return f"{row}{f' ({names[at]})' if names[at] else ''}"

    return FileRows(
        names=names,
        paths=[base.locate(name) if name else None for name in names],
        ids=np.array(names) if id is None else ids_of(table, id),
        labels=labels,
        parts=None if split is None else split_parts(table, split, problems),
        problems=problems,
        place=place,
        base=base,
    )


def _hint(path: Path, base: Path) -> tuple[str, Path | None]:
    """What is there instead of a file, and the folder that has it, if it is inside of the base."""
    folder = path.parent
    if not os.path.isdir(folder):
        gone = folder
        while not os.path.isdir(gone.parent) and gone != gone.parent:
            gone = gone.parent
        return f"there is no folder {_shown(gone, base)}", None
    try:
        here = sorted(os.scandir(folder), key=lambda each: each.name)
    except OSError:
        return "", None
    if alike := _alike(path.name, [each.name for each in here]):
        return f"{_shown(folder / alike, base)} is there", None
    for each in here if folder == base else []:
        alike = _alike(path.name, os.listdir(each)) if each.is_dir() else ""
        if alike:
            inside = Path(each.path) if alike == path.name else None
            return f"{_shown(Path(each.path, alike), base)} is there", inside
    return "", None


def _alike(name: str, names: Collection[str]) -> str:
    """The name itself, or one with other case, or with another suffix; "" where there is none."""
    folded = {_folded(each): each for each in names}
    stems = {_folded(Path(each).stem): each for each in names}
    own = _folded(name)
    found = [folded.get(own), stems.get(own), stems.get(_folded(Path(name).stem))]
    return next((each for each in found if each), "")


def _shown(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else str(path)


def _folded(name: str) -> str:
    """A name without case, and with letters as one character: some disks take accents apart."""
    return normalize("NFC", name).casefold()
