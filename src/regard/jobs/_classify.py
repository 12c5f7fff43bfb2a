"""Series -> a class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.config import Config
from regard.errors import DataError
from regard.estimators import SeriesClassifier
from regard.explain import localisation_ap, most_attended_spans
from regard.inputs.series.cases import Cases
from regard.jobs._series import SeriesTask
from regard.jobs._task import Figure, Picture, Predictions, choose
from regard.jobs._views import case_views, looked_at, notes_of
from regard.outputs.classes.metrics import classification_metrics
from regard.plots import ClassificationReport, Report, save_case
from regard.runs import Run, versions

__all__ = [
    "Classify",
    "check_classes",
    "class_figures",
    "class_labels",
    "class_predictions",
    "shown_cases",
]


class Classify(SeriesTask):
    """Series -> a class."""

    estimator = SeriesClassifier

    def strata(self, cases: Cases, source: str) -> NDArray[Any]:
        """The classes."""
        _refuse_numbers(cases, source)
        return class_labels(cases, source)

    def check_test(self, test: Cases, cases: Cases, source: str) -> None:
        """Classes of the file to train on, and nothing else."""
        _refuse_numbers(test, source)
        labels: Any = test.labels
        known: Any = cases.labels
        unseen = ~np.isin(labels, known)
        if unseen.any():
            at = int(unseen.argmax())
            raise DataError(
                f"{source}, case {test.ids[at]}: label {str(labels[at])!r} is not in the file to "
                "train on"
            )

    def read(self, run: Run, estimator: Any, source: Path | None, **options: Any) -> Cases:
        """A file of the form trained on, whose labels, if it has some, are classes."""
        cases = super().read(run, estimator, source, **options)
        _refuse_numbers(cases, str(source))
        return cases

    def check_labels(self, cases: Cases, estimator: Any, source: Path) -> None:
        """Of the classes of the run, one at least must occur."""
        check_classes(cases, estimator, source)

    def evaluate(
        self, estimator: SeriesClassifier, config: Config, test: Cases, *, title: str
    ) -> tuple[dict[str, Any], Report]:
        """The figures of classification, and localisation where the truth is known."""
        labels: Any = test.labels
        probabilities = estimator.predict_proba(test)
        metrics = classification_metrics(labels, probabilities, estimator.classes_)
        metrics |= estimator.fitted_figures()
        if test.spans is not None and (test.spans[:, 0] < test.spans[:, 1]).any():
            weights = estimator.attend(test)
            metrics["localisation_ap"] = localisation_ap(weights, test.spans, test.lengths)
            shares = (test.spans[:, 1] - test.spans[:, 0]) / test.lengths
            metrics["localisation_chance"] = float(shares[shares > 0].mean())
        examples, worst = shown_cases(probabilities, np.searchsorted(estimator.classes_, labels))
        report = ClassificationReport(
            title=title,
            metrics=metrics,
            history=estimator.history_,
            classes=[str(name) for name in estimator.classes_],
            examples=case_views(estimator, test.take(examples)),
            mistakes=case_views(estimator, test.take(worst)) if len(worst) else [],
            config=config.model_dump(mode="json") | {"versions": versions()},
            notes=notes_of(estimator),
        )
        return metrics, report

    def figures(self, metrics: Mapping[str, Any]) -> list[Figure]:
        """F1 or accuracy, and localisation."""
        localisation = Figure("localisation", "localisation_ap")
        return class_figures(metrics) + [localisation] * ("localisation_ap" in metrics)

    def predictions(self, estimator: SeriesClassifier, cases: Cases) -> Predictions:
        """`case`, `label`, `true` where the file says it, `probability NAME` for every class, and
        `from` and `to`: the shortest stretch of steps, counted from 0, `to` not included, that
        holds half of what the model looked at.
        """
        columns, said = class_predictions(estimator, cases)
        columns["from"], columns["to"] = most_attended_spans(looked_at(estimator, cases)).T
        return Predictions(columns, said)

    def picture(
        self, estimator: SeriesClassifier, cases: Cases, case: str | None, source: str
    ) -> Picture:
        """A series with the attention along it."""
        at = choose(cases.ids.tolist(), case, source)
        view = case_views(estimator, cases.take(np.array([at])))[0]
        return Picture(lambda path: save_case(view, path), f"case {view.id}: {view.answer}")


def _refuse_numbers(cases: Cases, source: str) -> None:
    labels = cases.labels
    if labels is None or labels.dtype.kind != "f":
        return
    if labels.ndim > 1 or (labels != np.round(labels)).any():
        raise DataError(
            f'{source}: has numbers as targets; classify needs classes ("task": "regress" '
            "predicts numbers)"
        )


def check_classes(cases: Any, estimator: Any, source: Path) -> None:
    """See that of the labels, if there are some, one at least is a class of the run."""
    known = estimator.classes_.astype(str)
    if cases.labels is not None and not np.isin(cases.labels.astype(str), known).any():
        raise DataError(
            f"{source}: none of its labels is a class of the run ({str(cases.labels[0])!r} is the "
            "first); say --unlabelled if it has none"
        )


def class_labels(cases: Any, source: str) -> NDArray[Any]:
    """The labels, of at least two classes with at least two cases each."""
    labels: NDArray[Any] | None = cases.labels
    if labels is None:
        raise DataError(f"{source}: has no labels to learn from")
    names, counts = np.unique(labels, return_counts=True)
    if len(names) < 2:
        raise DataError(f"{source}: has only one class, {names[0]}; classify needs at least two")
    if counts.min() < 2:
        raise DataError(
            f"{source}: class {names[counts.argmin()]} has only one case; it needs at least two"
        )
    return labels


def class_figures(metrics: Mapping[str, Any]) -> list[Figure]:
    """F1 of the positive class where there are two, else accuracy."""
    binary = "binary" in metrics["averaging"]
    return [Figure("F1", "f1") if binary else Figure("accuracy", "accuracy")]


def class_predictions(estimator: Any, cases: Any) -> tuple[dict[str, Any], str]:
    """The columns of a table of predicted classes, and how many are right."""
    probabilities = estimator.predict_proba(cases)
    columns: dict[str, Any] = {
        "case": cases.ids,
        "label": estimator.classes_[probabilities.argmax(1)],
    }
    said = f"{len(cases)} predictions"
    if cases.labels is not None:
        columns["true"] = cases.labels.astype(str)
        said += f", {(columns['label'].astype(str) == columns['true']).sum()} right"
    for name, column in zip(estimator.classes_, probabilities.T, strict=True):
        columns[f"probability {name}"] = [f"{probability:.6f}" for probability in column]
    return columns, said


def shown_cases(
    probabilities: NDArray[np.float64], truth: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of examples of each class, and of the worst mistakes, most confident first."""
    classes = probabilities.shape[1]
    each = max(1, min(3, 30 // classes))
    examples = [np.flatnonzero(truth == n)[:each] for n in range(classes)]
    predicted = probabilities.argmax(1)
    wrong = np.flatnonzero(predicted != truth)
    worst = wrong[np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")][:6]
    return np.concatenate(examples), worst
