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
from regard.errors import Fix
from regard.tables.problems import SHOWN, Problems

__all__ = ["Missing", "Place", "check_missing", "place_in", "settle_missing"]

Missing = Literal["refuse", "interpolate", "skip", "keep"]
"""What to do with missing values. "skip" leaves out cases; "keep" is for cases to predict, of which
those with gaps get no answer. Neither is for a panel."""

Place = Callable[[int, int, int], str]
"""The place of a value within its source, given its case, channel and step."""


def check_missing(missing: str, *, skip: bool = False) -> None:
    """Refuse an unknown policy; `skip` says whether cases can be left out."""
    known = ("refuse", "interpolate", "skip", "keep")
    check_choice("missing", missing, known if skip else known[:2])


def place_in(case: int, channel: int, step: int) -> str:
    """The place of a value in a source without rows."""
    return f"case {case}, channel {channel}, step {step}"


def settle_missing(
    values: NDArray[np.float64],
    lengths: NDArray[np.int64],
    *,
    missing: str,
    place: Place,
    problems: Problems,
) -> NDArray[np.float64]:
    """Find missing and infinite values, and fill gaps along the steps if they may be filled.

    Parameters:
        values: [B, C, T], NaN where a value is missing.
        lengths: [B] true steps of each case; later steps are padding and ignored.
        missing: "refuse" or "interpolate".
        place: names the place of a value in messages.
        problems: takes infinite values, missing ones under "refuse", and channels of a case
            without any value.

    Returns:
        [B, C, T]: `values` itself if it has no gaps, otherwise a filled copy.
    """
    check_missing(missing)
    inside = np.arange(values.shape[2]) < lengths[:, None, None]  # [B, 1, T]

    def add(what: str, found: NDArray[np.bool_], *fixes: Fix) -> None:
        at = np.flatnonzero(found)
        if at.size:
            shown = np.stack(np.unravel_index(at[:SHOWN], found.shape), axis=1).tolist()
            problems.add(what, (place(*each) for each in shown), count=at.size, fixes=fixes)

    add("the value is infinite (inf); wanted a finite number", np.isinf(values) & inside)
    gaps = np.isnan(values) & inside
    if not gaps.any():
        return values
    if missing == "refuse":
        add("the value is missing (NaN)", gaps, ("missing", "interpolate"))
        return values
    known, broken = inside & ~gaps, np.asarray(gaps.any(axis=2))
    without = np.asarray(broken & ~known.any(axis=2))
    if without.any():
        what = "missing (NaN), as is every other step of this channel; there is nothing to "
        add(what + "interpolate from", without[..., None])
        return values
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
