"""Products with a band of the keys, as `_band` defines them, compiled by numba."""

# The compiled code has its own types, declared in its signatures.
# mypy: allow-untyped-decorators

from functools import cache
from typing import Any

import numba
import numpy as np
from torch import Tensor

from regard.attention.kernels._factors import filled
from regard.attention.kernels._simd import (
    LANES,
    load,
    multiply_add,
    pointer,
    splat,
    store,
    take,
    total,
)
from regard.attention.kernels._threads import run

__all__ = ["dot", "scatter", "weighted_sum"]

_f32, _i64 = np.float32, np.int64
_ROWS = 64  # rows, or keys, that a thread takes at a time


@cache
def _dot() -> Any:
    @numba.cfunc("void(CPointer(int64))", cache=True, error_model="numpy")
    def dot(given: Any) -> None:
        out, query = pointer(given[1], _f32), pointer(given[2], _f32)  # [N, Q, W], [N, Q, D]
        keys, first = pointer(given[3], _f32), pointer(given[4], _i64)  # [N, K, D], [N, Q]
        N, Q, W, K, D = given[5], given[6], given[7], given[8], given[9]
        while True:
            begin = take(given) * _ROWS
            if begin >= N * Q:
                return
            for row in range(begin, min(N * Q, begin + _ROWS)):
                start = first[row]
                for w in range(W):
                    number = _f32(0)
                    if 0 <= start + w < K:
                        s = splat(_f32(0))
                        k = (row // Q * K + start + w) * D
                        for d in range(0, D, LANES):
                            s = multiply_add(load(query, row * D + d), load(keys, k + d), s)
                        number = total(s)
                    out[row * W + w] = number

    return dot


@cache
def _weighted_sum() -> Any:
    @numba.cfunc("void(CPointer(int64))", cache=True, error_model="numpy")
    def weighted_sum(given: Any) -> None:
        out, weights = pointer(given[1], _f32), pointer(given[2], _f32)  # [N, Q, D], [N, Q, W]
        values, first = pointer(given[3], _f32), pointer(given[4], _i64)  # [N, K, D], [N, Q]
        N, Q, W, K, D = given[5], given[6], given[7], given[8], given[9]
        while True:
            begin = take(given) * _ROWS
            if begin >= N * Q:
                return
            for row in range(begin, min(N * Q, begin + _ROWS)):
                start = first[row]
                for d in range(0, D, LANES):
                    s = splat(_f32(0))
                    for w in range(max(0, -start), min(W, K - start)):
                        value = load(values, (row // Q * K + start + w) * D + d)
                        s = multiply_add(splat(weights[row * W + w]), value, s)
                    store(out, row * D + d, s)

    return weighted_sum


@cache
def _scatter() -> Any:
    @numba.cfunc("void(CPointer(int64))", cache=True, error_model="numpy")
    def scatter(given: Any) -> None:
        out, weights = pointer(given[1], _f32), pointer(given[2], _f32)  # [N, K, D], [N, Q, W]
        rows, first = pointer(given[3], _f32), pointer(given[4], _i64)  # [N, Q, D], [N, Q]
        N, Q, W, K, D = given[5], given[6], given[7], given[8], given[9]
        shares = (K + _ROWS - 1) // _ROWS
        while True:
            # Each thread has its own range of keys and goes through all rows.
            share = take(given)
            if share >= N * shares:
                return
            n, low = share // shares, share % shares * _ROWS
            high = min(K, low + _ROWS)
            for row in range(n * Q, (n + 1) * Q):
                start = first[row]
                for w in range(max(0, low - start), min(W, high - start)):
                    weight = splat(weights[row * W + w])
                    k = (n * K + start + w) * D
                    for d in range(0, D, LANES):
                        sums = multiply_add(weight, load(rows, row * D + d), load(out, k + d))
                        store(out, k + d, sums)

    return scatter


def dot(query: Tensor, keys: Tensor, first: Tensor, width: int) -> Tensor:
    """[N, Q, D], [N, K, D] -> [N, Q, W]."""
    query, keys = filled(query, LANES), filled(keys, LANES)
    out = query.new_empty(*query.shape[:2], width)
    _run(_dot(), out, query, keys, first, keys.shape[1], width)
    return out


def weighted_sum(weights: Tensor, values: Tensor, first: Tensor) -> Tensor:
    """[N, Q, W], [N, K, D] -> [N, Q, D]."""
    D, weights, values = values.shape[2], weights.contiguous(), filled(values, LANES)
    out = values.new_empty(*weights.shape[:2], values.shape[2])
    _run(_weighted_sum(), out, weights, values, first, values.shape[1], weights.shape[2])
    return out[..., :D].contiguous()


def scatter(weights: Tensor, rows: Tensor, first: Tensor, keys: int) -> Tensor:
    """[N, Q, W], [N, Q, D] -> [N, K, D]."""
    D, weights, rows = rows.shape[2], weights.contiguous(), filled(rows, LANES)
    out = rows.new_zeros(len(rows), keys, rows.shape[2])
    _run(_scatter(), out, weights, rows, first, keys, weights.shape[2])
    return out[..., :D].contiguous()


def _run(
    worker: Any, out: Tensor, one: Tensor, other: Tensor, first: Tensor, keys: int, width: int
) -> None:
    first = first.contiguous()
    N, Q = first.shape
    depth = other.shape[2]
    places = [side.data_ptr() for side in (out, one, other, first)]
    run(worker, [0, *places, N, Q, width, keys, depth], N * Q * width * depth)
