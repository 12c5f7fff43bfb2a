"""A panel: series with their times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.panel.calendar import Step, common_step, show_time
from regard.inputs.panel.zones import on_clock

__all__ = ["Panel", "constant_target", "far_values"]

_LARGEST = 1e100  # squares and their sums are finite
_NAMED = 3  # in a message
_FAR = 1e4  # distances from the median that are no longer those of the same kind of value


@dataclass(frozen=True, eq=False)
class Panel:
    """B series, each of its own length and times, with the same C columns.

    Attributes:
        values: B arrays [C, T] float64, finite, in the units of the data; the rows are the
            targets, then the past-only and then the known columns. T may differ between series.
        times: B arrays [T] of ascending times, all int64 or all datetime64[us].
        ids: [B] names of the series.
        targets: M names of the columns to forecast.
        past: names of columns known only up to the present.
        known: F names of columns whose future is known, such as holidays.
        zone: of dates that have one, which are in UTC here: a name such as Europe/Berlin, or an
            offset such as +02:00; None for numbers, and for dates without a zone.
        notes: what the user should know of how they were read.
        filled: B arrays [C, T], True where a value was missing and is filled; empty if none is.
        day_first: the order in dates such as 31/12/2024; None for times of another form.
    """

    values: tuple[NDArray[np.float64], ...]
    times: tuple[NDArray[Any], ...]
    ids: NDArray[Any]
    targets: tuple[str, ...]
    past: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    zone: str | None = None
    notes: tuple[str, ...] = ()
    filled: tuple[NDArray[np.bool_], ...] = ()
    day_first: bool | None = None

    def __post_init__(self) -> None:
        counts = {len(self.values), len(self.times), len(self.ids)}
        if len(counts) > 1 or not self.values:
            raise DataError(
                f"wanted values, times and ids of the same series, at least one; given "
                f"{len(self.values)}, {len(self.times)} and {len(self.ids)}"
            )
        kinds = {one.dtype.str for one in self.times}
        if len(kinds) > 1:
            raise DataError("times: wanted whole numbers for all series, or dates for all")
        for name, values, times in zip(self.ids, self.values, self.times, strict=True):
            wanted = (len(self.columns), len(times))
            if values.shape != wanted:
                raise DataError(
                    f"series {name}: wanted values [columns, steps] of the shape {list(wanted)}, "
                    f"given {list(values.shape)}"
                )
            large = np.argwhere(np.abs(values) > _LARGEST)
            if len(large):
                column, step = large[0]
                raise DataError(
                    f"series {name}, column {self.columns[column]!r}, step {step}: "
                    f"{values[column, step]:g} is too large to compute with; wanted less than "
                    f"{_LARGEST:g}"
                )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def columns(self) -> tuple[str, ...]:
        """C names in the order of the rows of `values`."""
        return self.targets + self.past + self.known

    @property
    def lengths(self) -> NDArray[np.int64]:
        """[B] steps of each series."""
        return np.array([len(times) for times in self.times], dtype=np.int64)

    @property
    def step(self) -> Step | None:
        """The most frequent step between times; None if no series has two times."""
        return common_step(self.times, self.zone)

    def clock(self, times: NDArray[Any]) -> NDArray[Any]:
        """Times as the clock shows them in the zone of the data, ascending if the times are.

        While an hour is set back, the clock shows times twice, so those after it keep the offset
        of the first.
        """
        shown = on_clock(times, self.zone)
        if self.zone and times.ndim and len(times) and (np.diff(shown) <= np.timedelta64(0)).any():
            return np.asarray(times + (shown[0] - times[0]))
        return shown

    def name(self, at: int) -> str:
        """A series in messages, by its id if there are several."""
        return f"series {self.ids[at]}" if len(self) > 1 else "the series"

    def take(self, index: NDArray[np.int64]) -> Panel:
        """The series at these positions, in this order."""
        return replace(
            self,
            values=tuple(self.values[at] for at in index),
            times=tuple(self.times[at] for at in index),
            ids=self.ids[index],
            filled=tuple(self.filled[at] for at in index) if self.filled else (),
        )

    def cut(
        self, start: int | NDArray[np.int64] = 0, stop: int | NDArray[np.int64] | None = None
    ) -> Panel:
        """The steps [start, stop) of each series, counted from 0.

        Parameters:
            start: one position for all series, or [B].
            stop: one position for all series, or [B]; None for the end of each series.
        """
        starts = np.broadcast_to(start, len(self))
        stops = np.broadcast_to(self.lengths if stop is None else stop, len(self))
        parts = [slice(*pair) for pair in zip(starts, stops, strict=True)]
        return replace(
            self,
            values=tuple(one[:, part] for one, part in zip(self.values, parts, strict=True)),
            times=tuple(one[part] for one, part in zip(self.times, parts, strict=True)),
            filled=tuple(one[:, part] for one, part in zip(self.filled, parts, strict=False)),
        )


def constant_target(panel: Panel, stops: NDArray[np.int64] | None = None) -> str | None:
    """The targets that never change, for messages; None if all targets change.

    Parameters:
        panel: B series.
        stops: [B] the end of the steps to check, 0 to skip a series; None for all steps.

    Example:
        >>> times = (np.arange(3),)
        >>> panel = Panel((np.array([[1.0, 2, 3], [5, 5, 5]]),), times, np.arange(1), ("x", "y"))
        >>> constant_target(panel)
        'y is the same at every step'
    """
    ends = panel.lengths if stops is None else stops
    found = [
        f"series {name}: {target}" if len(panel) > 1 else target
        for name, values, stop in zip(panel.ids, panel.values, ends, strict=True)
        for target, row in zip(panel.targets, values[:, :stop], strict=False)
        if stop and (row == row[0]).all()
    ]
    more = [f"{len(found) - _NAMED} more"] if len(found) > _NAMED else []
    verb = "is" if len(found) == 1 else "are"
    return f"{', '.join(found[:_NAMED] + more)} {verb} the same at every step" if found else None


def far_values(panel: Panel) -> list[str]:
    """Remarks on values that are so far from all others that they hide them.

    Such as 999999999 for a missing value: ten thousand times further from the median than nine of
    ten steps.

    Example:
        >>> values = np.append(np.arange(99.0), 1e9)[None]
        >>> far_values(Panel((values,), (np.arange(100),), np.arange(1), ("y",)))
        ['1 value is far from all others: y is 1e+09 at 99; remove it if it marks a missing value']
    """
    found = []
    for name, values, times in zip(panel.ids, panel.values, panel.times, strict=True):
        away = np.abs(values - np.median(values, 1, keepdims=True))
        usual = np.quantile(away, 0.9, axis=1, keepdims=True)
        for column, step in np.argwhere((away > _FAR * usual) & (usual > 0)):
            series = f"series {name}: " if len(panel) > 1 else ""
            time = show_time(panel.clock(times[step : step + 1])[0])
            found.append(f"{series}{panel.columns[column]} is {values[column, step]:g} at {time}")
    if not found:
        return []
    more = [f"{len(found) - _NAMED} more"] if len(found) > _NAMED else []
    count = "1 value is" if len(found) == 1 else f"{len(found)} values are"
    mark = "it if it marks a missing value" if len(found) == 1 else "them if they mark missing ones"
    return [f"{count} far from all others: {', '.join(found[:_NAMED] + more)}; remove {mark}"]
