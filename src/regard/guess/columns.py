"""What the columns of a table hold: numbers, times, names, classes, texts, paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import PurePath
from typing import Any

from regard.tables.cells import is_missing, is_number
from regard.tables.frames import Table
from regard.tables.index import counts_rows, is_index_name
from regard.tables.jsonl import JsonLines

__all__ = ["PICTURES", "Column", "columns_of", "named"]

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".pgm"})
"""Ends of the names of pictures that are looked for."""

_DATE = re.compile(
    r"\d{4}[-/.]?(\d{1,2}|[Qq][1-4])([-/.]?\d{1,2})?\b|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}"
)
_LOOKED_AT = 5000  # cells of a column
_MOST = 0.9  # share of the cells that makes a column what it is
_TEXT = 3.0  # words of a text, on average
_FEW = 0.05  # different values among so many cells are classes
_CLASSES = 20  # or so many at most, where there are twice as many cells


@dataclass(frozen=True)
class Column:
    """A column: its name, and its cells as text, empty where they are missing."""

    name: str
    cells: Sequence[str]
    temporal: bool = False
    lists: bool = False

    @cached_property
    def filled(self) -> list[str]:
        return [cell for cell in self.cells if not is_missing(cell)]

    @cached_property
    def different(self) -> int:
        return len(set(self.filled))

    @cached_property
    def numbers(self) -> bool:
        """Whether it holds numbers, a few typos aside."""
        return self._mostly(is_number)

    @cached_property
    def times(self) -> bool:
        """Whether it holds dates, with or without times of day."""
        return self.temporal or (not self.numbers and self._mostly(_DATE.match))

    @cached_property
    def words(self) -> float:
        """The mean number of words; 0 of numbers."""
        cells = self.filled
        return 0.0 if self.numbers or not cells else sum(len(c.split()) for c in cells) / len(cells)

    @cached_property
    def text(self) -> bool:
        return self.words >= _TEXT and not self.times and not self.classes

    @cached_property
    def classes(self) -> bool:
        """Whether it has few different values, each of them several times."""
        count = len(self.filled)
        few = self.different <= max(_FEW * count, min(_CLASSES, count / 2))
        return self.different > 1 and few and (not self.numbers or self.whole)

    @cached_property
    def whole(self) -> bool:
        return self.numbers and all(
            float(cell).is_integer() for cell in self.filled if is_number(cell)
        )

    @cached_property
    def names(self) -> bool:
        """Whether each cell is another text or whole number, as ids are."""
        distinct = self.different == len(self.cells) > 1
        return distinct and not self.times and (not self.numbers or self.whole)

    @cached_property
    def counter(self) -> bool:
        """Whether it is the index of a data frame."""
        return is_index_name(self.name) and counts_rows(self.cells)

    def endings(self, known: Iterable[str]) -> bool:
        """Whether it has paths of files with these endings."""
        return self._mostly(lambda cell: PurePath(cell).suffix.lower() in known)

    def _mostly(self, what: Any) -> bool:
        cells = self.filled
        return bool(cells) and sum(bool(what(cell)) for cell in cells) >= _MOST * len(cells)


def columns_of(rows: Table | JsonLines) -> list[Column]:
    """The columns of an open table, by some of its rows."""
    if isinstance(rows, Table):
        names = rows.frame.columns
        step = max(1, len(rows.frame) // _LOOKED_AT)
        found = {name: rows.frame[name][::step].to_list() for name in names}
    else:
        names = list(dict.fromkeys(name for each in rows.objects for name in each))
        step = max(1, len(rows.objects) // _LOOKED_AT)
        found = {name: rows.values(name)[::step] for name in names}
    return [
        Column(
            name,
            ["" if cell is None else str(cell).strip() for cell in cells],
            temporal=any(isinstance(cell, date) for cell in cells),
            lists=any(isinstance(cell, list) for cell in cells),
        )
        for name, cells in found.items()
    ]


def named(columns: Iterable[Column], names: Sequence[str]) -> Column | None:
    """The first column with one of these names, in the order of the names."""
    by_name = {each.name.strip().lower(): each for each in columns}
    return next((by_name[name] for name in names if name in by_name), None)
