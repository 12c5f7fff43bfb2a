"""NumPy archives with X and, optionally, y, lengths and spans."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.labels import missing_labels
from regard.inputs.series.cases import Cases
from regard.inputs.series.gaps import settled
from regard.inputs.target_texts import given_texts
from regard.tables.archives import read_archive
from regard.tables.cells import tidy_labels
from regard.tables.files import FilePath
from regard.tables.missing import Missing, check_missing
from regard.tables.problems import Problems

__all__ = ["read_npz"]

_KEYS = ("X", "y", "lengths", "spans")
_INSTEAD = "numbers or strings, and series of unequal lengths padded, with their lengths"
_TURNED = ", which is [cases, channels, steps]: transpose it, as its second axis has the lengths"


def read_npz(
    path: FilePath, *, targets: bool = False, texts: bool = False, missing: Missing = "refuse"
) -> Cases:
    """Read a NumPy archive (`numpy.savez`), without executing any code in it.

    Parameters:
        path: An .npz file with the array X, [B, C, T] or [B, T], and optionally y [B], lengths
            [B] (by default all cases have T steps) and spans [B, 2] or [B, n, 2] (half-open
            steps).
        targets: Whether y, [B] or [B, M], is numbers to predict.
        texts: Whether y is texts to write; there are no spans then.
        missing: "refuse"; "interpolate"; "skip" leaves out cases with missing values or labels.

    Returns:
        B cases of C channels and up to T steps. With `targets`, or if y is floating point or has
        two axes, labels are float64 targets; otherwise classes or texts as strings.

    Raises:
        DataError: The file cannot be read, an array has another name, shape or type, a value is
            infinite or missing.
    """
    check_missing(missing, skip=True)
    arrays = read_archive(path, _KEYS[:-1] if texts else _KEYS, instead=_INSTEAD)
    X = arrays["X"]
    if X.dtype.kind not in "biuf":
        raise DataError(f"{path}: X holds {X.dtype}; wanted real numbers")
    if X.ndim not in (2, 3) or X.size == 0:
        raise DataError(
            f"{path}: X has the shape {list(X.shape)}; wanted [cases, channels, steps] or "
            "[cases, steps], none of them 0"
        )
    values = (X if X.ndim == 3 else X[:, None, :]).astype(np.float64)
    cases, _, steps = values.shape
    lengths = np.full(cases, steps, dtype=np.int64)
    if "lengths" in arrays:
        lengths = _whole(path, "lengths", arrays["lengths"], (cases,))
        if (strange := (lengths < 1) | (lengths > steps)).any():
            at = int(strange.argmax())
            turned = X.ndim == 3 and lengths.min() >= 1 and lengths.max() == X.shape[1]
            raise DataError(
                f"{path}: lengths[{at}] is {lengths[at]}; wanted 1 to the {steps} steps of X"
                f"{_TURNED if turned else ''}"
            )
    inside = np.arange(steps) < lengths[:, None, None]
    labels, unlabelled = None, None
    if "y" in arrays and texts:
        labels, unlabelled = _texts(path, arrays["y"], cases)
    elif "y" in arrays:
        labels, unlabelled = _labels(path, arrays["y"], cases, targets=targets)
    spans = _spans(path, arrays["spans"], lengths) if "spans" in arrays else None
    try:
        read = Cases(np.where(inside, values, 0.0), lengths, labels, spans)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    return settled(
        read,
        Problems(path),
        missing=missing,
        unlabelled=unlabelled,
        noun="target" if targets else "text" if texts else "label",
    )


def _texts(path: FilePath, y: NDArray[Any], cases: int) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The texts to write, and which are missing."""
    if y.dtype.kind != "U" or y.shape != (cases,):
        raise DataError(
            f"{path}: y is {y.dtype} of the shape {list(y.shape)}; wanted strings of the shape "
            f"[{cases}], the text of each case"
        )
    texts = given_texts(y, cases, keep_missing=True)
    return texts, texts == ""


def _labels(
    path: FilePath, y: NDArray[Any], cases: int, *, targets: bool
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The classes or targets, and which are missing."""
    if y.dtype.kind not in ("biuf" if targets else "biufU"):
        wanted = "numbers to predict" if targets else "strings or real numbers"
        raise DataError(f"{path}: y holds {y.dtype}; wanted {wanted}")
    several = y.ndim == 2 and y.dtype.kind in "biuf" and y.shape[1] > 0
    if y.shape[:1] != (cases,) or not (y.ndim == 1 or several):
        wanted = f"[{cases}] or [{cases}, targets]" if targets else f"[{cases}]"
        raise DataError(f"{path}: y has the shape {list(y.shape)}; wanted {wanted}, as X")
    if not (targets or several or y.dtype.kind == "f"):
        return tidy_labels(y.astype(np.str_)), missing_labels(y)
    if np.isinf(y).any():
        at = int(np.isinf(y).reshape(cases, -1).any(1).argmax())
        raise DataError(f"{path}: y[{at}] is {y[at]}; wanted a finite number")
    return y.astype(np.float64), missing_labels(y)


def _spans(path: FilePath, given: NDArray[Any], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    several = given.shape[1:2] if given.ndim == 3 else ()
    return _whole(path, "spans", given, (len(lengths), *several, 2))


def _whole(
    path: FilePath, name: str, given: NDArray[Any], shape: tuple[int, ...]
) -> NDArray[np.int64]:
    if given.dtype.kind not in "iu" or given.shape != shape:
        raise DataError(
            f"{path}: {name} is {given.dtype} of the shape {list(given.shape)}; "
            f"wanted whole numbers of the shape {list(shape)}"
        )
    return given.astype(np.int64)
