"""Missing values and infinities, which are refused or filled.

A gap is filled by linear interpolation along the steps of its channel, between the nearest values
before (at step p) and after it (at step n):

    x[t] = x[p] + (x[n] - x[p]) (t - p) / (n - p)

Without a value before or after, the nearest value is used. This is `numpy.interp` for all channels
of all cases at once.
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
"""Names the place of a value in messages, given its case, channel and step."""


def check_missing(missing: str) -> None:
    """Refuse an unknown policy."""
    check_choice("missing", missing, ("refuse", "interpolate"))


def place_in(source: str) -> Place:
    """Places of a source without rows, named by case, channel and step."""
    return lambda case, channel, step: f"{source}, case {case}, channel {channel}, step {step}"


def settle_missing(
    values: NDArray[np.float64], lengths: NDArray[np.int64], *, missing: str, place: Place
) -> NDArray[np.float64]:
    """Refuse missing values, or fill them along the steps.

    Parameters:
        values: [B, C, T], NaN where a value is missing.
        lengths: [B] true steps of each case; later steps are padding and ignored.
        missing: "refuse" or "interpolate".
        place: names the place of a value in messages.

    Returns:
        [B, C, T]: `values` itself if it has no gaps, otherwise a filled copy.

    Raises:
        DataError: A value is infinite, a value is missing and `missing` is "refuse", or a channel
            of a case has no values.
    """
    check_missing(missing)
    inside = np.arange(values.shape[2]) < lengths[:, None, None]  # [B, 1, T]
    infinite = np.isinf(values) & inside
    if infinite.any():
        raise DataError(
            f"{place(*_first(infinite))}: the value is infinite (inf); wanted a finite number"
        )
    gaps = np.isnan(values) & inside
    if not gaps.any():
        return values
    if missing == "refuse":
        raise DataError(
            f"{place(*_first(gaps))}: the value is missing (NaN)",
            fixes=(("missing", "interpolate"),),
        )
    known, broken = inside & ~gaps, np.asarray(gaps.any(axis=2))
    without = np.asarray(broken & ~known.any(axis=2))
    if without.any():
        raise DataError(
            f"{place(*_first(without[..., None]))}: missing (NaN), as is every other step of this "
            "channel; there is nothing to interpolate from"
        )
    filled, own = values.copy(), values[broken]
    filled[broken] = np.where(gaps[broken], _interpolate(own, known[broken]), own)
    return filled


def _interpolate(values: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """[R, T] -> [R, T]: every step on the line between the known values around it."""
    far = values.shape[1]
    steps = np.arange(far)
    before = np.maximum.accumulate(np.where(known, steps, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, steps, far)[:, ::-1], axis=1)[:, ::-1]
    before, after = np.where(before < 0, after, before), np.where(after == far, before, after)
    low = np.take_along_axis(values, before, axis=1)
    high = np.take_along_axis(values, after, axis=1)
    return np.asarray(low + (high - low) * (steps - before) / np.maximum(after - before, 1))


def _first(found: NDArray[np.bool_]) -> tuple[int, int, int]:
    case, channel, step = np.unravel_index(int(found.argmax()), found.shape)
    return int(case), int(channel), int(step)
