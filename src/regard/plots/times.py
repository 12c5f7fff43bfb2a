"""Times along an axis and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["edges", "label_times", "positions", "time_text"]


def positions(times: NDArray[np.generic]) -> NDArray[np.float64]:
    """Positions on an axis: days for times, numbers unchanged."""
    from matplotlib.dates import date2num

    numbers = date2num(times) if times.dtype.kind == "M" else times  # type: ignore[no-untyped-call]
    return np.asarray(numbers, dtype=np.float64)


def edges(x: NDArray[np.float64], *, step: float) -> NDArray[np.float64]:
    """Edges [n + 1] of the cells around positions: half way between neighbours.

    Parameters:
        x: [n], ascending.
        step: width of the cell of a single position.
    """
    if len(x) == 1:
        return np.array([x[0] - step / 2, x[0] + step / 2])
    between = (x[1:] + x[:-1]) / 2
    return np.concatenate([[2 * x[0] - between[0]], between, [2 * x[-1] - between[-1]]])


def label_times(ax: Axes, *, dates: bool) -> None:
    """Set the ticks of an axis of dates or numbers."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import MaxNLocator

    if dates:
        locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    else:
        ax.xaxis.set_major_locator(MaxNLocator(7, integer=True, min_n_ticks=1))


def time_text(time: np.generic) -> str:
    """A time without trailing zeros; a number unchanged.

    >>> time_text(np.datetime64("2016-07-01T02:00:00.000000"))
    '2016-07-01 02:00'
    """
    if isinstance(time, np.datetime64):
        return str(np.datetime_as_string(time, unit="auto")).replace("T", " ")
    return str(time)
