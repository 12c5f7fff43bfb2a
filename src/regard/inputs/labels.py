"""Labels of cases, from Python or from a training and a test file."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.tables.cells import is_missing_label, is_number, tidy_labels
from regard.tables.files import FilePath
from regard.tables.problems import SHOWN, Problems

__all__ = [
    "add_missing",
    "are_measured",
    "as_labels",
    "check_known_labels",
    "class_labels",
    "is_missing",
    "label_names",
    "left_out",
    "missing_labels",
    "present_labels",
    "refuse_fractions",
    "same_numbers",
    "with_fraction",
]


def as_labels(y: Any, cases: int, *, targets: bool = False) -> NDArray[Any]:
    """y as an array: [B] classes of any type, or float64 targets, [B] or [B, M].

    Raises:
        DataError: y has another length, or a label is missing or infinite.
    """
    from sklearn.utils import check_array, column_or_1d

    _refuse_missing(y, "target" if targets else "label")
    labels: NDArray[Any]
    try:
        if targets:
            labels = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
            if labels.ndim == 2 and labels.shape[1] == 1:
                labels = column_or_1d(labels, warn=True)
        else:
            labels = column_or_1d(y, warn=True)
    except ValueError as error:
        raise DataError(f"y: {error}") from None
    if len(labels) != cases:
        raise DataError(f"y has {len(labels)} labels, X has {cases} cases; wanted one for each")
    if not targets and labels.dtype.kind in "fO":
        for case, label in enumerate(labels):
            if isinstance(label, float | np.floating) and np.isinf(label):
                raise DataError(f"y: the label of case {case} is infinite (inf)")
    return labels


def present_labels(y: Any, cases: int) -> tuple[Any, NDArray[np.bool_]]:
    """y without missing labels, and [B] which of the cases have one.

    Raises:
        DataError: y has another length, or no label at all.
    """
    given = _as_given(y)
    missing = missing_labels(given)
    if len(given) != cases:
        raise DataError(f"y has {len(given)} labels, X has {cases} cases; wanted one for each")
    if missing.all():
        raise DataError(f"y: all {cases} labels are missing")
    present = given[~missing]
    return present.tolist() if given.dtype == object else present, ~missing


def missing_labels(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """[B] whether a label of [B] or [B, M] is missing.

    >>> missing_labels(np.array(["up", None, float("nan"), "nan", ""], dtype=object)).tolist()
    [False, True, True, True, True]
    """
    if labels.dtype.kind in "fc":
        missing = np.isnan(labels)
    elif labels.dtype.kind in "mM":
        missing = np.isnat(labels)
    elif labels.dtype.kind == "U":
        marks = [text for text in np.unique(labels) if is_missing(str(text))]
        missing = np.isin(labels, marks)
    elif labels.dtype.kind == "O":
        missing = np.array([is_missing(each) for each in labels.flat], bool).reshape(labels.shape)
    else:
        missing = np.zeros(labels.shape, bool)
    return np.asarray(missing.any(axis=tuple(range(1, missing.ndim))))


def is_missing(label: Any) -> bool:
    """Whether a label is None, NaN of any type, missing in pandas, or text made of one of these."""
    if isinstance(label, str):
        return is_missing_label(label, typed=True)
    if label is None or type(label).__name__ in ("NAType", "NaTType"):
        return True
    return not isinstance(label, list | tuple | dict | np.ndarray) and bool(label != label)


def add_missing(
    problems: Problems, noun: str, places: Iterable[str], *, count: int | None = None
) -> None:
    """Note missing labels or targets, in the words of every reader."""
    problems.add(f"the {noun} is missing", places, count=count, fixes=(("missing", "skip"),))


def left_out(
    cases: int,
    found: Mapping[str, NDArray[np.bool_]],
    *,
    place: Callable[[int], str],
) -> tuple[str, ...]:
    """A note for each reason to leave cases out, with the first of them.

    Parameters:
        cases: how many there are.
        found: reason to [B] the cases left out.
        place: of a case in the source.

    >>> left_out(3, {"no label": np.array([False, True, True])}, place="row {}".format)
    ('2 of 3 cases are left out: no label (row 1; row 2)',)
    """
    notes = []
    for reason, which in found.items():
        if count := int(which.sum()):
            places = [place(int(at)) for at in np.flatnonzero(which)[:SHOWN]]
            first = "; ".join([*places, *["..."] * (count > SHOWN)])
            verb = "is" if count == 1 else "are"
            notes.append(f"{count} of {cases} cases {verb} left out: {reason} ({first})")
    return tuple(notes)


def _refuse_missing(y: Any, noun: str) -> None:
    """Before y is converted: NumPy makes the text "nan" of a NaN among texts."""
    problems, missing = Problems("y"), np.flatnonzero(missing_labels(_as_given(y)))
    if missing.size:
        add_missing(problems, noun, (f"case {at}" for at in missing), count=missing.size)
    problems.refuse()


def _as_given(y: Any) -> NDArray[Any]:
    """y as an array of one axis or more, whose values are not converted."""
    try:
        array = np.array(y, dtype=object) if isinstance(y, list | tuple) else np.asarray(y)
    except ValueError:  # nested lists of several lengths, which are refused by their shape
        return np.zeros(len(y))
    return array if array.ndim else array[None]


def label_names(labels: NDArray[Any]) -> NDArray[np.str_]:
    """Classes as text, as readers of files have them: whole numbers without a point.

    >>> label_names(np.array([0.0, 1.0])).tolist(), label_names(np.array(["1e2", "up"])).tolist()
    (['0', '1'], ['1e2', 'up'])
    """
    whole = labels.dtype.kind == "f" and bool((labels == np.round(labels)).all())
    return (labels.astype(np.int64) if whole else labels).astype(np.str_)


def are_measured(labels: NDArray[Any]) -> bool:
    """Whether labels are texts of measured values, such as the first step of each series.

    >>> are_measured(np.array(["0.25", "-1.5", "3"])), are_measured(np.array(["1", "2", "3"]))
    (True, False)
    """
    if labels.dtype.kind != "U":
        return False
    names = np.unique(labels)
    if 2 * len(names) <= len(labels) or not all(is_number(str(name)) for name in names):
        return False
    return with_fraction(names.astype(np.float64)) is not None


def same_numbers(labels: Iterable[str]) -> list[list[str]]:
    """Labels that are one number in several spellings, and so several classes.

    >>> same_numbers(["100", "1e2", "7", "up"])
    [['100', '1e2']]
    """
    spellings: dict[float, list[str]] = {}
    for label in labels:
        if is_number(label):
            spellings.setdefault(float(label), []).append(label)
    return [names for names in spellings.values() if len(names) > 1]


def with_fraction(labels: NDArray[Any]) -> int | None:
    """The position of the first label that is a number with a fraction."""
    if labels.dtype.kind not in "fO":
        return None
    floats = (np.floating, float)
    found = (at for at, one in enumerate(labels) if isinstance(one, floats) and one % 1 != 0)
    return next(found, None)


def class_labels(
    labels: Sequence[str | None], place: Callable[[int], str], problems: Problems
) -> NDArray[np.str_]:
    """[B] normalised labels of a file, empty where they are missing.

    Parameters:
        labels: B texts, None where they are missing.
        place: of the label of a case.
        problems: takes labels that are all numbers, of which some have fractions.
    """
    present = np.array([label is not None for label in labels], bool)
    known = [label for label in labels if label is not None]
    tidy = tidy_labels(known) if known else np.empty(0, np.str_)
    if known and all(is_number(str(label)) for label in np.unique(tidy)):
        at = with_fraction(tidy.astype(np.float64))
        if at is not None:
            what = f"labels are numbers with fractions ({tidy[at]}); classify needs classes"
            problems.add(what, [place(int(np.flatnonzero(present)[at]))])
    classes = np.zeros(len(labels), tidy.dtype)
    classes[present] = tidy
    return classes


def refuse_fractions(labels: NDArray[Any]) -> None:
    """Refuse continuous numbers as classes, with scikit-learn's message."""
    case = with_fraction(labels)
    if case is not None:
        raise DataError(
            "y: Unknown label type: continuous; labels are numbers with fractions "
            f"({labels[case]} of case {case}); classify needs classes"
        )


def check_known_labels(
    training: NDArray[Any], test: NDArray[Any], ids: NDArray[Any], path: FilePath, other: FilePath
) -> None:
    """Refuse a test file with classes that the training file does not have."""
    problems = Problems(other)
    known = ", ".join(map(str, np.unique(training)))
    for at in np.flatnonzero(~np.isin(test, training)):
        what = f"label {str(test[at])!r} is not in {path}, which has {known}"
        problems.add(what, [f"case {ids[at]}"])
    problems.refuse()
