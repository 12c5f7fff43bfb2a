"""Missing values and infinities: the one place where they are refused or filled.

A gap is filled along the steps of its channel, on the straight line between the nearest values
before (at step p) and after it (at step n):

    x[t] = x[p] + (x[n] - x[p]) (t - p) / (n - p)

and where there is no value before, or none after, with the nearest there is. That is what
`numpy.interp` does, here for all channels of all cases at once.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_choice
from regard.errors import DataError

__all__ = ["Missing", "Place", "check_missing", "place_in", "settle_missing"]

Missing = Literal["refuse", "interpolate"]

Place = Callable[[int, int, int], str]
"""Says in the words of the source where the value of a case, channel and step stands."""


def check_missing(missing: str) -> None:
    """Refuse a policy that there is not."""
    check_choice("missing", missing, ("refuse", "interpolate"))


def place_in(source: str) -> Place:
    """Names places by case, channel and step, for sources that have no rows of their own."""
    return lambda case, channel, step: f"{source}, case {case}, channel {channel}, step {step}"


def settle_missing(
    values: NDArray[np.float64],
    lengths: NDArray[np.int64],
    *,
    missing: str,
    place: Place,
) -> NDArray[np.float64]:
    """The values without a NaN among them: refused, or filled along the steps.

    Parameters:
        values: [B, C, T], NaN where a value is missing.
        lengths: [B] true steps of each case; what stands after them is not looked at.
        missing: "refuse" or "interpolate".
        place: names the place of a value in messages.

    Returns:
        [B, C, T]: `values` itself if it has no gaps, else a filled copy.

    Raises:
        DataError: A value is infinite, a value is missing and `missing` is "refuse", or a channel
            of a case has no value at all.
    """
    check_missing(missing)
    inside = np.arange(values.shape[2]) < lengths[:, None, None]  # [B, 1, T]
    infinite = np.isinf(values) & inside
    if infinite.any():
        where = place(*_first(infinite))
        raise DataError(f"{where}: the value is infinite (inf); wanted a finite number")
    gaps = np.isnan(values) & inside
    if not gaps.any():
        return values
    if missing == "refuse":
        where = place(*_first(gaps))
        raise DataError(
            f"{where}: the value is missing (NaN); set missing='interpolate' to fill the gaps"
        )
    known = inside & ~gaps
    without = gaps.any(axis=2) & ~known.any(axis=2)
    if without.any():
        case, channel = np.argwhere(without)[0]
        where = place(int(case), int(channel), 0)
        raise DataError(
            f"{where}: missing (NaN), as is every other step of this channel; "
            "there is nothing to interpolate from"
        )
    filled = values.copy()
    broken = gaps.any(axis=2)
    filled[broken] = np.where(
        gaps[broken], _interpolate(values[broken], known[broken]), values[broken]
    )
    return filled


def _interpolate(values: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """[R, T] -> [R, T]: every step on the line between the known values around it."""
    steps = np.arange(values.shape[1])
    before = np.maximum.accumulate(np.where(known, steps, -1), axis=1)
    far = values.shape[1]
    after = np.minimum.accumulate(np.where(known, steps, far)[:, ::-1], axis=1)[:, ::-1]
    before, after = np.where(before < 0, after, before), np.where(after == far, before, after)
    low = np.take_along_axis(values, before, axis=1)
    high = np.take_along_axis(values, after, axis=1)
    return np.asarray(low + (high - low) * (steps - before) / np.maximum(after - before, 1))


def _first(found: NDArray[np.bool_]) -> tuple[int, int, int]:
    case, channel, step = np.unravel_index(int(found.argmax()), found.shape)
    return int(case), int(channel), int(step)
