"""Windows: the steps a forecast starts from, and the steps it is evaluated on.

    ... [origin - window, origin)  the inputs
              [origin, origin + horizon)  the targets

Training, validation and test part follow each other in time. The targets of a part lie inside it;
its inputs may reach back into the part before, as they do in use.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regard.checks import check_count
from regard.errors import DataError
from regard.inputs.panel.panel import Panel

__all__ = ["Numbers", "WindowIndex", "gather", "rolling_origins", "windows"]


@dataclass(frozen=True, eq=False)
class WindowIndex:
    """Positions of W windows in a panel, in order of time.

    Attributes:
        series: [W] int64, position of the series in the panel.
        origin: [W] int64, the first step after the inputs, counted in its series from 0.
        window: steps of input.
        horizon: steps to forecast.
    """

    series: NDArray[np.int64]
    origin: NDArray[np.int64]
    window: int
    horizon: int

    def __len__(self) -> int:
        return len(self.series)

    def take(self, index: NDArray[np.int64]) -> WindowIndex:
        """The windows at these positions, in this order."""
        return replace(self, series=self.series[index], origin=self.origin[index])


class Numbers(NamedTuple):
    """The numbers in B windows, float64.

    Attributes:
        past: [B, C, window] all columns before the origins.
        known: [B, F, horizon] the known columns from the origins on.
        future: [B, M, horizon] the targets from the origins on; None for future steps.
    """

    past: NDArray[np.float64]
    known: NDArray[np.float64]
    future: NDArray[np.float64] | None


def windows(
    panel: Panel,
    *,
    window: int,
    horizon: int,
    start: int | NDArray[np.int64] = 0,
    stop: int | NDArray[np.int64] | None = None,
    stride: int = 1,
) -> WindowIndex:
    """All windows whose targets lie in a part of each series, in order of time.

    Parameters:
        panel: B series.
        window: steps of input; they may come before `start`.
        horizon: steps to forecast.
        start: the first step of the part, for all series or [B].
        stop: the step after the last, for all series or [B]; None for the end of each series.
        stride: steps from one origin to the next.

    Raises:
        DataError: No series has a window in its part.
    """
    check_count("stride", stride, least=1)
    first, last = _origins(panel, window, horizon, start, stop)
    counts = np.maximum(0, (last - first) // stride + 1)
    series = np.repeat(np.arange(len(panel)), counts)
    nth = np.arange(len(series)) - np.repeat(np.cumsum(counts) - counts, counts)
    found = WindowIndex(series, first[series] + stride * nth, window, horizon)
    if len(panel) == 1:
        return found
    origins = np.split(found.origin, np.cumsum(counts)[:-1])
    times = [own[at] for own, at in zip(panel.times, origins, strict=True)]
    return found.take(np.argsort(np.concatenate(times), kind="stable"))


def rolling_origins(
    panel: Panel,
    *,
    window: int,
    horizon: int,
    start: int | NDArray[np.int64] = 0,
    stop: int | NDArray[np.int64] | None = None,
) -> WindowIndex:
    """Windows one horizon apart, so that each step of a part is forecast at most once.

    The last targets of a series end with the part; up to `horizon` - 1 steps at its start are
    skipped. Parameters and errors are those of `windows`.

    Example:
        >>> panel = Panel((np.ones((1, 20)),), (np.arange(20),), np.arange(1), ("y",))
        >>> rolling_origins(panel, window=5, horizon=3, start=12).origin.tolist()
        [14, 17]
    """
    first, last = _origins(panel, window, horizon, start, stop)
    return windows(
        panel,
        window=window,
        horizon=horizon,
        start=np.maximum(first, last - (last - first) // horizon * horizon),
        stop=stop,
        stride=horizon,
    )


def gather(panel: Panel, index: WindowIndex) -> Numbers:
    """The numbers in B windows of a panel; gather large sets in batches to save memory."""
    targets, known, columns = len(panel.targets), len(panel.known), len(panel.columns)
    past = np.empty((len(index), columns, index.window))
    future = np.empty((len(index), columns, index.horizon))
    order = np.argsort(index.series, kind="stable")
    present, starts = np.unique(index.series[order], return_index=True)
    for at, rows in zip(present, np.split(order, starts[1:]), strict=True):
        span = index.window + index.horizon
        views = sliding_window_view(panel.values[at], span, axis=1).transpose(1, 0, 2)
        found = views[index.origin[rows] - index.window]  # [rows, C, span]
        past[rows], future[rows] = found[..., : index.window], found[..., index.window :]
    return Numbers(past, future[:, columns - known :], future[:, :targets])


def _origins(
    panel: Panel,
    window: int,
    horizon: int,
    start: int | NDArray[np.int64],
    stop: int | NDArray[np.int64] | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """[B] the first and the last origin of each series; the last may come before the first."""
    check_count("window", window, least=1)
    check_count("horizon", horizon, least=1)
    stops = np.minimum(panel.lengths, panel.lengths if stop is None else stop)
    first = np.maximum(np.broadcast_to(start, len(panel)), window)
    last = stops - horizon
    if (last < first).all():
        at = int((last - first).argmax())
        rows = stops[at] - np.broadcast_to(start, len(panel))[at]
        raise DataError(
            f"{panel.name(at)} has {max(0, rows)} rows in this part and {stops[at]} in all up to "
            f"its end; wanted {horizon} for the horizon, and {window + horizon} with the window; "
            "reduce window or horizon, or add rows"
        )
    return first.astype(np.int64), last.astype(np.int64)
