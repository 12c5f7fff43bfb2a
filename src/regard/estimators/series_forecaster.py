"""The forecaster of series, with the parameters and methods of an estimator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from regard.config import Config
from regard.errors import ConfigError, DataError
from regard.estimators.base import AttentionEstimator, Floats
from regard.estimators.panel_windows import (
    PanelWindows,
    choose_window,
    divide_panel,
    season_of,
)
from regard.explain import lay_over_steps
from regard.inputs.panel.calendar import Step, next_times
from regard.inputs.panel.frames import as_panel
from regard.inputs.panel.latest import future_known, latest
from regard.inputs.panel.panel import Panel, constant_targets
from regard.inputs.panel.windows import gather, windows
from regard.models import Forecaster, LinearForecast, build_forecaster
from regard.outputs.future.baselines import LinearModel
from regard.runs import Run
from regard.training import AbsoluteError, Batch, Objective, Part

__all__ = ["Forecast", "SeriesForecaster"]

_AT_ONCE = 512  # windows whose numbers are held in memory
_RIDGES = (1e-6, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True, eq=False)
class Forecast:
    """What is forecast of B series, in the units of the data.

    Attributes:
        ids: [B] what the source calls each series.
        times: [B, horizon] of the steps to come.
        targets: M names.
        values: [B, M, horizon].
        quantiles: level to [B, M, horizon].
        weights: [B, M, horizon, window], where each step to come looked; rows sum to one.
    """

    ids: NDArray[Any]
    times: NDArray[Any]
    targets: tuple[str, ...]
    values: Floats
    quantiles: Mapping[float, Floats] = field(default_factory=dict)
    weights: Floats = field(default_factory=lambda: np.empty(0))

    def columns(self) -> dict[str, NDArray[Any]]:
        """A long table, a row for each series and time: id, time, each target, its quantiles."""
        _, _, horizon = self.values.shape
        table = {"unique_id": np.repeat(self.ids, horizon), "ds": self.times.ravel()}
        for m, name in enumerate(self.targets):
            table[name] = self.values[:, m].ravel()
            for level, values in self.quantiles.items():
                table[f"{name} {level:g}"] = values[:, m].ravel()
        return table


class SeriesForecaster(AttentionEstimator):
    """Forecasts series from their past, and shows at which past steps each forecast looked.

    X is a data frame (polars or pandas) with a time column, long (a row per series and time) or
    wide (a column per target); or an array [steps] or [steps, targets]; or a `Panel`.

    Parameters:
        encoder: "inception", "conv", "conv-bilstm", "bilstm", "gru", "lstm" or "transformer".
        attention: the mechanism by which the encoder's states are looked at: the name of a score
            ("additive", "dot", "general"...), a window ("causal", "local-p"...) or an alignment
            ("sparsemax", "hard"...), as `regard mechanisms` lists them; or a table such as
            {"score": "general", "window": {"local-p": 10}, "align": "sparsemax", "heads": 4}.
        pooling: "horizon" (every step to forecast asks by a query of its own), "attention" (one
            context for all of them) or "stacked" (the states attend to each other, an LSTM reads
            what they found, and that is attended to); None takes "horizon" where the mechanism can.
        form: a published model, which decides encoder, pooling and who asks: "lstm-attention",
            "lstm-bahdanau" or "lstm-hierarchical".
        hidden: width inside the encoder; None takes what suits it.
        layers: of the encoder; None takes what suits it.
        attention_dim: width of the space in which additive attention compares, shared among its
            heads.
        heads: of the pooling attention, each with a query to learn; their weights are averaged.
        dropout: share of the columns of the encoder's states, and between recurrent or Transformer
            layers, that is dropped in training.
        linear: whether to add a linear model of the window; by default, unless a form is named.
        quantiles: levels to forecast beside the middle, such as [0.1, 0.9].
        time: column with the times; null where rows are steps without times.
        id: column that says which series a row belongs to; by default unique_id.
        target: column, or list of columns, to forecast; by default y, or else all that are nothing
            else.
        known: columns whose future is known beforehand.
        past: columns known of the past only.
        horizon: steps to forecast.
        window: past steps to forecast from; by default what suits season and horizon.
        season: steps in a season; by default told from the times.
        missing: "refuse" or "interpolate" missing values.
        frequency: infer: times are a month, a business day or another step apart; rows: rows are
            steps whatever their times.
        validation_share: share of the time, before the end, that training is stopped by.
        epochs: at the most; without a validation part, exactly.
        patience: epochs without a lower validation loss after which training stops.
        batch_size: cases in an update.
        learning_rate: of AdamW, at its highest.
        weight_decay: of AdamW.
        schedule: of the learning rate: "cosine" (to zero, after a short warm-up) or "constant".
        gradient_clip: largest norm of an update's gradient; 0 does not clip.
        updates_per_epoch: a training part of fewer batches is passed over several times an epoch.
        device: "auto" (a GPU if there is one), "cpu" or "cuda".
        verbose: whether to show a progress bar.
        random_state: the same number gives the same model.

    Attributes:
        window_: past steps to forecast from.
        season_: steps in a season.
        step_: from one time to the next.
        targets_: M names of the columns that are forecast.
        latest_: the panel that `predict` goes on from by default: the end of that trained on.
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

    horizon: int
    window: int | None
    season: int | None
    validation_share: float
    quantiles: Sequence[float]
    frequency: str
    window_: int
    season_: int
    step_: Step
    targets_: tuple[str, ...]
    latest_: Panel
    columns_: tuple[str, ...]
    known_: tuple[str, ...]
    scales_: dict[str, tuple[list[float], list[float]]]

    def __init__(
        self,
        *,
        encoder: str = "conv-bilstm",
        attention: str | dict[str, Any] = "additive",
        pooling: str | None = None,
        form: str | None = None,
        hidden: int | None = None,
        layers: int | None = None,
        attention_dim: int = 64,
        heads: int = 1,
        dropout: float = 0.1,
        linear: bool | None = None,
        quantiles: Sequence[float] = (),
        time: str | None = "ds",
        id: str | None = None,  # noqa: A002
        target: str | Sequence[str] | None = None,
        known: Sequence[str] = (),
        past: Sequence[str] = (),
        horizon: int = 1,
        window: int | None = None,
        season: int | None = None,
        missing: Literal["refuse", "interpolate"] = "refuse",
        frequency: Literal["infer", "rows"] = "infer",
        validation_share: float = 0.1,
        epochs: int = 8,
        patience: int = 3,
        batch_size: int = 64,
        learning_rate: float = 0.002,
        weight_decay: float = 0.01,
        schedule: str = "cosine",
        gradient_clip: float = 1.0,
        updates_per_epoch: int = 50,
        device: str = "auto",
        verbose: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self._set(locals())

    def predict(self, X: Any = None, *, future: Any = None) -> Floats:
        """What comes next, in the units of the data: [series, targets, horizon].

        Parameters:
            X: the past to go on from, in the form trained on; None goes on from that. A series is
                scaled as it was in training where its id was there (of arrays: its position), and
                otherwise by its own rows.
            future: the known columns of the steps to come, if there are such columns.
        """
        return self.forecast(X, future=future).values

    def attend(self, X: Any = None, *, future: Any = None) -> Floats:
        """Where each step to come looked: [series, targets, horizon, window], rows sum to one."""
        return self.forecast(X, future=future).weights

    def forecast(self, X: Any = None, *, future: Any = None) -> Forecast:
        """What comes next, with times, quantiles and where it looked.

        Parameters:
            X: the past to go on from, in the form trained on; None goes on from that.
            future: the known columns of the steps to come, if there are such columns.

        Raises:
            DataError: X is shorter than the window, or a known column is not there.
        """
        check_is_fitted(self)
        panel = self.latest_ if X is None else self._past(X)
        ahead = None if future is None else self._ahead(future)
        step = self._step_of(panel)
        past = latest(panel, window=self.window_)
        frequency: Any = self.frequency
        known = future_known(panel, ahead, horizon=self.horizon, frequency=frequency, step=step)
        every = np.arange(len(panel))
        inputs = _scaled(past, known, *self._scales_of(panel))
        values, weights = self._look(inputs)
        values = self._in_units(panel, every, values)
        return Forecast(
            panel.ids,
            np.stack([next_times(own, self.horizon, step=step) for own in panel.times]),
            self.targets_,
            values[..., 0],
            {level: values[..., 1 + at] for at, level in enumerate(self._levels())},
            weights,
        )

    def forecast_windows(self, cases: PanelWindows) -> Floats:
        """[W, M, horizon, 1 + quantiles] what is forecast in windows, in the units of the data."""
        values = self._values(cases)
        return self._in_units(cases.panel, cases.index.series, values)

    def _levels(self) -> list[float]:
        return sorted(self.quantiles)

    def _panel(self, X: Any, **changes: Any) -> Panel:
        names = ("time", "id", "target", "known", "past", "missing", "frequency")
        options = {name: getattr(self, name) for name in names} | changes
        return as_panel(X, **options)

    def _past(self, X: Any) -> Panel:
        """Series to go on from, with the columns that were fitted, whatever others there are."""
        changes: dict[str, Any] = {}
        if hasattr(X, "columns") and not isinstance(X, Panel):
            fitted = self.latest_
            parts = {"target": fitted.targets, "known": fitted.known, "past": fitted.past}
            changes = {name: list(columns) for name, columns in parts.items()}
        panel = self._panel(X, **changes)
        if panel.columns != self.columns_ or panel.known != self.known_:
            raise DataError(
                f"X has the columns {', '.join(panel.columns)}; {type(self).__name__} was fitted "
                f"on {', '.join(self.columns_)}"
            )
        return panel

    def _ahead(self, future: Any) -> Panel:
        """The known columns of the steps to come."""
        if not self.known_:
            raise ConfigError(
                "future: there is nothing to know of it; no column was fitted as known"
            )
        return self._panel(future, target=(), past=(), known=list(self.known_), source="future")

    def _step_of(self, panel: Panel) -> Step | None:
        """From one time to the next: what was fitted tells it better than a few rows do."""
        fits = panel is self.latest_ or all(self.step_.fits(own) for own in panel.times)
        return self.step_ if fits else panel.step

    def _read(self, X: Any, y: Any = None, *, reset: bool = False) -> PanelWindows:
        if isinstance(X, PanelWindows):
            if reset:
                self._learn(X.panel, X.index.window)
            return X
        if y is not None:
            raise DataError("y: a forecaster learns from X alone; name what to forecast as target")
        panel = self._panel(X) if reset else self._past(X)
        if reset:
            self._learn(panel, None)
        return PanelWindows(panel, windows(panel, window=self.window_, horizon=self.horizon))

    def _learn(self, panel: Panel, window: int | None) -> None:
        """What can be told of a panel before it is divided."""
        if not panel.targets:
            raise ConfigError("target: wanted at least one column to forecast")
        self.season_ = self.season or season_of(panel)
        self.window_ = (
            window
            or self.window
            or choose_window(
                panel,
                horizon=self.horizon,
                season=self.season_,
                share=1 - self.validation_share,
            )
        )
        step: Any = panel.step  # some series has the two rows of a window and a horizon
        self.step_ = step
        self.targets_ = panel.targets
        self.columns_ = panel.columns
        self.known_ = panel.known

    def _hold_out(
        self, cases: PanelWindows, config: Config
    ) -> tuple[PanelWindows, PanelWindows | None]:
        share = config.data.validation_share
        if share == 0:
            return cases, None
        train, validation, _ = divide_panel(
            cases.panel, window=self.window_, horizon=self.horizon, shares=(1 - share, share, 0.0)
        )
        return train, validation

    def _prepare(self, cases: PanelWindows, config: Config) -> None:
        panel, index = cases.panel, cases.index
        stops = np.zeros(len(panel), np.int64)
        np.maximum.at(stops, index.series, index.origin + index.horizon)
        seen = panel.cut(0, np.maximum(stops, 1))
        constant = constant_targets(seen.take(np.flatnonzero(stops)))
        if constant:
            name, column = constant[0]
            series = f"series {name}: " if len(panel) > 1 else ""
            raise DataError(
                f"{series}{column} is the same at every step to learn from; leave it out"
            )
        self.scales_ = {
            str(panel.ids[at]): _moments(seen.values[at]) for at in np.flatnonzero(stops)
        }
        self.latest_ = panel.cut(np.maximum(panel.lengths - self.window_, 0))

    def _scales_of(self, panel: Panel) -> tuple[Floats, Floats]:
        """[B, C] mean and standard deviation of each series: of the training part, or its own."""
        pairs = [
            self.scales_.get(str(name)) or _moments(values)
            for name, values in zip(panel.ids, panel.values, strict=True)
        ]
        return np.array([mean for mean, _ in pairs]), np.array([std for _, std in pairs])

    def _in_units(self, panel: Panel, series: NDArray[np.int64], values: Floats) -> Floats:
        """[B, M, horizon, outputs] as the data has it."""
        M = len(self.targets_)
        mean, std = (each[series, :M, None, None] for each in self._scales_of(panel))
        return np.asarray(values * std + mean)

    def _part(self, cases: PanelWindows, *, targets: bool) -> Part:
        return _WindowPart(cases, self._scales_of(cases.panel), targets=targets)

    def _objective(self, cases: PanelWindows, config: Config) -> Objective:
        return AbsoluteError(self._levels())

    def _build(self, config: Config) -> Forecaster:
        options = config.model.model_dump(exclude={"linear", "quantiles"})
        M, F, T = len(self.targets_), len(self.known_), self.window_
        linear = None
        if config.model.linear:
            shapes = (M, T, self.horizon), (M, F, self.horizon), (M, self.horizon)
            linear = LinearForecast(*(torch.zeros(shape) for shape in shapes))
        return build_forecaster(
            targets=M,
            others=len(self.columns_) - M,
            known=F,
            horizon=self.horizon,
            outputs=1 + len(config.model.quantiles),
            linear=linear,
            steps=T,
            **options,
        )

    def _begin(self, cases: PanelWindows, validation: PanelWindows | None) -> None:
        """The linear model at its least-squares solution, with the ridge best for validation."""
        self._solve(cases, validation, refit=validation is None)

    def _finish(self, cases: PanelWindows, validation: PanelWindows | None) -> None:
        """The linear model with that ridge again, now of all windows."""
        if validation is not None:
            self._solve(cases, validation, refit=True)

    def _solve(self, cases: PanelWindows, validation: PanelWindows | None, *, refit: bool) -> None:
        model: Any = self.model_
        if model.linear is None:
            return
        parts = [cases] if validation is None else [cases, validation]
        count = sum(map(len, parts))
        options: dict[str, Any] = {"count": count, "refit": refit}
        if validation is not None:
            options["held_out"] = len(validation) / count
        M = len(self.targets_)

        def batches() -> Iterator[tuple[Floats, Floats, Floats | None]]:
            for each in parts:
                part = self._part(each, targets=True)
                for at in range(0, len(part), _AT_ONCE):
                    (past, known), _, future = part[np.arange(at, min(at + _AT_ONCE, len(part)))]
                    ahead = known.double().numpy() if self.known_ else None
                    yield past[:, :M].double().numpy(), future.double().numpy(), ahead

        solved = LinearModel(_RIDGES, pooled=True).fit_batches(batches(), **options)
        with torch.no_grad():
            model.linear.weights.copy_(torch.from_numpy(solved.weights))
            model.linear.bias.copy_(torch.from_numpy(solved.bias))
            if self.known_:
                model.linear.known_weights.copy_(torch.from_numpy(solved.known_weights))

    def _look(self, inputs: tuple[torch.Tensor, torch.Tensor]) -> tuple[Floats, Floats]:
        """Values [B, M, horizon, outputs], and weights [B, M, horizon, window]."""
        model: Any = self.model_
        with torch.inference_mode():
            predicted = model(*inputs)
        maps = predicted.maps["attention"].double().numpy()  # [B, M, horizon, S]
        flat = maps.reshape(-1, maps.shape[3])
        lengths = np.full(len(flat), self.window_)
        laid = lay_over_steps(flat, lengths, stride=model.encoder.stride, steps=self.window_)
        return predicted.values.double().numpy(), laid.reshape(*maps.shape[:3], self.window_)

    def _kept(self) -> dict[str, Any]:
        end = self.latest_
        return {
            "window": self.window_,
            "season": self.season_,
            "step": [self.step_.count, self.step_.unit, self.step_.day],
            "targets": list(end.targets),
            "past": list(end.past),
            "known": list(end.known),
            "scales": self.scales_,
            "latest": {
                "ids": end.ids.tolist(),
                "dates": end.times[0].dtype.kind == "M",
                "times": [own.astype(np.int64).tolist() for own in end.times],
                "values": [own.tolist() for own in end.values],
            },
        }

    def _restore(self, run: Run) -> None:
        kept = run.preprocess
        self.window_, self.season_ = int(kept["window"]), int(kept["season"])
        self.step_ = Step(*kept["step"])
        end = kept["latest"]
        kind = "datetime64[us]" if end["dates"] else np.int64
        self.latest_ = Panel(
            tuple(np.array(own, dtype=np.float64) for own in end["values"]),
            tuple(np.array(own, dtype=np.int64).astype(kind) for own in end["times"]),
            np.array(end["ids"]),
            tuple(kept["targets"]),
            tuple(kept["past"]),
            tuple(kept["known"]),
        )
        self.targets_, self.columns_ = self.latest_.targets, self.latest_.columns
        self.known_ = self.latest_.known
        self.scales_ = {name: (pair[0], pair[1]) for name, pair in dict(kept["scales"]).items()}


class _WindowPart(Part):
    """Windows of a panel, scaled, gathered a batch at a time."""

    def __init__(
        self, cases: PanelWindows, scales: tuple[Floats, Floats], *, targets: bool
    ) -> None:
        self.lengths = torch.full((len(cases),), cases.index.window)
        self._cases, self._scales, self._targets = cases, scales, targets

    def __getitem__(self, index: NDArray[np.int64]) -> Batch:
        some = self._cases.index.take(index)
        past, known, future = gather(self._cases.panel, some)
        mean, std = (each[some.series] for each in self._scales)
        inputs = _scaled(past, known, mean, std)
        if not self._targets:
            return Batch(inputs, None, torch.from_numpy(index))
        M = future.shape[1]
        scaled = (future - mean[:, :M, None]) / std[:, :M, None]
        return Batch(inputs, None, torch.from_numpy(scaled.astype(np.float32)))


def _scaled(
    past: Floats, known: Floats, mean: Floats, std: Floats
) -> tuple[torch.Tensor, torch.Tensor]:
    """[B, C, T] and [B, F, horizon] by the figures [B, C] of each series."""
    first = past.shape[1] - known.shape[1]
    past = (past - mean[..., None]) / std[..., None]
    known = (known - mean[:, first:, None]) / std[:, first:, None]
    return torch.from_numpy(past.astype(np.float32)), torch.from_numpy(known.astype(np.float32))


def _moments(values: Floats) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each row, the latter 1 where only rounding varies."""
    std = values.std(1)
    rounding = 1e-12 * np.abs(values).max(1)
    return values.mean(1).tolist(), np.where(std > rounding, std, 1.0).tolist()
