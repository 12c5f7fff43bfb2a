"""Cases: labelled series as every reader returns them and every model takes them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cases"]


@dataclass(frozen=True)
class Cases:
    """B series of C channels and up to T steps; shorter ones are padded with zeros at the end.

    Attributes:
        values: [B, C, T] float64, in the units of the data, zero after each case's length.
        lengths: [B] int64, the true number of steps of each case, at least 1.
        labels: [B] class of each case (strings from files, anything from Python), float targets
            for regression files, or None where there are none.
        spans: [B, 2] int64 half-open (start, stop) steps of the part that makes the case what it
            is, where the truth is known; start == stop where there is none.
        ids: [B] what the source calls each case (the case column of a table; by default the
            position, from 0).
        channels: C names.
    """

    values: NDArray[np.float64]
    lengths: NDArray[np.int64]
    labels: NDArray[Any] | None = None
    spans: NDArray[np.int64] | None = None
    ids: NDArray[Any] = field(default_factory=lambda: np.empty(0))
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.values):
            object.__setattr__(self, "ids", np.arange(len(self.values)))
        if len(self.channels) != self.values.shape[1]:
            names = tuple(f"channel {c}" for c in range(self.values.shape[1]))
            object.__setattr__(self, "channels", names)

    def __len__(self) -> int:
        return len(self.values)

    def take(self, index: NDArray[np.int64]) -> Cases:
        """The cases at these positions, in this order, without padding that none of them needs."""
        lengths = self.lengths[index]
        steps = int(lengths.max(initial=1))
        return replace(
            self,
            values=self.values[index, :, :steps],
            lengths=lengths,
            labels=None if self.labels is None else self.labels[index],
            spans=None if self.spans is None else self.spans[index],
            ids=self.ids[index],
        )
