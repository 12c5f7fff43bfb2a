"""Windows of a panel as the cases of a forecaster, and how a panel is divided into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.panel.calendar import guess_season
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.splits import split_times
from regard.inputs.panel.windows import Windows, gather, windows

__all__ = ["LatestWindows", "Numbers", "PanelWindows", "choose_window", "divide_panel", "season_of"]

_SEASONS = 7  # in a window, where there are rows enough
_ROWS_A_STEP = 50  # of a window beyond two seasons


class Numbers(NamedTuple):
    """The numbers of B windows.

    Attributes:
        past: [B, C, window] all columns before the origins.
        known: [B, F, horizon] the known columns from the origins on.
        future: [B, M, horizon] the targets from the origins on; None where they are to come.
    """

    past: NDArray[np.float64]
    known: NDArray[np.float64]
    future: NDArray[np.float64] | None


@dataclass(frozen=True, eq=False)
class PanelWindows:
    """Windows whose targets lie inside a panel, as a forecaster is trained and measured on them.

    Attributes:
        panel: that they are cut from.
        index: where they stand.
    """

    panel: Panel
    index: Windows

    def __len__(self) -> int:
        return len(self.index)

    @property
    def series(self) -> NDArray[np.int64]:
        """[W] the position of each window's series in the panel."""
        return self.index.series

    @property
    def window(self) -> int:
        """Steps of input."""
        return self.index.window

    def numbers(self, at: NDArray[np.int64]) -> Numbers:
        """The numbers of the windows at these positions."""
        return Numbers(*gather(self.panel, self.index.take(at)))

    def past_of(self, n: int) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """The times [window] and the values [C, window] of the inputs of window n."""
        at, origin = int(self.index.series[n]), int(self.index.origin[n])
        steps = slice(origin - self.window, origin)
        return self.panel.times[at][steps], self.panel.values[at][:, steps]


@dataclass(frozen=True, eq=False)
class LatestWindows:
    """The last window of each series of a panel, whose targets are to come.

    Attributes:
        panel: B series.
        past: [B, C, window].
        known: [B, F, horizon] the known columns of the steps to come.
        times: [B, horizon] the times of the steps to come.
    """

    panel: Panel
    past: NDArray[np.float64]
    known: NDArray[np.float64]
    times: NDArray[Any]

    def __len__(self) -> int:
        return len(self.panel)

    @property
    def ids(self) -> NDArray[Any]:
        """[B] what the source calls each series."""
        return self.panel.ids

    @property
    def series(self) -> NDArray[np.int64]:
        """[B] positions in the panel."""
        return np.arange(len(self))

    @property
    def window(self) -> int:
        """Steps of input."""
        return int(self.past.shape[2])

    def take(self, at: NDArray[np.int64]) -> LatestWindows:
        """The series at these positions, in this order."""
        return LatestWindows(self.panel.take(at), self.past[at], self.known[at], self.times[at])

    def numbers(self, at: NDArray[np.int64]) -> Numbers:
        """The numbers of the windows at these positions."""
        return Numbers(self.past[at], self.known[at], None)

    def past_of(self, n: int) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """The times [window] and the values [C, window] of the inputs of window n."""
        return self.panel.times[n][-self.window :], self.past[n]


def divide_panel(
    panel: Panel, *, window: int, horizon: int, shares: Sequence[float]
) -> tuple[PanelWindows, PanelWindows | None, PanelWindows | None]:
    """Training, validation and test windows, by time; a part without a share is None.

    The targets of a part lie inside it; its inputs may reach back into the part before.
    """
    stops = split_times(panel, horizon=horizon, window=window, shares=shares)
    parts: list[PanelWindows | None] = []
    start = np.zeros(len(panel), np.int64)
    for stop, share in zip(stops.T, shares, strict=True):
        part = None
        if share:
            found = windows(panel, window=window, horizon=horizon, start=start, stop=stop)
            part = PanelWindows(panel, found)
        parts.append(part)
        start = stop
    train, validation, test = parts
    assert train is not None
    return train, validation, test


def season_of(panel: Panel) -> int:
    """Steps in a season, told from the times; 1 where they tell of none."""
    return guess_season(panel.times[0], step=panel.step)


def choose_window(panel: Panel, *, horizon: int, season: int, share: float = 1.0) -> int:
    """Past steps to forecast from: whole seasons, at least two, and two horizons.

    Where there are rows enough it is up to seven seasons, as an hourly series has a week. Short
    panels have what they can.

    Parameters:
        panel: of which windows are to be cut.
        horizon: steps to forecast.
        season: steps in a season.
        share: of the time, that is trained on.

    Raises:
        DataError: there is no room for a window, a horizon and parts to hold out.
    """
    rows = int(panel.lengths.min())
    seasons = max(2, min(_SEASONS, rows // (_ROWS_A_STEP * season)))
    if season > 1:
        window = season * max(seasons, -(-2 * horizon // season))
    else:
        window = max(2 * horizon, min(24, rows // 10))
    # Windows to train on, and parts to hold out, which are no shorter than the horizon.
    room = min(rows - 4 * horizon, int(share * rows) - 2 * horizon)
    if room < 1:
        needed = max(4 * horizon, ceil((2 * horizon + 1) / share) - 1)
        raise DataError(
            f"the shortest series has {rows} rows; a horizon of {horizon} needs more than "
            f"{needed}; reduce the horizon, or leave the series out"
        )
    return min(window, room)
