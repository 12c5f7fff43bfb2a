"""Labels of cases, given from Python or read from two files that go together."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.tables.files import FilePath

__all__ = ["as_labels", "check_known_labels", "is_missing", "refuse_fractions", "with_fraction"]


def as_labels(y: ArrayLike, cases: int, *, targets: bool = False) -> NDArray[Any]:
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
    missing, infinite = _gaps(labels)
    if missing.any():
        raise DataError(f"y: the label of case {int(missing.argmax())} is missing (NaN or None)")
    if infinite.any():
        raise DataError(f"y: the label of case {int(infinite.argmax())} is infinite (inf)")
    return labels


def _gaps(labels: NDArray[Any]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """[B] where a label is NaN or None, and where it is infinite."""
    if labels.dtype.kind == "f":
        return np.isnan(labels), np.isinf(labels)
    none = np.zeros(len(labels), dtype=bool)
    if labels.dtype.kind != "O":
        return none, none
    missing = np.array([is_missing(label) for label in labels])
    infinite = np.array([isinstance(label, float) and np.isinf(label) for label in labels])
    return missing, infinite


def is_missing(label: Any) -> bool:
    if label is None or type(label).__name__ in ("NAType", "NaTType"):  # as pandas has them
        return True
    return bool(label != label)  # as NaN of every type is


def with_fraction(labels: NDArray[Any]) -> int | None:
    """The position of the first label that is a number with a fraction."""
    if labels.dtype.kind not in "fO":
        return None
    floats = (np.floating, float)
    found = (at for at, one in enumerate(labels) if isinstance(one, floats) and one % 1 != 0)
    return next(found, None)


def refuse_fractions(labels: NDArray[Any]) -> None:
    """Refuse numbers given as classes, worded as scikit-learn does."""
    case = with_fraction(labels)
    if case is not None:
        raise DataError(
            "y: Unknown label type: continuous; labels are numbers with fractions "
            f"({labels[case]} of case {case}); classify needs classes"
        )


def check_known_labels(
    training: NDArray[Any], test: NDArray[Any], ids: NDArray[Any], path: FilePath, other: FilePath
) -> None:
    unseen = np.flatnonzero(~np.isin(test, training))
    if unseen.size:
        at = unseen[0]
        known = ", ".join(map(str, np.unique(training)))
        raise DataError(
            f"{other}, case {ids[at]}: label {str(test[at])!r} is not in {path}, which has {known}"
        )
