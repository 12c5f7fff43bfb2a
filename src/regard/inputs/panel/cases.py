"""Windows of a panel as the cases of a forecaster, and the split of a panel into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.panel.calendar import guess_season
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.splits import split_times
from regard.inputs.panel.windows import Numbers, WindowIndex, gather, rolling_origins, windows

__all__ = ["PanelWindows", "choose_window", "divide_panel", "filled_truth", "season_of"]

_SEASONS = 7  # the longest window chosen, in seasons
_ROWS_A_STEP = 50  # rows for each step of a window beyond two seasons


@dataclass(frozen=True, eq=False)
class PanelWindows:
    """Windows whose targets lie inside a panel, for training and evaluation.

    Attributes:
        panel: the series.
        index: positions of the windows.
    """

    panel: Panel
    index: WindowIndex

    def __len__(self) -> int:
        return len(self.index)

    def take(self, at: NDArray[np.int64]) -> PanelWindows:
        """The windows at these positions, in this order."""
        return PanelWindows(self.panel, self.index.take(at))

    @property
    def series(self) -> NDArray[np.int64]:
        """[W] the position of each window's series in the panel."""
        return self.index.series

    @property
    def ids(self) -> NDArray[Any]:
        """[W] what the source calls each window's series."""
        return np.asarray(self.panel.ids)[self.index.series]

    @property
    def window(self) -> int:
        """Steps of input."""
        return self.index.window

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """[B] the first origin in each series; its length if it has no window."""
        starts = self.panel.lengths.copy()
        np.minimum.at(starts, self.index.series, self.index.origin)
        return starts

    @cached_property
    def apart(self) -> NDArray[np.int64]:
        """Positions of windows that are one horizon apart."""
        index = self.index
        rolling = rolling_origins(
            self.panel, window=index.window, horizon=index.horizon, start=self.starts
        )
        wanted = set(zip(rolling.series.tolist(), rolling.origin.tolist(), strict=True))
        places = zip(index.series.tolist(), index.origin.tolist(), strict=True)
        return np.array([w for w, place in enumerate(places) if place in wanted])

    def numbers(self, at: NDArray[np.int64]) -> Numbers:
        """The numbers of the windows at these positions."""
        return gather(self.panel, self.index.take(at))

    def past_of(self, n: int) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """The times [window], as `Panel.clock`, and the values [C, window] of window n's inputs."""
        at, origin = int(self.index.series[n]), int(self.index.origin[n])
        steps = slice(origin - self.window, origin)
        return self.panel.clock(self.panel.times[at][steps]), self.panel.values[at][:, steps]

    def history_of(self, n: int) -> NDArray[np.float64]:
        """The values [C, origin] of all steps before the targets of window n."""
        return self.panel.values[int(self.index.series[n])][:, : int(self.index.origin[n])]

    def future_of(self, n: int) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """The times [horizon], as `Panel.clock`, and the targets [M, horizon] of window n."""
        at, origin = int(self.index.series[n]), int(self.index.origin[n])
        steps = slice(origin, origin + self.index.horizon)
        values = self.panel.values[at][: len(self.panel.targets), steps]
        return self.panel.clock(self.panel.times[at][steps]), values

    def examples(self, count: int) -> NDArray[np.int64]:
        """Positions of up to this many windows for a report, whole horizons apart."""
        chosen = np.linspace(0, len(self.apart) - 1, count).astype(int)
        return np.array(list(dict.fromkeys(self.apart[chosen].tolist())))


def divide_panel(
    panel: Panel, *, window: int, horizon: int, shares: Sequence[float]
) -> tuple[PanelWindows, PanelWindows | None, PanelWindows | None]:
    """Training, validation and test windows, by time; None for a part with share 0.

    The targets of a part lie inside it; its inputs may reach back into the part before.
    """
    stops = split_times(panel, horizon=horizon, window=window, shares=shares)
    starts = np.column_stack([np.zeros(len(panel), np.int64), stops])

    cut = partial(windows, panel, window=window, horizon=horizon)

    def part(n: int) -> PanelWindows:
        return PanelWindows(panel, cut(start=starts[:, n], stop=stops[:, n]))

    return part(0), part(1) if shares[1] else None, part(2) if shares[2] else None


def filled_truth(test: PanelWindows | None) -> tuple[str, ...]:
    """A note on values of the test part that are filled, but count as true; none, no note."""
    if test is None or not test.panel.filled:
        return ()
    M = len(test.panel.targets)
    parts = test.panel.cut(test.starts).filled
    filled, values = (int(sum(of(own[:M]) for own in parts)) for of in (np.sum, np.size))
    if not filled:
        return ()
    return (
        f"{filled} of {values} values of the test part are filled; the metrics take them for true",
    )


def season_of(panel: Panel) -> int:
    """Steps in a season, inferred from the times; 1 means no season."""
    return guess_season(panel.times[0], step=panel.step)


def choose_window(panel: Panel, *, horizon: int, season: int, share: float = 1.0) -> int:
    """Past steps to forecast from: whole seasons, at least two, and at least two horizons.

    Long series get up to seven seasons, such as a week for hourly data. Short series get a window
    that leaves room for training and held-out parts. Of series that differ in length, the window
    makes the most of the data: the largest product of its steps and the number of series with
    room for it, which are more than half. So a short series does not shorten the window of all.

    Parameters:
        panel: the series.
        horizon: steps to forecast.
        season: steps in a season.
        share: share of the time that is for training.

    Raises:
        DataError: Half of the series have no room for a window, a horizon and held-out parts.
    """
    lengths = np.sort(panel.lengths)[::-1]
    majority = len(lengths) // 2  # the position of the shortest series that must have room
    rows = int(lengths[majority])
    seasons = max(2, min(_SEASONS, rows // (_ROWS_A_STEP * season)))
    if season > 1:
        window = season * max(seasons, -(-2 * horizon // season))
    else:
        window = max(2 * horizon, min(24, rows // 10))
    # Room for windows to train on, and for held-out parts of at least a horizon.
    room = np.minimum(lengths - 4 * horizon, (share * lengths).astype(int) - 2 * horizon)
    if room[majority] < 1:
        needed = max(4 * horizon, ceil((2 * horizon + 1) / share) - 1)
        shortest = f"half of the series have {rows} rows or fewer"
        raise DataError(
            f"{shortest if len(panel) > 1 else f'the series has {rows} rows'}; a horizon of "
            f"{horizon} needs more than {needed}; reduce the horizon, or add rows"
        )
    possible = np.minimum(window, room)
    used = possible * np.arange(1, len(lengths) + 1)
    return int(possible[majority:][used[majority:].argmax()])
