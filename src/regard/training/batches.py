"""Batches of tensors, as the trainer takes them."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from regard.training.order import batch_indices

__all__ = ["Batch", "BatchOrder", "Part", "SequencePart", "load_batches"]


class Batch(NamedTuple):
    """Cases that go through the model together.

    Attributes:
        inputs: what the model takes, the sequence first: series [B, C, T] or tokens [B, T].
        mask: boolean [B, T], True at true steps; None when all are as long as each other.
        targets: [B] class numbers, or what else the objective takes; None in prediction.
    """

    inputs: tuple[Tensor, ...]
    mask: Tensor | None
    targets: Tensor | None


class Part(Dataset[Batch]):
    """A part of the data, ready for the model; an index of several cases gives a batch.

    Attributes:
        lengths: [B] int64.
    """

    lengths: Tensor

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: NDArray[np.int64]) -> Batch:
        """The cases at these positions, padded to the longest of them."""
        raise NotImplementedError

    def _cut(self, where: Tensor) -> tuple[int, Tensor | None]:
        """The most steps of these cases, and the mask where not all have as many."""
        lengths = self.lengths[where]
        steps = int(lengths.max())
        equal = int(lengths.min()) == steps
        return steps, None if equal else torch.arange(steps) < lengths.unsqueeze(1)


class SequencePart(Part):
    """Sequences that are padded at their ends.

    Parameters:
        inputs: [B, ..., T] each, zeros after each case's length.
        lengths: [B] int64.
        targets: [B, ...], or None.
    """

    def __init__(
        self, inputs: Sequence[Tensor], lengths: Tensor, targets: Tensor | None = None
    ) -> None:
        self.inputs = inputs
        self.lengths = lengths
        self.targets = targets

    def __getitem__(self, index: NDArray[np.int64]) -> Batch:
        """The cases at these positions, padded to the longest of them."""
        where = torch.from_numpy(index)
        steps, mask = self._cut(where)
        inputs = tuple(each[where, ..., :steps] for each in self.inputs)
        targets = None if self.targets is None else self.targets[where]
        return Batch(inputs, mask, targets)


class BatchOrder(Sampler[NDArray[np.int64]]):
    """The cases of each batch of an epoch: of similar length, in another order every epoch.

    The order depends on seed and epoch alone.

    Parameters:
        lengths: [B].
        batch_size: largest number of cases in a batch.
        seed: random seed of the order; None sorts by length.
        at_least: least number of batches in an epoch; a small part is passed over repeatedly.
    """

    def __init__(
        self, lengths: Tensor, *, batch_size: int, seed: int | None, at_least: int = 1
    ) -> None:
        self._lengths = lengths.numpy()
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0
        self._passes = max(1, -(-at_least // len(self._one_pass(0))))

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before every epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._passes * len(self._one_pass(0))

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        for number in range(self._epoch * self._passes, (self._epoch + 1) * self._passes):
            yield from self._one_pass(number)

    def _one_pass(self, number: int) -> list[NDArray[np.int64]]:
        return batch_indices(
            self._lengths,
            batch_size=self._batch_size,
            seed=self._seed or 0,
            epoch=number,
            shuffle=self._seed is not None,
        )


def load_batches(
    part: Part, *, batch_size: int, seed: int | None = None, at_least: int = 1
) -> DataLoader[Batch]:
    """A loader of batches; the parameters are those of `BatchOrder`."""
    order = BatchOrder(part.lengths, batch_size=batch_size, seed=seed, at_least=at_least)
    # Its own generator: drawing from torch's global one would change later random numbers.
    return DataLoader(part, None, sampler=order, collate_fn=_as_it_is, generator=torch.Generator())


def _as_it_is(batch: Any) -> Any:
    return batch
