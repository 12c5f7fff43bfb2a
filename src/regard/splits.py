"""Stratified splits: each part has its share of every class.

scikit-learn's splitters come near, but refuse a class of which one case is left for a later cut,
and may leave a class out of the training part. Here the cases to hold out are apportioned over
the classes by rounding the running total, so that totals are exact and what is held out of a class
is within a case of its share; but one case of each class always stays for training.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_count, check_number
from regard.errors import ConfigError, DataError

__all__ = ["split"]


def split(
    labels: NDArray[Any],
    *,
    shares: Sequence[float] = (0.7, 0.1, 0.2),
    seed: int = 0,
) -> tuple[NDArray[np.int64], ...]:
    """Divide cases at random into a training part and others, each with its share of every class.

    Parameters:
        labels: [B] class of each case. For targets give `np.zeros(B)`: a plain random split.
        shares: share of the cases for each part, together 1, the training part first. Shares of
            0 give empty parts; any other gives a part at least one case.
        seed: the same seed gives the same parts.

    Returns:
        For each share the positions of its cases, ascending; every case is in exactly one part.

    Raises:
        ConfigError: The shares are not what is wanted.
        DataError: A class has a single case, or there are too few cases for these shares.

    Example:
        >>> training, test = split(np.array(["a", "b"] * 5), shares=(0.8, 0.2))
        >>> len(training), len(test)
        (8, 2)
    """
    _check_shares(shares)
    check_count("seed", seed, least=0)
    generator = np.random.default_rng(seed)
    classes, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    sizes = _sizes(len(codes), shares)
    _check_classes(classes, counts, sizes)
    # Which class gets the odd case is drawn, not left to the order of the classes' names.
    order = generator.permutation(len(classes))
    counts, rank = counts[order], np.argsort(order)[codes]
    held = _apportion(counts, sizes[1:].sum())
    held = np.minimum(held, counts - 1)
    held += _apportion(counts - 1 - held, sizes[1:].sum() - held.sum())
    parts = [counts - held]
    for size in sizes[1:]:
        parts.append(_apportion(held, size))
        held = held - parts[-1]
    # Cases in random order, class after class; of each class the first go to the first part.
    shuffled = generator.permutation(len(codes))
    cases = shuffled[np.argsort(rank[shuffled], kind="stable")]
    owner = np.repeat(np.tile(np.arange(len(parts)), len(counts)), np.stack(parts, axis=1).ravel())
    return tuple(np.sort(cases[owner == part]) for part in range(len(parts)))


def _apportion(counts: NDArray[np.int64], total: np.int64) -> NDArray[np.int64]:
    """[N] whole numbers in proportion to the counts, none above its count, that sum to total."""
    running = np.cumsum(counts)
    if not total:
        return np.zeros_like(counts)
    rounded = (2 * running * total + running[-1]) // (2 * running[-1])
    return np.diff(rounded, prepend=0)


def _sizes(cases: int, shares: Sequence[float]) -> NDArray[np.int64]:
    """Cases in each part: what is held out is rounded, the rest is for training."""
    held = np.array([max(1, round(cases * share)) if share else 0 for share in shares[1:]], int)
    return np.array([cases - held.sum(), *held], dtype=np.int64)


def _check_shares(shares: Sequence[float]) -> None:
    wanted = "wanted numbers from 0 to 1 that sum to 1, the first above 0"
    if not isinstance(shares, Sequence) or not len(shares):
        raise ConfigError(f"shares: {wanted}, given {shares!r}")
    for at, share in enumerate(shares):
        check_number(f"shares[{at}]", share, within="[0, 1]" if at else "(0, 1]")
    if abs(sum(shares) - 1) > 1e-6:
        raise ConfigError(f"shares: {wanted}, given {shares!r} with the sum {sum(shares):g}")


def _check_classes(
    classes: NDArray[Any], counts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> None:
    if not len(classes):
        raise DataError("labels: there are no cases to split")
    if sizes[1:].any() and (counts == 1).any():
        name = str(classes[int((counts == 1).argmax())])
        raise DataError(
            f"labels: class {name!r} has one case, and a split needs two of each class; "
            "add cases of it, leave it out, or give a test file and hold nothing out"
        )
    if sizes[0] < len(classes):
        raise DataError(
            f"shares: {counts.sum()} cases leave {max(0, sizes[0])} for training, which needs one "
            f"for each of {len(classes)} classes; give training a larger share or add cases"
        )
