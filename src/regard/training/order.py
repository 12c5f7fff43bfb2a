"""Batches of cases of similar lengths, so that little of a batch is padding."""

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_count

__all__ = ["batch_indices"]

_POOL = 16  # batches among which cases are sorted by length; more pad less and mix less


def batch_indices(
    lengths: NDArray[np.int64],
    *,
    batch_size: int,
    seed: int = 0,
    epoch: int = 0,
    shuffle: bool = True,
) -> list[NDArray[np.int64]]:
    """Cut cases into batches of nearly equal size.

    For training, cases are shuffled and, where lengths differ, sorted by length within pools of
    several batches, and then the batches are shuffled. For prediction, all are sorted by length;
    putting the concatenated batches in place restores the order:
    `result[np.concatenate(batches)] = np.concatenate(outputs)`.

    Parameters:
        lengths: [B] steps of each case.
        batch_size: the most cases in a batch. When shuffling, a case that would be alone joins
            another batch, since batch normalisation cannot learn from one (batches of 2 only).
        seed: with the epoch, it decides the order.
        epoch: every epoch has an order of its own.
        shuffle: True for training, False for prediction.

    Returns:
        Positions of the cases in each batch; every case is in exactly one.

    Raises:
        ConfigError: A number is not what is wanted.
    """
    check_count("batch_size", batch_size, least=1)
    check_count("seed", seed, least=0)
    check_count("epoch", epoch, least=0)
    cases = len(lengths)
    if not cases:
        return []
    number = -(-cases // batch_size)
    if not shuffle:
        return np.array_split(np.argsort(lengths, kind="stable"), number)
    if batch_size > 1:
        number = min(number, max(1, cases // 2))
    generator = np.random.default_rng([seed, epoch])
    order = generator.permutation(cases)
    if np.ptp(lengths) == 0:
        return np.array_split(order, number)
    sizes = [len(batch) for batch in np.array_split(order, number)]
    pool = np.repeat(np.arange(number) // _POOL, sizes)
    order = order[np.lexsort((lengths[order], pool))]
    batches = np.array_split(order, number)
    return [batches[at] for at in generator.permutation(number)]
