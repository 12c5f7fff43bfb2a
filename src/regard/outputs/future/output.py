"""The future: the targets of a panel at the steps to come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from regard.errors import DataError
from regard.inference import Inference
from regard.inputs.panel.cases import LatestWindows, PanelWindows
from regard.inputs.panel.panel import Panel, constant_targets
from regard.inputs.panel.windows import rolling_origins
from regard.models import ContextForecast, Encoder, HorizonForecast, make_attentions
from regard.outputs.future.evaluation import evaluate, starts_of
from regard.outputs.future.outcome import FutureOutcome
from regard.outputs.future.report import ForecastReport
from regard.outputs.output import Compared, Output
from regard.plots import View
from regard.training import AbsoluteError, Objective

__all__ = ["FutureOutput"]

_SHOWN = 6


class FutureOutput(Output):
    """Forecasts of every target and step of the horizon, and their quantiles."""

    @property
    def horizon(self) -> int:
        """Steps to forecast."""
        return int(self.config.data.horizon)

    @property
    def levels(self) -> list[float]:
        """Of the quantiles, ascending."""
        return sorted(self.config.model.quantiles)

    def check(self, cases: Panel, source: str) -> None:
        """Refuse a panel without targets, or with targets that never change."""
        if not cases.targets:
            raise DataError("data.target: wanted at least one column to forecast")
        constant = constant_targets(cases)
        if constant:
            name, column = constant[0]
            series = f"series {name}: " if len(cases) > 1 else ""
            raise DataError(
                f"{source}: {series}{column} is the same at every step; there is nothing to "
                "forecast"
            )

    def strata(self, cases: Any) -> None:
        """None: panels are divided by time."""

    def fit(self, cases: PanelWindows) -> None:
        """Nothing is fitted: the input has the scales of the targets."""

    def targets(self, cases: PanelWindows) -> None:
        """None: windows have their targets in them."""

    @property
    def each(self) -> int:
        """How many numbers a step has: the forecast, then its quantiles."""
        return 1 + len(self.levels)

    @property
    def scores(self) -> int:
        """Those of every step of the horizon."""
        return self.horizon * self.each

    def head(
        self, encoder: Encoder, *, steps: int, targets: int = 1, known: int = 0
    ) -> HorizonForecast | ContextForecast:
        """A query for each step of the horizon, or one context for all."""
        model = self.config.model
        if model.pooling == "horizon":
            attentions, query_dim = make_attentions(
                model.attention.model_dump(),
                heads=model.heads,
                state_dim=encoder.width,
                attention_dim=model.attention_dim,
                positions=-(-steps // encoder.stride),
            )
            head: HorizonForecast | ContextForecast = HorizonForecast(
                attentions,
                query_dim=query_dim,
                state_dim=encoder.width,
                horizon=self.horizon,
                targets=targets,
                known=known,
                outputs=self.each,
                dropout=model.dropout,
            )
            last: Any = head.out
        else:
            pooled: Any = super().head(encoder, steps=steps)
            head = ContextForecast(pooled, horizon=self.horizon, known=known, outputs=self.each)
            last = pooled.classify
        if model.linear:  # starts as the linear model alone
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
        return head

    def objective(self, cases: PanelWindows) -> Objective:
        """Absolute error and pinball losses."""
        return AbsoluteError(self.levels)

    def keep(self, cases: Any) -> NDArray[np.int64] | None:
        """Some windows that stand one horizon apart."""
        if isinstance(cases, LatestWindows):
            return None
        apart = self.apart(cases)
        chosen = np.linspace(0, len(apart) - 1, _SHOWN).astype(int)
        return np.array(list(dict.fromkeys(apart[chosen].tolist())))

    def apart(self, cases: PanelWindows) -> NDArray[np.int64]:
        """Positions of the windows that stand one horizon apart."""
        rolling = rolling_origins(
            cases.panel, window=cases.window, horizon=self.horizon, start=starts_of(cases)
        )
        wanted = set(zip(rolling.series.tolist(), rolling.origin.tolist(), strict=True))
        index = cases.index
        where = zip(index.series.tolist(), index.origin.tolist(), strict=True)
        return np.array([w for w, place in enumerate(where) if place in wanted])

    def forecasts(self, seen: Inference) -> NDArray[np.float64]:
        """[W, M, horizon, 1 + quantiles] in the units of the data."""
        return np.asarray(seen.encoded.in_units(seen.values))

    def metrics(self, seen: Inference) -> dict[str, Any]:
        """Errors by target, step and origin, beside those of naive and linear forecasts."""
        return evaluate(
            seen.cases,
            self.forecasts(seen),
            levels=self.levels,
            season=seen.encoded.season,
            rolling=self.apart(seen.cases),
        )

    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        """MAE and RMSE."""
        return [Compared("MAE", "mae", "lowest"), Compared("RMSE", "rmse", "lowest")]

    def notes(self, metrics: Mapping[str, Any]) -> list[str]:
        """Whether a baseline is better."""
        baselines = metrics["baselines"]
        best = min(baselines, key=lambda name: float(baselines[name]["mae"]))
        if baselines[best]["mae"] >= metrics["mae"]:
            return []
        return [f"the {best} forecast is better than the model: MAE {baselines[best]['mae']:.4g}"]

    def outcome(self, seen: Inference, n: int) -> FutureOutcome:
        """The forecast of a window, and the truth where it is known."""
        cases, values = seen.cases, self._row(seen, n)
        targets, truth = cases.panel.targets, None
        if isinstance(cases, LatestWindows):
            future = cases.times[n]
        else:
            at, origin = int(cases.series[n]), int(cases.index.origin[n])
            ahead = slice(origin, origin + self.horizon)
            future, truth = (
                cases.panel.times[at][ahead],
                cases.panel.values[at][: len(targets), ahead],
            )
        return FutureOutcome(
            columns=targets,
            times=cases.past_of(n)[0],
            future=future,
            predicted=values[..., 0],
            quantiles={level: values[..., 1 + k] for k, level in enumerate(self.levels)} or None,
            truth=truth,
        )

    def _row(self, seen: Inference, n: int) -> NDArray[np.float64]:
        """[M, horizon, 1 + quantiles] of one window, in the units of the data."""
        encoded, M = seen.encoded, seen.values.shape[1]
        at = encoded.cases.series[n]
        mean, std = (each[at, :M, None, None] for each in (encoded.mean, encoded.std))
        return np.asarray(seen.values[n] * std + mean)

    def columns(self, seen: Inference) -> tuple[dict[str, Any], str]:
        """`unique_id`, `ds`, each target and its quantiles: a row for each series and step."""
        cases, values = seen.cases, self.forecasts(seen)
        horizon, times = self.horizon, cases.times
        if times.dtype.kind == "M":
            whole = (times == times.astype("datetime64[D]")).all()
            times = np.datetime_as_string(times, unit="D" if whole else "s")
        columns: dict[str, Any] = {
            "unique_id": np.repeat(cases.ids, horizon),
            "ds": times.ravel(),
        }
        for m, name in enumerate(cases.panel.targets):
            columns[name] = values[:, m, :, 0].ravel()
            for k, level in enumerate(self.levels):
                columns[f"{name} {level:g}"] = values[:, m, :, 1 + k].ravel()
        series = "1 series" if len(cases) == 1 else f"{len(cases)} series"
        return columns, f"{horizon} steps of {series}"

    def report(self, seen: Inference, view: Callable[[int], View], **common: Any) -> ForecastReport:
        """Some forecasts."""
        shown = self.keep(seen.cases)
        return ForecastReport(examples=[view(int(n)) for n in np.asarray(shown)], **common)
