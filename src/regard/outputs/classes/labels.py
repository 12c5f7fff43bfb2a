"""Labels that cannot be classes, or are not those of the training part."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError, nearest
from regard.inputs.labels import are_measured, label_names
from regard.outputs.classes.rare import FIXES, named, rare_classes

__all__ = ["check_new", "check_test", "check_training", "known_labels", "labels_of"]


def check_training(cases: Any, source: str, *, rare: bool = False) -> NDArray[Any]:
    """The labels [B] of cases to learn from.

    Parameters:
        cases: to learn from.
        source: of the cases.
        rare: whether a class may have one case; not where each part gets its share of every class.
    """
    _refuse_numbers(cases, source)
    if cases.labels is None:
        raise DataError(f"{source}: has no labels to learn from")
    if are_measured(cases.labels):
        raise DataError(
            f"{source}: its labels are numbers with fractions, {str(cases.labels[0])!r} in the "
            "first case, and most occur once; is the column of the labels another?",
            fixes=("label",),
        )
    names = np.unique(cases.labels)
    if len(names) < 2:
        raise DataError(f"{source}: has only one class, {names[0]}; classify needs at least two")
    single = rare_classes(cases.labels)
    if len(single) and not rare:
        few = (
            "has only one case; it needs" if len(single) == 1 else "have one case each; each needs"
        )
        noun = "class" if len(single) == 1 else "classes"
        raise DataError(
            f"{source}: {noun} {named(single)} {few} at least two",
            fixes=FIXES[: len(single)],  # one class has none to merge with
        )
    return np.asarray(cases.labels)


def check_test(test: Any, cases: Any, source: str) -> None:
    """Refuse a test file with a class that the training file does not have."""
    _refuse_numbers(test, source)
    unseen = ~np.isin(test.labels, known_labels(cases))
    if unseen.any():
        at = int(unseen.argmax())
        raise DataError(
            f"{source}, case {test.ids[at]}: label {str(test.labels[at])!r} does not occur in "
            "the training file"
        )


def check_new(cases: Any, classes: NDArray[Any], source: str) -> None:
    """Refuse labels if none of them is a class of the run."""
    _refuse_numbers(cases, source)
    if cases.labels is None:
        return
    given = label_names(cases.labels)
    given = given[given != ""]
    if len(given) and not np.isin(given, label_names(classes)).any():
        first, known = str(given[0]), label_names(classes)
        near = nearest(first, known.tolist())
        meant = "" if near is None else f"; did you mean {near!r}?"
        raise DataError(
            f"{source}: none of its labels is a class of the run ({first!r} is the first{meant})",
            fixes=("labelled",),
        )


def known_labels(cases: Any) -> NDArray[Any]:
    """The labels of cases to learn from, and those of other parts that a source allows there."""
    elsewhere = getattr(cases, "elsewhere", ())
    own = labels_of(cases)
    return np.concatenate([own, np.array(elsewhere)]) if elsewhere else own


def labels_of(cases: Any) -> NDArray[Any]:
    """The labels [B] of cases that must have them."""
    if cases.labels is None:
        raise DataError("the cases have no labels")
    labels: NDArray[Any] = cases.labels
    return labels


def _refuse_numbers(cases: Any, source: str) -> None:
    labels = cases.labels
    numbers = labels is not None and labels.dtype.kind == "f"
    if numbers and (labels.ndim > 1 or (labels != np.round(labels)).any()):
        raise DataError(
            f'{source}: has numbers as targets; classify needs classes ("task": "regress" '
            "predicts numbers)"
        )
