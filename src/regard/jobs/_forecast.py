"""The past of series -> their future."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.config import Config, PanelArrayData
from regard.errors import ConfigError, DataError
from regard.estimators import (
    Forecast,
    PanelWindows,
    SeriesForecaster,
    choose_window,
    divide_panel,
    season_of,
)
from regard.inputs.panel.calendar import show_time
from regard.inputs.panel.panel import Panel, constant_targets
from regard.inputs.panel.tables import read_panel
from regard.inputs.panel.windows import gather, rolling_origins, windows
from regard.jobs._task import Figure, Parts, Picture, Predictions, Task, choose
from regard.outputs.future.baselines import LinearModel, naive, seasonal_naive
from regard.outputs.future.metrics import forecast_metrics
from regard.plots import ForecastReport, ForecastView, Report, save_forecast
from regard.runs import Run, versions

__all__ = ["ForecastTask"]

_SHOWN = 6
_AT_ONCE = 512  # windows whose numbers are held in memory
_READ = {"time", "id", "target", "known", "past", "missing", "frequency"}


class ForecastTask(Task):
    """The past of series -> their future."""

    estimator = SeriesForecaster

    def parts(self, config: Config) -> Parts:
        """By time, never shuffled."""
        options = config.data
        if isinstance(options, PanelArrayData):
            raise DataError("data.kind: arrays come from Python; train on a file")
        test, validation = options.test_share, options.validation_share
        if test + validation >= 1:
            raise ConfigError(
                "data.test_share and data.validation_share: wanted less than 1 together, to leave "
                f"something to train on; given {test:g} and {validation:g}"
            )
        panel = read_panel(options.path, **options.model_dump(include=_READ))
        if not panel.targets:
            raise ConfigError("data.target: wanted at least one column to forecast")
        constant = constant_targets(panel)
        if constant:
            name, column = constant[0]
            series = f"series {name}: " if len(panel) > 1 else ""
            raise DataError(
                f"{options.path}: {series}{column} is the same at every step; there is nothing to "
                "forecast"
            )
        season = options.season or season_of(panel)
        shares = (1 - test - validation, validation, test)
        window = options.window or choose_window(
            panel, horizon=options.horizon, season=season, share=shares[0]
        )
        train, stop, held = divide_panel(
            panel, window=window, horizon=options.horizon, shares=shares
        )
        notes: list[str] = []
        if options.missing == "interpolate":
            notes.append(
                "what was missing was filled on straight lines, in the test part too: the figures "
                "take it for true"
            )
        return Parts(train, stop, held, tuple(notes))

    def evaluate(
        self, estimator: SeriesForecaster, config: Config, test: PanelWindows, *, title: str
    ) -> tuple[dict[str, Any], Report]:
        """The figures by target, step and origin, beside those of naive and linear forecasts."""
        panel, index = test.panel, test.index
        M = len(panel.targets)
        starts = _starts(test)
        numbers = gather(panel, index)
        past, truth = numbers.past[:, :M], numbers.future_targets
        values = estimator.forecast_windows(test)
        levels = sorted(estimator.quantiles)
        known = numbers.future_known if panel.known else None
        baselines = {
            "naive": naive(past, index.horizon),
            "seasonal naive": seasonal_naive(
                past, index.horizon, min(estimator.season_, index.window)
            ),
            "linear": _linear(panel, starts, test, past, known),
        }
        rolling = rolling_origins(panel, window=index.window, horizon=index.horizon, start=starts)
        wanted = set(zip(rolling.series.tolist(), rolling.origin.tolist(), strict=True))
        where = zip(index.series.tolist(), index.origin.tolist(), strict=True)
        apart = [w for w, place in enumerate(where) if place in wanted]
        before = panel.cut(0, starts)
        metrics = forecast_metrics(
            truth,
            values[..., 0],
            names=panel.targets,
            scale=_seasonal_scale(before, M, estimator.season_),
            origins=_last_times(test),
            rolling=apart,
            baselines=baselines,
            quantiles={level: values[..., 1 + at] for at, level in enumerate(levels)} or None,
        )
        metrics |= estimator.fitted_figures()
        metrics |= {
            "window": index.window,
            "horizon": index.horizon,
            "season": estimator.season_,
        }
        estimator.notes_ += _better(metrics)
        estimator.latest_ = _end(panel, estimator.window_)
        shown = np.array(apart)[np.linspace(0, len(apart) - 1, _SHOWN).astype(int)]
        report = ForecastReport(
            title=title,
            metrics=metrics,
            history=estimator.history_,
            examples=[_window_view(estimator, test, w) for w in dict.fromkeys(shown.tolist())],
            config=config.model_dump(mode="json") | {"versions": versions()},
            notes=list(estimator.notes_),
        )
        return metrics, report

    def figures(self, metrics: Mapping[str, Any]) -> list[Figure]:
        """MAE and RMSE."""
        return [Figure("MAE", "mae", "lowest"), Figure("RMSE", "rmse", "lowest")]

    def read(
        self, run: Run, estimator: SeriesForecaster, source: Path | None, **options: Any
    ) -> tuple[Panel, Panel | None]:
        """The past to go on from (None: that trained on), and the known columns of the future."""
        given = run.config.data
        columns = given.model_dump(include=_READ)
        columns["target"] = list(estimator.targets_)
        panel = estimator.latest_ if source is None else read_panel(source, **columns)
        ahead: Path | None = options.get("future")
        if ahead is None:
            return panel, None
        if not estimator.known_:
            raise ConfigError("--future: the run was trained without columns known of the future")
        return panel, read_panel(ahead, **(columns | {"target": [], "past": ()}))

    def predictions(
        self, estimator: SeriesForecaster, cases: tuple[Panel, Panel | None]
    ) -> Predictions:
        """A row for each series and time to come: `unique_id`, `ds`, each target, its quantiles."""
        panel, future = cases
        forecast = estimator.forecast(panel, future=future)
        columns: dict[str, Any] = dict(forecast.columns())
        if columns["ds"].dtype.kind == "M":
            columns["ds"] = _texts(columns["ds"])
        series = "1 series" if len(panel) == 1 else f"{len(panel)} series"
        return Predictions(columns, f"{estimator.horizon} steps of {series}")

    def picture(
        self,
        estimator: SeriesForecaster,
        cases: tuple[Panel, Panel | None],
        case: str | None,
        source: str,
    ) -> Picture:
        """A forecast, and at which past steps each of its steps looked."""
        panel, future = cases
        at = choose(panel.ids.tolist(), case, source)
        one = panel.take(np.array([at]))
        view = _view(one, estimator.forecast(one, future=future), estimator)
        return Picture(
            lambda path: save_forecast(view, path),
            f"series {view.id}: {estimator.horizon} steps from {show_time(view.future[0])}",
        )


def _texts(times: NDArray[Any]) -> NDArray[Any]:
    """Dates as text, all to the day, or all to the second where one is not at midnight."""
    whole = (times == times.astype("datetime64[D]")).all()
    return np.datetime_as_string(times, unit="D" if whole else "s")


def _better(metrics: Mapping[str, Any]) -> list[str]:
    """What is to be said where a baseline is better."""
    baselines = metrics["baselines"]
    best = min(baselines, key=lambda name: float(baselines[name]["mae"]))
    if baselines[best]["mae"] >= metrics["mae"]:
        return []
    return [f"the {best} forecast is better than the model: MAE {baselines[best]['mae']:.4g}"]


def _starts(test: PanelWindows) -> NDArray[np.int64]:
    """[B] the first step of the test part of each series, its length where it has none."""
    starts = test.panel.lengths.copy()
    np.minimum.at(starts, test.index.series, test.index.origin)
    return starts


def _end(panel: Panel, steps: int) -> Panel:
    return panel.cut(np.maximum(panel.lengths - steps, 0))


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
    panel: Panel,
    starts: NDArray[np.int64],
    test: PanelWindows,
    past: NDArray[np.float64],
    known: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """[W, M, horizon] a linear model of all windows before the test part, each series to scale."""
    index, M = test.index, len(panel.targets)
    seen = windows(panel, window=index.window, horizon=index.horizon, stop=starts)
    before = panel.cut(0, np.maximum(starts, 1)).values
    mean = np.stack([own[:M].mean(1) for own in before])
    std = np.stack([own[:M].std(1) for own in before])
    std[std <= 1e-12 * np.abs(mean)] = 1.0  # does not vary but by rounding

    def scaled(values: NDArray[np.float64], series: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray((values - mean[series, :, None]) / std[series, :, None])

    def batches() -> Any:
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
    return np.asarray(forecast * std[index.series, :, None] + mean[index.series, :, None])


def _window_view(estimator: SeriesForecaster, test: PanelWindows, w: int) -> ForecastView:
    """A window of the test part, with the truth."""
    one = test.index.take(np.array([w]))
    at, origin = int(one.series[0]), int(one.origin[0])
    series = test.panel.take(np.array([at]))
    future = series.cut(origin, origin + one.horizon)
    forecast = estimator.forecast(series.cut(0, origin), future=future if series.known else None)
    view = _view(series.cut(0, origin), forecast, estimator)
    truth = future.values[0][: len(view.columns)]
    return replace(view, truth=truth, future=future.times[0])


def _view(panel: Panel, forecast: Forecast, estimator: SeriesForecaster) -> ForecastView:
    """The forecast of one series; where it looked is the mean over the targets."""
    end = _end(panel, estimator.window_)
    model: Any = estimator.model_
    return ForecastView(
        id=str(forecast.ids[0]) if panel.ids.dtype.kind in "UO" else ", ".join(forecast.targets),
        columns=forecast.targets,
        times=end.times[0],
        future=forecast.times[0],
        past=end.values[0][: len(forecast.targets)],
        predicted=forecast.values[0],
        weights=forecast.weights[0].mean(0),
        linear=model.linear is not None,
        quantiles={level: values[0] for level, values in forecast.quantiles.items()} or None,
    )
