"""Forecasts of the windows of a test part beside naive, seasonal and linear ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.inputs.panel.calendar import show_time
from regard.inputs.panel.cases import PanelWindows
from regard.inputs.panel.encoded import moments
from regard.inputs.panel.linear import LinearModel
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.windows import gather, windows
from regard.outputs.future.baselines import naive, seasonal_naive
from regard.outputs.future.metrics import forecast_metrics

__all__ = ["evaluate", "starts_of"]

_AT_ONCE = 512  # windows whose numbers are held in memory


def evaluate(
    test: PanelWindows,
    values: NDArray[np.float64],
    *,
    levels: Sequence[float],
    season: int,
    rolling: NDArray[np.int64],
) -> dict[str, Any]:
    """The figures of forecasts, see `forecast_metrics`.

    Parameters:
        test: W windows.
        values: [W, M, horizon, 1 + quantiles] in the units of the data.
        levels: of the quantiles.
        season: steps in a season.
        rolling: positions of the windows that stand one horizon apart.
    """
    panel, index = test.panel, test.index
    M, starts = len(panel.targets), starts_of(test)
    numbers = gather(panel, index)
    past = numbers.past[:, :M]
    known = numbers.future_known if panel.known else None
    baselines = {
        "naive": naive(past, index.horizon),
        "seasonal naive": seasonal_naive(past, index.horizon, min(season, index.window)),
        "linear": _linear(test, starts, past, known),
    }
    return forecast_metrics(
        numbers.future_targets,
        values[..., 0],
        names=panel.targets,
        scale=_seasonal_scale(panel.cut(0, starts), M, season),
        origins=_last_times(test),
        rolling=rolling,
        baselines=baselines,
        quantiles={level: values[..., 1 + at] for at, level in enumerate(levels)} or None,
    )


def starts_of(test: PanelWindows) -> NDArray[np.int64]:
    """[B] the first step of the test part of each series, its length where it has none."""
    starts = test.panel.lengths.copy()
    np.minimum.at(starts, test.index.series, test.index.origin)
    return starts


def _last_times(test: PanelWindows) -> NDArray[Any]:
    """[W] the last time before each window's targets; of several series, as text with the id."""
    panel = test.panel
    places = list(zip(test.index.series, test.index.origin, strict=True))
    if len(panel) == 1:
        return np.array([panel.times[at][origin - 1] for at, origin in places])
    return np.array(
        [f"{show_time(panel.times[at][origin - 1])} {panel.ids[at]}" for at, origin in places]
    )


def _seasonal_scale(before: Panel, targets: int, season: int) -> NDArray[np.float64]:
    """[M] mean absolute difference to the season before, over all that precedes the test part."""
    differences = [
        np.abs(own[:targets, season:] - own[:targets, :-season])
        for own in before.values
        if own.shape[1] > season
    ]
    if not differences:
        return np.zeros(targets)
    return np.asarray(np.concatenate(differences, 1).mean(1))


def _linear(
    test: PanelWindows,
    starts: NDArray[np.int64],
    past: NDArray[np.float64],
    known: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """[W, M, horizon] a linear model of all windows before the test part, each series to scale."""
    panel, index, M = test.panel, test.index, len(test.panel.targets)
    seen = windows(panel, window=index.window, horizon=index.horizon, stop=starts)
    pairs = [moments(own[:M]) for own in panel.cut(0, np.maximum(starts, 1)).values]
    mean, std = (np.array([pair[n] for pair in pairs])[..., None] for n in (0, 1))

    def scaled(values: NDArray[np.float64], series: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray((values - mean[series]) / std[series])

    def batches() -> Iterator[Any]:
        for at in range(0, len(seen), _AT_ONCE):
            some = seen.take(np.arange(at, min(at + _AT_ONCE, len(seen))))
            numbers = gather(panel, some)
            yield (
                scaled(numbers.past[:, :M], some.series),
                scaled(numbers.future_targets, some.series),
                numbers.future_known if panel.known else None,
            )

    model = LinearModel().fit_batches(batches(), count=len(seen))
    forecast = model.predict(scaled(past, index.series), known)
    return np.asarray(forecast * std[index.series] + mean[index.series])
