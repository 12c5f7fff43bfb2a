"""Stratified splits: each part has its share of every class.

Unlike scikit-learn's splitters, `split` accepts a class of which only one case is left for a later
part, and always keeps one case of each class for training. Held-out cases are apportioned over the
classes by rounding the running total: totals are exact, and each class is within one case of its
share.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_count, check_shares
from regard.errors import DataError

__all__ = ["split"]


def split(
    labels: NDArray[Any], *, shares: Sequence[float] = (0.7, 0.1, 0.2), seed: int = 0
) -> tuple[NDArray[np.int64], ...]:
    """Split cases at random into a training part and others, each with its share of every class.

    Parameters:
        labels: [B] class of each case. For regression pass `np.zeros(B)`: a plain random split.
        shares: share of the cases for each part, together 1, the training part first. A part with
            share 0 is empty; any other part has at least one case.
        seed: the same seed gives the same parts.

    Returns:
        For each share the positions of its cases, ascending; every case is in exactly one part.

    Raises:
        ConfigError: Invalid shares.
        DataError: A class has a single case, or there are too few cases for these shares.

    Example:
        >>> training, test = split(np.array(["a", "b"] * 5), shares=(0.8, 0.2))
        >>> len(training), len(test)
        (8, 2)
    """
    check_shares(shares)
    check_count("seed", seed, least=0)
    generator = np.random.default_rng(seed)
    classes, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    held_out = [max(1, round(len(codes) * share)) if share else 0 for share in shares[1:]]
    sizes = np.array([len(codes) - sum(held_out), *held_out], dtype=np.int64)
    _check_classes(classes, counts, sizes)
    # The class that gets the odd case is random, and does not depend on the order of the names.
    order = generator.permutation(len(classes))
    counts, rank = counts[order], np.argsort(order)[codes]
    held = np.minimum(_apportion(counts, sizes[1:].sum()), counts - 1)
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
    if not total:
        return np.zeros_like(counts)
    running = np.cumsum(counts)
    rounded = (2 * running * total + running[-1]) // (2 * running[-1])
    return np.diff(rounded, prepend=0)


def _check_classes(
    classes: NDArray[Any], counts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> None:
    if not len(classes):
        raise DataError("labels: there are no cases to split")
    if sizes[1:].any() and counts.tolist() == [1]:
        raise DataError("labels: there is one case; a split needs two")
    if sizes[1:].any() and (counts == 1).any():
        name = str(classes[int((counts == 1).argmax())])
        fixes = (("training.rare_classes", "drop"), ("training.rare_classes", "merge"))
        raise DataError(
            f"labels: class {name!r} has one case, and a split needs two of each class",
            fixes=fixes[: int((counts == 1).sum())],  # one class has none to merge with
        )
    if sizes[0] < len(classes):
        raise DataError(
            f"shares: {counts.sum()} cases leave {max(0, sizes[0])} for training, which needs one "
            f"for each of {len(classes)} classes; give training a larger share or add cases"
        )
