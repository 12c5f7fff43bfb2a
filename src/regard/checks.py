"""Checks of parameters, each with the one wording its errors have."""

from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from regard.errors import ConfigError, did_you_mean

__all__ = ["check_choice", "check_count", "check_number", "check_range"]


def check_choice(name: str, given: Any, known: Iterable[str]) -> None:
    """Refuse a name that is not among the known ones."""
    names = list(known)
    if given not in names:
        raise ConfigError(f"{name}: no {given!r}{did_you_mean(str(given), names)}")


def check_count(name: str, given: Any, *, least: int) -> None:
    """Refuse all but whole numbers from `least` up."""
    if not isinstance(given, Integral) or isinstance(given, bool) or given < least:
        raise ConfigError(f"{name}: wanted a whole number of at least {least}, given {given!r}")


def check_number(name: str, given: Any, *, within: str) -> None:
    """Refuse all but finite numbers in an interval written as in mathematics, such as "(0, 1]"."""
    if not _is_in(given, within):
        raise ConfigError(f"{name}: wanted a number in {within}, given {given!r}")


def check_range(name: str, given: Any, *, within: str) -> None:
    """Refuse all but two numbers of an interval, the lower one first."""
    pair = isinstance(given, Sequence | np.ndarray) and len(given) == 2
    if not (
        pair and _is_in(given[0], within) and _is_in(given[1], within) and given[0] <= given[1]
    ):
        raise ConfigError(f"{name}: wanted two numbers in {within}, low to high, given {given!r}")


def _is_in(given: Any, interval: str) -> bool:
    if not isinstance(given, Real) or isinstance(given, bool) or not np.isfinite(float(given)):
        return False
    number, (low, high) = float(given), map(float, interval[1:-1].split(","))
    above = low <= number if interval[0] == "[" else low < number
    below = number <= high if interval[-1] == "]" else number < high
    return above and below
