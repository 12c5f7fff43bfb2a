"""Series -> numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.config import Config
from regard.errors import DataError
from regard.estimators import SeriesRegressor
from regard.explain import most_attended_spans
from regard.inputs.series.cases import Cases
from regard.jobs._series import SeriesTask
from regard.jobs._task import Figure, Picture, Predictions, choose
from regard.jobs._views import case_views, looked_at, notes_of
from regard.outputs.numbers.metrics import regression_metrics
from regard.outputs.numbers.targets import target_names, targets_of
from regard.plots import RegressionReport, Report, save_case
from regard.runs import Run, versions

__all__ = ["Regress"]

_OWN = ("case", "from", "to")  # columns of predictions
_SHOWN = 6


class Regress(SeriesTask):
    """Series -> one or several numbers."""

    estimator = SeriesRegressor
    numeric = True

    def strata(self, cases: Cases, source: str) -> NDArray[Any]:
        """All alike, once the targets are numbers that differ."""
        if cases.labels is None:
            raise DataError(f"{source}: has no targets to learn from")
        numbers = targets_of(cases, source=source)
        constant = np.ptp(numbers, axis=0) == 0
        if constant.any():
            at = int(constant.argmax())
            name = target_names(cases)[at]
            raise DataError(f"{source}: {name} is {numbers[0, at]:g} for every case")
        return np.zeros(len(cases), np.int64)

    def check_test(self, test: Cases, cases: Cases, source: str) -> None:
        """As many numbers, all of them finite."""
        wanted, given = targets_of(cases).shape[1], targets_of(test, source=source).shape[1]
        if given != wanted:
            raise DataError(
                f"{source}: its number of targets is {given}; the file to train on has {wanted}"
            )

    def read(self, run: Run, estimator: Any, source: Path | None, **options: Any) -> Cases:
        """A file of the form trained on, with as many numbers to predict, if it has some."""
        cases = super().read(run, estimator, source, **options)
        if cases.labels is not None:
            given = targets_of(cases, source=str(source)).shape[1]
            if given != len(estimator.targets_):
                raise DataError(
                    f"{source}: its number of targets is {given}; "
                    f"the run was trained on {len(estimator.targets_)}"
                )
        return cases

    def evaluate(
        self, estimator: SeriesRegressor, config: Config, test: Cases, *, title: str
    ) -> tuple[dict[str, Any], Report]:
        """The figures of regression, beside those of always answering the mean."""
        truth = targets_of(test)
        predicted = estimator.predict(test).reshape(truth.shape)
        scaler = estimator.target_scaler_
        assert scaler.mean is not None
        assert scaler.std is not None
        metrics = regression_metrics(truth, predicted, estimator.targets_, mean=scaler.mean)
        metrics |= estimator.fitted_figures()
        # By how far each case is off, on the mean over the targets, each in its own spread.
        off = (np.abs(predicted - truth) / scaler.std).mean(1)
        worst = np.argsort(-off, kind="stable")[:_SHOWN]
        report = RegressionReport(
            title=title,
            metrics=metrics,
            history=estimator.history_,
            truth=truth,
            predicted=predicted,
            examples=case_views(estimator, test.take(np.arange(min(_SHOWN, len(test))))),
            mistakes=case_views(estimator, test.take(worst)),
            config=config.model_dump(mode="json") | {"versions": versions()},
            notes=notes_of(estimator),
        )
        return metrics, report

    def figures(self, metrics: Mapping[str, Any]) -> list[Figure]:
        """RMSE and MAE."""
        return [Figure("RMSE", "rmse", "lowest"), Figure("MAE", "mae", "lowest")]

    def predictions(self, estimator: SeriesRegressor, cases: Cases) -> Predictions:
        """`case`, a column for each target, `true NAME` where the file says it, and `from` and
        `to`: the shortest stretch of steps, counted from 0, `to` not included, that holds half of
        what the model looked at. A target of one of these names is `predicted NAME`.
        """
        predicted = estimator.predict(cases).reshape(len(cases), -1)
        columns: dict[str, Any] = {"case": cases.ids}
        for name, column in zip(estimator.targets_, predicted.T.tolist(), strict=True):
            columns[f"predicted {name}" if name in _OWN else name] = column
        said = f"{len(cases)} predictions"
        if cases.labels is not None:
            truth = targets_of(cases)
            for name, column in zip(estimator.targets_, truth.T.tolist(), strict=True):
                columns[f"true {name}"] = column
            rmse = float(np.sqrt(((predicted - truth) ** 2).mean(0)).mean())
            said += f", RMSE {rmse:.4g}"
        columns["from"], columns["to"] = most_attended_spans(looked_at(estimator, cases)).T
        return Predictions(columns, said)

    def picture(
        self, estimator: SeriesRegressor, cases: Cases, case: str | None, source: str
    ) -> Picture:
        """A series with the attention along it."""
        at = choose(cases.ids.tolist(), case, source)
        view = case_views(estimator, cases.take(np.array([at])))[0]
        return Picture(lambda path: save_case(view, path), f"case {view.id}: {view.answer}")

    def check_labels(self, cases: Cases, estimator: Any, source: Path) -> None:
        """Numbers are read as such, or refused, by the reader."""
