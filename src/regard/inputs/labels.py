"""Labels of cases, from Python or from a training and a test file."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.tables.files import FilePath

__all__ = ["as_labels", "check_known_labels", "is_missing", "refuse_fractions", "with_fraction"]


def as_labels(y: ArrayLike, cases: int, *, targets: bool = False) -> NDArray[Any]:
    """y as an array: [B] classes of any type, or float64 targets, [B] or [B, M]; none missing."""
    from sklearn.utils import check_array, column_or_1d

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
            if is_missing(label):
                raise DataError(f"y: the label of case {case} is missing (NaN or None)")
            if isinstance(label, float | np.floating) and np.isinf(label):
                raise DataError(f"y: the label of case {case} is infinite (inf)")
    return labels


def is_missing(label: Any) -> bool:
    """Whether a label is None, NaN of any type, or missing in pandas."""
    return label is None or type(label).__name__ in ("NAType", "NaTType") or bool(label != label)


def with_fraction(labels: NDArray[Any]) -> int | None:
    """The position of the first label that is a number with a fraction."""
    if labels.dtype.kind not in "fO":
        return None
    floats = (np.floating, float)
    found = (at for at, one in enumerate(labels) if isinstance(one, floats) and one % 1 != 0)
    return next(found, None)


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
    unseen = np.flatnonzero(~np.isin(test, training))
    if unseen.size:
        at = unseen[0]
        known = ", ".join(map(str, np.unique(training)))
        raise DataError(
            f"{other}, case {ids[at]}: label {str(test[at])!r} is not in {path}, which has {known}"
        )
