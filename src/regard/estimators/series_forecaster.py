"""The forecaster of series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.estimators.base import AttentionEstimator, Floats
from regard.estimators.contract import check_is_fitted
from regard.inputs.panel.calendar import Step
from regard.inputs.panel.cases import PanelWindows
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.zones import on_clock, written

__all__ = ["Forecast", "SeriesForecaster"]


@dataclass(frozen=True, eq=False)
class Forecast:
    """Forecasts of B series, in the units of the data.

    Attributes:
        ids: [B] what the source calls each series.
        instants: [B, horizon] of the future steps; in UTC where there is a zone.
        targets: M names.
        values: [B, M, horizon].
        quantiles: level to [B, M, horizon].
        weights: [B, M, horizon, window], the attention of each future step; rows sum to one.
        zone: of the times, if they have one.
        names: of the columns of ids and times.
    """

    ids: NDArray[Any]
    instants: NDArray[Any]
    targets: tuple[str, ...]
    values: Floats
    quantiles: Mapping[float, Floats] = field(default_factory=dict)
    weights: Floats = field(default_factory=lambda: np.empty(0))
    zone: str | None = None
    names: tuple[str, str] = ("unique_id", "ds")

    @property
    def times(self) -> NDArray[Any]:
        """[B, horizon] of the future steps; what the clock of the zone shows where there is one."""
        return self.instants if self.zone is None else on_clock(self.instants, self.zone)

    def columns(self) -> dict[str, NDArray[Any]]:
        """A long table, a row for each series and time: id, time, each target, its quantiles.

        Times of a zone are text with their offset from UTC, such as 2024-12-31T00:00:00+01:00.
        """
        _, _, horizon = self.values.shape
        times = self.instants if self.zone is None else written(self.instants, self.zone)
        id_name, time_name = self.names
        table = {id_name: np.repeat(self.ids, horizon), time_name: times.ravel()}
        for m, name in enumerate(self.targets):
            table[name] = self.values[:, m].ravel()
            for level, values in self.quantiles.items():
                table[f"{name} {level:g}"] = values[:, m].ravel()
        return table

    def _repr_html_(self) -> str:
        from regard.plots.notebook import html_table

        columns = self.columns()
        rows = list(zip(*(each.tolist() for each in columns.values()), strict=True))
        return html_table(f"Forecasts of {len(self.ids)} series", list(columns), rows)


class SeriesForecaster(AttentionEstimator):
    """Forecasts series from their past, and shows at which past steps each forecast looked.

    X is a data frame (polars or pandas) with a time column, long (a row per series and time) or
    wide (a column per target); or an array [steps] or [steps, targets]; or a `Panel`.

    Parameters:
        {parameters}

    Attributes:
        window_: past steps to forecast from.
        season_: steps in a season.
        step_: from one time to the next.
        targets_: M names of the columns that are forecast.
        latest_: the end of the panel trained on, which `predict` continues by default.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> tide = np.sin(np.arange(200) / 4)
    >>> model = SeriesForecaster(horizon=5, window=30, season=25, epochs=2, random_state=0)
    >>> model.fit(tide).predict().shape
    (1, 1, 5)
    >>> model.attend().shape
    (1, 1, 5, 30)
    """

    task = "forecast"

    window_: int
    season_: int
    step_: Step
    targets_: tuple[str, ...]
    columns_: tuple[str, ...]
    known_: tuple[str, ...]
    latest_: Panel

    def predict(self, X: Any = None, *, future: Any = None) -> Floats:
        """The future steps, in the units of the data: [series, targets, horizon].

        Parameters:
            X: the past to continue, in the form trained on; None continues that. A series is
                scaled as it was in training where its id was there (of arrays: its position), and
                otherwise by its own rows.
            future: the known columns of the future steps, if there are such columns.
        """
        return self.forecast(X, future=future).values

    def attributions(
        self, X: Any = None, *, method: str = "occlusion", channels: bool = False
    ) -> Floats:
        """What moved each forecast, as of `AttentionEstimator.attributions`.

        Parameters:
            X: as for `predict`.
            method: "occlusion" or "attention".
            channels: forecasts have no such maps.

        Returns:
            [series, M, horizon, window], as of `attend`.
        """
        check_is_fitted(self)
        incoming: Any = self.input_
        cases = incoming.ahead(X)
        found: Floats = super().attributions(cases, method=method, channels=channels)
        return found

    def attend(self, X: Any = None, *, heads: bool = False, future: Any = None) -> Floats:
        """The attention of each future step, [series, targets, horizon, window]; rows sum to 1.

        With heads that of each head, [series, targets, H, horizon, window].
        """
        if heads:
            incoming: Any = self.input_
            each: Floats = self._map(incoming.ahead(X, future), "heads")
            return each
        return self.forecast(X, future=future).weights

    def forecast(self, X: Any = None, *, future: Any = None) -> Forecast:
        """The future steps, with times, quantiles and attention.

        Parameters:
            X: the past to continue, in the form trained on; None continues that.
            future: the known columns of the future steps, if there are such columns.

        Raises:
            DataError: X is shorter than the window, or a known column is not there.
        """
        check_is_fitted(self)
        incoming: Any = self.input_
        output: Any = self.output_
        seen = self.infer(incoming.ahead(X, future), maps=("attention",))
        values = output.forecasts(seen)
        return Forecast(
            seen.cases.ids,
            seen.cases.times,
            self.targets_,
            values[..., 0],
            {level: values[..., 1 + at] for at, level in enumerate(output.levels)},
            incoming.collect(seen.maps["attention"]),
            seen.cases.panel.zone,
            (self.input_.config.data.id or "unique_id", self.input_.config.data.time or "ds"),
        )

    def forecast_windows(self, cases: PanelWindows) -> Floats:
        """[W, M, horizon, 1 + quantiles] the forecasts of windows, in the units of the data."""
        seen = self.infer(cases)
        output: Any = self.output_
        forecasts: Floats = output.forecasts(seen)
        return forecasts
