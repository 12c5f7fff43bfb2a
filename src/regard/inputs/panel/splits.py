"""Splits of a panel by time: training, then validation, then test; never shuffled."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_count, check_shares
from regard.errors import DataError
from regard.inputs.panel.panel import Panel

__all__ = ["split_times", "trainable"]


def split_times(
    panel: Panel, *, horizon: int, window: int, shares: Sequence[float] = (0.7, 0.1, 0.2)
) -> NDArray[np.int64]:
    """Split a panel by time into a training, a validation and a test part.

    Series that all overlap are cut at the same two times, so that none leaks another's future; the
    shares are then of all rows together, and a series that ends before a cut has no rows in the
    parts after it. Otherwise each series is cut by its own rows. A part with a share above 0 has at
    least `horizon` steps of the series that ends last, enough for one window.

    Parameters:
        panel: B series.
        horizon: steps to forecast.
        window: steps of input.
        shares: of training, validation and test, together 1, the first above 0. A part with share
            0 is empty.

    Returns:
        [B, 3] int64: the steps of each series before the end of training, of validation and of
        test. The parts are [0, first), [first, second), [second, third); third is the length.

    Raises:
        ConfigError: Invalid shares.
        DataError: A series is too short for a window and horizon of training, or for the parts.

    Example:
        >>> times = (np.arange(20),)
        >>> panel = Panel((np.ones((1, 20)),), times, np.arange(1), ("y",))
        >>> split_times(panel, horizon=3, window=5).tolist()
        [[13, 16, 20]]
    """
    check_count("horizon", horizon, least=1)
    check_count("window", window, least=1)
    check_shares(shares, count=3)
    check_length = partial(_check_length, panel, window=window, horizon=horizon)
    for at in range(len(panel)):
        check_length(at, parts=1)
    parts = 1 + sum(map(bool, shares[1:]))
    lengths = panel.lengths
    for at in [_last(panel)] if _overlap(panel) else range(len(panel)):
        check_length(at, parts=parts)
    limits = _limits(panel, horizon, shares)
    short = limits[:, 0] < window + horizon
    if short.any():
        at = int(short.argmax())
        raise DataError(
            f"{panel.name(at)} has {limits[at, 0]} of {lengths[at]} rows for training, and window "
            f"{window} + horizon {horizon} need {window + horizon}; reduce window or horizon, "
            "give training a larger share, or leave the series out"
        )
    return np.column_stack([limits, lengths]).astype(np.int64)


def trainable(
    panel: Panel, *, window: int, horizon: int, shares: Sequence[float]
) -> NDArray[np.int64]:
    """Positions of the series that `split_times` gives a window and a horizon of training.

    Where two parts are cut depends on the series among them, so this asks again of those that
    are left. No series may be left.
    """
    kept = np.flatnonzero(panel.lengths >= window + horizon)
    while len(kept):
        enough = _limits(panel.take(kept), horizon, shares)[:, 0] >= window + horizon
        if enough.all():
            break
        kept = kept[enough]
    return kept


def _overlap(panel: Panel) -> bool:
    """Whether there is a time that all series contain or span."""
    return bool(max(one[0] for one in panel.times) <= min(one[-1] for one in panel.times))


def _last(panel: Panel) -> int:
    """The series that ends last; of several, the longest."""
    lengths = panel.lengths
    return max(range(len(panel)), key=lambda at: (panel.times[at][-1], lengths[at]))


def _limits(panel: Panel, horizon: int, shares: Sequence[float]) -> NDArray[np.int64]:
    """[B, 2] the steps before the end of training and of validation."""
    if _overlap(panel):
        rows = np.sort(np.concatenate(panel.times))
        stops = [_stops(rows, panel.times[_last(panel)], horizon, shares)] * len(panel)
    else:
        stops = [_stops(one, one, horizon, shares) for one in panel.times]
    return np.array(
        [
            [len(times) if stop is None else int(np.searchsorted(times, stop)) for stop in own]
            for times, own in zip(panel.times, stops, strict=True)
        ]
    )


def _stops(
    rows: NDArray[Any], last: NDArray[Any], horizon: int, shares: Sequence[float]
) -> tuple[Any, Any]:
    """The times at which validation and test begin; None is after the end."""
    end = len(last)
    stops: list[Any] = []
    for share, before in ((shares[2], 1 - shares[2]), (shares[1], shares[0])):
        if not share:
            stops.append(stops[-1] if stops else None)
            continue
        at = round(len(rows) * before)
        share_begins = np.searchsorted(last, rows[min(at, len(rows) - 1)])
        end = max(0, min(end - horizon, int(share_begins)))
        stops.append(last[end])
    return stops[1], stops[0]


def _check_length(panel: Panel, at: int, *, window: int, horizon: int, parts: int) -> None:
    rows = int(panel.lengths[at])
    needed = window + parts * horizon
    if rows >= needed:
        return
    held = {1: "", 2: f", and {horizon} more to hold out: {needed}"}.get(
        parts, f", and {horizon} more each for validation and test: {needed}"
    )
    if rows > parts * horizon:
        fix = f"reduce window to {rows - parts * horizon} or less, or horizon"
    elif (rows - window) // parts > 0:
        fix = f"reduce horizon to {(rows - window) // parts} or less, or window"
    else:
        fix = "reduce horizon and window"
    raise DataError(
        f"{panel.name(at)} has {rows} rows; window {window} + horizon {horizon} need "
        f"{window + horizon} for training{held}; {fix}"
    )
