"""The .ts format of the time series archives (sktime, aeon).

    # a comment
    @problemName Gestures
    @univariate false
    @dimensions 2
    @classLabel true left right
    @data
    1.0,2.0,3.0:4.0,?,6.0:left

One case a line: channels divided by colons, their values by commas, then the class, or the target
where the header says @targetLabel. Cases may differ in length, channels of a case may not. `?` is
a missing value, and keys may be written in any case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.series.cases import Cases, pad
from regard.tables.cells import is_number, parse_numbers, tidy_labels
from regard.tables.files import FilePath, read_text
from regard.tables.missing import Missing, check_missing, settle_missing

__all__ = ["read_ts"]


def read_ts(path: FilePath, *, missing: Missing = "refuse") -> Cases:
    """Read a .ts file, univariate or not, with classes, targets or neither.

    Lines in messages count from 1, as editors show them, channels and steps from 0.

    Parameters:
        path: A UTF-8 text file.
        missing: "refuse" or "interpolate".

    Returns:
        B cases of C channels and up to T steps. Classes are strings, a whole number written in
        only one way; targets are float64.

    Raises:
        DataError: The file cannot be read or belies its own header, a case's channels differ in
            number or length, it has timestamps, a value is no number, infinite or missing.
    """
    check_missing(missing)
    lines = _lines(path)
    header = _Header.read(path, lines)
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
        series.append(_series(fields, where))
        numbers.append(number)
        header.check_case(series[-1], series[0], where)
    if not series:
        raise DataError(f"{path} has no case after @data")
    values, lengths = pad(series)
    values = settle_missing(
        values,
        lengths,
        missing=missing,
        place=lambda case, channel, step: (
            f"{path}, line {numbers[case]}, channel {channel}, step {step}"
        ),
    )
    places = [f"{path}, line {number}" for number in numbers]
    return Cases(values, lengths, header.read_labels(labels, places))


@dataclass
class _Header:
    """What the lines before @data say, as far as it bears on reading."""

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
            if key in ("timestamps", "univariate", "equallength", "classlabel", "targetlabel"):
                header.flags[key] = _flag(words, f"{where}: @{key}")
            elif key in ("dimension", "serieslength"):
                header.counts[key] = _count(words, f"{where}: @{key}")
            if key == "classlabel":
                header.classes = words[1:]
        else:
            raise DataError(f"{path} has no line @data")
        header._check(path)
        return header

    @property
    def labelled(self) -> bool:
        return self._says("classlabel") or self._says("targetlabel")

    def check_case(self, case: NDArray[np.float64], first: NDArray[np.float64], where: str) -> None:
        """Hold a case [C, steps] against what was declared, or else against the first case."""
        channels, steps = case.shape
        source = "the first case has"
        wanted = first.shape[0]
        if self._says("univariate"):
            wanted, source = 1, "@univariate true means"
        elif "dimension" in self.counts:
            wanted, source = self.counts["dimension"], "@dimensions declares"
        if channels != wanted:
            raise DataError(f"{where} has {channels} channels, {source} {wanted}")
        if self._says("equallength"):
            wanted = self.counts.get("serieslength", first.shape[1])
            if steps != wanted:
                raise DataError(f"{where} has {steps} steps, @equalLength true wants {wanted}")

    def read_labels(self, labels: list[str], places: list[str]) -> NDArray[np.generic] | None:
        """The last field of each case as a class or a target, as declared."""
        if self._says("targetlabel"):
            for text, where in zip(labels, places, strict=True):
                if not is_number(text) or not isfinite(float(text)):
                    raise DataError(f"{where}: the target is {text!r}; wanted a finite number")
            return np.array(labels, dtype=np.float64)
        if not self._says("classlabel"):
            return None
        tidied = tidy_labels(labels)
        known = tidy_labels(self.classes) if self.classes else np.unique(tidied)
        strange = np.flatnonzero(~np.isin(tidied, known) | np.isin(tidied, ["", "?"]))
        if strange.size:
            at = strange[0]
            declared = f"; @classLabel declares {', '.join(self.classes)}" if self.classes else ""
            raise DataError(f"{places[at]}: label {labels[at]!r} is not a class{declared}")
        return tidied

    def _says(self, key: str) -> bool:
        return self.flags.get(key, False)

    def _check(self, path: FilePath) -> None:
        if self._says("timestamps"):
            raise DataError(
                f"{path} has timestamps (@timeStamps true), which are not read; "
                "wanted steps at equal intervals (@timeStamps false), or use a table"
            )
        if "classlabel" not in self.flags and "targetlabel" not in self.flags:
            raise DataError(f"{path} has neither @classLabel nor @targetLabel before @data")
        if self._says("classlabel") and self._says("targetlabel"):
            raise DataError(f"{path} says both @classLabel true and @targetLabel true; wanted one")


def _lines(path: FilePath) -> Iterator[tuple[int, str]]:
    """The number and the text of each line that is neither blank nor a comment."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield number, stripped


def _series(fields: list[str], where: str) -> NDArray[np.float64]:
    """Texts of C channels -> [C, steps]."""
    channels: list[NDArray[np.float64]] = []
    for channel, text in enumerate(fields):
        at_channel = f"{where}, channel {channel}"
        if not text.strip():
            raise DataError(f"{at_channel} has no values")
        values = parse_numbers(text.split(","), f"{at_channel}, step")
        if channels and len(values) != len(channels[0]):
            raise DataError(
                f"{at_channel} has {len(values)} steps, channel 0 has {len(channels[0])}"
            )
        channels.append(values)
    return np.stack(channels)


def _flag(words: list[str], where: str) -> bool:
    word = words[0].lower() if words else ""
    if word not in ("true", "false"):
        raise DataError(f"{where}: wanted true or false, given {' '.join(words)!r}")
    return word == "true"


def _count(words: list[str], where: str) -> int:
    if len(words) != 1 or not words[0].isdecimal() or int(words[0]) < 1:
        raise DataError(f"{where}: wanted a whole number from 1, given {' '.join(words)!r}")
    return int(words[0])
