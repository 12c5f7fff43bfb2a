"""The output of a forecaster: the targets of a panel at future steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inference import Inference
from regard.inputs.panel.calendar import season_name, show_time
from regard.inputs.panel.cases import PanelWindows
from regard.inputs.panel.latest import LatestWindows
from regard.inputs.panel.panel import Panel, constant_target
from regard.inputs.panel.zones import written
from regard.outputs.arrays import sensible_decimals
from regard.outputs.conformal import enough, quantile_shifts
from regard.outputs.future.evaluation import evaluate
from regard.outputs.future.kept import FutureKept
from regard.outputs.future.outcome import FutureOutcome
from regard.outputs.future.report import ForecastReport, best_baseline, called, is_better
from regard.outputs.output import CaseScores, Compared, Output, Question, Rows
from regard.plots import CaseView
from regard.plots.forecast import level_pairs
from regard.plots.format import brief

if TYPE_CHECKING:
    from regard.models import ContextForecast, Encoder, HorizonForecast
    from regard.outputs.graph import OutputGraph
    from regard.training import Objective

__all__ = ["FutureOutput"]

_SHOWN = 6


class FutureOutput(Output):
    """Forecasts of every target and step of the horizon, and their quantiles.

    Attributes:
        shifts_: [M, horizon, quantiles] in scaled units, added to the quantiles so that their
            intervals hold what they promise; [1, 1, quantiles] zeros if not calibrated.
        calibrated_on_: number of held-out windows that the shifts are computed from.
    """

    keeps = FutureKept
    input: Any
    shifts_: NDArray[np.float64]
    calibrated_on_: int

    case_figure = Compared("MAE", "mae", "lowest")

    @property
    def horizon(self) -> int:
        """Steps to forecast."""
        return int(self.config.data.horizon)

    @property
    def levels(self) -> list[float]:
        """Levels of the quantiles, ascending."""
        return sorted(self.config.model.quantiles)

    def check(self, cases: Panel, source: str) -> None:
        """Refuse a panel without targets, or with a constant target."""
        if not cases.targets:
            raise DataError("data.target: wanted at least one column to forecast")
        constant = constant_target(cases)
        if constant:
            raise DataError(f"{source}: {constant}; there is nothing to forecast")

    def strata(self, cases: Any) -> None:
        """None: panels are split by time."""

    def fit(self, cases: Any) -> None:
        self.shifts_, self.calibrated_on_ = np.zeros((1, 1, len(self.levels))), 0

    @property
    def refits(self) -> bool:
        chosen: bool | None = self.config.training.refit
        return not self.levels if chosen is None else chosen

    def calibrate(self, held: Inference) -> None:
        """Compute the shifts of the quantiles."""
        if self.levels:
            future = held.cases.numbers(np.arange(len(held))).future
            truth, quantiles = held.encoded.scaled(future), held.values[..., 1:]
            self.shifts_ = quantile_shifts(truth, quantiles, self.levels)
            self.calibrated_on_ = len(held)

    def kept(self) -> dict[str, Any]:
        if not self.calibrated_on_:
            return {}
        kept = {"shifts": self.shifts_.tolist(), "windows": self.calibrated_on_}
        return {"calibration": kept}

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.fit(None)
        if "calibration" in kept:
            calibration = kept["calibration"]
            self.shifts_ = np.array(calibration["shifts"], np.float64)  # refuses ragged ones
            self.calibrated_on_ = int(calibration["windows"])
            if self.shifts_.shape[1:] != (self.horizon, len(self.levels)):
                wanted = f"{self.horizon} steps of {len(self.levels)} quantiles"
                raise ValueError(f"shifts: wanted {wanted}, given {list(self.shifts_.shape[1:])}")

    def targets(self, cases: PanelWindows, encoded: Any) -> None:
        """None: windows contain their targets."""

    @property
    def each(self) -> int:
        """Numbers for each step: the forecast, then its quantiles."""
        return 1 + len(self.levels)

    @property
    def scores(self) -> int:
        return self.horizon * self.each

    def head(
        self, encoder: Encoder, *, steps: int, targets: int = 1, known: int = 0
    ) -> HorizonForecast | ContextForecast:
        """A query for each step of the horizon, or one context for all."""
        from torch import nn

        from regard.models import ContextForecast, HorizonForecast, make_attentions

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
        if model.linear:  # training starts from the linear model alone
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
        return head

    def objective(self, cases: PanelWindows) -> Objective:
        from regard.training import AbsoluteError

        return AbsoluteError(self.levels)

    def graph(self) -> OutputGraph:
        from regard.outputs.future.graph import FutureGraph

        return FutureGraph(self, self.input.targets_)

    def keep(self, cases: PanelWindows | LatestWindows) -> NDArray[np.int64] | None:
        """Some windows, whole horizons apart."""
        return cases.examples(_SHOWN)

    def forecasts(self, seen: Inference, at: Any = slice(None)) -> NDArray[np.float64]:
        """[W, M, horizon, 1 + quantiles] of windows `at`, calibrated, in the units of the data."""
        values = seen.values[at]
        quantiles = np.sort(values[..., 1:] + self.shifts_, axis=-1)  # none crosses another
        return np.asarray(
            seen.encoded.in_units(np.concatenate([values[..., :1], quantiles], axis=-1), at)
        )

    moves = "the forecast of a step by {:.2f} standard deviations of its series"

    def known(self, cases: PanelWindows | LatestWindows) -> bool:
        return isinstance(cases, PanelWindows)

    def apart(self, cases: PanelWindows | LatestWindows) -> NDArray[np.int64]:
        """Windows whose horizons do not overlap."""
        return cases.apart

    def questions(self, values: Any, generator: np.random.Generator) -> list[Question]:
        """A target and a step of the horizon of each forecast."""
        _, targets, horizon, _ = values.shape
        names = self.input.targets_
        return [
            Question((m, h), name=f"{names[m]}, step {h + 1}")
            for m, h in generator.integers((targets, horizon), size=(len(values), 2)).tolist()
        ]

    def parts(self, values: Any) -> list[list[Any]]:
        """Each step of each target."""
        return [list(np.ndindex(*values.shape[1:3]))] * len(values)

    def row(self, laid: NDArray[np.float64], part: tuple[int, int]) -> NDArray[np.float64]:
        """[window], of [M, horizon, window]."""
        row: NDArray[np.float64] = laid[part]
        return row

    def left(self, rows: Rows, before: Rows, parts: Sequence[Any]) -> NDArray[np.float64]:
        """1 minus the change, in standard deviations of the series in training."""
        each = zip(rows, before, parts, strict=True)
        moved = [abs(row[*part, 0] - own[*part, 0]) for row, own, part in each]
        return 1 - np.array(moved).clip(max=1)

    def moved_by(self, rows: Rows, before: Rows) -> NDArray[np.float64]:
        """In standard deviations of the series, the mean over targets and steps."""
        changes = np.abs(np.stack(rows) - np.stack(before))[..., 0]
        return np.asarray(changes.mean((1, 2)))

    def beyond_guessing(self, seen: Inference, weigh: object) -> NDArray[np.float64]:
        """The absolute error of the mean in training, or of the last value, minus the forecast's.

        Of the two guesses it is the better one. In standard deviations of the series, the mean over
        targets and steps.
        """
        past, _, future = seen.cases.numbers(np.arange(len(seen)))
        truth = seen.encoded.scaled(future)
        last = seen.encoded.scaled(past[:, : truth.shape[1], -1:])
        errors = [
            np.abs(guess - truth).mean((1, 2)) for guess in (seen.values[..., 0], last, 0 * last)
        ]
        own, *guesses = errors
        return np.asarray(min(guesses, key=np.mean) - own)

    def groups(self, values: Any) -> tuple[NDArray[np.int64], list[str]]:
        """All windows together."""
        names = self.input.targets_
        return np.zeros(len(values), np.int64), [", ".join(names)]

    def metrics(self, seen: Inference) -> dict[str, Any]:
        """Errors by target, step and origin, and those of the baselines."""
        season, step = seen.encoded.season, seen.cases.panel.step
        found = evaluate(seen.cases, self.forecasts(seen), levels=self.levels, season=season)
        return {**found, "season_name": season_name(season, step)}

    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        return [Compared("MAE", "mae", "lowest"), Compared("RMSE", "rmse", "lowest")]

    def case_scores(self, seen: Inference) -> CaseScores:
        """The absolute error of each window, averaged over targets and steps.

        Windows overlap: a block has those of a series that start within one horizon.
        """
        cases, forecasts = seen.cases, self.forecasts(seen)[..., 0]
        truth = np.stack([cases.future_of(n)[1] for n in range(len(cases))])
        series, origins = cases.index.series, cases.index.origin
        names = [
            f"{cases.panel.ids[at]} {show_time(cases.panel.times[at][origin])}"
            for at, origin in zip(series, origins, strict=True)
        ]
        later = (origins - cases.starts[series]) // self.horizon
        _, blocks = np.unique(np.stack([series, later], 1), axis=0, return_inverse=True)
        errors = np.abs(forecasts - truth).mean((1, 2))
        return CaseScores(np.array(names), errors, blocks.ravel())

    def notes(self, metrics: Mapping[str, Any]) -> list[str]:
        """Bands that may not hold, whether a baseline is better, and why one is absent."""
        best, notes = best_baseline(metrics), self._doubts()
        error = metrics["mae"] if best is None else metrics["baselines"][best]["mae"]
        if best is not None and is_better(error, metrics["mae"]):
            notes.append(
                f"the model is off by {brief(metrics['mae'])} on average; "
                f"{called(best, metrics)} is off by {brief(error)}, which is better"
            )
        if "seasonal naive" not in metrics["baselines"]:
            season = metrics["season"]
            reason = f"a test window has less than a season of {season} steps before it"
            unknown = "the times do not show a season; set `season` if there is one"
            notes.append(f"no seasonal naive baseline: {reason if season > 1 else unknown}")
        return notes

    def _doubts(self) -> list[str]:
        """Why the widest band may hold less than it promises."""
        widest = max((high - low for low, high in level_pairs(self.levels)), default=0.0)
        if not self.levels or (self.calibrated_on_ and enough(self.calibrated_on_, widest)):
            return []
        if not self.calibrated_on_:
            return [
                "the quantiles are not calibrated, since there is no validation part: they may "
                "hold less than they promise"
            ]
        return [
            f"the {100 * widest:.3g} % band is calibrated on {self.calibrated_on_} windows of the "
            "validation part, too few for that: it may hold less"
        ]

    def outcome(self, seen: Inference, n: int) -> FutureOutcome:
        """The forecast of a window, and the truth if it is known."""
        values = self.forecasts(seen, [n])[0]  # [M, horizon, 1 + quantiles]
        future, truth = seen.cases.future_of(n)
        return FutureOutcome(
            columns=seen.cases.panel.targets,
            times=seen.cases.past_of(n)[0],
            future=future,
            predicted=values[..., 0],
            quantiles={level: values[..., 1 + k] for k, level in enumerate(self.levels)} or None,
            truth=truth,
        )

    def columns(self, seen: Inference) -> tuple[dict[str, Any], str]:
        """Id, time, each target and its quantiles; a row for each series and step.

        Id and time have the names of the data's columns. Times of a zone have their offset.
        """
        cases, values = seen.cases, self.forecasts(seen)
        horizon, times, data = self.horizon, cases.times, self.config.data
        if cases.panel.zone is not None:
            times = written(times, cases.panel.zone)
        elif times.dtype.kind == "M":
            whole = (times == times.astype("datetime64[D]")).all()
            times = np.datetime_as_string(times, unit="D" if whole else "s")
        columns = {
            data.id or "unique_id": np.repeat(cases.ids, horizon),
            data.time or "ds": times.ravel(),
        }
        for m, name in enumerate(cases.panel.targets):
            spreads = seen.encoded.std[cases.series, m]
            rounded = [
                np.round(own, sensible_decimals(spread))
                for own, spread in zip(values[:, m], spreads, strict=True)
            ]
            for k, level in enumerate([None, *self.levels]):
                title = name if level is None else f"{name} {level:g}"
                columns[title] = np.concatenate([own[:, k] for own in rounded])
        series = "1 series" if len(cases) == 1 else f"{len(cases)} series"
        return columns, f"{horizon} steps of {series}"

    def report(
        self, seen: Inference, view: Callable[[int], CaseView], **common: Any
    ) -> ForecastReport:
        shown = seen.cases.examples(_SHOWN)
        return ForecastReport(examples=[view(int(n)) for n in shown], **common)
