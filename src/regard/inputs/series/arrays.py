"""Arrays, lists and data frames from Python as cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.inputs.labels import as_labels, present_labels
from regard.inputs.series.cases import Cases, pad
from regard.inputs.series.gaps import settled
from regard.inputs.series.nested import unnested
from regard.inputs.target_texts import given_texts
from regard.tables.missing import Missing, check_missing
from regard.tables.problems import Problems

__all__ = ["as_cases"]


def as_cases(
    X: Any,
    y: ArrayLike | None = None,
    *,
    missing: Missing = "refuse",
    targets: bool = False,
    texts: bool = False,
) -> Cases:
    """Take series, and their labels, from Python.

    Errors use scikit-learn's wording where it has one.

    Parameters:
        X: Numbers: [B, C, T]; [B, T] for one channel, which may be a data frame; or, for unequal
            lengths, a list of B arrays [C, steps], or [steps] for one channel; also a column of
            such arrays, or a data frame with a column of series for each channel.
        y: [B] classes, targets or texts, kept as they are; or None.
        missing: "refuse"; "interpolate"; "skip" leaves out cases with missing values or labels.
        targets: Whether y is numbers to predict, [B] or [B, M], instead of classes.
        texts: Whether y is texts to write instead of classes.

    Returns:
        B cases of C channels and up to T steps.

    Raises:
        DataError: X has another shape, no cases, channels or steps, is sparse, complex or text,
            has infinite or missing values or unequal channels; y has another length or gaps.
        TypeError: A value of X is an object that is not a number, such as a dict.

    Example:
        >>> cases = as_cases([[1.0, 2.0, 3.0], [4.0, 5.0]], ["rising", "short"])
        >>> cases.values.shape, cases.lengths.tolist()
        ((2, 1, 3), [3, 2])
    """
    check_missing(missing, skip=True)
    X = unnested(X)
    if hasattr(X, "detach"):  # a tensor, which may require a gradient or be on a device
        X = X.detach().cpu()
    if isinstance(X, set | frozenset | dict | Iterator) and not hasattr(X, "toarray"):
        raise DataError(f"X: wanted an array or a list of series, given {type(X).__name__}")
    series = _unequal(X)
    if series is None:
        values = _checked(X)
        lengths = np.full(len(values), values.shape[2], dtype=np.int64)
    else:
        values, lengths = pad(series)
    labels, unlabelled = None, None
    if y is not None and texts:
        labels = given_texts(y, len(values), keep_missing=missing == "skip")
        unlabelled = labels == ""
    elif y is not None and missing == "skip":
        y, present = present_labels(y, len(values))
        own = as_labels(y, int(present.sum()), targets=targets)
        labels, unlabelled = np.zeros((len(values), *own.shape[1:]), own.dtype), ~present
        labels[present] = own
    elif y is not None:
        labels = as_labels(y, len(values), targets=targets)
    cases = Cases(values, lengths, labels)
    noun = "text" if texts else "label"
    return settled(cases, Problems("X"), missing=missing, unlabelled=unlabelled, noun=noun)


def _unequal(X: Any) -> list[NDArray[np.float64]] | None:
    """B arrays [C, steps] if the cases differ in shape, None if X is one array."""
    of_arrays = isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1
    if not (isinstance(X, list | tuple) or of_arrays):
        return None
    parts: list[NDArray[Any]] = []
    for case, one in enumerate(X):
        try:
            parts.append(np.asarray(one))
        except ValueError:
            raise DataError(f"X: the channels of case {case} differ in length") from None
    shapes = {part.shape for part in parts}
    if () in shapes or (len(shapes) < 2 and not of_arrays):
        return None
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
            turned = ""
            if len({each.shape[1:] for each in parts}) == 1:
                turned = (
                    f", and all have {part.shape[1]} steps; if these are the channels, transpose "
                    "each case: wanted [channels, steps]"
                )
            raise DataError(f"{name} has {len(part)} channels, case 0 has {len(parts[0])}{turned}")
    return [_checked(np.atleast_2d(part)[None])[0] for part in parts]


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
        checked: NDArray[np.float64] = check_array(
            array, dtype=np.float64, ensure_all_finite=False, allow_nd=True, input_name="X"
        )
    except ValueError as error:
        if array.ndim == 1:
            raise DataError(
                "X: Expected 2D array, got 1D array instead; for one series give [x], or X[:1] in "
                "place of X[0]. Reshape your data"
            ) from None
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
    return checked if checked.ndim == 3 else checked[:, None, :]
