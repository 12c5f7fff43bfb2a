"""JSON Lines files: one object a line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from regard.errors import DataError, Fix, did_you_mean
from regard.tables.cells import is_missing_label
from regard.tables.files import FilePath, read_text
from regard.tables.problems import Problems

__all__ = ["JsonLines"]


@dataclass(frozen=True)
class JsonLines:
    """Objects with the file and the lines they were read from; used as a `Table` is.

    Attributes:
        path: the file.
        objects: one for each line that is not blank.
        lines: number of each, from 1.
    """

    path: FilePath
    objects: list[dict[str, Any]]
    lines: list[int]

    @classmethod
    def open(cls, path: FilePath, *, encoding: str | None) -> JsonLines:
        """Read a file, with an encoding as for `read_text`.

        Raises:
            DataError: The file cannot be read, or a line is not a JSON object.
        """
        found, lines, problems = [], [], Problems(path)
        # Not splitlines, which also splits at characters that JSON strings may contain.
        for line, text in enumerate(read_text(path, encoding=encoding).split("\n"), start=1):
            if not text.strip():
                continue
            try:
                given = json.loads(text)
            except (ValueError, RecursionError) as error:
                problems.add(f"not JSON: {str(error).split(': line ')[0]}", [f"line {line}"])
                continue
            if not isinstance(given, dict):
                what = 'no object; wanted one a line, such as {"text": "It works."}'
                problems.add(what, [f"line {line}"])
                continue
            found.append(given)
            lines.append(line)
        problems.refuse()
        return cls(path, found, lines)

    @property
    def filled(self) -> set[str]:
        """The fields with a value in at least one object."""
        return {name for each in self.objects for name, value in each.items() if value is not None}

    def cell(self, row: int, name: str) -> str:
        """The place of a field within the file."""
        return f"line {self.lines[row]}, {name!r}"

    def need(self, name: str, parameter: str, fixes: tuple[Fix, ...] = ()) -> None:
        """Refuse a field that no object has."""
        known = dict.fromkeys(field for each in self.objects for field in each)
        if name not in known:
            near = did_you_mean(name, known)
            listed = f"; there are {', '.join(known)}" if "did you" in near else ""
            raise DataError(f"{self.path} has no {name!r} ({parameter}){listed}{near}", fixes=fixes)

    def values(self, name: str) -> list[Any]:
        """The field of every object, None where it is null or missing."""
        return [each.get(name) for each in self.objects]

    def labels(self, name: str) -> list[str | None]:
        """The field of every object as a label, None where it is missing.

        Raises:
            DataError: One is a list or an object.
        """
        problems, labels = Problems(self.path), []
        for row, given in enumerate(self.values(name)):
            if isinstance(given, list | dict):
                what = f"a {type(given).__name__}; wanted a class"
                problems.add(what, [self.cell(row, name)])
            labels.append(_label(given))
        problems.refuse()
        return labels


def _label(given: Any) -> str | None:
    if isinstance(given, bool):
        return str(given).lower()
    if given is None or given != given:  # Python writes NaN to JSON
        return None
    text = str(given)
    return None if is_missing_label(text, typed=True) else text
