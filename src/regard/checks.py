"""Checks of parameters; each kind of check has one error message."""

from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from regard.errors import ConfigError, DataError, did_you_mean

__all__ = [
    "check_choice",
    "check_count",
    "check_number",
    "check_range",
    "check_shares",
    "check_texts",
]


def check_choice(name: str, given: Any, known: Iterable[str]) -> None:
    """Refuse an unknown name."""
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
    if not (pair and all(_is_in(each, within) for each in given) and given[0] <= given[1]):
        raise ConfigError(f"{name}: wanted two numbers in {within}, low to high, given {given!r}")


def check_shares(given: Any, *, count: int | None = None) -> None:
    """Refuse shares of a split that do not sum to 1, or are not `count` of them."""
    numbers = "numbers" if count is None else f"{count} numbers"
    wanted = f"shares: wanted {numbers} from 0 to 1 that sum to 1, the first above 0, given"
    if not isinstance(given, Sequence) or not given or len(given) != (count or len(given)):
        raise ConfigError(f"{wanted} {given!r}")
    for at, share in enumerate(given):
        check_number(f"shares[{at}]", share, within="[0, 1]" if at else "(0, 1]")
    if abs(sum(given) - 1) > 1e-6:
        raise ConfigError(f"{wanted} {given!r} with the sum {sum(given):g}")


def check_texts(given: Sequence[str]) -> None:
    """Refuse a single string, which is a sequence of strings too."""
    if isinstance(given, str):
        raise DataError("texts: wanted a list of texts, given a string; write [text]")


def _is_in(given: Any, interval: str) -> bool:
    if not isinstance(given, Real) or isinstance(given, bool) or not np.isfinite(float(given)):
        return False
    number, (low, high) = float(given), map(float, interval[1:-1].split(","))
    above = low <= number if interval[0] == "[" else low < number
    below = number <= high if interval[-1] == "]" else number < high
    return above and below
