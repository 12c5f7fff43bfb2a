"""Arrays, lists and data frames from Python as cases."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.data.cases import Cases, pad
from regard.data.missing import Missing, check_missing, place_in, settle_missing
from regard.errors import DataError

__all__ = ["as_cases"]


def as_cases(
    X: Any,
    y: ArrayLike | None = None,
    *,
    missing: Missing = "refuse",
    targets: bool = False,
) -> Cases:
    """Take series, and their labels, from Python.

    Errors are worded as scikit-learn words them where it has a wording.

    Parameters:
        X: [B, C, T]; or [B, T] for series of one channel, data frames included; or, where lengths
            differ, B arrays [C, steps], or [steps] for one channel. Of numbers.
        y: [B] classes or targets, kept as they are; None where there are none.
        missing: "refuse" or "interpolate".
        targets: Whether y is numbers to predict, [B] or [B, M], and not classes.

    Returns:
        B cases of C channels and up to T steps.

    Raises:
        DataError: X has another shape, no cases, channels or steps, is sparse, complex or text,
            has infinite or missing values or unequal channels; y has another length or gaps.
        TypeError: A value of X is an object that is no number, such as a dict.

    Example:
        >>> cases = as_cases([[1.0, 2.0, 3.0], [4.0, 5.0]], ["rising", "short"])
        >>> cases.values.shape, cases.lengths.tolist()
        ((2, 1, 3), [3, 2])
    """
    check_missing(missing)
    parts = _parts(X)
    if parts is None:
        values = _checked(X)
        lengths = np.full(len(values), values.shape[2], dtype=np.int64)
    else:
        values, lengths = pad(_series(parts))
    labels = None if y is None else _labels(y, len(values), targets=targets)
    values = settle_missing(values, lengths, missing=missing, place=place_in("X"))
    return Cases(values, lengths, labels)


def _parts(X: Any) -> list[NDArray[Any]] | None:
    """The cases one by one where they differ in shape, None where X is one array."""
    listed = isinstance(X, list | tuple)
    of_arrays = isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1
    if not (listed or of_arrays):
        return None
    parts = []
    for case, one in enumerate(X):
        try:
            parts.append(np.asarray(one))
        except ValueError:
            raise DataError(f"X: the channels of case {case} differ in length") from None
    shapes = {part.shape for part in parts}
    if () in shapes or (len(shapes) < 2 and not of_arrays):
        return None
    return parts


def _series(parts: list[NDArray[Any]]) -> list[NDArray[np.float64]]:
    """Arrays [C, steps] or [steps] as [C, steps] float64, of the same C."""
    series: list[NDArray[np.float64]] = []
    for case, part in enumerate(parts):
        name = f"X: case {case}"
        if part.ndim not in (1, 2) or part.ndim != parts[0].ndim:
            raise DataError(
                f"{name} has the shape {list(part.shape)}, case 0 has {list(parts[0].shape)}; "
                "wanted [channels, steps], or [steps] for all"
            )
        if part.size == 0:
            raise DataError(f"{name} has no values: its shape is {list(part.shape)}")
        if part.ndim == 2 and len(part) != len(parts[0]):
            raise DataError(f"{name} has {len(part)} channels, case 0 has {len(parts[0])}")
        series.append(_checked(part[None, ...] if part.ndim == 2 else part[None, None, :])[0])
    return series


def _checked(X: Any) -> NDArray[np.float64]:
    """X as [B, C, T] float64, NaN where a value is missing; scikit-learn words the errors."""
    from scipy.sparse import issparse
    from sklearn.utils import check_array

    if issparse(X):
        raise DataError("X: Sparse data is not supported; use X.toarray()")
    array = np.asarray(X)
    if array.dtype.kind in "mM":
        raise DataError(f"X holds {array.dtype}; wanted real numbers")
    try:
        checked = check_array(
            array, dtype=np.float64, ensure_all_finite=False, allow_nd=True, input_name="X"
        )
    except ValueError as error:
        raise DataError(f"X: {error}") from None
    if checked.ndim > 3:
        raise DataError(
            f"X has {checked.ndim} dimensions; wanted [cases, channels, steps] or [cases, steps]"
        )
    if checked.size == 0:
        what = "channel(s)" if checked.shape[1] == 0 else "step(s)"
        raise DataError(
            f"X: Found array with 0 {what} (shape={checked.shape}) while a minimum of 1 is required"
        )
    return np.asarray(checked if checked.ndim == 3 else checked[:, None, :])


def _labels(y: ArrayLike, cases: int, *, targets: bool = False) -> NDArray[Any]:
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
    missing = np.array([_is_missing(label) for label in labels])
    infinite = np.array([isinstance(label, float) and np.isinf(label) for label in labels])
    return missing, infinite


def _is_missing(label: Any) -> bool:
    if label is None or type(label).__name__ in ("NAType", "NaTType"):  # as pandas has them
        return True
    return bool(label != label)  # as NaN of every type is
