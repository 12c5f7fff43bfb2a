"""The output `numbers`: one or several numbers for each case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from regard.errors import DataError
from regard.inference import Inference
from regard.inputs.series.cases import Cases
from regard.inputs.series.scaling import Scaler
from regard.models import Ensemble, SeriesModel
from regard.outputs.numbers.metrics import regression_metrics
from regard.outputs.numbers.outcome import NumbersOutcome
from regard.outputs.numbers.report import RegressionReport
from regard.outputs.numbers.targets import target_names, targets_of
from regard.outputs.output import Compared, Output
from regard.plots import CaseView, Report
from regard.training import Objective, SquaredError

__all__ = ["NumbersOutput"]

_OWN = ("case", "from", "to")  # columns of predictions
_SHOWN = 6


class NumbersOutput(Output):
    """One or several numbers, scaled for training; predictions are in the units of the data.

    Attributes:
        targets_: M names.
        target_scaler_: fitted on the training part.
        flat_: whether targets were given as [cases].
    """

    moved = "how far each {} moved the prediction"

    targets_: tuple[str, ...]
    target_scaler_: Scaler
    flat_: bool

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
            _check_count(cases, len(self.targets_), source, "the run was trained on")

    def fit(self, cases: Any) -> None:
        numbers = targets_of(cases)
        self.targets_ = target_names(cases)
        if len(cases) > 1:
            _refuse_constant(numbers, self.targets_)
        self.flat_ = cases.labels.ndim == 1
        self.target_scaler_ = Scaler("channel").fit(_as_cases(numbers))

    def kept(self) -> dict[str, Any]:
        return {
            "targets": list(self.targets_),
            "flat": self.flat_,
            "target_scaler": self.target_scaler_.to_dict(),
        }

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.targets_, self.flat_ = tuple(kept["targets"]), kept["flat"]
        if not isinstance(self.flat_, bool):
            raise TypeError(f"flat: wanted true or false, given {self.flat_!r}")
        self.target_scaler_ = Scaler.from_dict(kept["target_scaler"])

    def targets(self, cases: Any) -> NDArray[np.float32]:
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
        return Ensemble([cast(SeriesModel, one()) for _ in range(members)])

    def objective(self, cases: Any) -> Objective:
        return SquaredError(torch.tensor(self.unit, dtype=torch.float32))

    def predicted(self, seen: Inference) -> NDArray[np.float64]:
        """[B, M] in the units of the data."""
        return np.asarray(self.target_scaler_.invert(seen.values))

    def metrics(self, seen: Inference) -> dict[str, Any]:
        """See `regression_metrics`."""
        truth, mean = targets_of(seen.cases), np.asarray(self.target_scaler_.mean)
        return regression_metrics(truth, self.predicted(seen), self.targets_, mean=mean)

    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        return [Compared("RMSE", "rmse", "lowest"), Compared("MAE", "mae", "lowest")]

    def outcome(self, seen: Inference, n: int) -> NumbersOutcome:
        predicted, true = self.target_scaler_.invert(seen.values[n : n + 1])[0], None
        if seen.cases.labels is not None:
            true = dict(zip(self.targets_, targets_of(seen.cases)[n].tolist(), strict=True))
        named = dict(zip(self.targets_, predicted.tolist(), strict=True))
        return NumbersOutcome(true=true, predicted=named)

    def columns(self, seen: Inference) -> tuple[dict[str, Any], str]:
        """`case`, a column for each target, and `true NAME` if the truth is known.

        The column of a target whose name is taken by another column is `predicted NAME`.
        """
        predicted, cases = self.predicted(seen), seen.cases
        columns: dict[str, Any] = {"case": cases.ids}
        for name, column in zip(self.targets_, predicted.T.tolist(), strict=True):
            columns[f"predicted {name}" if name in _OWN else name] = column
        said = f"{len(cases)} predictions"
        if cases.labels is not None:
            truth = targets_of(cases)
            for name, column in zip(self.targets_, truth.T.tolist(), strict=True):
                columns[f"true {name}"] = column
            rmse = float(np.sqrt(((predicted - truth) ** 2).mean(0)).mean())
            said += f", RMSE {rmse:.4g}"
        return columns, said

    def report(self, seen: Inference, view: Callable[[int], CaseView], **common: Any) -> Report:
        """With the cases of the largest errors, in standard deviations of the targets."""
        predicted, truth = self.predicted(seen), targets_of(seen.cases)
        off = (np.abs(predicted - truth) / self.unit).mean(1)
        worst = np.argsort(-off, kind="stable")[:_SHOWN]
        return RegressionReport(
            truth=truth,
            predicted=predicted,
            examples=[view(n) for n in range(min(_SHOWN, len(seen)))],
            mistakes=[view(int(n)) for n in worst],
            **common,
        )


def _refuse_constant(numbers: NDArray[Any], names: tuple[str, ...], source: str = "") -> None:
    constant = np.ptp(numbers, axis=0) == 0
    if constant.any():
        at = int(constant.argmax())
        where, which = (f"{source}: ", "") if source else ("", " to train on")
        raise DataError(f"{where}{names[at]} is {numbers[0, at]:g} for every case{which}")


def _check_count(cases: Any, wanted: int, source: str, owner: str) -> None:
    given = targets_of(cases, source=source).shape[1]
    if given != wanted:
        raise DataError(f"{source}: its number of targets is {given}; {owner} {wanted}")


def _as_cases(numbers: NDArray[np.float64]) -> Cases:
    """[B, M] numbers as cases of one step, for a scaler."""
    return Cases(numbers[:, :, None], np.ones(len(numbers), np.int64))
