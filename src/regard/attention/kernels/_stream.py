"""Attention a block of queries at a time: without holding its weights [B, Q, K].

    context = softmax(score, where window and mask allow) @ values

A reach around the positions of a block's queries covers one range of the keys, so that time and
memory are linear in the length. The backward pass computes the scores again.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from regard.attention.kernels._operators import flat
from regard.attention.kernels._reach import Reach
from regard.attention.kernels._scores import AdditiveScores, DotScores

__all__ = ["Inputs", "Stream", "streams"]

_BLOCK = 1 << 18  # scores of a block, to fit in a cache
_ROWS = 32  # least number of queries in a block


class Inputs(NamedTuple):
    """The inputs of attention, in the order in which the operators take them.

    They are those of `additive_attention`, with the two fields of the reach; the vector is None for
    dot products.
    """

    query: Tensor
    keys: Tensor
    values: Tensor
    vector: Tensor | None
    mask: Tensor | None
    keys_exp: Tensor | None
    before: int | None
    after: int | None
    position: int
    kernel: str | None

    @property
    def reach(self) -> Reach:
        """How far a query sees."""
        return Reach(self.before, self.after)

    @property
    def sides(self) -> list[Tensor]:
        """The inputs that have gradients."""
        sides = (self.query, self.keys, self.values, self.vector)
        return [side for side in sides if side is not None]

    @property
    def is_empty(self) -> bool:
        """Whether there are no weights: no cases, queries or keys."""
        return 0 in (*self.query.shape[:-1], *self.keys.shape[:-1])


def streams(given: Inputs, kernel: str, *, in_one_block: bool = False) -> Iterator["Stream"]:
    """As many cases at a time as fit in a block; or all of them in one block of any size."""
    query, keys, values = given.query, given.keys, given.values
    wide = torch.float64 in (query.dtype, keys.dtype, values.dtype)
    dtype = torch.float64 if wide else torch.float32
    mask = given.mask
    if mask is not None:  # [..., 1 or Q, 1 or K]: a padding mask is not copied for each query
        rows = 1 if mask.dim() < 2 else mask.shape[-2]
        mask = flat(mask.expand(*query.shape[:-2], rows, keys.shape[-2]))
    given = given._replace(
        query=flat(query).to(dtype),
        keys=flat(keys).to(dtype),
        values=flat(values).to(dtype),
        mask=mask,
        keys_exp=None if given.keys_exp is None else flat(given.keys_exp),
    )
    # All queries of a few cases or a block of those of one: both are contiguous in memory.
    (N, Q, _), K = given.query.shape, keys.shape[-2]
    size = N * Q * K if in_one_block else _BLOCK
    width = given.reach.width
    if width is not None and 2 * width < K:
        Q, K = min(Q, width), 2 * width
    several = max(1, size // (Q * K))
    for start in range(0, N, several):
        yield Stream(given, slice(start, start + several), kernel, size)


class Stream:
    """Some cases of the inputs, computed block by block.

    Parameters:
        given: [N, ...] each.
        cases: which of the N.
        kernel: of additive scores.
        size: scores in a block.
    """

    def __init__(self, given: Inputs, cases: slice, kernel: str, size: int) -> None:
        self.query, self.keys, self.values = (side[cases] for side in given[:3])
        self.mask = None if given.mask is None else given.mask[cases]
        self.before = self.query.shape[1] + given.position if given.before is None else given.before
        self.after = self.keys.shape[1] if given.after is None else given.after
        self.position, self.size = given.position, size
        self.scores: AdditiveScores | DotScores
        if given.vector is None:
            self.scores = DotScores(self.query, self.keys)
        else:
            exp = None if given.keys_exp is None else given.keys_exp[cases]
            self.scores = AdditiveScores(self.query, self.keys, given.vector, exp, kernel)

    def blocks(self) -> Iterator[tuple[slice, slice]]:
        """Ranges of queries, and of the keys that they see between them."""
        (N, Q, _), K = self.query.shape, self.keys.shape[1]
        rows = max(_ROWS, self.size // (N * K))
        span = self.before + self.after + 1
        if span < K:  # as many queries as each sees keys, so that half of a block is seen
            rows = max(_ROWS, min(span, self.size // (2 * N * span)))
        for row in range(0, Q, rows):
            stop = min(Q, row + rows)
            first = max(0, row + self.position - self.before)
            last = min(K, stop + self.position + self.after)
            if first < last:
                yield slice(row, stop), slice(first, last)

    def allowed(self, rows: slice, columns: slice) -> Tensor | None:
        """The mask of a block, boolean, broadcast to [N, q, w]; None allows all."""
        start, stop = rows.start + self.position, rows.stop + self.position
        seen = None
        # Unless the first query sees the last key, and the last query the first.
        if columns.stop > start + self.after + 1 or columns.start < stop - 1 - self.before:
            places = torch.arange(start, stop, device=self.query.device).unsqueeze(1)
            keys = torch.arange(columns.start, columns.stop, device=self.query.device)
            seen = (keys >= places - self.before) & (keys <= places + self.after)
        if self.mask is None:
            return seen
        given = self.mask[:, slice(None) if self.mask.shape[1] == 1 else rows, columns]
        return given if seen is None else given & seen

    def context(self, kept: Tensor | None) -> Tensor:
        """[N, Q, Dv]; also writes the weights to `kept`, [N, Q, K] of zeros, if given."""
        context = self.values.new_zeros(*self.query.shape[:2], self.values.shape[-1])
        for rows, columns in self.blocks():
            place = None if kept is None else kept[:, rows, columns]
            fits = place is not None and place.is_contiguous() and place.dtype == context.dtype
            out = place if fits else None
            weights = self.scores.weights(rows, columns, self.allowed(rows, columns), out)
            if place is not None and out is None:
                place.copy_(weights)
            torch.bmm(weights, self.values[:, columns], out=context[:, rows])
        return context

    def gradients(
        self, grad: Tensor, of_kept: Tensor | None, kept: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Of query, keys, values and vector.

        Parameters:
            grad: of the context, [N, Q, Dv].
            of_kept: of the weights, [N, Q, K]; None is zero.
            kept: the weights, [N, Q, K]; None computes them again.
        """
        given: Any = (grad, of_kept, kept)
        blocks = list(self.blocks())
        if blocks == [(slice(0, self.query.shape[1]), slice(0, self.keys.shape[1]))]:
            of_values, of_scores, allowed = self._of_block(*blocks[0], *given)
            of_query, of_keys, of_vector = self.scores.gradients_of(of_scores, allowed)
            return of_query, of_keys, of_values, of_vector
        of_values = torch.zeros_like(self.values)
        self.scores.start_gradients()
        for rows, columns in blocks:
            more, of_scores, allowed = self._of_block(rows, columns, *given)
            of_values[:, columns] += more
            self.scores.add_gradients(of_scores, allowed, rows, columns)
        of_query, of_keys, of_vector = self.scores.gradients()
        return of_query, of_keys, of_values, of_vector

    def _of_block(
        self, rows: slice, columns: slice, grad: Tensor, of_kept: Tensor | None, kept: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Gradients of the values, [N, w, Dv], and scores, [N, q, w], and the mask."""
        allowed = self.allowed(rows, columns)
        if kept is None:
            weights = self.scores.weights(rows, columns, allowed, None)
        else:
            weights = kept[:, rows, columns].to(grad.dtype)
        of_values = torch.bmm(weights.mT, grad[:, rows])
        of_weights = torch.bmm(grad[:, rows], self.values[:, columns].mT)
        if of_kept is not None:
            of_weights += of_kept[:, rows, columns]
        of_scores: Tensor = torch.ops.aten._softmax_backward_data(
            of_weights, weights, -1, weights.dtype
        )
        return of_values, of_scores, allowed
