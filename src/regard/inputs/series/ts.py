"""The .ts format of the time series archives (sktime, aeon).

    # a comment
    @problemName Gestures
    @univariate false
    @dimensions 2
    @classLabel true left right
    @data
    1.0,2.0,3.0:4.0,?,6.0:left

Each line is a case: channels separated by colons, their values by commas, then the class, or the
target if the header has @targetLabel. Cases may differ in length, channels of a case may not. `?`
is a missing value. Keys are case-insensitive. Texts to write are the last field of each case, under
@classLabel true; a colon is no part of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.series.cases import Cases, pad
from regard.inputs.series.gaps import settled
from regard.tables.cells import is_missing_label, is_number, parse_numbers, tidy_labels
from regard.tables.files import FilePath, read_text
from regard.tables.missing import Missing, check_missing
from regard.tables.problems import Problems

__all__ = ["read_ts"]

_FLAGS = ("timestamps", "univariate", "equallength", "classlabel", "targetlabel")


def read_ts(path: FilePath, *, texts: bool = False, missing: Missing = "refuse") -> Cases:
    """Read a .ts file, univariate or not, with classes, texts, targets or neither.

    Lines in messages count from 1, as in editors, channels and steps from 0.

    Parameters:
        path: A UTF-8 text file.
        texts: Whether the last field is a text to write, and not a class.
        missing: "refuse"; "interpolate"; "skip" leaves out cases with missing values or labels.

    Returns:
        B cases of C channels and up to T steps. Classes are strings, with whole numbers normalised
        ("1.0" becomes "1"); targets are float64.

    Raises:
        DataError: The file cannot be read or contradicts its header, a case's channels differ in
            number or length, it has timestamps, a value is not a number, infinite or missing.
    """
    check_missing(missing, skip=True)
    lines = _lines(path)
    header = _Header.read(path, lines)
    problems = Problems(path)
    cells = Problems(path) if missing == "keep" else problems
    wrong = 0.0 if cells is problems else np.inf
    numbers: list[int] = []
    series: list[NDArray[np.float64]] = []
    labels: list[str] = []
    for number, line in lines:
        where = f"{path}, line {number}"
        fields = line.split(":")
        if header.labelled:
            labels.append(fields.pop().strip())
            if not fields:
                raise DataError(f"{where} has no label: wanted one after the last colon")
        series.append(_series(fields, path, number, cells, wrong=wrong))
        numbers.append(number)
        header.check_case(series[-1], series[0], where)
    if not series:
        raise DataError(f"{path} has no case after @data")
    values, lengths = pad(series)
    given: NDArray[Any] | None
    if texts:
        given, unlabelled = header.read_texts(path, labels)
    else:
        given, unlabelled = header.read_labels(labels, numbers, problems)

    def row(case: int) -> str:
        return f"line {numbers[case]}"

    notes = (cells.told(),) if cells is not problems and len(cells) else ()
    return settled(
        Cases(values, lengths, given, notes=notes),
        problems,
        missing=missing,
        place=lambda case, channel, step: f"{row(case)}, channel {channel}, step {step}",
        unlabelled=unlabelled,
        row=row,
        noun="text" if texts else "target" if header.flags.get("targetlabel") else "label",
    )


@dataclass
class _Header:
    """The lines before @data that matter for reading. Keys are in lower case."""

    flags: dict[str, bool] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    classes: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: FilePath, lines: Iterator[tuple[int, str]]) -> _Header:
        header = cls()
        for number, line in lines:
            where = f"{path}, line {number}"
            if not line.startswith("@"):
                raise DataError(f"{where}: wanted a line that starts with @, or @data before this")
            key, *words = line.split()
            key = key[1:].lower().replace("dimensions", "dimension")
            if key == "data":
                break
            given = f"given {' '.join(words)!r}"
            if key in _FLAGS:
                if not words or words[0].lower() not in ("true", "false"):
                    raise DataError(f"{where}: @{key}: wanted true or false, {given}")
                header.flags[key] = words[0].lower() == "true"
            elif key in ("dimension", "serieslength"):
                if len(words) != 1 or not words[0].isdecimal() or int(words[0]) < 1:
                    raise DataError(f"{where}: @{key}: wanted a whole number from 1, {given}")
                header.counts[key] = int(words[0])
            if key == "classlabel":
                header.classes = words[1:]
        else:
            raise DataError(f"{path} has no line @data")
        if header.flags.get("timestamps"):
            raise DataError(
                f"{path} has timestamps (@timeStamps true), which are not supported; "
                "wanted steps at equal intervals (@timeStamps false), or use a table"
            )
        if "classlabel" not in header.flags and "targetlabel" not in header.flags:
            raise DataError(f"{path} has neither @classLabel nor @targetLabel before @data")
        if header.flags.get("classlabel") and header.flags.get("targetlabel"):
            raise DataError(f"{path} has both @classLabel true and @targetLabel true; wanted one")
        return header

    @property
    def labelled(self) -> bool:
        return self.flags.get("classlabel", False) or self.flags.get("targetlabel", False)

    def check_case(self, case: NDArray[np.float64], first: NDArray[np.float64], where: str) -> None:
        """Check the shape of a case [C, steps] against the header, or else the first case."""
        channels, steps = case.shape
        wanted, source = first.shape[0], "the first case has"
        if self.flags.get("univariate"):
            wanted, source = 1, "@univariate true means"
        elif "dimension" in self.counts:
            wanted, source = self.counts["dimension"], "@dimensions declares"
        if channels != wanted:
            raise DataError(f"{where} has {channels} channels, {source} {wanted}")
        wanted = self.counts.get("serieslength", first.shape[1])
        if self.flags.get("equallength") and steps != wanted:
            raise DataError(f"{where} has {steps} steps, @equalLength true wants {wanted}")

    def read_labels(
        self, labels: list[str], lines: list[int], problems: Problems
    ) -> tuple[NDArray[np.generic] | None, NDArray[np.bool_] | None]:
        """The last field of each case as a class or a target, and which of them are missing."""
        if not self.labelled:
            return None, None
        missing = np.array([text == "?" or is_missing_label(text) for text in labels])
        present = np.flatnonzero(~missing)
        if self.flags.get("targetlabel"):
            numbers = np.zeros(len(labels))
            for at in present:
                if is_number(labels[at]) and isfinite(float(labels[at])):
                    numbers[at] = float(labels[at])
                else:
                    what = f"the target is {labels[at]!r}; wanted a finite number"
                    problems.add(what, [f"line {lines[at]}"])
            return numbers, missing
        tidied = tidy_labels(labels)
        if not self.classes:
            return tidied, missing
        declared = np.isin(tidied, tidy_labels(self.classes))
        for at in present[~declared[present]]:
            what = f"label {labels[at]!r} is not a class; @classLabel declares"
            problems.add(f"{what} {', '.join(self.classes)}", [f"line {lines[at]}"])
        return tidied, missing & ~declared

    def read_texts(
        self, path: FilePath, labels: list[str]
    ) -> tuple[NDArray[Any] | None, NDArray[np.bool_] | None]:
        """The last field of each case as a text to write, and which of them are missing."""
        if self.flags.get("targetlabel"):
            raise DataError(
                f"{path} has @targetLabel true, numbers to predict; wanted @classLabel true, with "
                "a text to write as the last field"
            )
        if not self.labelled:
            return None, None
        texts = np.empty(len(labels), object)
        texts[:] = ["" if text == "?" else text for text in labels]
        return texts, texts == ""


def _lines(path: FilePath) -> Iterator[tuple[int, str]]:
    """The number and the text of each line that is neither blank nor a comment."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield number, stripped


def _series(
    fields: list[str], path: FilePath, number: int, problems: Problems, *, wrong: float
) -> NDArray[np.float64]:
    """Texts of C channels in a line -> [C, steps]; `wrong` where one is no number."""
    channels: list[NDArray[np.float64]] = []
    for channel, text in enumerate(fields):
        place = f"line {number}, channel {channel}"
        if not text.strip():
            raise DataError(f"{path}, {place} has no values")

        def step(at: int, place: str = place) -> str:
            return f"{place}, step {at}"

        channels.append(parse_numbers(text.split(","), problems, step, wrong=wrong))
        steps, first = len(channels[-1]), len(channels[0])
        if steps != first:
            raise DataError(f"{path}, {place} has {steps} steps, channel 0 has {first}")
    return np.stack(channels)
