"""Batches of tensors, of cases of similar length so that they have little padding."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset, Sampler

from regard.checks import check_count

__all__ = [
    "Batch",
    "BatchOrder",
    "Part",
    "SequencePart",
    "Targets",
    "batch_indices",
    "load_batches",
    "targets_at",
    "token_batches",
]

_JITTER = 4.0  # steps by which a length is off when cases are sorted; more pad and mix more
_POOL = 16  # batches among which cases are sorted by length; more pad less and mix less


class Batch(NamedTuple):
    """Cases that go through the model together.

    Attributes:
        inputs: what the model takes, the sequence first: series [B, C, T] or tokens [B, T].
        mask: boolean [B, T], True at true steps; None if all are equally long.
        targets: [B] class numbers, or other targets of the objective; None in prediction.
        beyond: texts of the tokens of each case that the vocabulary lacks; empty where none has
            any.
    """

    inputs: tuple[Tensor, ...]
    mask: Tensor | None
    targets: Tensor | None
    beyond: Sequence[tuple[str, ...]] = ()


class Part(Dataset[Batch]):
    """A part of the data as tensors; an index of several cases gives a batch.

    Attributes:
        lengths: [B] int64, steps of each case.
        sizes: [B] int64, what each case counts for in batches by number of tokens, such as twice
            the longer of source and target; None where batches go by the number of cases alone.
    """

    lengths: Tensor
    sizes: Tensor | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: NDArray[np.int64]) -> Batch:
        """The cases at these positions, padded to the longest of them."""
        raise NotImplementedError

    def set_pass(self, number: int) -> None:
        """Called before each pass over the training part, from 0, for cases that change with it.

        What a case then is depends on the number alone; `lengths` and `sizes` stay.
        """

    def _cut(self, where: Tensor) -> tuple[int, Tensor | None]:
        """The steps of the longest of these cases, and the mask if the lengths differ."""
        return self._padding(self.lengths[where])

    @staticmethod
    def _padding(lengths: Tensor) -> tuple[int, Tensor | None]:
        """As `_cut`, of the lengths of a batch."""
        steps = int(lengths.max())
        equal = int(lengths.min()) == steps
        return steps, None if equal else torch.arange(steps) < lengths.unsqueeze(1)


Targets = Tensor | NDArray[Any] | Sequence[NDArray[np.int64]] | None
"""[B, ...] targets of all cases, or B arrays [L_b] of tokens to write, or None."""


def targets_at(targets: Targets, index: NDArray[np.int64]) -> Tensor | None:
    """The targets at these positions; tokens [b, L] are padded with zeros at the end.

    >>> targets_at([np.array([5, 3]), np.array([3])], np.array([1, 0]))
    tensor([[3, 0],
            [5, 3]])
    """
    if targets is None:
        return None
    if isinstance(targets, Tensor):
        return targets[torch.from_numpy(index)]
    if isinstance(targets, np.ndarray):
        return torch.from_numpy(targets[index])
    rows = [torch.from_numpy(targets[at]) for at in index.tolist()]
    return pad_sequence(rows, batch_first=True)


class SequencePart(Part):
    """Sequences padded at the end.

    Parameters:
        inputs: [B, ..., T] each, zero beyond each case's length.
        lengths: [B] int64.
        targets: of all cases.
    """

    def __init__(self, inputs: Sequence[Tensor], lengths: Tensor, targets: Targets = None) -> None:
        self.inputs = inputs
        self.lengths = lengths
        self.targets = targets

    def __getitem__(self, index: NDArray[np.int64]) -> Batch:
        where = torch.from_numpy(index)
        steps, mask = self._cut(where)
        inputs = tuple(each[where, ..., :steps] for each in self.inputs)
        return Batch(inputs, mask, targets_at(self.targets, index))


class BatchOrder(Sampler[NDArray[np.int64]]):
    """The cases of each batch of an epoch: of similar length, in another order every epoch.

    The order depends on seed and epoch alone, and every epoch has the same number of batches.

    Parameters:
        part: the cases, whose `lengths` and `sizes` are read.
        batch_size: largest number of cases in a batch.
        batch_tokens: largest number of tokens in a batch, see `token_batches`; None counts none.
        seed: random seed of the order; None sorts by length.
        at_least: least number of batches in an epoch; a small part is passed over repeatedly.
    """

    def __init__(
        self,
        part: Part,
        *,
        batch_size: int,
        seed: int | None,
        batch_tokens: int | None = None,
        at_least: int = 1,
    ) -> None:
        options: dict[str, Any] = {"seed": seed or 0, "shuffle": seed is not None}
        options["batch_size"] = batch_size
        self._part = part
        lengths = part.lengths.numpy()
        if batch_tokens is None:
            self._one_pass = partial(batch_indices, lengths, **options)
        else:
            assert part.sizes is not None
            options |= {"sizes": part.sizes.numpy(), "batch_tokens": batch_tokens}
            self._one_pass = partial(token_batches, lengths, **options)
        self._epoch = 0
        self._batches = len(self._one_pass())
        self._passes = max(1, -(-at_least // self._batches))

    def set_epoch(self, epoch: int) -> None:
        """The trainer calls this before every epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._passes * self._batches

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        for number in range(self._epoch * self._passes, (self._epoch + 1) * self._passes):
            self._part.set_pass(number)
            yield from self._one_pass(epoch=number)


def load_batches(
    part: Part,
    *,
    batch_size: int,
    batch_tokens: int | None = None,
    seed: int | None = None,
    at_least: int = 1,
) -> DataLoader[Batch]:
    """A loader of batches; the parameters are those of `BatchOrder`."""
    order = BatchOrder(
        part, batch_size=batch_size, batch_tokens=batch_tokens, seed=seed, at_least=at_least
    )
    # Its own generator: drawing from torch's global one would change later random numbers.
    return DataLoader(part, None, sampler=order, collate_fn=_as_it_is, generator=torch.Generator())


def _as_it_is(batch: Any) -> Any:
    return batch


def batch_indices(
    lengths: NDArray[np.int64],
    *,
    batch_size: int,
    seed: int = 0,
    epoch: int = 0,
    shuffle: bool = True,
) -> list[NDArray[np.int64]]:
    """Divide cases into batches of nearly equal size.

    For training, cases are shuffled and, if lengths differ, sorted by length within pools of
    several batches; then the batches are shuffled. For prediction, all are sorted by length, and
    `result[np.concatenate(batches)] = np.concatenate(outputs)` restores their order.

    Parameters:
        lengths: [B] steps of each case.
        batch_size: largest number of cases in a batch. Shuffling with batch_size 2 puts an odd case
            into a batch of 3, since batch normalisation cannot train on a single case.
        seed: random seed of the order, together with the epoch.
        epoch: every epoch has its own order.
        shuffle: True for training, False for prediction.

    Returns:
        Positions of the cases in each batch; every case is in exactly one.

    Raises:
        ConfigError: batch_size, seed or epoch is not a whole number, or too small.
    """
    check_count("batch_size", batch_size, least=1)
    check_count("seed", seed, least=0)
    check_count("epoch", epoch, least=0)
    cases = len(lengths)
    if not cases:
        return []
    number = -(-cases // batch_size)
    if not shuffle:
        order = np.argsort(lengths, kind="stable")
        return [order] if number == 1 else np.array_split(order, number)
    if batch_size > 1:
        number = min(number, max(1, cases // 2))
    generator = np.random.default_rng([seed, epoch])
    order = generator.permutation(cases)
    batches = np.array_split(order, number)
    if np.ptp(lengths) == 0:
        return batches
    pool = np.repeat(np.arange(number) // _POOL, [len(batch) for batch in batches])
    batches = np.array_split(order[np.lexsort((lengths[order], pool))], number)
    return [batches[at] for at in generator.permutation(number)]


def token_batches(
    lengths: NDArray[np.int64],
    *,
    sizes: NDArray[np.int64],
    batch_tokens: int,
    batch_size: int,
    seed: int = 0,
    epoch: int = 0,
    shuffle: bool = True,
) -> list[NDArray[np.int64]]:
    """Divide cases into batches of at most so many tokens, padding included.

    Cases are sorted by size, those of one size by length, and a batch is filled up to the most
    cases with cases x largest size <= batch_tokens, and to batch_size. So the sizes of the batches
    do not depend on seed and epoch. For training, lengths are compared with random numbers of up to
    a few steps added, so that every epoch puts other cases together, and the batches are shuffled.

    Parameters:
        lengths: [B] steps of each case.
        sizes: [B] what each case counts for.
        batch_tokens: the most tokens in a batch. A case with more gets a batch of its own.
        batch_size: the most cases in a batch.
        seed: random seed of the order, together with the epoch.
        epoch: every epoch has its own order.
        shuffle: True for training, False for prediction.

    Returns:
        Positions of the cases in each batch; every case is in exactly one.

    Raises:
        ConfigError: batch_tokens, batch_size, seed or epoch is not a whole number, or too small.

    >>> sizes = np.array([2, 3, 2, 9, 3])
    >>> token_batches(np.ones(5), sizes=sizes, batch_tokens=6, batch_size=8, shuffle=False)
    [array([0, 2]), array([1, 4]), array([3])]
    """
    check_count("batch_tokens", batch_tokens, least=1)
    check_count("batch_size", batch_size, least=1)
    check_count("seed", seed, least=0)
    check_count("epoch", epoch, least=0)
    if not len(sizes):
        return []
    generator = np.random.default_rng([seed, epoch])
    jitter = _JITTER * generator.random(len(lengths)) if shuffle else 0
    order = np.lexsort((lengths + jitter, sizes))
    starts = [0]
    for at, size in enumerate(sizes[order].tolist()):
        cases = at + 1 - starts[-1]
        if cases > batch_size or (cases > 1 and cases * size > batch_tokens):
            starts.append(at)
    batches = np.split(order, starts[1:])
    return [batches[at] for at in generator.permutation(len(batches))] if shuffle else batches
