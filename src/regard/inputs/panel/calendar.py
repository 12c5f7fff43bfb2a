"""The step from one time of a series to the next, in the units of the calendar.

Months differ in length and business days skip weekends, so a step is a count of a unit, and a time
is a number of steps after the first:

    1949-01, 1949-02, 1949-03         1 month
    2024-03-28, 2024-03-29, 2024-04-01   1 business day
    00:00, 00:15, 00:30               15 minutes

Times are instants in UTC. Days, business days and months are those of the zone of the data: a day
later, the clock shows the same hour. Hours and shorter steps all have the same length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_count
from regard.errors import DataError
from regard.inputs.panel.zones import instants_of, on_clock

__all__ = ["Step", "common_step", "guess_season", "next_times", "season_name", "show_time"]

_MINUTE, _HOUR, _DAY = 60_000_000, 3_600_000_000, 86_400_000_000
_FIXED = {"day": _DAY, "hour": _HOUR, "minute": _MINUTE, "second": 1_000_000, "microsecond": 1}
_WEEKENDS = 0.05
"""The largest share of weekend days among times that still count as business days."""


@dataclass(frozen=True)
class Step:
    """How far one time is from the next.

    Attributes:
        count: number of units.
        unit: "number" for times that are whole numbers.
        day: day of the month for steps of months; shorter months use their last day.
        zone: whose calendar is counted by; None for UTC, for steps within a day, and for numbers.
    """

    count: int
    unit: Literal["number", "microsecond", "business day", "month"]
    day: int = 1
    zone: str | None = None

    def __str__(self) -> str:
        count, unit = self.count, str(self.unit)
        if unit == "number":
            return str(count)
        if unit == "microsecond":
            unit = next(name for name, size in _FIXED.items() if count % size == 0)
            count //= _FIXED[unit]
        return f"{count} {unit}{'s' if count > 1 else ''}"

    def positions(self, times: NDArray[Any], first: Any) -> NDArray[np.int64]:
        """[T] steps from the first time to each, rounded down."""
        times, first = (on_clock(each, self.zone) for each in (times, np.asarray(first)))
        if self.unit == "number":
            steps = times - first
        elif self.unit == "microsecond":
            steps = (times - first).astype(np.int64)
        elif self.unit == "month":
            steps = _months(times) - _months(first)
        else:
            steps = np.busday_count(first.astype("M8[D]"), times.astype("M8[D]"))
        return np.asarray(steps // self.count, dtype=np.int64)

    def fits(self, times: NDArray[Any]) -> bool:
        """Whether all times [T] are whole steps apart, and most of them one step."""
        if (self.unit == "number") != (times.dtype.kind != "M"):
            return False
        if len(times) < 2:
            return True
        positions = self.positions(times, times[0])
        on_steps = (self.times(times[0], positions) == times).all()
        return bool(on_steps) and _most_frequent(np.diff(positions)) == 1

    def times(self, first: Any, positions: NDArray[np.int64]) -> NDArray[Any]:
        """[T] the times these numbers of steps after the first."""
        steps = positions * self.count
        if self.unit == "number":
            return np.asarray(first + steps)
        first = on_clock(np.asarray(first), self.zone)
        if self.unit == "microsecond":
            return instants_of(np.asarray(first + steps.astype("m8[us]")), self.zone)
        date = first.astype("M8[D]")
        if self.unit == "business day":
            days = np.busday_offset(date, steps, roll="backward")
        else:
            days = _on_day(_months(first) + steps, self.day)
        clock = days.astype("M8[us]") + (first - date.astype("M8[us]"))
        return instants_of(np.asarray(clock), self.zone)


def common_step(times: Sequence[NDArray[Any]], zone: str | None = None) -> Step | None:
    """The most frequent step between the times of these series; None if no series has two times.

    Dates are months apart if most fall on the same day of the month, or on its last day. They are
    business days if they are a day apart and skip weekends.

    Parameters:
        times: B arrays [T] of ascending times, int64 or datetime64[us].
        zone: of the data.
    """
    if zone is not None:
        step = common_step([on_clock(one, zone) for one in times])
        if step is None or step.unit != "microsecond" or step.count % _DAY == 0:
            return step and replace(step, zone=zone)
    apart = np.concatenate([np.diff(one).astype(np.int64) for one in times])
    if not len(apart):
        return None
    common = _most_frequent(apart)
    if times[0].dtype.kind != "M":
        return Step(common, "number")
    if common >= 28 * _DAY and (step := _step_of_months(times)):
        return step
    if common == _DAY and _skip_weekends(times):
        return Step(1, "business day")
    return Step(common, "microsecond")


def next_times(times: NDArray[Any], n: int, *, step: Step | None = None) -> NDArray[Any]:
    """The next n times [n]. Holidays are unknown: business days follow business days.

    Parameters:
        times: [T] ascending, int64 or datetime64[us].
        n: number of times.
        step: the step between them; None for the most frequent one among `times`.

    Raises:
        DataError: No step is given, and there are fewer than two times.

    Example:
        >>> next_times(np.array(["2023-11-30", "2023-12-31"], dtype="M8[us]"), 2).astype("M8[D]")
        array(['2024-01-31', '2024-02-29'], dtype='datetime64[D]')
    """
    check_count("n", n, least=0)
    step = step or common_step([times])
    if step is None:
        raise DataError(f"times: wanted at least two to infer a step, given {len(times)}")
    return step.times(times[-1], np.arange(1, n + 1))


def guess_season(times: NDArray[Any], *, step: Step | None = None) -> int:
    """The likely number of steps in a season: a year, a week or a day; 1 means no season.

    A year for months or quarters, a week for days or business days, a day for hours or minutes.

    Parameters:
        times: [T] ascending, int64 or datetime64[us].
        step: the step between them; None for the most frequent one among `times`.

    Example:
        >>> guess_season(np.array(["1949-01", "1949-02", "1949-03"], dtype="M8[us]"))
        12
    """
    step = step or common_step([times])
    if step is None or step.unit == "number":
        return 1
    if step.unit == "business day":
        return 5
    if step.unit == "month":
        return 12 // step.count if 12 % step.count == 0 else 1
    if step.count == _DAY:
        return 7
    within_a_day = _MINUTE <= step.count < _DAY and _DAY % step.count == 0
    return _DAY // step.count if within_a_day else 1


def season_name(season: int, step: Step | None) -> str:
    """What the calendar calls a season: "year", "week", "day" or "hour"; otherwise "".

    >>> season_name(12, Step(1, "month")), season_name(5, Step(1, "business day"))
    ('year', 'week')
    """
    if step is None or step.unit == "number":
        return ""
    spans = {
        "month": {12: "year"},
        "business day": {5: "week"},
        "microsecond": {365 * _DAY: "year", 7 * _DAY: "week", _DAY: "day", _HOUR: "hour"},
    }
    return spans[step.unit].get(season * step.count, "")


def show_time(time: Any) -> str:
    """A time for messages, without trailing zeros.

    >>> show_time(np.datetime64("1949-01-01T00:00", "us")), show_time(np.int64(7))
    ('1949-01-01', '7')
    """
    if not isinstance(time, np.datetime64):
        return str(time)
    rounded = (time.astype(f"M8[{unit}]") for unit in ("D", "m", "s"))
    return str(next((short for short in rounded if short == time), time))


def _step_of_months(times: Sequence[NDArray[Any]]) -> Step | None:
    """A step of months, if most of the times fall on one day of the month."""
    apart = np.concatenate([np.diff(_months(one)) for one in times])
    dates = np.concatenate(times).astype("M8[D]")
    months = _months(dates)
    days = (dates - _on_day(months, 1)).astype(np.int64) + 1
    day = 31 if np.mean(dates == _on_day(months, 31)) > 0.5 else _most_frequent(days)
    if np.mean(dates == _on_day(months, day)) <= 0.5:
        return None
    return Step(_most_frequent(apart[apart > 0]), "month", day)


def _skip_weekends(times: Sequence[NDArray[Any]]) -> bool:
    dates = [one.astype("M8[D]") for one in times]
    if np.mean(~np.is_busday(np.concatenate(dates))) > _WEEKENDS:
        return False
    return any(
        (np.diff(one) > np.busday_count(one[:-1], one[1:]).astype("m8")).any() for one in dates
    )


def _months(times: Any) -> Any:
    return times.astype("M8[M]").astype(np.int64)


def _on_day(months: Any, day: int) -> Any:
    """The date on this day of each month, or on its last day if the month is shorter."""
    first = np.asarray(months).astype("M8[M]")
    last = (first + 1).astype("M8[D]") - 1
    return np.minimum(first.astype("M8[D]") + (day - 1), last)


def _most_frequent(numbers: NDArray[np.int64]) -> int:
    """The most frequent number; of several, the smallest."""
    values, counts = np.unique(numbers, return_counts=True)
    return int(values[counts.argmax()])
