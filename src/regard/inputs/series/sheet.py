"""Files with one series a row: cells, header, and the roles of the columns."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError, Fix, did_you_mean
from regard.inputs.labels import missing_labels
from regard.inputs.series.cases import Cases
from regard.inputs.series.gaps import settled
from regard.inputs.series.header import first_is_header
from regard.tables.cells import (
    is_missing,
    is_missing_label,
    is_number,
    not_a_number,
    parse_numbers,
    tidy_labels,
)
from regard.tables.files import FilePath, read_text
from regard.tables.frames import Table, is_typed
from regard.tables.index import counts_rows, index_note, is_index_name
from regard.tables.jsonl import JsonLines
from regard.tables.problems import Problems
from regard.tables.separators import find_separator

__all__ = ["Roles", "Sheet"]

_SHOWN = 40  # characters of a list of names


@dataclass(frozen=True)
class Roles:
    """Positions of the columns.

    Attributes:
        labels: of the class or the targets; empty for none.
        values: of the steps.
        id: of the names of the cases.
        assumed: how the labels were found where nobody named them, for errors.
    """

    labels: tuple[int, ...]
    values: tuple[int, ...]
    id: int | None = None
    assumed: str = ""


@dataclass(frozen=True)
class Sheet:
    """The cells of a file.

    Attributes:
        path: the file.
        rows: the number in the file, from 1, and the cells of each row that is neither blank nor
            the header.
        names: of the columns; empty without a header, or one that is not as wide as the rows.
        index: position of a column that counts the rows, which is left out.
        notes: what the user should know of how it was read.
    """

    path: FilePath
    rows: list[tuple[int, list[str]]]
    names: tuple[str, ...] = ()
    index: int | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def open(
        cls,
        path: FilePath,
        *,
        header: bool | None,
        labels: Callable[[int], Sequence[int]],
        known: Iterable[str] = (),
        encoding: str = "utf-8",
    ) -> Sheet:
        """Read the cells.

        Parameters:
            path: a text file; or a Parquet or Feather file, or JSON lines in a file named .jsonl,
                whose columns have names, and are several where their cells are lists.
            header: whether the first row names the columns; None recognises it.
            labels: positions of the labels, from the number of columns, to recognise it by.
            known: names that make the first row a header if it has all of them.
            encoding: of a text file.

        Raises:
            DataError: the file cannot be read, or its first row may be a header or a series.
        """
        rows = _named_records(path, encoding)
        if rows:
            header = True
        else:
            rows = list(_records(path, encoding))
        first = [cell.strip() for cell in rows[0][1]]
        cells = [each for _, each in rows]
        wanted, at = set(known), labels(len(cells[-1]))
        if header is None:
            header = True if wanted and wanted <= set(first) else first_is_header(cells, at)
        if header is None:
            label = f", labelled {first[at[0]]!r}" if at else ""
            raise DataError(
                f"{path}, row {rows[0][0]} may be a header, as its numbers are in order "
                f"({_some(first)}), or the first series{label}",
                fixes=(("header", True), ("header", False)),
            )
        if not header:
            return cls(path, rows)
        if len(rows) == 1:
            raise DataError(f"{path} has a header and no series")
        return cls(path, rows[1:])._with_names(tuple(first))

    def _with_names(self, names: tuple[str, ...]) -> Sheet:
        numbers = all(is_number(name) for name in names[1:])
        notes: tuple[str, ...] = ()
        if numbers:
            notes = (f"the first row is read as a header ({_some(names)})",)
        if all(len(names) != len(cells) for _, cells in self.rows):
            return replace(self, notes=notes)
        index = None
        if is_index_name(names[0]) and counts_rows([cells[0] for _, cells in self.rows]):
            index = 0
            notes += (index_note(names[0]),)
        return replace(self, names=names, index=index, notes=notes)

    @property
    def columns(self) -> list[int]:
        """Positions of the columns beside the index."""
        return [at for at in range(len(self.names or self.rows[0][1])) if at != self.index]

    def find(self, name: str, parameter: str) -> int:
        """The position of a column by name."""
        if not self.names:
            raise DataError(
                f"{self.path} has no header to find {name!r} ({parameter}) in",
                fixes=(("header", True),),
            )
        count = self._counts[name]
        if count > 1:
            raise DataError(f"{self.path} has {count} columns {name!r} ({parameter}); rename one")
        if count == 0:
            near = did_you_mean(name, self.names)
            near = near if "did you" in near else f"; there are {_some(self.names)}"
            raise DataError(f"{self.path} has no column {name!r} ({parameter}){near}")
        return self._places[name]

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(self.names)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: at for at, name in enumerate(self.names)}

    def is_empty(self, column: int) -> bool:
        """Whether a column has no value."""
        return all(is_missing(cells[column]) for _, cells in self.rows if column < len(cells))

    def cases(self, roles: Roles, *, targets: bool, missing: str) -> Cases:
        """Parse the cells: B cases of one channel and T steps.

        Values that are no numbers are refused; to predict ("keep") they are infinite, and noted.
        So are all of a row that has fewer or more cells than the header.
        """
        if missing == "keep" and self.names and (cut := self._uneven()):
            return self._blank(cut, roles).cases(roles, targets=targets, missing=missing)
        self._check_widths(len(roles.labels) if not self.names else 0)
        problems = Problems(self.path)
        cells = Problems(self.path) if missing == "keep" else problems
        series = self._series(roles, problems, cells)[:, None]  # [B, 1, T]
        labels, unlabelled = self._labels(roles.labels, problems, targets=targets)
        cases = Cases(
            series,
            np.full(len(series), series.shape[2], np.int64),
            labels,
            ids=np.empty(0) if roles.id is None else self._ids(roles.id),
            targets=self._named(roles.labels),
            columns=self._named(roles.values),
            notes=(*self.notes, *[cells.told()] * (cells is not problems and len(cells) > 0)),
        )
        return settled(
            cases,
            problems,
            missing=missing,
            place=lambda case, _, step: self._cell(case, roles.values[step]),
            unlabelled=unlabelled,
            row=lambda case: f"row {self.rows[case][0]}",
            noun="target" if targets else "label",
        )

    def _uneven(self) -> list[int]:
        """Rows with another number of cells than the header."""
        return [n for n, (_, cells) in enumerate(self.rows) if len(cells) != len(self.names)]

    def _blank(self, cut: Sequence[int], roles: Roles) -> Sheet:
        """The sheet with infinite values in these rows, which keep their id, and a note."""
        rows, problems = list(self.rows), Problems(self.path)
        for n in cut:
            number, cells = rows[n]
            given = f"{len(cells)} cells, the header has {len(self.names)}"
            problems.add(given, [f"row {number}"])
            whole = [""] * len(self.names)
            for at in roles.values:
                whole[at] = "inf"
            if roles.id is not None and roles.id < len(cells):
                whole[roles.id] = cells[roles.id]
            rows[n] = number, whole
        return replace(self, rows=rows, notes=(*self.notes, problems.told()))

    def _named(self, columns: Sequence[int]) -> tuple[str, ...]:
        """The names of columns if they find them: all there, and unique in the header."""
        if not self.names:
            return ()
        names = tuple(self.names[at] for at in columns)
        return names if all(name and self._counts[name] == 1 for name in names) else ()

    def _cell(self, case: int, column: int) -> str:
        return f"row {self.rows[case][0]}, column {column + 1}"

    def _check_widths(self, before: int) -> None:
        problems, (first, cells) = Problems(self.path), self.rows[0]
        wanted = len(cells)
        for row, cells in self.rows:
            if len(cells) != wanted:
                problems.add(
                    f"{len(cells) - before} values, row {first} has {wanted - before}; series of "
                    "unequal lengths belong in a .ts file or a table",
                    [f"row {row}"],
                )
        problems.refuse()

    def _numbers(
        self, columns: Sequence[int], problems: Problems, *, wrong: float = 0.0
    ) -> list[NDArray[np.float64]]:
        """[B] arrays, one for each row; `wrong` where a cell is no number."""
        rows = []
        for case, (_, cells) in enumerate(self.rows):

            def place(at: int, case: int = case) -> str:
                return self._cell(case, columns[at])

            given = [cells[at] for at in columns]
            rows.append(parse_numbers(given, problems, place, wrong=wrong))
        return rows

    def _series(self, roles: Roles, problems: Problems, cells: Problems) -> NDArray[np.float64]:
        """[B, T]; a column of texts is one problem, other cells are told one by one."""
        strange = Problems(self.path)
        wrong = 0.0 if cells is problems else np.inf
        series = np.stack(self._numbers(roles.values, strange, wrong=wrong))
        if not len(strange):
            return series
        texts = [at for at in roles.values if self._holds_texts(at)]
        for at in texts:
            text, name = self.rows[0][1][at].strip(), self.names[at] if self.names else ""
            fixes: tuple[Fix, ...] = (("label", name), ("ignore", [name])) if name else ()
            if name and len({cells[at] for _, cells in self.rows}) == len(self.rows) > 1:
                fixes = (("id", name), ("ignore", [name]))
            if not name and at == len(self.rows[0][1]) - 1:
                fixes = (("label", "last"),)
            what = f"{not_a_number(text)}{'; ' if roles.assumed else ''}{roles.assumed}"
            problems.add(what, [self._cell(0, at)], fixes=fixes)
        self._numbers([at for at in roles.values if at not in texts], cells)
        return series

    def _holds_texts(self, column: int) -> bool:
        cells = [cells[column] for _, cells in self.rows]
        return len(cells) > 1 and not any(is_number(cell) or is_missing(cell) for cell in cells)

    def _labels(
        self, columns: Sequence[int], problems: Problems, *, targets: bool
    ) -> tuple[NDArray[Any] | None, NDArray[np.bool_] | None]:
        """Classes, or targets [B] or [B, M], and which cases have none."""
        if not columns:
            return None, None
        if not targets:
            texts = [cells[columns[0]].strip() for _, cells in self.rows]
            return tidy_labels(texts), np.array([is_missing_label(text) for text in texts])
        numbers = np.stack(self._numbers(columns, problems))
        for case, column in np.argwhere(np.isinf(numbers)):
            problems.add("the target is infinite", [self._cell(case, columns[column])])
        return (numbers if len(columns) > 1 else numbers[:, 0]), missing_labels(numbers)

    def _ids(self, column: int) -> NDArray[Any]:
        texts = [cells[column].strip() for _, cells in self.rows]
        whole = all(text.isdecimal() and str(int(text)) == text for text in texts)
        return np.array([int(text) for text in texts] if whole else texts)


def _some(cells: Sequence[str]) -> str:
    text = ", ".join(cells)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3].rsplit(",", 1)[0] + ", ..."


def _named_records(path: FilePath, encoding: str) -> list[tuple[int, list[str]]]:
    """The names and the rows of a file that says which are which; nothing for delimited text.

    Raises:
        DataError: it cannot be read, or a list is longer or shorter than that of the first row.
    """
    source: Table | JsonLines
    if str(path).lower().removesuffix(".gz").endswith((".jsonl", ".ndjson")):
        source = JsonLines.open(path, encoding=encoding)
        names = list(dict.fromkeys(name for each in source.objects for name in each))
        numbers = source.lines
    elif is_typed(path):
        source = Table.open(path)
        names, numbers = source.frame.columns, source.rows.tolist()
    else:
        return []
    header: list[str] = []
    columns: list[list[str]] = []
    for name in names:
        cells = source.frame[name].to_list() if isinstance(source, Table) else source.values(name)
        if isinstance(cells[0], list):
            wide = _widened(path, name, cells, numbers)
            header += [f"{name} {at}" for at in range(len(wide))]
            columns += wide
        else:
            header.append(name)
            columns.append([_as_cell(each) for each in cells])
    rows = [list(cells) for cells in zip(*columns, strict=True)]
    return [(0, header), *zip(numbers, rows, strict=True)]


def _widened(
    path: FilePath, name: str, cells: Sequence[Any], numbers: Sequence[int]
) -> list[list[str]]:
    """Lists of one length as that many columns."""
    for number, each in zip(numbers, cells, strict=True):
        if not isinstance(each, list) or len(each) != len(cells[0]):
            given = f"{len(each)} values" if isinstance(each, list) else "no list"
            raise DataError(
                f"{path}, row {number}: {name!r} has {given}, that of the first row "
                f"{len(cells[0])}; series of unequal lengths belong in a .ts file or a table"
            )
    return [[_as_cell(each[at]) for each in cells] for at in range(len(cells[0]))]


def _as_cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _records(path: FilePath, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each row of a text file that is not blank."""
    text = read_text(path, encoding=encoding)
    lines = text.split("\n")
    delimiter = find_separator(text)
    if '"' not in text:
        yield from ((n, line.split(delimiter)) for n, line in enumerate(lines, 1) if line.strip())
        return
    stripped = lines if delimiter else [" ".join(line.split()) for line in lines]
    reader = csv.reader(stripped, delimiter=delimiter or " ", strict=True)
    row = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield row, cells
            row = reader.line_num + 1  # a quoted cell may span several lines
    except csv.Error as error:
        raise DataError(f"{path}, row {row}: {error}") from None
