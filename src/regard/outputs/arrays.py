"""What every figure of numbers needs: shapes that go together, and nothing missing."""

from collections.abc import Mapping, Sequence
from math import floor, log10

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError

__all__ = ["checked", "mean_of_known", "sensible_decimals"]


def checked(
    arrays: Mapping[str, ArrayLike], axes: Sequence[str], names: Sequence[str]
) -> list[NDArray[np.float64]]:
    """The arrays as float64, of one shape, not empty, and finite.

    Parameters:
        arrays: name, for errors, to array; the first says the shape of all.
        axes: what the axes are; the second is that of the targets.
        names: M names of the targets.

    Raises:
        DataError: one of them is something else.
    """
    floats = [np.asarray(array, dtype=np.float64) for array in arrays.values()]
    first, shape = next(iter(arrays)), floats[0].shape
    if len(shape) != len(axes) or 0 in shape:
        raise DataError(f"{first}: wanted [{', '.join(axes)}], given the shape {list(shape)}")
    for name, array in zip(arrays, floats, strict=True):
        if array.shape != shape:
            raise DataError(
                f"{name}: wanted the shape {list(shape)} of {first}, given {list(array.shape)}"
            )
        if not np.isfinite(array).all():
            raise DataError(f"{name}: wanted finite numbers, given some that are not")
    if len(names) != shape[1]:
        raise DataError(f"names: wanted {shape[1]}, one for each target, given {len(names)}")
    return floats


def sensible_decimals(spread: float) -> int:
    """Decimals of a table's numbers: down to a ten-thousandth of their standard deviation.

    >>> sensible_decimals(120.0), sensible_decimals(0.003), sensible_decimals(5e6)
    (2, 7, 0)
    """
    return max(0, 4 - floor(log10(spread))) if spread > 0 else 4


def mean_of_known(figures: Sequence[float | None]) -> float | None:
    """The mean of those that could be computed, None where none could."""
    known = [figure for figure in figures if figure is not None]
    return float(np.mean(known)) if known else None
