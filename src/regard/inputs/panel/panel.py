"""A panel: series with their times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.panel.calendar import Step, common_step
from regard.inputs.panel.zones import on_clock

__all__ = ["Panel", "constant_target"]


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
    """

    values: tuple[NDArray[np.float64], ...]
    times: tuple[NDArray[Any], ...]
    ids: NDArray[Any]
    targets: tuple[str, ...]
    past: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    zone: str | None = None
    notes: tuple[str, ...] = ()

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
        )


def constant_target(panel: Panel, stops: NDArray[np.int64] | None = None) -> str | None:
    """The first target that never changes, for messages; None if all targets change.

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
    for name, values, stop in zip(panel.ids, panel.values, ends, strict=True):
        for target, row in zip(panel.targets, values[:, :stop], strict=False):
            if stop and (row == row[0]).all():
                series = f"series {name}: " if len(panel) > 1 else ""
                return f"{series}{target} is the same at every step"
    return None
