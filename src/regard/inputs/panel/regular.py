"""Whether the times of series ascend and are regular; and the steps that are missing, inserted.

Exchanges close on holidays, which no calendar here knows. So a series of business days may lack
seven weekdays in a row, and in all one in ten, or seven where that is more; its rows are its steps.
All other gaps are refused, or filled on request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_choice
from regard.errors import DataError
from regard.inputs.panel.calendar import Step, common_step, show_time

__all__ = ["Frequency", "TimePlace", "check_ascending", "check_frequency", "closed_gaps", "gap_in"]

Frequency = Literal["infer", "rows"]

TimePlace = Callable[[int, int], str]
"""Says in the words of the source where the time of a series and step stands."""

_HOLIDAYS = 0.1
"""The largest share of business days without a row."""
_HOLIDAYS_IN_A_ROW = 7
"""China's exchanges close for up to six weekdays together, New York's have for four."""


def check_frequency(frequency: str) -> None:
    """Refuse a way of counting steps that there is not."""
    check_choice("frequency", frequency, ("infer", "rows"))


def check_ascending(
    times: Sequence[NDArray[Any]],
    *,
    place: TimePlace,
    row: TimePlace,
    hints: tuple[str, str] = ("", ""),
) -> None:
    """Refuse times that are repeated or out of order.

    Parameters:
        times: B arrays [T].
        place: names the place of a time in messages; `row` does so in short.
        hints: what can be done about a repeated time, and about one out of order.

    Raises:
        DataError: A time is not later than the one before it.
    """
    for series, one in enumerate(times):
        if (one[1:] > one[:-1]).all():
            continue
        order = np.argsort(one, kind="stable")
        repeated = np.flatnonzero(one[order[1:]] == one[order[:-1]])
        if len(repeated):
            at = int(order[repeated + 1].min())
            first = int((one == one[at]).argmax())
            raise DataError(
                f"{place(series, at)}: {show_time(one[at])} is already the time of "
                f"{row(series, first)}{hints[0]}"
            )
        at = int((one[1:] < one[:-1]).argmax()) + 1
        raise DataError(
            f"{place(series, at)}: {show_time(one[at])} comes after {show_time(one[at - 1])} of "
            f"{row(series, at - 1)}; wanted times that ascend{hints[1]}"
        )


def closed_gaps(
    times: Sequence[NDArray[Any]], *, fill: bool, place: TimePlace, row: TimePlace
) -> list[tuple[NDArray[Any], NDArray[np.int64]]]:
    """The times of every series without a gap among them: refused, or filled.

    Parameters:
        times: B arrays [T] of ascending times.
        fill: Whether the times that are missing are inserted.
        place: names the place of a time in messages; `row` does so in short.

    Returns:
        For each series its times, and the position among them of each time given.

    Raises:
        DataError: A time is no whole number of steps after the first, there is a gap and `fill` is
            False, or more times are missing than given.
    """
    step = common_step(times)
    closed = []
    for series, one in enumerate(times):
        if step is None or not len(one):
            closed.append((one, np.arange(len(one))))
            continue
        found = gap_in(one, step)
        if found is None:
            closed.append((one, np.arange(len(one))))
            continue
        at, off = found
        here = f"{place(series, at)}: {show_time(one[at])}"
        before = f"{show_time(one[at - 1])} of {row(series, at - 1)}"
        rows = "frequency='rows' counts rows as steps whatever their times"
        if off:
            raise DataError(
                f"{here} is off the steps of {step} that most times are apart, "
                f"after {before}; {rows}"
            )
        if not fill:
            raise DataError(
                f"{here} follows {before}, a gap in steps of {step}; "
                f"missing='interpolate' fills gaps, {rows}"
            )
        positions = step.positions(one, one[0])
        if positions[-1] >= 2 * len(one):
            raise DataError(
                f"{here} follows {before}; {positions[-1] + 1 - len(one)} steps of {step} are "
                f"missing and {len(one)} are there, too few to interpolate; {rows}"
            )
        closed.append((step.times(one[0], np.arange(positions[-1] + 1)), positions))
    return closed


def gap_in(times: NDArray[Any], step: Step) -> tuple[int, bool] | None:
    """The first time that does not come one step after the one before it.

    Parameters:
        times: [T] ascending.
        step: The step that is wanted.

    Returns:
        Its position, and whether it is off the steps altogether; None where all are regular, or
        are business days with holidays between them.
    """
    positions = step.positions(times, times[0])
    off = step.times(times[0], positions) != times
    jumps = np.diff(positions)
    if off.any():
        return max(1, int(off.argmax())), True
    missing = jumps - 1
    if step.unit == "business day" and len(jumps):
        few = missing.sum() <= max(_HOLIDAYS_IN_A_ROW, _HOLIDAYS * (positions[-1] + 1))
        if few and missing.max() <= _HOLIDAYS_IN_A_ROW:
            return None
        wide = missing > _HOLIDAYS_IN_A_ROW
        missing = np.where(wide, missing, 0) if wide.any() else missing
    return (int(missing.argmax()) + 1, False) if missing.any() else None
