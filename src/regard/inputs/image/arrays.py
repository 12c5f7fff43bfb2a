"""Pictures from Python: arrays, and lists of paths or of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.inputs.faults import settled
from regard.inputs.image.decode import resize_to
from regard.inputs.image.files import LARGEST, read_paths
from regard.inputs.image.pictures import Pictures
from regard.inputs.target_texts import given_labels
from regard.inputs.text.texts import items_of
from regard.tables.problems import Problems

__all__ = ["as_pictures"]

_WANTED = "[cases, rows, columns], or with 1 or 3 channels as the last axis"


def as_pictures(
    X: Any,
    y: ArrayLike | None = None,
    *,
    size: int | None = None,
    channels: int | None = None,
    boxes: ArrayLike | None = None,
    texts: bool = False,
    missing: Literal["refuse", "skip"] = "refuse",
) -> Pictures:
    """Take pictures, and their labels, from Python.

    Parameters:
        X: [B, rows, columns] or [B, rows, columns, 1 or 3]: whole numbers from 0 to 255, or
            floating-point numbers from 0 to 1; a list of such pictures, of any sizes; or a list, a
            column of a data frame or an array of paths.
        y: [B] classes, kept as they are; or None.
        size: of the longer side after resizing, the ratio kept; None takes the longest side of
            all, at most 128.
        channels: 1 for grey, 3 for RGB; None is 3 if any picture has colours.
        boxes: [B, 4] (top, left, bottom, right), half-open, in pixels of X: where the object is, if
            that is known.
        texts: whether y are texts to write, such as captions, and not classes.
        missing: "refuse", or "skip" to leave out pictures that have no label, or whose file cannot
            be read, with a note.

    Raises:
        DataError: X has another shape or type, no cases or pixels, numbers out of range or missing;
            a file cannot be read; y or boxes have another length.

    >>> pictures = as_pictures(np.zeros((3, 5, 7), np.uint8), ["a", "b", "a"])
    >>> pictures.size, pictures.extents[0].tolist()
    (7, [5, 7])
    """
    if hasattr(X, "detach"):  # a tensor
        X = X.detach().cpu()
    if isinstance(X, str | PathLike):
        raise DataError(f"X: wanted a list of paths, given one; write [{str(X)!r}]")
    X = _listed(X)
    if isinstance(X, Sequence) and len(X) and all(isinstance(one, str | PathLike) for one in X):
        if boxes is not None:
            raise DataError("boxes: are in pixels of arrays; X is a list of paths")
        paths = [Path(one) for one in X]
        names = np.array([str(one) for one in X])
        strict = missing == "refuse"
        pictures = read_paths(paths, ids=names, size=size, channels=channels, strict=strict)
    else:
        pictures = _of_arrays(_checked(X), size, channels, boxes)
    labels, unlabelled = given_labels(y, len(pictures), texts=texts, missing=missing)

    def place(at: int) -> str:
        return f"case {at}{f' ({X[at]})' if pictures.ids.dtype.kind == 'U' else ''}"

    return settled(
        replace(pictures, labels=labels),
        Problems("X"),
        missing=missing,
        place=place,
        unlabelled=unlabelled,
        noun="text" if texts else "label",
        what="picture",
    )


def _of_arrays(
    arrays: list[NDArray[np.uint8]],
    size: int | None,
    channels: int | None,
    boxes: ArrayLike | None,
) -> Pictures:
    """Pictures without labels."""
    size = size or min(LARGEST, max(max(one.shape[:2]) for one in arrays))
    channels = channels or max(one.shape[2] for one in arrays)
    found = _boxes(boxes, arrays, size)
    shapes = {one.shape for one in arrays}
    if shapes == {(size, size, channels)}:
        extents = np.full((len(arrays), 2), size, np.int64)
        return Pictures(np.stack(arrays), extents, boxes=found)
    from PIL import Image

    placed = [
        resize_to(
            Image.fromarray(one[:, :, 0] if one.shape[2] == 1 else one),
            size=size,
            channels=channels,
        )
        for one in arrays
    ]
    extents = np.array([extent for _, extent in placed], np.int64)
    return Pictures(np.stack([canvas for canvas, _ in placed]), extents, boxes=found)


def _listed(X: Any) -> Any:
    """The elements of a column of a data frame, or of an array [B] of paths; other X as they are.

    A data frame of one column is that column.
    """
    if hasattr(X, "columns"):
        return items_of(X, of="paths")
    column = getattr(X, "ndim", 0) == 1 or type(X).__module__.startswith("polars")
    return list(X) if column and hasattr(X, "__array__") else X


def _checked(X: Any) -> list[NDArray[np.uint8]]:
    """B arrays [rows, columns, 1 or 3]."""
    if isinstance(X, dict | set | frozenset) or not hasattr(X, "__len__"):
        raise DataError(f"X: wanted an array or a list of pictures, given {type(X).__name__}")
    if not len(X):
        raise DataError("X: Found array with 0 sample(s) while a minimum of 1 is required")
    listed = isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype == object)
    if not listed:
        whole = np.asarray(X)
        single = whole.ndim == 3 and whole.shape[2] in (1, 3) and min(whole.shape[:2]) > 3
        if whole.ndim not in (3, 4) or single:
            one = "; for one picture write X[None]" if whole.ndim == 2 or single else ""
            raise DataError(f"X: wanted {_WANTED}, given the shape {list(whole.shape)}{one}")
        return [*_pixels(whole, "X", whole.ndim == 3)]
    arrays = []
    for at, one in enumerate(X):
        try:
            array = np.asarray(one)
        except ValueError:
            raise DataError(f"X: case {at} has rows of several lengths") from None
        if array.ndim not in (2, 3):
            raise DataError(
                f"X: case {at} has the shape {list(array.shape)}; wanted a picture [rows, columns] "
                "or [rows, columns, 3], or a path"
            )
        arrays.append(_pixels(array, f"X: case {at}", array.ndim == 2))
    return arrays


def _pixels(array: NDArray[Any], name: str, flat: bool) -> NDArray[np.uint8]:
    """As uint8, with the channels last."""
    if flat:
        array = array[..., None]
    if 0 in array.shape:
        raise DataError(f"{name}: has no pixels: its shape is {list(array.shape)}")
    if array.shape[-1] not in (1, 3):
        hint = "; move the channels to the end" if array.shape[-3] in (1, 3) else ""
        raise DataError(
            f"{name}: has {array.shape[-1]} channels; wanted 1 or 3, as last axis{hint}"
        )
    kind = array.dtype.kind
    if array.dtype == np.uint8:
        return array
    if kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    if kind not in "iuf":
        raise DataError(f"{name}: holds {array.dtype}; wanted numbers")
    if kind == "f" and not np.isfinite(array).all():
        raise DataError(f"{name}: Input contains NaN or infinity; wanted numbers from 0 to 1")
    low, high = array.min(), array.max()
    top = 1 if kind == "f" else 255
    if low < 0 or high > top:
        hint = ""
        if kind == "f" and low >= 0 and high <= 255:
            hint = "; divide by 255, or convert to uint8"
        words = "floating-point" if kind == "f" else "whole"
        raise DataError(
            f"{name}: has pixels from {low:g} to {high:g}; wanted {words} numbers from 0 to {top}"
            f"{hint}"
        )
    return np.asarray(np.rint(array * 255) if kind == "f" else array).astype(np.uint8)


def _boxes(
    given: ArrayLike | None, arrays: list[NDArray[np.uint8]], size: int
) -> NDArray[np.int64] | None:
    """Boxes in pixels of the canvas."""
    if given is None:
        return None
    boxes = np.asarray(given)
    if boxes.shape != (len(arrays), 4) or boxes.dtype.kind not in "iu":
        raise DataError(
            f"boxes: wanted whole numbers [{len(arrays)}, 4], given {boxes.dtype} "
            f"{list(boxes.shape)}"
        )
    sides = np.array([one.shape[:2] for one in arrays])
    top, left, bottom, right = boxes.T
    wrong = (top < 0) | (left < 0) | (bottom < top) | (right < left)
    wrong |= (bottom > sides[:, 0]) | (right > sides[:, 1])
    if wrong.any():
        at = int(wrong.argmax())
        raise DataError(
            f"boxes: that of case {at} is {boxes[at].tolist()}; wanted top, left, bottom, right "
            f"inside its {sides[at, 0]} x {sides[at, 1]} pixels"
        )
    scale = size / sides.max(1, keepdims=True)
    corners = np.hstack([np.floor(boxes[:, :2] * scale), np.ceil(boxes[:, 2:] * scale)])
    return corners.astype(np.int64)
