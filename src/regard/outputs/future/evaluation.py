"""Metrics of forecasts on a test part, with naive, seasonal naive and linear baselines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError
from regard.inputs.panel.calendar import show_time
from regard.inputs.panel.cases import PanelWindows
from regard.inputs.panel.encoded import moments
from regard.inputs.panel.linear import LinearModel
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.windows import Numbers, gather, windows
from regard.outputs.future.metrics import forecast_metrics

__all__ = ["evaluate", "seasonal_naive"]

_Floats = NDArray[np.float64]

_AT_ONCE = 512  # windows in memory at once


def evaluate(
    test: PanelWindows, values: _Floats, *, levels: Sequence[float], season: int
) -> dict[str, Any]:
    """Metrics of forecasts, see `forecast_metrics`.

    The seasonal naive baseline is absent where a test window has less than a season before it.

    Parameters:
        test: W windows.
        values: [W, M, horizon, 1 + quantiles] in the units of the data.
        levels: of the quantiles.
        season: steps in a season.
    """
    panel, index, M = test.panel, test.index, len(test.panel.targets)
    numbers = gather(panel, index)
    assert numbers.future is not None
    baselines = {"naive": seasonal_naive(numbers.past[:, :M], index.horizon, 1)}
    if 1 < season <= index.origin.min():  # the season before may begin before the window
        before = gather(panel, replace(index, window=season)).past[:, :M]
        baselines["seasonal naive"] = seasonal_naive(before, index.horizon, season)
    baselines["linear"] = _linear(test, numbers)
    return forecast_metrics(
        numbers.future,
        values[..., 0],
        names=panel.targets,
        scale=_seasonal_scale(panel.cut(0, test.starts), M, season),
        origins=_last_times(test),
        rolling=test.apart,
        baselines=baselines,
        series=panel.ids[test.series],
        quantiles={level: values[..., 1 + at] for at, level in enumerate(levels)} or None,
    )


def seasonal_naive(past: _Floats, horizon: int, season: int) -> _Floats:
    """Repeat the last season: y[T + h] = x[T - season + h mod season].

    Parameters:
        past: [B, M, T].
        horizon: steps to forecast.
        season: steps in a season; 1 repeats the last value (the naive forecast).

    Returns:
        [B, M, horizon].

    Raises:
        ConfigError: The season is longer than T or shorter than 1.

    Example:
        >>> seasonal_naive(np.array([[[9.0, 1.0, 2.0, 5.0]]]), 4, season=3)
        array([[[1., 2., 5., 1.]]])
    """
    steps = past.shape[-1]
    if not 1 <= season <= steps:
        raise ConfigError(f"season: wanted 1 to {steps}, the steps of the window, given {season}")
    return np.asarray(past[..., steps - season + np.arange(horizon) % season])


def _last_times(test: PanelWindows) -> NDArray[Any]:
    """[W] the last time before each window's targets; with several series, text with the id."""
    ids, times = test.panel.ids, [test.past_of(n)[0][-1] for n in range(len(test))]
    if len(ids) == 1:
        return np.array(times)
    named = zip(times, ids[test.series], strict=True)
    return np.array([f"{show_time(time)} {name}" for time, name in named])


def _seasonal_scale(before: Panel, targets: int, season: int) -> _Floats:
    """[M] mean absolute difference to the previous season, before the test part.

    Filled values are left out: a constant filling would make the changes small.
    """
    total, count = np.zeros(targets), np.zeros(targets)
    for at, values in enumerate(before.values):
        own = values[:targets]
        if before.filled:
            own = np.where(before.filled[at][:targets], np.nan, own)
        changes = np.abs(own[:, season:] - own[:, :-season])
        total += np.nansum(changes, 1)
        count += np.isfinite(changes).sum(1)
    return np.asarray(total / np.maximum(count, 1))


def _linear(test: PanelWindows, numbers: Numbers) -> _Floats:
    """[W, M, horizon] of a linear model, fitted to the scaled windows before the test part."""
    panel, index, M = test.panel, test.index, len(test.panel.targets)
    seen = windows(panel, window=index.window, horizon=index.horizon, stop=test.starts)
    pairs = [moments(own[:M]) for own in panel.cut(0, np.maximum(test.starts, 1)).values]
    mean, std = np.swapaxes(np.array(pairs), 0, 1)[..., None]

    def scaled(values: Any, series: NDArray[np.int64]) -> _Floats:
        return np.asarray((values - mean[series]) / std[series])

    def batches() -> Iterator[tuple[_Floats, _Floats, _Floats | None]]:
        for at in range(0, len(seen), _AT_ONCE):
            some = seen.take(np.arange(at, min(at + _AT_ONCE, len(seen))))
            past, known, future = gather(panel, some)
            own = scaled(past[:, :M], some.series), scaled(future, some.series)
            yield *own, known if panel.known else None

    model = LinearModel().fit(batches(), count=len(seen))
    past, known = scaled(numbers.past[:, :M], index.series), numbers.known
    forecast = model.predict(past, known if panel.known else None)
    return np.asarray(forecast * std[index.series] + mean[index.series])
