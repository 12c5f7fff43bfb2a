"""Numbers: each case has one or several of them."""

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
from regard.plots import View
from regard.training import Objective, SquaredError

__all__ = ["NumbersOutput"]

_OWN = ("case", "from", "to")  # columns of predictions
_SHOWN = 6


class NumbersOutput(Output):
    """Numbers, scaled in training; predictions are in the units of the data.

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
        """Numbers for each case."""
        if y is None:
            raise DataError("requires y to be passed, but the target y is None")
        return y

    def check(self, cases: Any, source: str) -> NDArray[Any]:
        """One stratum, once the targets are numbers that differ."""
        if cases.labels is None:
            raise DataError(f"{source}: has no targets to learn from")
        numbers = targets_of(cases, source=source)
        constant = np.ptp(numbers, axis=0) == 0
        if constant.any():
            at = int(constant.argmax())
            raise DataError(
                f"{source}: {target_names(cases)[at]} is {numbers[0, at]:g} for every case"
            )
        return self.strata(cases)

    def strata(self, cases: Any) -> NDArray[Any]:
        """One for all."""
        return np.zeros(len(cases), np.int64)

    def check_test(self, test: Any, cases: Any, source: str) -> None:
        """Refuse another number of targets."""
        wanted, given = targets_of(cases).shape[1], targets_of(test, source=source).shape[1]
        if given != wanted:
            raise DataError(
                f"{source}: its number of targets is {given}; the file to train on has {wanted}"
            )

    def check_new(self, cases: Any, source: str) -> None:
        """Refuse another number of targets."""
        if cases.labels is None:
            return
        given = targets_of(cases, source=source).shape[1]
        if given != len(self.targets_):
            raise DataError(
                f"{source}: its number of targets is {given}; "
                f"the run was trained on {len(self.targets_)}"
            )

    def fit(self, cases: Any) -> None:
        """Fit the scaler of the targets."""
        numbers = targets_of(cases)
        constant = np.ptp(numbers, axis=0) == 0
        self.targets_ = target_names(cases)
        if constant.any() and len(cases) > 1:
            name = self.targets_[int(constant.argmax())]
            raise DataError(
                f"{name}: is {numbers[0, constant.argmax()]:g} for every case to train on"
            )
        self.flat_ = cases.labels.ndim == 1
        self.target_scaler_ = Scaler("channel").fit(_as_cases(numbers))

    def kept(self) -> dict[str, Any]:
        """Names and scaler of the targets."""
        return {
            "targets": list(self.targets_),
            "flat": self.flat_,
            "target_scaler": self.target_scaler_.to_dict(),
        }

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take back what was kept."""
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
        """M."""
        return len(self.targets_)

    @property
    def unit(self) -> NDArray[np.float64]:
        """[M] what a scaled 1 is in the units of the data."""
        return np.asarray(self.target_scaler_.std)

    def ensemble(self, one: Callable[[], nn.Module]) -> nn.Module:
        """Several networks, whose predictions are averaged."""
        members: int = self.config.model.members
        return (
            one() if members == 1 else Ensemble([cast(SeriesModel, one()) for _ in range(members)])
        )

    def objective(self, cases: Any) -> Objective:
        """Squared error."""
        return SquaredError(torch.tensor(self.unit, dtype=torch.float32))

    def predicted(self, seen: Inference) -> NDArray[np.float64]:
        """[B, M] in the units of the data."""
        return np.asarray(self.target_scaler_.invert(seen.values))

    def metrics(self, seen: Inference) -> dict[str, Any]:
        """Errors, beside those of always predicting the mean."""
        return regression_metrics(
            targets_of(seen.cases),
            self.predicted(seen),
            self.targets_,
            mean=np.asarray(self.target_scaler_.mean),
        )

    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        """RMSE and MAE."""
        return [Compared("RMSE", "rmse", "lowest"), Compared("MAE", "mae", "lowest")]

    def outcome(self, seen: Inference, n: int) -> NumbersOutcome:
        """The predicted and the true numbers by name."""
        return NumbersOutcome(
            true=None if seen.cases.labels is None else self._named(_true(seen)[n]),
            predicted=self._named(self.target_scaler_.invert(seen.values[n : n + 1])[0]),
        )

    def _named(self, row: NDArray[np.float64]) -> dict[str, float]:
        return dict(zip(self.targets_, map(float, row), strict=True))

    def columns(self, seen: Inference) -> tuple[dict[str, Any], str]:
        """`case`, a column for each target, and `true NAME` where it is known.

        A target that is called like another column is `predicted NAME`.
        """
        predicted, cases = self.predicted(seen), seen.cases
        columns: dict[str, Any] = {"case": cases.ids}
        for name, column in zip(self.targets_, predicted.T.tolist(), strict=True):
            columns[f"predicted {name}" if name in _OWN else name] = column
        said = f"{len(cases)} predictions"
        if cases.labels is not None:
            truth = _true(seen)
            for name, column in zip(self.targets_, truth.T.tolist(), strict=True):
                columns[f"true {name}"] = column
            rmse = float(np.sqrt(((predicted - truth) ** 2).mean(0)).mean())
            said += f", RMSE {rmse:.4g}"
        return columns, said

    def report(
        self, seen: Inference, view: Callable[[int], View], **common: Any
    ) -> RegressionReport:
        """Examples, and the cases that are furthest off, each target in units of its spread."""
        predicted, truth = self.predicted(seen), _true(seen)
        off = (np.abs(predicted - truth) / self.unit).mean(1)
        worst = np.argsort(-off, kind="stable")[:_SHOWN]
        return RegressionReport(
            truth=truth,
            predicted=predicted,
            examples=[view(n) for n in range(min(_SHOWN, len(seen)))],
            mistakes=[view(int(n)) for n in worst],
            **common,
        )


def _true(seen: Inference) -> NDArray[np.float64]:
    return targets_of(seen.cases)


def _as_cases(numbers: NDArray[np.float64]) -> Cases:
    """[B, M] numbers as cases of one step, which is what a scaler takes."""
    return Cases(numbers[:, :, None], np.ones(len(numbers), np.int64))
