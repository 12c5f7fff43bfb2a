# The compiled code has its own types, declared in its signatures.
# mypy: allow-untyped-decorators
"""Additive scores and their gradients on the CPU, compiled by numba."""

from functools import cache
from typing import Any

import numba
import numpy as np
import torch
from torch import Tensor

from regard.attention.kernels._factors import Block, Factors
from regard.attention.kernels._numba_gradients import gradients
from regard.attention.kernels._numba_scores import scores
from regard.attention.kernels._simd import (
    CACHED,
    LANES,
    SHARE,
    exp_doubled,
    held,
    higher_of,
    highest,
    load,
    magnitude,
    pointer,
    splat,
    store,
    take,
)
from regard.attention.kernels._threads import run

__all__ = ["WIDTH", "add_gradients", "exponentials_of", "score"]

WIDTH = LANES  # A is padded to a multiple of it

_f32 = np.float32


@cache
def _exponentials() -> Any:
    @numba.cfunc("void(CPointer(int64))", cache=True, error_model="numpy")
    def exponentials(given: Any) -> None:
        side, out = pointer(given[1], _f32), pointer(given[2], _f32)
        largest = pointer(given[3], _f32)  # one for each share
        numbers = given[4]
        while True:
            share = take(given)
            if share * SHARE >= numbers:
                return
            most = splat(_f32(0))
            for o in range(share * SHARE, min(numbers, (share + 1) * SHARE), LANES):
                x = load(side, o)
                most = higher_of(most, magnitude(x))
                store(out, o, exp_doubled(held(x, _f32(43))))
            largest[share] = highest(most)

    return exponentials


def exponentials_of(side: Tensor) -> tuple[Tensor, float]:
    """e^2x of contiguous float32 numbers [..., A'], clamped to their range, and max |x|."""
    out = torch.empty_like(side)
    largest = torch.zeros(-(-side.numel() // SHARE))
    given = [0, side.data_ptr(), out.data_ptr(), largest.data_ptr(), side.numel()]
    run(_exponentials(), given, side.numel())
    return out, float(largest.max()) if side.numel() else 0.0


def score(
    factors: Factors,
    vector: Tensor,
    mask: Tensor | None,
    out: Tensor,
    block: Block,
    *,
    softmax: bool = False,
) -> None:
    """Write the scores [N, q, W] of a block to `out`.

    Parameters:
        factors: of all queries and keys, A padded to a multiple of `LANES`.
        vector: [A'], padded likewise.
        mask: boolean [N, q, W], any strides; masked scores are skipped, and zero.
        out: [N, q, W] of float32.
        block: where the block is.
        softmax: whether to write their softmax instead, over the columns that the mask allows.
    """
    given = _places(factors, out, mask, block)
    given[3] = vector.data_ptr()
    run(scores(factors.direct, factors.near), [*given, int(softmax)], out.numel() * vector.shape[0])


def add_gradients(
    grad: Tensor,
    factors: Factors,
    mask: Tensor | None,
    of_query: Tensor,
    of_keys: Tensor,
    block: Block,
    *,
    alone: Tensor | None = None,
) -> Tensor:
    """Add the sums of g r (1 - r) to `of_query` and `of_keys`; return that of g (1 - 2 r), [A'].

    Parameters:
        grad: g, [N, q, W], of the scores of a block.
        of_query: [splits, N, Q, A'], partial sums, one split for each thread.
        of_keys: [N, K, A'].
        alone: 4 v, [A'], if this is the only block: `of_keys` need not be initialised, and is then
            the gradient itself.
        others: as for `score`.
    """
    splits, N, _, A = of_query.shape
    keys = max(16, CACHED // 4 // A)
    of_vector = torch.zeros(N * splits, A, dtype=torch.float64)
    sums = torch.zeros(N * splits, (keys + 1) * A)
    given = _places(factors, grad, mask, block)
    given[3] = of_vector.data_ptr()
    given += [of_query.data_ptr(), of_keys.data_ptr(), splits]
    given += [0 if alone is None else alone.data_ptr(), sums.data_ptr(), keys]
    run(gradients(factors.direct, factors.near), given, grad.numel() * A)
    return of_vector.sum(0).float()


def _places(
    factors: Factors,
    scores: Tensor,
    mask: Tensor | None,
    block: Block,
) -> list[int]:
    """The numbers and addresses that the compiled code reads, in its order."""
    N, Q, A = factors.query.shape
    return [
        0,  # counter of the shares of work
        factors.query.data_ptr(),
        factors.keys.data_ptr(),
        0,
        *(Q, factors.keys.shape[1], A, N),
        *scores.shape[1:],
        block.start_query,
        block.start_key,
        *((0, 0, 0, 0) if mask is None else (mask.data_ptr(), *mask.stride())),
        0 if block.first is None else block.first.data_ptr(),
        scores.data_ptr(),
    ]
