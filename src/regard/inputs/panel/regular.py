"""Checks that times ascend and are regular; missing steps are refused or inserted.

Holidays of exchanges are unknown here. So a series of business days may lack up to seven weekdays
in a row, and up to a tenth of all (at least seven); its rows count as its steps. All other gaps are
refused, or filled on request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_choice
from regard.errors import DataError
from regard.inputs.panel.calendar import Step, common_step

__all__ = ["Frequency", "Places", "check_ascending", "check_frequency", "closed_gaps", "gap_in"]

Frequency = Literal["infer", "rows"]

_HOLIDAYS = 0.1  # the largest share of business days without a row
_HOLIDAYS_IN_A_ROW = 7  # exchanges have closed for six weekdays (China) and four (New York)


class Places(NamedTuple):
    """Name the place of a time in messages, given the positions of its series and step.

    Attributes:
        cell: in full, with file, row and column.
        row: in short.
        time: a time as text.
    """

    cell: Callable[[int, int], str]
    row: Callable[[int, int], str]
    time: Callable[[Any], str]


def check_frequency(frequency: str) -> None:
    """Refuse an unknown frequency."""
    check_choice("frequency", frequency, ("infer", "rows"))


def check_ascending(
    times: Sequence[NDArray[Any]], places: Places, *, hints: tuple[str, str]
) -> None:
    """Refuse repeated or descending times.

    Parameters:
        times: B arrays [T].
        places: names the place of a time in messages.
        hints: how to fix a repeated time, and one out of order.

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
                f"{places.cell(series, at)}: {places.time(one[at])} is already the time of "
                f"{places.row(series, first)}{hints[0]}"
            )
        at = int((one[1:] < one[:-1]).argmax()) + 1
        raise DataError(
            f"{places.cell(series, at)}: {places.time(one[at])} comes after "
            f"{places.time(one[at - 1])} of {places.row(series, at - 1)}; wanted ascending times"
            f"{hints[1]}"
        )


def closed_gaps(
    times: Sequence[NDArray[Any]], places: Places, *, fill: bool, zone: str | None = None
) -> list[tuple[NDArray[Any], NDArray[np.int64]]]:
    """The times of every series without gaps, which are refused or filled.

    Parameters:
        times: B arrays [T] of ascending times.
        places: names the place of a time in messages.
        fill: whether to insert missing times.
        zone: of the data.

    Returns:
        For each series its times, and the position among them of each given time.

    Raises:
        DataError: A time is not a whole number of steps after the first, there is a gap and `fill`
            is False, or more times are missing than given.
    """
    step = common_step(times, zone)
    closed = []
    for series, one in enumerate(times):
        if step is None or not len(one) or (found := gap_in(one, step)) is None:
            closed.append((one, np.arange(len(one))))
            continue
        at, off = found
        here = f"{places.cell(series, at)}: {places.time(one[at])}"
        before = f"{places.time(one[at - 1])} of {places.row(series, at - 1)}"
        rows = "frequency='rows' counts rows as steps and ignores the times"
        if off:
            raise DataError(
                f"{here} does not fit the most frequent step, {step}, after {before}; {rows}"
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
                f"missing and {len(one)} are present, too few to interpolate; {rows}"
            )
        closed.append((step.times(one[0], np.arange(positions[-1] + 1)), positions))
    return closed


def gap_in(times: NDArray[Any], step: Step) -> tuple[int, bool] | None:
    """The first time that is not one step after the time before it.

    Parameters:
        times: [T] ascending.
        step: the wanted step.

    Returns:
        Its position, and whether it is not a whole number of steps after the first; None if all
        times are regular, or are business days with holidays between them.
    """
    positions = step.positions(times, times[0])
    off = step.times(times[0], positions) != times
    if off.any():
        return max(1, int(off.argmax())), True
    missing = np.diff(positions) - 1
    if step.unit == "business day" and len(missing):
        few = missing.sum() <= max(_HOLIDAYS_IN_A_ROW, _HOLIDAYS * (positions[-1] + 1))
        if few and missing.max() <= _HOLIDAYS_IN_A_ROW:
            return None
        wide = missing > _HOLIDAYS_IN_A_ROW
        missing = np.where(wide, missing, 0) if wide.any() else missing
    return (int(missing.argmax()) + 1, False) if missing.any() else None
