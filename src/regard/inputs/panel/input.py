"""The input of panels: series with times, cut into windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError
from regard.explain import fill_steps, lay_over_steps
from regard.inference import Inference
from regard.inputs.input import Input, Maps, Parts
from regard.inputs.panel.calendar import Step, season_name
from regard.inputs.panel.cases import (
    PanelWindows,
    choose_window,
    divide_panel,
    filled_truth,
    season_of,
)
from regard.inputs.panel.continued import step_after
from regard.inputs.panel.encoded import ScaledWindows, moments
from regard.inputs.panel.frames import as_panel
from regard.inputs.panel.kept import PanelKept, kept_panel, panel_as_kept
from regard.inputs.panel.latest import LatestWindows
from regard.inputs.panel.panel import Panel, constant_target, far_values
from regard.inputs.panel.posted import frames_of, panel_form
from regard.inputs.panel.splits import trainable
from regard.inputs.panel.tables import PanelOptions, read_panel
from regard.inputs.panel.view import PanelView, last_season
from regard.inputs.panel.windows import windows
from regard.plots import ForecastView

if TYPE_CHECKING:
    from torch import nn

    from regard.inputs.graph import InputGraph
    from regard.training import Part

__all__ = ["PanelInput"]

_NAMED = 3  # series named in a note


class PanelInput(Input):
    """Panels of one or many series.

    Attributes:
        window_: past steps to forecast from.
        season_: steps in a season.
        step_: from one time to the next.
        targets_: M names of the columns to forecast.
        columns_: C names of all columns.
        known_: F names of the columns whose future is known.
        latest_: the end of the panel, from which a forecast continues by default.
        scales_: mean and standard deviation of the columns of each series, by its id.
    """

    keeps = PanelKept
    replacements = ("line", "swap")
    case_types = (PanelWindows, LatestWindows)
    targets = ("columns",)
    options = ("labelled", "future")
    uploads = (".csv", ".tsv", ".parquet")
    posted_alone = True

    window_: int
    season_: int
    step_: Step
    targets_: tuple[str, ...]
    columns_: tuple[str, ...]
    known_: tuple[str, ...]
    latest_: Panel
    scales_: dict[str, tuple[list[float], list[float]]]

    def take(self, X: Any, y: Any = None, *, fitting: bool = False) -> Any:
        """A data frame, an array, a list of arrays, a panel, or windows."""
        if isinstance(X, PanelWindows | LatestWindows):
            if fitting:
                assert isinstance(X, PanelWindows)
                self._learn(X.panel, X.window)
            return X
        if y is not None:
            raise DataError("y: a forecaster learns from X alone; name what to forecast as target")
        panel = as_panel(X, **self._options) if fitting else self._past(X)
        if fitting:
            share = self.config.data.validation_share
            panel, window = self._settle(panel, (1 - share, share, 0.0))
            self._learn(panel, window)
        horizon = self.config.data.horizon
        return PanelWindows(panel, windows(panel, window=self.window_, horizon=horizon))

    @property
    def _options(self) -> dict[str, Any]:
        return dict(self.config.data.model_dump(include=set(PanelOptions._fields)))

    @property
    def _later(self) -> dict[str, Any]:
        """Options of tables after training: dates keep their order of day and month."""
        return self._options | {"day_first": self.latest_.day_first}

    @property
    def _future(self) -> dict[str, Any]:
        """Options of a table of known columns; its steps are checked against the forecast's."""
        columns = {"target": [], "past": (), "known": list(self.known_)}
        refuse = self.config.data.missing == "refuse"
        return self._later | columns | ({"frequency": "rows"} if refuse else {})

    def _past(self, X: Any) -> Panel:
        """Series to continue: the fitted columns of X; others are ignored."""
        changes: dict[str, Any] = {}
        if hasattr(X, "columns") and not isinstance(X, Panel):
            fitted = self.latest_
            parts = {"target": fitted.targets, "known": fitted.known, "past": fitted.past}
            changes = {name: list(columns) for name, columns in parts.items()}
        panel = as_panel(X, **self._later | changes)
        if panel.columns != self.columns_ or panel.known != self.known_:
            raise DataError(
                f"X has the columns {', '.join(panel.columns)}; the model was fitted on "
                f"{', '.join(self.columns_)}"
            )
        return panel

    def _season(self, panel: Panel) -> int:
        return int(self.config.data.season or season_of(panel))

    def _settle(self, panel: Panel, shares: Sequence[float]) -> tuple[Panel, int]:
        """The series that are long enough to train on, and the window; notes say what is lost."""
        self.notes.extend((*panel.notes, *far_values(panel)))
        data, season, window = self.config.data, self._season(panel), self.config.data.window
        if window is None:
            window = choose_window(panel, horizon=data.horizon, season=season, share=shares[0])
            if window < season and len(panel) > 1:
                self.notes.append(
                    f"the window is {window} steps, less than the season of {season}, because of "
                    f"short series; set `window`, and series too short for it are left out"
                )
        kept = trainable(panel, window=window, horizon=data.horizon, shares=shares)
        if not len(kept):
            return panel, window  # refused with the lengths when it is split
        out = np.setdiff1d(np.arange(len(panel)), kept)
        if len(out):
            named = [f"{panel.ids[at]} ({panel.lengths[at]} rows)" for at in out[:_NAMED]]
            more = [f"{len(out) - _NAMED} more"] if len(out) > _NAMED else []
            self.notes.append(
                f"{len(out)} of {len(panel)} series left out, whose training part is shorter than "
                f"the window of {window} and the horizon of {data.horizon}: "
                f"{', '.join(named + more)}"
            )
        return panel.take(kept), window

    def _learn(self, panel: Panel, window: int) -> None:
        """Fit what depends on the whole panel: columns, step, window and season."""
        if not panel.targets:
            raise ConfigError("target: wanted at least one column to forecast")
        self.window_, self.season_ = window, self._season(panel)
        step: Any = panel.step  # None only for panels that are too short for a window
        self.step_ = step
        self.targets_, self.columns_, self.known_ = panel.targets, panel.columns, panel.known

    def ahead(self, X: Any = None, future: Any = None, source: str = "future") -> LatestWindows:
        """The last window of each series, with the known columns of the future steps.

        Parameters:
            X: series in the same form as for training; None continues the training data.
            future: the known columns of the future steps, if there are such columns.
            source: of these, for messages.
        """
        data = self.config.data
        panel = self.latest_ if X is None else self._past(X)
        if future is not None:
            if not self.known_:
                raise ConfigError("future: no column was fitted as known")
            future = as_panel(future, source=source, **self._future)
        step: Step | None = self.step_
        if panel is not self.latest_:
            step = step_after(self.latest_, panel, step, frequency=data.frequency)
        return LatestWindows.of(
            panel,
            future,
            window=self.window_,
            horizon=data.horizon,
            frequency=data.frequency,
            step=step,
            source=source,
        )

    def load(self) -> tuple[Panel, None, str]:
        """A table with a column of times."""
        options = self.config.data
        if options.kind == "arrays":
            raise DataError("data.kind: arrays come from Python; train on a file")
        test, validation = options.test_share, options.validation_share
        if test + validation >= 1:
            raise ConfigError(
                "data.test_share and data.validation_share: wanted less than 1 together, to leave "
                f"something to train on; given {test:g} and {validation:g}"
            )
        return read_panel(options.path, **self._options), None, options.path

    def divide(
        self, cases: Panel, test: Any | None, strata: NDArray[Any] | None, source: str
    ) -> Parts:
        """By time, never shuffled."""
        options = self.config.data
        shares = (
            1 - options.test_share - options.validation_share,
            options.validation_share,
            options.test_share,
        )
        panel, window = self._settle(cases, shares)
        parts = divide_panel(panel, window=window, horizon=options.horizon, shares=shares)
        return Parts(*parts, filled_truth(parts[2]))

    def about(self, parts: Sequence[Any]) -> list[str]:
        panel = parts[-1].panel
        lengths = panel.lengths
        steps = f"{lengths.min()}" + (f" to {lengths.max()}" if np.ptp(lengths) else "")
        every = f", a step is {panel.step}" if panel.step is not None else ""
        series = "1 series" if len(panel) == 1 else f"{len(panel)} series"
        return [
            f"panel: {series} of {steps} steps{every}; to forecast: {', '.join(panel.targets)}",
            f"horizon {self.config.data.horizon}, window {parts[0].window}, season "
            f"{self._season(panel)} steps; a case is a window",
        ]

    def read_labelled(self, path: Path, **options: Any) -> PanelWindows:
        """The windows in the last share of a table; baselines learn from what is before."""
        panel, share = self._past(read_panel(path, **self._later)), self.config.data.test_share
        horizon = self.config.data.horizon
        shares = (1 - share, 0.0, share)
        found = divide_panel(panel, window=self.window_, horizon=horizon, shares=shares)[2]
        assert found is not None
        return found

    def hold_out(
        self, cases: PanelWindows, strata: NDArray[Any] | None
    ) -> tuple[PanelWindows, PanelWindows | None]:
        """The last windows in time are for validation."""
        data = self.config.data
        share = data.validation_share
        if share == 0:
            return cases, None
        shares = (1 - share, share, 0.0)
        return divide_panel(cases.panel, window=self.window_, horizon=data.horizon, shares=shares)[
            :2
        ]

    def read(self, path: Path | None, **options: Any) -> LatestWindows:
        """The past to continue, and the known columns of the future.

        Parameters:
            path: a table; None continues the training data.
            options: `future`, a table of the known columns.
        """
        columns = self._later | {"target": list(self.targets_)}
        file, future = options.get("future"), None
        if file is not None:
            if not self.known_:
                raise ConfigError("future: the run was trained without known columns")
            future = read_panel(file, **self._future)
        X = None if path is None else read_panel(path, **columns)
        return self.ahead(X, future, source=str(file or "future"))

    @property
    def posted_form(self) -> dict[str, Any]:
        return panel_form(self.columns_, self.known_, self.config.data)

    def posted(self, values: list[Any]) -> LatestWindows:
        (value,) = values
        past, future = frames_of(value)
        return self.ahead(past, future)

    def fit(self, cases: PanelWindows) -> ScaledWindows:
        """Fit the scales of each series."""
        panel, index = cases.panel, cases.index
        stops = np.zeros(len(panel), np.int64)
        np.maximum.at(stops, index.series, index.origin + index.horizon)
        constant = constant_target(panel, stops)
        if constant:
            raise DataError(f"{constant} of the training part; leave it out")
        self.scales_ = {
            str(panel.ids[at]): moments(panel.values[at][:, : stops[at]])
            for at in np.flatnonzero(stops)
        }
        self.latest_ = self._end(panel)
        return self.encode(cases)

    def encode(self, cases: PanelWindows | LatestWindows) -> ScaledWindows:
        """Each series in the units of its training part; new series in their own units."""
        panel = cases.panel
        pairs = [
            self.scales_.get(str(name)) or moments(values)
            for name, values in zip(panel.ids, panel.values, strict=True)
        ]
        mean, std = np.swapaxes(np.array(pairs), 0, 1)
        return ScaledWindows(cases, mean, std, self.season_)

    def _end(self, panel: Panel) -> Panel:
        return panel.cut(np.maximum(panel.lengths - self.window_, 0))

    def kept(self) -> dict[str, Any]:
        return {
            "window": self.window_,
            "season": self.season_,
            "step": [self.step_.count, self.step_.unit, self.step_.day],
            "scales": self.scales_,
            **panel_as_kept(self.latest_, zone_of_steps=self.step_.zone),
        }

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.window_, self.season_ = int(kept["window"]), int(kept["season"])
        self.latest_, zone_of_steps = kept_panel(kept)
        count, unit, day = kept["step"]
        self.step_ = Step(count, unit, day, zone_of_steps)
        self.targets_, self.columns_ = self.latest_.targets, self.latest_.columns
        self.known_ = self.latest_.known
        self.scales_ = {name: (pair[0], pair[1]) for name, pair in dict(kept["scales"]).items()}

    def part(self, encoded: Any, *, targets: NDArray[Any] | None, training: bool) -> Part:
        from regard.inputs.panel.part import WindowPart

        return WindowPart(encoded, training=training)

    def joined(self, first: Part, second: Part) -> Part:
        from regard.inputs.panel.part import JoinedWindows

        return JoinedWindows(first, second)

    def build(self, output: Any) -> nn.Module:
        """An encoder of each target's window, the output's head, and a linear model."""
        from regard.inputs.panel.model import build_forecaster

        M = len(self.targets_)
        return build_forecaster(
            self.config.model,
            output,
            targets=M,
            others=len(self.columns_) - M,
            known=len(self.known_),
            steps=self.window_,
        )

    def begin(
        self, model: nn.Module, encoded: Any, held: Any | None, targets: Any, output: Any
    ) -> None:
        """Solve the linear model, with the ridge that has the least validation error."""
        from regard.inputs.panel.model import solve_linear

        solve_linear(model, self._parts(encoded, held), refit=held is None)

    def finish(self, model: nn.Module, encoded: Any, held: Any | None) -> None:
        """Solve the linear model again on all windows."""
        from regard.inputs.panel.model import solve_linear

        if held is not None:
            solve_linear(model, self._parts(encoded, held), refit=True)

    def _parts(self, *encoded: Any) -> list[Part]:
        from regard.inputs.panel.part import WindowPart

        return [WindowPart(each, training=True) for each in encoded if each is not None]

    def graph(self, model: nn.Module) -> InputGraph:
        from regard.inputs.panel.graph import PanelGraph

        given: Any = model
        horizon: int = self.config.data.horizon
        window, scales = self.window_, self.scales_
        return PanelGraph(given, self.latest_, window=window, horizon=horizon, scales=scales)

    def lay(
        self, model: nn.Module, maps: Maps, encoded: Any, index: NDArray[np.int64]
    ) -> dict[str, list[NDArray[np.float64]]]:
        encoder: Any = model.encoder
        laid = {}
        for name, values in maps.items():
            flat = values.reshape(-1, values.shape[-1])
            lengths = np.full(len(flat), self.window_)
            over = lay_over_steps(flat, lengths, stride=encoder.stride, steps=self.window_)
            laid[name] = list(over.reshape(*values.shape[:-1], self.window_))
        return laid

    def over_parts(self, laid: NDArray[np.float64], encoded: object, n: int) -> NDArray[np.float64]:
        """Without the last step, from which all others are counted and forecasts start."""
        return laid[..., :-1]

    def erased(
        self,
        encoded: ScaledWindows,
        index: NDArray[np.int64],
        where: Sequence[NDArray[np.bool_]],
        *,
        how: str,
        generator: np.random.Generator,
    ) -> ScaledWindows:
        """Steps replaced, in all columns, by a straight line from the one before to the one after,
        or by those of another window around the mean of this one.
        """
        every = encoded.cases.numbers(np.arange(len(encoded))).past
        past = every[index]
        others = (index + generator.integers(1, max(2, len(every)), len(index))) % len(every)
        for window, other, own in zip(past, others, where, strict=True):
            steps = np.append(own, False)
            if how == "line":
                fill_steps(window, steps)
            else:
                moved = every[other] + (window - every[other]).mean(1, keepdims=True)
                window[:, steps] = moved[:, steps]
        return encoded.with_past(index, past)

    def collect(self, rows: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        return np.stack(rows)

    def view(self, seen: Inference, n: int, outcome: Any) -> PanelView:
        """The past of a window, its weights averaged over the targets, and its forecast."""
        times, values = seen.cases.past_of(n)
        before = last_season(
            seen.cases.history_of(n)[: len(self.targets_)],
            horizon=self.config.data.horizon,
            season=self.season_,
        )
        ids, at = seen.cases.panel.ids, int(seen.cases.series[n])
        forecast = ForecastView(
            columns=self.targets_,
            times=times,
            future=outcome.future,
            past=values[: len(self.targets_)],
            predicted=outcome.predicted,
            weights=seen.maps["weights"][n].mean(0),
            truth=outcome.truth,
            quantiles=outcome.quantiles,
            linear=bool(self.config.model.linear),
            before=before,
            season=season_name(self.season_, self.step_) or "season",
            events=self._events(seen, n, values),
        )
        named = ids.dtype.kind in "UO" or len(self.scales_) > 1
        name = str(ids[at]) if named else ", ".join(self.targets_)
        return PanelView(id=name, outcome=outcome, forecast=forecast)

    def _events(
        self, seen: Inference, n: int, past: NDArray[np.float64]
    ) -> dict[str, NDArray[np.float64]]:
        """The known columns that are 0 or 1 in window n, over its past and future steps."""
        if not self.known_:
            return {}
        ahead = seen.cases.numbers(np.array([n])).known[0]
        joined = np.concatenate([past[-len(self.known_) :], ahead], axis=1)
        named = zip(self.known_, joined, strict=True)
        return {name: values for name, values in named if np.isin(values, (0, 1)).all()}

    def figures(self) -> dict[str, Any]:
        horizon = self.config.data.horizon
        return {"window": self.window_, "horizon": horizon, "season": self.season_}

    def continue_from(self, test: PanelWindows) -> None:
        """Later forecasts continue from the end of the test part."""
        self.latest_ = self._end(test.panel)
