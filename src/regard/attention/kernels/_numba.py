"""Additive scores on the CPU, compiled by numba: forward, and all gradients in one pass.

    d_h = 1 + E_q[h] E_k[h],   score = sum(v) - 2 sum_h v_h / d_h

Four features share a division, v1/d1 + v2/d2 = (v1 d2 + v2 d1) / (d1 d2) twice over. So that the
product of four stays finite, d is held at 4e9, where tanh is one to rounding.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
import torch
from torch import Tensor

from regard.attention.kernels._factors import Factors
from regard.attention.kernels._simd import (
    LANES,
    add,
    div,
    exp_doubled,
    load,
    lower_of,
    mul,
    multiply_add,
    splat,
    store,
    sub,
    total,
)
from regard.attention.kernels._threads import in_parts, parts_for

__all__ = ["LANES", "add_gradients", "score"]

_f32 = np.float32
_compiled = numba.njit(nogil=True, error_model="numpy")
_HELD = _f32(4e9)
_CACHED = 8192  # numbers of the key side that the queries of a part go over in turn


@_compiled  # type: ignore[misc]
def _ratio(q: Any, k: Any, direct: bool) -> Any:
    """E_q E_k, from the factors or from the sum itself."""
    return lower_of(exp_doubled(add(q, k)) if direct else mul(q, k), splat(_HELD))


@_compiled  # type: ignore[misc]
def _denominator(q: Any, k: Any, direct: bool) -> Any:
    """1 + E_q E_k."""
    one = splat(_f32(1))
    if direct:
        return add(one, _ratio(q, k, direct))
    return lower_of(multiply_add(q, k, one), splat(_HELD))


@_compiled  # type: ignore[misc]
def _four(query: Any, keys: Any, vector: Any, q: int, k: int, h: int, direct: bool) -> Any:
    """Sum of v / d over four registers of features, by one division."""
    d0 = _denominator(load(query, q + h), load(keys, k + h), direct)
    d1 = _denominator(load(query, q + h + LANES), load(keys, k + h + LANES), direct)
    d2 = _denominator(load(query, q + h + 2 * LANES), load(keys, k + h + 2 * LANES), direct)
    d3 = _denominator(load(query, q + h + 3 * LANES), load(keys, k + h + 3 * LANES), direct)
    v0, v1 = load(vector, h), load(vector, h + LANES)
    v2, v3 = load(vector, h + 2 * LANES), load(vector, h + 3 * LANES)
    left, right = mul(d0, d1), mul(d2, d3)
    above = mul(multiply_add(v0, d1, mul(v1, d0)), right)
    above = multiply_add(multiply_add(v2, d3, mul(v3, d2)), left, above)
    return div(above, mul(left, right))


@_compiled  # type: ignore[misc]
def _one(query: Any, keys: Any, vector: Any, q: int, k: int, h: int, direct: bool) -> Any:
    return div(load(vector, h), _denominator(load(query, q + h), load(keys, k + h), direct))


@cache
def _scores(direct: bool) -> Callable[..., None]:
    @numba.njit(  # type: ignore[misc]
        "(f4[::1], f4[::1], UniTuple(i8, 3), f4[::1], f4, b1[:, :, :], b1, i8[:, :], b1, i8, i8, "
        "f4[:, :, ::1], i8, i8)",
        cache=True,
        nogil=True,
        error_model="numpy",
    )
    def scores(
        query: Any,  # [N * Q * A], flat, as the keys
        keys: Any,
        sizes: Any,  # Q, K, A
        vector: Any,
        of_ones: Any,  # the sum of the vector
        mask: Any,  # [N, q, W], as the scores; read where `masked`
        masked: bool,
        first: Any,  # [N, q], key of the first column in each row; read where `banded`
        banded: bool,
        start_query: int,
        start_key: int,
        out: Any,  # [N, q, W]
        begin: int,
        end: int,
    ) -> None:
        Q, K, A = sizes
        rows, columns = out.shape[1], out.shape[2]
        fours = A // (4 * LANES) * (4 * LANES)
        block = max(4, _CACHED // A // 4 * 4)
        zero = splat(_f32(0))
        row = begin
        while row < end:
            n = row // rows
            stop = min(end, (n + 1) * rows)
            for left in range(0, columns, block):
                right = min(columns, left + block)
                for i in range(row - n * rows, stop - n * rows):
                    start = first[n, i] if banded else start_key
                    low, high = max(left, -start), min(right, K - start)
                    for w in range(left, min(low, right)):
                        out[n, i, w] = 0
                    for w in range(max(high, left), right):
                        out[n, i, w] = 0
                    q = (n * Q + start_query + i) * A
                    k = (n * K + start) * A
                    w = low
                    while w + 4 <= high:
                        if masked and not (
                            mask[n, i, w]
                            or mask[n, i, w + 1]
                            or mask[n, i, w + 2]
                            or mask[n, i, w + 3]
                        ):
                            out[n, i, w : w + 4] = 0
                            w += 4
                            continue
                        o = k + w * A
                        s0, s1, s2, s3 = zero, zero, zero, zero
                        for h in range(0, fours, 4 * LANES):
                            s0 = add(s0, _four(query, keys, vector, q, o, h, direct))
                            s1 = add(s1, _four(query, keys, vector, q, o + A, h, direct))
                            s2 = add(s2, _four(query, keys, vector, q, o + 2 * A, h, direct))
                            s3 = add(s3, _four(query, keys, vector, q, o + 3 * A, h, direct))
                        for h in range(fours, A, LANES):
                            s0 = add(s0, _one(query, keys, vector, q, o, h, direct))
                            s1 = add(s1, _one(query, keys, vector, q, o + A, h, direct))
                            s2 = add(s2, _one(query, keys, vector, q, o + 2 * A, h, direct))
                            s3 = add(s3, _one(query, keys, vector, q, o + 3 * A, h, direct))
                        out[n, i, w] = of_ones - _f32(2) * total(s0)
                        out[n, i, w + 1] = of_ones - _f32(2) * total(s1)
                        out[n, i, w + 2] = of_ones - _f32(2) * total(s2)
                        out[n, i, w + 3] = of_ones - _f32(2) * total(s3)
                        if masked:
                            for each in range(w, w + 4):
                                if not mask[n, i, each]:
                                    out[n, i, each] = 0
                        w += 4
                    while w < high:
                        if masked and not mask[n, i, w]:
                            out[n, i, w] = 0
                        else:
                            s0 = zero
                            for h in range(0, fours, 4 * LANES):
                                s0 = add(s0, _four(query, keys, vector, q, k + w * A, h, direct))
                            for h in range(fours, A, LANES):
                                s0 = add(s0, _one(query, keys, vector, q, k + w * A, h, direct))
                            out[n, i, w] = of_ones - _f32(2) * total(s0)
                        w += 1
            row = stop

    return scores  # type: ignore[no-any-return]


@cache
def _gradients(direct: bool) -> Callable[..., None]:
    @numba.njit(  # type: ignore[misc]
        "(f4[:, :, ::1], f4[::1], f4[::1], UniTuple(i8, 3), b1[:, :, :], b1, i8[:, :], b1, i8, "
        "i8, i8, i8, f4[::1], f4[::1], f4[::1], i8, i8)",
        cache=True,
        nogil=True,
        error_model="numpy",
    )
    def gradients(
        grad: Any,  # [N, q, W]
        query: Any,
        keys: Any,
        sizes: Any,
        mask: Any,
        masked: bool,
        first: Any,
        banded: bool,
        start_query: int,
        start_key: int,
        width: int,  # keys of a dense block; of a banded one, all
        splits: int,  # into how many parts the keys of a case are cut
        of_query: Any,  # [splits * N * Q * A]: sum over j of g r (1 - r)
        of_keys: Any,  # [N * K * A]: sum over i of g r (1 - r)
        of_vector: Any,  # [N * splits * A]: sum of g tanh = g (e - 1) r
        begin: int,
        end: int,
    ) -> None:
        Q, K, A = sizes
        rows, columns = grad.shape[1], grad.shape[2]
        N = grad.shape[0]
        fours = A // (4 * LANES) * (4 * LANES)
        block = max(16, _CACHED // 4 // A)
        one, zero = splat(_f32(1)), splat(_f32(0))
        for part in range(begin, end):
            n, s = part // splits, part % splits
            last = start_key + width * (s + 1) // splits
            low = start_key + width * s // splits
            t = part * A
            while low < last:
                high = min(last, low + block)
                for i in range(rows):
                    # Column w of the row is key w + start.
                    start = first[n, i] if banded else start_key
                    left, right = max(0, low - start), min(columns, high - start)
                    if left >= right:
                        continue
                    q = (n * Q + start_query + i) * A
                    g = ((s * N + n) * Q + start_query + i) * A
                    k = (n * K + start) * A
                    for h in range(0, fours, 4 * LANES):
                        h1, h2, h3 = h + LANES, h + 2 * LANES, h + 3 * LANES
                        q0, q1 = load(query, q + h), load(query, q + h1)
                        q2, q3 = load(query, q + h2), load(query, q + h3)
                        a0, a1, a2, a3 = zero, zero, zero, zero
                        b0, b1, b2, b3 = zero, zero, zero, zero
                        for w in range(left, right):
                            if masked and not mask[n, i, w]:
                                continue
                            slope = splat(grad[n, i, w])
                            o = k + w * A
                            e0 = _ratio(q0, load(keys, o + h), direct)
                            e1 = _ratio(q1, load(keys, o + h1), direct)
                            e2 = _ratio(q2, load(keys, o + h2), direct)
                            e3 = _ratio(q3, load(keys, o + h3), direct)
                            d0, d1, d2, d3 = add(one, e0), add(one, e1), add(one, e2), add(one, e3)
                            front, back = mul(d0, d1), mul(d2, d3)
                            every = div(one, mul(front, back))
                            front, back = mul(every, back), mul(every, front)
                            # r and g r, each by the three other denominators
                            r0, r1 = mul(front, d1), mul(front, d0)
                            r2, r3 = mul(back, d3), mul(back, d2)
                            g0, g1 = mul(slope, r0), mul(slope, r1)
                            g2, g3 = mul(slope, r2), mul(slope, r3)
                            # 1 - r = e r, which keeps its digits where r is nearly one
                            m0, m1, m2, m3 = mul(e0, g0), mul(e1, g1), mul(e2, g2), mul(e3, g3)
                            b0, b1 = add(b0, sub(m0, g0)), add(b1, sub(m1, g1))
                            b2, b3 = add(b2, sub(m2, g2)), add(b3, sub(m3, g3))
                            g0, g1, g2, g3 = mul(m0, r0), mul(m1, r1), mul(m2, r2), mul(m3, r3)
                            a0, a1, a2, a3 = add(a0, g0), add(a1, g1), add(a2, g2), add(a3, g3)
                            store(of_keys, o + h, add(load(of_keys, o + h), g0))
                            store(of_keys, o + h1, add(load(of_keys, o + h1), g1))
                            store(of_keys, o + h2, add(load(of_keys, o + h2), g2))
                            store(of_keys, o + h3, add(load(of_keys, o + h3), g3))
                        store(of_query, g + h, add(load(of_query, g + h), a0))
                        store(of_query, g + h1, add(load(of_query, g + h1), a1))
                        store(of_query, g + h2, add(load(of_query, g + h2), a2))
                        store(of_query, g + h3, add(load(of_query, g + h3), a3))
                        store(of_vector, t + h, add(load(of_vector, t + h), b0))
                        store(of_vector, t + h1, add(load(of_vector, t + h1), b1))
                        store(of_vector, t + h2, add(load(of_vector, t + h2), b2))
                        store(of_vector, t + h3, add(load(of_vector, t + h3), b3))
                    for h in range(fours, A, LANES):
                        q0 = load(query, q + h)
                        a0, b0 = zero, zero
                        for w in range(left, right):
                            if masked and not mask[n, i, w]:
                                continue
                            slope = splat(grad[n, i, w])
                            o = k + w * A + h
                            e0 = _ratio(q0, load(keys, o), direct)
                            r0 = div(one, add(one, e0))
                            g0 = mul(slope, r0)
                            m0 = mul(e0, g0)
                            b0 = add(b0, sub(m0, g0))
                            g0 = mul(m0, r0)
                            a0 = add(a0, g0)
                            store(of_keys, o, add(load(of_keys, o), g0))
                        store(of_query, g + h, add(load(of_query, g + h), a0))
                        store(of_vector, t + h, add(load(of_vector, t + h), b0))
                low = high

    return gradients  # type: ignore[no-any-return]


def score(
    factors: Factors,
    vector: Tensor,
    mask: Tensor | None,
    out: Tensor,
    *,
    first: Tensor | None = None,
    start_query: int = 0,
    start_key: int = 0,
) -> None:
    """Write the scores [N, q, W] of a block of queries and keys into `out`.

    Parameters:
        factors: of all queries and keys, A filled up to whole `LANES`.
        vector: [A'], filled up likewise.
        mask: boolean [N, q, W], any strides; what it does not allow is skipped, and zero.
        out: [N, q, W] of float32.
        first: [N, q], the key of the first column of each row, possibly outside of the keys, whose
            scores are zero; None where every row begins at `start_key`.
        start_query: first query of the block.
        start_key: first key of the block.
    """
    sizes = (factors.query.shape[1], factors.keys.shape[1], factors.query.shape[2])
    given = (
        factors.query.reshape(-1).numpy(),
        factors.keys.reshape(-1).numpy(),
        sizes,
        vector.numpy(),
        _f32(vector.double().sum().item()),
        _mask(mask),
        mask is not None,
        _first(first),
        first is not None,
        start_query,
        start_key,
        out.numpy(),
    )
    kernel = _scores(factors.direct)
    rows = out.shape[0] * out.shape[1]
    in_parts(lambda b, e: kernel(*given, b, e), rows, parts_for(out.numel() * sizes[2]))


def add_gradients(
    grad: Tensor,
    factors: Factors,
    mask: Tensor | None,
    of_query: Tensor,
    of_keys: Tensor,
    *,
    first: Tensor | None = None,
    start_query: int = 0,
    start_key: int = 0,
) -> Tensor:
    """Add the sums of g r (1 - r) to `of_query` and `of_keys`; return that of g (1 - 2 r), [A'].

    Parameters:
        grad: g, [N, q, W], of the scores of a block.
        of_query: [splits, N, Q, A'], to be summed over the splits, that threads work on alone.
        of_keys: [N, K, A'].
        others: as for `score`.
    """
    splits, N, Q, A = of_query.shape
    K = of_keys.shape[1]
    of_vector = torch.zeros(N * splits, A)
    given = (
        grad.contiguous().numpy(),
        factors.query.reshape(-1).numpy(),
        factors.keys.reshape(-1).numpy(),
        (Q, K, A),
        _mask(mask),
        mask is not None,
        _first(first),
        first is not None,
        start_query,
        start_key,
        K if first is not None else grad.shape[2],
        splits,
        of_query.view(-1).numpy(),
        of_keys.view(-1).numpy(),
        of_vector.view(-1).numpy(),
    )
    kernel = _gradients(factors.direct)
    in_parts(lambda b, e: kernel(*given, b, e), N * splits, parts_for(grad.numel() * A))
    return of_vector.sum(0)


def _mask(mask: Tensor | None) -> Any:
    return (torch.ones(1, 1, 1, dtype=torch.bool) if mask is None else mask).numpy()


def _first(first: Tensor | None) -> Any:
    return (torch.zeros(1, 1, dtype=torch.int64) if first is None else first).numpy()
