"""Channels of a series above each other, with their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from regard.plots.format import one_line
from regard.plots.lines import finite_range, fit_y

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["fit_channels", "name_channels", "stacked"]

_LABELLED = 24  # channels; with more, only some of the names fit
_LONGEST = 18  # letters of a name


def stacked(series: NDArray[np.float64]) -> NDArray[np.float64]:
    """[C, T], each channel scaled to a height of 0.8 around C - 1 for the first, 0 for the last.

    A single channel keeps its values.
    """
    if len(series) == 1:
        return series
    found = np.empty_like(series)
    for c, values in enumerate(series):
        low, high = finite_range(values)
        scaled = (values - (low + high) / 2) / ((high - low) or 1.0)
        found[c] = len(series) - 1 - c + 0.8 * scaled
    return found


def fit_channels(
    ax: Axes, drawn: NDArray[np.float64], channels: Sequence[str] | None, *, lane: float
) -> None:
    """Fit the y axis to stacked channels, above a lane, and name them.

    Parameters:
        ax: that they are drawn on.
        drawn: [C, T], as `stacked` returns them.
        channels: C names; None for their numbers.
        lane: its share of the height.
    """
    from matplotlib.ticker import FixedLocator, MaxNLocator

    floor, ceiling = fit_y(ax, drawn.ravel(), lane=lane)
    if len(drawn) > 1:
        name_channels(ax, len(drawn), channels)
        return
    ticks = np.asarray(MaxNLocator(4).tick_values(floor, ceiling))
    inside = ticks[(floor <= ticks) & (ticks <= ceiling)]
    ax.yaxis.set_major_locator(FixedLocator(inside.tolist()))
    name = "value" if channels is None else one_line(channels[0], 30)
    ax.set_ylabel(name, parse_math=False)


def name_channels(
    ax: Axes, count: int, channels: Sequence[str] | None, *, most: int = _LABELLED
) -> None:
    """Name channels of which the first is at a height of count - 1 and the last at 0.

    Parameters:
        ax: that they are drawn on.
        count: C.
        channels: C names; None for their numbers.
        most: names that find room.
    """
    names = [str(c) for c in range(count)] if channels is None else channels
    shown = range(0, count, -(-count // most))
    labels = [one_line(names[c], _LONGEST) for c in shown]
    ax.set_yticks([count - 1.0 - c for c in shown], labels, parse_math=False)
