"""The output `numbers`: one or several numbers for each case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError
from regard.inference import Inference
from regard.inputs.series.cases import Cases
from regard.inputs.series.scaling import Scaler
from regard.outputs.arrays import sensible_decimals
from regard.outputs.conformal import conformal_quantile, enough
from regard.outputs.numbers.kept import NumbersKept
from regard.outputs.numbers.metrics import regression_metrics
from regard.outputs.numbers.outcome import NumbersOutcome
from regard.outputs.numbers.report import RegressionReport
from regard.outputs.numbers.targets import target_names, targets_of
from regard.outputs.output import CaseScores, Compared, Output, Rated, Rows, counted
from regard.plots import CaseView, Report

if TYPE_CHECKING:
    from torch import nn

    from regard.models import SeriesModel
    from regard.outputs.graph import OutputGraph
    from regard.training import Objective

__all__ = ["NumbersOutput"]

_OWN = ("case", "from", "to")  # columns of predictions
_SHOWN = 6
_COVERAGE = 0.8  # of the intervals in tables and reports


class NumbersOutput(Output):
    """One or several numbers, scaled for training; predictions are in the units of the data.

    Attributes:
        targets_: M names.
        target_scaler_: fitted on the training part.
        flat_: whether targets were given as [cases].
        errors_: [n, M] absolute errors of n held-out cases, ascending; n is 0 without them.
    """

    keeps = NumbersKept
    moved = "how far each {} moved the prediction"

    case_figure = Compared("MAE", "mae", "lowest")

    targets_: tuple[str, ...]
    target_scaler_: Scaler
    flat_: bool
    errors_: NDArray[np.float64]

    def accept(self, y: Any) -> Any:
        if y is None:
            raise DataError("requires y to be passed, but the target y is None")
        return y

    def check(self, cases: Any, source: str) -> NDArray[Any]:
        _refuse_constant(targets_of(cases, source=source), target_names(cases), source)
        return np.zeros(len(cases), np.int64)

    def check_test(self, test: Any, cases: Any, source: str) -> None:
        _check_count(test, targets_of(cases).shape[1], source, "the training file has")

    def check_new(self, cases: Any, source: str) -> None:
        if cases.labels is not None:
            wanted = len(self.targets_)
            _check_count(cases, wanted, source, "the run was trained on", missing=True)

    def fit(self, cases: Any) -> None:
        numbers = targets_of(cases)
        self.targets_ = target_names(cases)
        if len(cases) > 1:
            _refuse_constant(numbers, self.targets_)
        self.flat_ = cases.labels.ndim == 1
        self.target_scaler_ = Scaler("channel").fit(_as_cases(numbers))
        self.errors_ = np.empty((0, len(self.targets_)))

    def calibrate(self, held: Inference) -> None:
        """Keep the errors, from which intervals follow."""
        self.errors_ = np.sort(np.abs(self.predicted(held) - targets_of(held.cases)), axis=0)

    def margins(self, coverage: float = _COVERAGE) -> NDArray[np.float64]:
        """[M] how far around a prediction the interval reaches that holds this share of the truth.

        Split conformal prediction: the prediction plus and minus the conformal quantile of the
        absolute errors of held-out cases.

        Raises:
            ConfigError: there were too few held-out cases, or none.

        Source: Papadopoulos, Proedrou, Vovk and Gammerman, 2002, "Inductive confidence machines
        for regression", ECML; section 2.2 of Lei et al., 2018, "Distribution-free predictive
        inference for regression", Journal of the American Statistical Association 113(523).
        """
        if not 0 < coverage < 1:
            raise ConfigError(f"coverage: wanted a share between 0 and 1, given {coverage:g}")
        n = len(self.errors_)
        if not n:
            raise ConfigError(
                "an interval needs a validation part, and training had none",
                fixes=(("validation_share", 0.1),),
            )
        if not enough(n, coverage):
            raise ConfigError(
                f"coverage: {n} cases of the validation part are too few for {coverage:g}, only "
                f"enough for {n / (n + 1):.3g}",
                fixes=("validation_share",),
            )
        return conformal_quantile(self.errors_, coverage)

    @property
    def _margins(self) -> NDArray[np.float64] | None:
        """[M] of the interval that reports and tables show, if there is one."""
        return self.margins() if enough(len(self.errors_), _COVERAGE) else None

    def kept(self) -> dict[str, Any]:
        return {
            "targets": list(self.targets_),
            "flat": self.flat_,
            "target_scaler": self.target_scaler_.to_dict(),
            "errors": self.errors_.tolist(),
        }

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.targets_, self.flat_ = tuple(kept["targets"]), kept["flat"]
        self.target_scaler_ = Scaler.from_dict(kept["target_scaler"])
        errors = np.array(kept.get("errors", []), np.float64)
        self.errors_ = errors.reshape(-1, len(self.targets_))

    def targets(self, cases: Any, encoded: Any) -> NDArray[np.float32]:
        """[B, M] scaled."""
        numbers = targets_of(cases)
        if numbers.shape[1] != len(self.targets_):
            raise DataError(
                f"the cases have {numbers.shape[1]} targets, the training part has "
                f"{len(self.targets_)}"
            )
        return self.target_scaler_.transform(_as_cases(numbers))[:, :, 0]

    @property
    def scores(self) -> int:
        return len(self.targets_)

    @property
    def unit(self) -> NDArray[np.float64]:
        """[M] standard deviations of the targets in training, in the units of the data."""
        return np.asarray(self.target_scaler_.std)

    def ensemble(self, one: Callable[[], nn.Module]) -> nn.Module:
        members: int = self.config.model.members
        if members == 1:
            return one()
        from regard.models import Ensemble

        return Ensemble([cast("SeriesModel", one()) for _ in range(members)])

    def objective(self, cases: Any) -> Objective:
        import torch

        from regard.training import SquaredError

        return SquaredError(torch.tensor(self.unit, dtype=torch.float32))

    def graph(self) -> OutputGraph:
        from regard.outputs.numbers.graph import NumbersGraph

        mean, std = self.target_scaler_.mean, self.target_scaler_.std
        return NumbersGraph(self.targets_, np.asarray(mean), np.asarray(std))

    def predicted(self, seen: Inference) -> NDArray[np.float64]:
        """[B, M] in the units of the data."""
        return np.asarray(self.target_scaler_.invert(seen.values))

    moves = "the prediction by {:.2f} standard deviations of the target"

    def left(self, rows: Rows, before: Rows, parts: Sequence[Any]) -> NDArray[np.float64]:
        return 1 - self.moved_by(rows, before).clip(max=1)

    def moved_by(self, rows: Rows, before: Rows) -> NDArray[np.float64]:
        """In standard deviations of the targets in training, the mean over the targets."""
        return np.asarray(np.abs(np.stack(rows) - np.stack(before)).mean(1))

    def beyond_guessing(self, seen: Inference, weigh: object) -> NDArray[np.float64]:
        """The absolute error of the mean of the targets in training, minus that of the prediction.

        In standard deviations of the targets in training, the mean over the targets.
        """
        truth = targets_of(seen.cases)
        guessed = np.abs(truth - np.asarray(self.target_scaler_.mean))
        errors = np.abs(truth - self.predicted(seen))
        return np.asarray(((guessed - errors) / self.unit).mean(1))

    def groups(self, values: Any) -> tuple[NDArray[np.int64], list[str]]:
        """All cases together."""
        return np.zeros(len(values), np.int64), [", ".join(self.targets_)]

    def answered(self, rows: Rows) -> NDArray[np.float64]:
        return np.ones_like(np.stack(rows))

    def metrics(self, seen: Inference) -> dict[str, Any]:
        """See `regression_metrics`."""
        return regression_metrics(
            targets_of(seen.cases),
            self.predicted(seen),
            self.targets_,
            mean=np.asarray(self.target_scaler_.mean),
            margins=self._margins,
            coverage=_COVERAGE,
        )

    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        return [Compared("RMSE", "rmse", "lowest"), Compared("MAE", "mae", "lowest")]

    def case_scores(self, seen: Inference) -> CaseScores:
        """The absolute error of each case, averaged over the targets."""
        errors = np.abs(self.predicted(seen) - targets_of(seen.cases)).mean(1)
        return CaseScores(seen.cases.ids, errors, np.arange(len(seen)))

    def outcome(self, seen: Inference, n: int) -> NumbersOutcome:
        predicted, true = self.target_scaler_.invert(seen.values[n : n + 1])[0], None
        if seen.cases.labels is not None:
            truth = targets_of(seen.cases, missing=True)[n]
            if not np.isnan(truth).any():
                true = dict(zip(self.targets_, truth.tolist(), strict=True))
        named = dict(zip(self.targets_, predicted.tolist(), strict=True))
        margins = self._margins
        around = {} if margins is None else dict(zip(self.targets_, margins.tolist(), strict=True))
        return NumbersOutcome(true=true, predicted=named, margins=around)

    def columns(self, seen: Inference) -> tuple[dict[str, Any], str]:
        """`case`, columns for each target, and `true NAME` if the truth is known.

        The columns of a target are `NAME` and, of its interval, `NAME 0.1` and `NAME 0.9`. The
        column of a target whose name is taken by another column is `predicted NAME`.
        """
        predicted, cases = self.predicted(seen), seen.cases
        columns: dict[str, Any] = {"case": cases.ids}
        margins, ends = self._margins, ((1 - _COVERAGE) / 2, (1 + _COVERAGE) / 2)
        for m, name in enumerate(self.targets_):
            shown = f"predicted {name}" if name in _OWN else name
            parts = {shown: predicted[:, m]}
            if margins is not None:
                parts[f"{shown} {ends[0]:g}"] = predicted[:, m] - margins[m]
                parts[f"{shown} {ends[1]:g}"] = predicted[:, m] + margins[m]
            for title, column in parts.items():
                columns[title] = np.round(column, sensible_decimals(self.unit[m])).tolist()
        said = counted(len(cases))
        if cases.labels is not None:
            truth = targets_of(cases, missing=True)
            for name, column in zip(self.targets_, truth.T.tolist(), strict=True):
                columns[f"true {name}"] = column
            known = ~np.isnan(truth).any(axis=1)
            if known.any():
                rmse = float(np.sqrt(((predicted - truth)[known] ** 2).mean(0)).mean())
                said += f", RMSE {rmse:.4g}"
            said += f", {(~known).sum()} without a target" if not known.all() else ""
        return columns, said

    def rated(self, seen: Inference) -> Rated:
        return Rated(list(self.targets_), self.predicted(seen), shares=False)

    def worst(self, seen: Inference) -> NDArray[np.int64]:
        """All, the largest errors first, in standard deviations of the targets."""
        errors = np.abs(self.predicted(seen) - targets_of(seen.cases)) / self.unit
        return np.argsort(-errors.mean(1), kind="stable")

    def report(self, seen: Inference, view: Callable[[int], CaseView], **common: Any) -> Report:
        """With the cases of the largest errors."""
        predicted, truth = self.predicted(seen), targets_of(seen.cases)
        return RegressionReport(
            truth=truth,
            predicted=predicted,
            examples=[view(n) for n in range(min(_SHOWN, len(seen)))],
            mistakes=[view(int(n)) for n in self.worst(seen)[:_SHOWN]],
            **common,
        )


def _refuse_constant(numbers: NDArray[Any], names: tuple[str, ...], source: str = "") -> None:
    constant = np.ptp(numbers, axis=0) == 0
    if constant.any():
        at = int(constant.argmax())
        where, which = (f"{source}: ", "") if source else ("", " to train on")
        raise DataError(f"{where}{names[at]} is {numbers[0, at]:g} for every case{which}")


def _check_count(
    cases: Any, wanted: int, source: str, owner: str, *, missing: bool = False
) -> None:
    given = targets_of(cases, source=source, missing=missing).shape[1]
    if given != wanted:
        raise DataError(f"{source}: its number of targets is {given}; {owner} {wanted}")


def _as_cases(numbers: NDArray[np.float64]) -> Cases:
    """[B, M] numbers as cases of one step, for a scaler."""
    return Cases(numbers[:, :, None], np.ones(len(numbers), np.int64))
