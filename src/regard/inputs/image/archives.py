"""Archives of pictures: .npz of NumPy, and the idx files of MNIST and its kin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.image.arrays import as_pictures
from regard.inputs.image.pictures import Pictures
from regard.inputs.labels import missing_labels
from regard.tables.archives import read_archive
from regard.tables.cells import tidy_labels
from regard.tables.files import FilePath, read_bytes

__all__ = ["read_idx", "read_npz_pictures"]

_KEYS = ("X", "y", "boxes")
_BYTES = 8  # the type of idx files that hold bytes


def read_npz_pictures(
    path: FilePath, *, size: int | None = None, channels: int | None = None
) -> Pictures:
    """Read a NumPy archive (`numpy.savez`), without executing any code in it.

    Parameters:
        path: an .npz file with the array X, as `as_pictures` takes it, and optionally y [B] and
            boxes [B, 4].
        size, channels: as of `as_pictures`.

    Returns:
        Pictures with strings as labels.

    Raises:
        DataError: the file cannot be read, an array has another name, shape or type.
    """
    arrays = read_archive(path, _KEYS)
    labels: Any = arrays.get("y")
    if labels is not None:
        labels = _labels(f"{path}: y", labels)
    try:
        return as_pictures(
            arrays["X"], labels, size=size, channels=channels, boxes=arrays.get("boxes")
        )
    except DataError as error:
        raise DataError(f"{path}: {error.message}", fixes=error.fixes) from None


def read_idx(
    path: FilePath,
    labels_path: FilePath | None = None,
    *,
    size: int | None = None,
    channels: int | None = None,
) -> Pictures:
    """Read pictures, and their labels, from idx files, gzipped or not.

    Parameters:
        path: bytes [B, rows, columns].
        labels_path: bytes [B]; None for pictures without labels.
        size, channels: as of `as_pictures`.

    Raises:
        DataError: a file cannot be read, has another shape, or fewer bytes than it says.

    Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits": 0, 0, the type,
    the number of axes, then the length of each in four bytes, the highest first, then the bytes.
    """
    pictures = _idx(path, axes=3)
    labels = None
    if labels_path is not None:
        given = _idx(labels_path, axes=1)
        if len(given) != len(pictures):
            raise DataError(
                f"{labels_path}: has {len(given)} labels, {path} has {len(pictures)} pictures"
            )
        labels = given.astype(np.str_)
    return as_pictures(pictures, labels, size=size, channels=channels)


def _idx(path: FilePath, *, axes: int) -> NDArray[np.uint8]:
    content = read_bytes(path)
    if content[:4] != bytes((0, 0, _BYTES, axes)):
        raise DataError(f"{path}: is no idx file of bytes with {axes} axes")
    start = 4 + 4 * axes
    shape = np.frombuffer(content[4:start].ljust(4 * axes, b"\0"), ">u4").tolist()
    if len(content) - start != math.prod(shape) or 0 in shape:
        raise DataError(
            f"{path}: is damaged: it says {' x '.join(map(str, shape))} bytes and holds "
            f"{max(0, len(content) - start)}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _labels(name: str, given: NDArray[Any]) -> NDArray[np.str_]:
    if given.ndim != 1 or given.dtype.kind == "f":
        raise DataError(f"{name} is {given.dtype} {list(given.shape)}; wanted one class a picture")
    missing = missing_labels(given)
    if missing.any():
        raise DataError(f"{name}[{int(missing.argmax())}]: the label is missing")
    return tidy_labels(given.astype(np.str_))
