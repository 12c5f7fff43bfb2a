"""How far a query sees around its position."""

from typing import NamedTuple

import torch
from torch import Tensor

from regard.attention.kernels._choice import is_exported

__all__ = ["EVERYTHING", "Reach", "is_narrow"]

_SHORT = 1024  # keys up to which a mask is as fast


class Reach(NamedTuple):
    """The query at position p sees the keys from p - before to p + after.

    Attributes:
        before: number of keys before the position; None for all of them.
        after: number of keys after it; None for all of them.
    """

    before: int | None = None
    after: int | None = None

    @property
    def width(self) -> int | None:
        """The largest number of keys that a query sees; None if there is no bound."""
        if self.before is None or self.after is None:
            return None
        return self.before + self.after + 1

    def covers(self, queries: int, keys: int, position: int) -> bool:
        """Whether all queries, the first at a position, see all keys; there is then no mask.

        Always False in a compiled graph, which has one answer for all lengths.

        >>> Reach(None, 0).covers(1, 7, 6), Reach(None, 0).covers(2, 7, 5)
        (True, False)
        """
        if self == EVERYTHING:
            return True
        if torch.compiler.is_compiling() or not keys:
            return False
        first = self.before is None or position + queries - 1 <= self.before
        return first and (self.after is None or keys - 1 <= position + self.after)

    def mask(self, distance: Tensor) -> Tensor | None:
        """Whether keys at distances [Q, K] after the query are within; None if all keys are."""
        mask = None if self.before is None else distance >= -self.before
        if self.after is None:
            return mask
        return distance <= self.after if mask is None else mask & (distance <= self.after)


EVERYTHING = Reach()


def is_narrow(width: int, keys: int) -> bool:
    """Whether windows of this width see so few of the keys that a linear-time kernel is faster.

    >>> is_narrow(10, 5000), is_narrow(10, 50)
    (True, False)
    """
    if torch.compiler.is_compiling():  # a graph has one kernel for every length
        return not is_exported()
    return keys > max(_SHORT, 2 * width)
