"""What to know of a trained classifier, beside its figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from regard.errors import in_configuration
from regard.inputs.labels import same_numbers
from regard.outputs.classes.calibration import mean_probability

__all__ = ["certainty_notes", "class_notes"]

_COMMON = 0.8  # share of the commonest class from which accuracy says little


def certainty_notes(
    metrics: Mapping[str, Any], *, calibrated: bool, calibration: str, weighted: bool
) -> list[str]:
    """Whether the probabilities can be taken as frequencies, and what to do where they cannot.

    Parameters:
        metrics: as `classification_metrics` returns them.
        calibrated: whether a temperature is fitted.
        calibration: the field of the configuration.
        weighted: whether classes are weighted.
    """
    notes = []
    if not calibrated:
        mean, right = mean_probability(metrics["reliability"]), metrics["accuracy"]
        fix = (
            "too few cases to calibrate on"
            if calibration == "refit"
            else in_configuration("training.calibration", "refit")
        )
        notes.append(
            f"the probabilities are not calibrated: on average {mean:.3f}, where {right:.3f} of "
            f"the predictions are right; {fix}"
        )
    if weighted:
        rows = metrics["per_class"]
        most = max(rows, key=lambda row: row["probability"] - row["share"])
        notes.append(
            "class_weight shifts the probabilities towards the classes of larger weight: "
            f"{most['class']!r} has {most['probability']:.3f} on average and is "
            f"{most['share']:.3f} of the test cases"
        )
    return notes


def class_notes(metrics: Mapping[str, Any], trained: Collection[str] | None = None) -> list[str]:
    """Classes that are the same number, and an accuracy that a constant answer would reach.

    Parameters:
        metrics: as `classification_metrics` returns them.
        trained: the classes of the training part, which a constant answer may be; None for all.
    """
    rows = metrics["per_class"]
    notes = [
        f"{', '.join(map(repr, names))} are classes of their own, and the same number"
        for names in same_numbers(row["class"] for row in rows)
    ]
    constant = (row for row in rows if trained is None or row["class"] in trained)
    common = max(constant, key=lambda row: row["support"], default=None)
    if common and common["support"] and common["share"] >= min(_COMMON, metrics["accuracy"]):
        others = [row for row in rows if row["support"] and row is not common]
        rare = min(others, key=lambda row: row["support"], default=None)
        of = (
            f"{rare['support']} of {metrics['cases']} test cases are {rare['class']!r}"
            if rare
            else "the test part has no other class"
        )
        notes.append(
            f"always predicting {common['class']!r} would reach the accuracy "
            f"{common['share']:.4f}; {of}"
        )
    return notes
