"""Windows of a panel as the cases of a forecaster, and how a panel is divided into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from regard.errors import DataError
from regard.inputs.panel.calendar import guess_season
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.splits import split_times
from regard.inputs.panel.windows import Windows, windows

__all__ = ["PanelWindows", "choose_window", "divide_panel", "season_of"]

_SEASONS = 7  # in a window, where there are rows enough
_ROWS_A_STEP = 50  # of a window beyond two seasons


@dataclass(frozen=True, eq=False)
class PanelWindows:
    """Windows of a panel, as a forecaster learns from them and is measured on them.

    Attributes:
        panel: of which they are.
        index: where they stand.
    """

    panel: Panel
    index: Windows

    def __len__(self) -> int:
        return len(self.index)


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
