"""Additive scores in PyTorch, block by block: on every device, without compilation.

    r_h = 1 / (1 + E_q[h] E_k[h]),   score = sum(v) - 2 sum_h v_h r_h

The blocks fit in a cache; [N, Q, K, A] is never held.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from regard.attention.kernels._factors import Block, exponentials, largest_of

__all__ = ["WIDTH", "add_gradients", "exponentials_of", "score"]

WIDTH = 1  # A is padded to a multiple of it
_BLOCK = 1 << 19  # elements of [n, q, w, A] at a time
_HELD = 1e30  # products of factors are clamped to it: infinity times zero would be NaN


def exponentials_of(side: Tensor) -> tuple[Tensor, float]:
    """e^2x, clamped to the range of the dtype, and max |x|."""
    return exponentials(side), largest_of(side)


def score(block: Block, vector: Tensor, out: Tensor, *, softmax: bool = False) -> None:
    """Write the scores [N, q, W] of a block to `out`; parameters as for the compiled `score`."""
    mask = block.mask
    out.zero_()
    for place in _places(out, block):
        query, keys, _, allowed = _sides(block, place)
        if block.factors.direct:
            scores = torch.tanh(query + keys) @ vector
        else:
            scores = (query * keys).add_(1).reciprocal_() @ vector
            scores = vector.sum() - 2 * scores
        if allowed is not None:
            scores = scores.masked_fill_(~allowed, 0)
        out[place].copy_(scores)
    if softmax:
        if mask is None:
            torch.softmax(out, -1, out=out)
            return
        out.masked_fill_(~mask, torch.finfo(out.dtype).min)
        torch.softmax(out, -1, out=out)
        out.masked_fill_(~mask, 0)


def add_gradients(
    block: Block, grad: Tensor, of_query: Tensor, of_keys: Tensor, *, alone: Tensor | None = None
) -> Tensor:
    """Add the sums of g r (1 - r) to `of_query` and `of_keys`; return that of g (1 - 2 r), [A]."""
    of_vector = torch.zeros_like(of_keys[0, 0])
    if alone is not None:
        of_keys.zero_()
    for place in _places(grad, block):
        query, keys, where, allowed = _sides(block, place)
        slope = grad[place] if allowed is None else grad[place].masked_fill(~allowed, 0)
        slope = slope.unsqueeze(-1)
        if block.factors.direct:
            tanh = torch.tanh(query + keys)
            product = slope * (1 - tanh.square()) / 4
            of_vector += (slope * tanh).sum((0, 1, 2))
        else:
            ratio = (query * keys).clamp_(max=_HELD)
            r = (ratio + 1).reciprocal_()
            slope = slope * r
            above = ratio.mul_(slope)  # g (1 - r), which keeps its digits where r is nearly one
            of_vector += (above - slope).sum((0, 1, 2))
            product = above.mul_(r)
        start, stop = place.rows.start, place.rows.stop
        rows = slice(block.start_query + start, block.start_query + stop)
        of_query[0, place.cases, rows] += product.sum(2)
        if block.first is None:
            of_keys[place.cases, where] += product.sum(1)
        else:
            of_keys.view(-1, of_keys.shape[-1]).index_add_(0, where, product.flatten(0, 2))
    if alone is not None:
        of_keys.mul_(alone)
    return of_vector


class _Place(NamedTuple):
    """A block of [N, q, W]."""

    cases: slice
    rows: slice
    columns: slice


def _places(whole: Tensor, block: Block) -> Iterator[_Place]:
    """Blocks of [N, q, W] that are not masked entirely."""
    N, rows, columns = whole.shape
    width = block.factors.keys.shape[-1]
    wide = max(1, min(columns, _BLOCK // max(width, 1)))
    high = max(1, min(rows, _BLOCK // max(wide * width, 1)))
    deep = max(1, _BLOCK // max(high * wide * width, 1))
    for case in range(0, N, deep):
        for row in range(0, rows, high):
            for column in range(0, columns, wide):
                place = _Place(
                    slice(case, min(N, case + deep)),
                    slice(row, min(rows, row + high)),
                    slice(column, min(columns, column + wide)),
                )
                if block.mask is None or block.mask[place].any():
                    yield place


def _sides(block: Block, place: _Place) -> tuple[Tensor, Tensor, Any, Tensor | None]:
    """Query [n, q, 1, A], keys [n, 1 or q, w, A], their indices, and the mask of keys inside."""
    factors, mask, first, start_query, start_key = block
    allowed = None if mask is None else mask[place]
    rows = slice(start_query + place.rows.start, start_query + place.rows.stop)
    query = factors.query[place.cases, rows].unsqueeze(2)
    if first is None:
        where = slice(start_key + place.columns.start, start_key + place.columns.stop)
        return query, factors.keys[place.cases, where].unsqueeze(1), where, allowed
    N, K, A = factors.keys.shape
    columns = torch.arange(place.columns.start, place.columns.stop, device=first.device)
    keys = first[place.cases, place.rows].unsqueeze(-1) + columns  # [n, q, w]
    inside = (keys >= 0) & (keys < K)
    cases = torch.arange(place.cases.start, place.cases.stop, device=first.device) * K
    rows_of_all = (keys.clamp(0, max(K - 1, 0)) + cases[:, None, None]).flatten()
    found = factors.keys.reshape(N * K, A).index_select(0, rows_of_all)
    allowed = inside if allowed is None else inside & allowed
    return query, found.view(*keys.shape, A), rows_of_all, allowed
