# The compiled code has its own types, declared in its signatures.
# mypy: allow-untyped-decorators
"""Additive scores and their gradients on the CPU, compiled by numba.

    d_h = 1 + E_q[h] E_k[h],   score = sum(v) - 2 sum_h v_h / d_h

Four features share a division, v1/d1 + v2/d2 = (v1 d2 + v2 d1) / (d1 d2) twice over. Clamping d
at 4e9, where tanh is one to rounding, keeps the product of four finite. The gradients, all in one
pass, with e = E_q E_k and r = 1 / (1 + e):

    d tanh(q + k) = 4 r (1 - r),   tanh(q + k) = (e - 1) r
"""

import math
from functools import cache
from typing import Any

import numba
import numpy as np
import torch
from torch import Tensor

from regard.attention.kernels._factors import Block
from regard.attention.kernels._simd import (
    CACHED,
    HELD,
    LANES,
    SHARE,
    add,
    compiled,
    div,
    exp_doubled,
    expm1_doubled,
    held,
    higher_of,
    highest,
    load,
    lower_of,
    magnitude,
    mul,
    multiply_add,
    pointer,
    splat,
    store,
    sub,
    take,
    total,
)
from regard.attention.kernels._threads import run

__all__ = ["WIDTH", "add_gradients", "exponentials_of", "score"]

WIDTH = LANES  # A is padded to a multiple of it
_f32, _f64, _u8, _i64 = np.float32, np.float64, np.uint8, np.int64
_LOWEST = _f32(-3e38)  # below any score
_SATURATED = _f32(1e8)  # of e^2x - 1: tanh is 1, and a sum of v times four of them is finite
_ROWS = 64  # rows whose gradients are summed separately


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
    largest = torch.zeros(-(-side.numel() // SHARE), dtype=torch.float32)
    given = [0, side.data_ptr(), out.data_ptr(), largest.data_ptr(), side.numel()]
    run(_exponentials(), given, side.numel())
    return out, float(largest.max()) if side.numel() else 0.0


def score(block: Block, vector: Tensor, out: Tensor, *, softmax: bool = False) -> None:
    """Write the scores [N, q, W] of a block to `out`.

    Parameters:
        block: of factors with A padded to A', a multiple of `LANES`.
        vector: [A'].
        out: [N, q, W] of float32.
        softmax: whether to write their softmax instead, over the columns that the mask allows.
    """
    given = [*_places(block, vector, out), int(softmax)]
    compiled_scores = _scores(block.factors.direct, block.factors.near)
    run(compiled_scores, given, out.numel() * vector.shape[0])


def add_gradients(
    block: Block, grad: Tensor, of_query: Tensor, of_keys: Tensor, *, alone: Tensor | None = None
) -> Tensor:
    """Add the sums of g r (1 - r) to `of_query` and `of_keys`; return that of g (1 - 2 r), [A'].

    Parameters:
        grad: g, [N, q, W], of the scores of a block.
        of_query: [splits, N, Q, A'], partial sums, one split for each thread.
        of_keys: [N, K, A'].
        alone: 4 v, [A'], if this is the only block: `of_keys` need not be initialised, and is then
            the gradient itself.
    """
    splits, N, _, A = of_query.shape
    keys = max(16, CACHED // 4 // A)
    of_vector = torch.zeros(N * splits, A, dtype=torch.float64)
    sums = torch.zeros(N * splits, (keys + 1) * A, dtype=torch.float32)
    given = [*_places(block, of_vector, grad), of_query.data_ptr(), of_keys.data_ptr(), splits]
    given += [0 if alone is None else alone.data_ptr(), sums.data_ptr(), keys]
    run(_gradients(block.factors.direct, block.factors.near), given, grad.numel() * A)
    return of_vector.sum(0).float()


def _places(block: Block, vector: Tensor, scores: Tensor) -> list[int]:
    """The numbers and addresses that the compiled code reads, in its order."""
    (query, keys, *_), mask, first, start_query, start_key = block
    N, Q, A = query.shape
    return [
        0,  # counter of the shares of work
        *(query.data_ptr(), keys.data_ptr(), vector.data_ptr()),
        *(Q, keys.shape[1], A, N, *scores.shape[1:], start_query, start_key),
        *((0, 0, 0, 0) if mask is None else (mask.data_ptr(), *mask.stride())),
        0 if first is None else first.data_ptr(),
        scores.data_ptr(),
    ]


@compiled
def _over(q: Any, k: Any, direct: bool, near: bool) -> tuple[Any, Any]:
    """n and d of a term v n / d: v / (1 + E_q E_k) from factors, v tanh(q + k) from sums."""
    one = splat(_f32(1))
    if direct:
        n = lower_of(expm1_doubled(held(add(q, k), _f32(20))), splat(_SATURATED))
        return n, add(n, splat(_f32(2)))
    d = multiply_add(q, k, one)
    return one, d if near else lower_of(d, splat(HELD))


@compiled
def _four(
    query: Any, keys: Any, vector: Any, q: int, k: int, h: int, direct: bool, near: bool
) -> Any:
    """Sum of v n / d over four registers of features, with one division."""
    n0, d0 = _over(load(query, q + h), load(keys, k + h), direct, near)
    n1, d1 = _over(load(query, q + h + LANES), load(keys, k + h + LANES), direct, near)
    n2, d2 = _over(load(query, q + h + 2 * LANES), load(keys, k + h + 2 * LANES), direct, near)
    n3, d3 = _over(load(query, q + h + 3 * LANES), load(keys, k + h + 3 * LANES), direct, near)
    v0, v1 = load(vector, h), load(vector, h + LANES)
    v2, v3 = load(vector, h + 2 * LANES), load(vector, h + 3 * LANES)
    if direct:
        v0, v1, v2, v3 = mul(v0, n0), mul(v1, n1), mul(v2, n2), mul(v3, n3)
    left, right = mul(d0, d1), mul(d2, d3)
    above = mul(multiply_add(v0, d1, mul(v1, d0)), right)
    above = multiply_add(multiply_add(v2, d3, mul(v3, d2)), left, above)
    return div(above, mul(left, right))


@compiled
def _one(
    query: Any, keys: Any, vector: Any, q: int, k: int, h: int, direct: bool, near: bool
) -> Any:
    n, d = _over(load(query, q + h), load(keys, k + h), direct, near)
    return div(mul(load(vector, h), n), d)


@compiled
def _softmax(row: Any, o: int, columns: int) -> None:
    """Softmax in place of the numbers at an offset; zeros if all are the lowest number."""
    whole = columns // LANES * LANES
    most = splat(_LOWEST)
    for w in range(o, o + whole, LANES):
        most = higher_of(most, load(row, w))
    top = highest(most)
    for w in range(o + whole, o + columns):
        top = max(top, row[w])
    if top <= _LOWEST:
        broken = False  # by a NaN, which a maximum ignores
        for w in range(o, o + columns):
            broken |= not row[w] >= _LOWEST
        for w in range(o, o + columns):
            row[w] = math.nan if broken else 0.0
        return
    half, shift, sums = splat(_f32(0.5)), splat(top), splat(_f32(0))
    for w in range(o, o + whole, LANES):
        power = exp_doubled(held(mul(sub(load(row, w), shift), half), _f32(43)))
        sums = add(sums, power)
        store(row, w, power)
    rest = total(sums)
    for w in range(o + whole, o + columns):
        row[w] = math.exp(row[w] - top)
        rest += row[w]
    share = splat(_f32(1) / rest)
    for w in range(o, o + whole, LANES):
        store(row, w, mul(load(row, w), share))
    for w in range(o + whole, o + columns):
        row[w] /= rest


@cache
def _scores(direct: bool, near: bool) -> Any:
    @numba.cfunc("void(CPointer(int64))", cache=True, error_model="numpy")
    def compute(given: Any) -> None:
        query, keys = pointer(given[1], _f32), pointer(given[2], _f32)  # [N, Q, A], [N, K, A]
        vector = pointer(given[3], _f32)  # [A]
        Q, K, A, N, rows, columns = given[4], given[5], given[6], given[7], given[8], given[9]
        start_query, start_key = given[10], given[11]
        masked, mask = given[12] != 0, pointer(given[12], _u8)  # [N, rows, columns]
        across, down, along = given[13], given[14], given[15]  # its strides
        banded, first = given[16] != 0, pointer(given[16], _i64)  # [N, rows]
        out = pointer(given[17], _f32)  # [N, rows, columns]
        aligned = given[18] != 0  # by a softmax
        nothing = _LOWEST if aligned else _f32(0)  # a masked score
        of_ones = 0.0
        for h in range(A):
            of_ones += vector[h]
        step = max(1, SHARE // max(1, columns * A))
        fours = A // (4 * LANES) * (4 * LANES)
        block = max(4, CACHED // A // 4 * 4)
        zero = splat(_f32(0))
        # The terms are tanh itself, or r of tanh = 1 - 2 r.
        start_from, factor = (_f32(0), _f32(1)) if direct else (_f32(of_ones), _f32(-2))
        while True:
            # A share is some rows of one case.
            shares = (rows + step - 1) // step
            share = take(given)
            n = share // shares
            if n >= N:
                return
            row = share % shares * step
            stop = min(rows, row + step)
            for left in range(0, columns, block):
                right = min(columns, left + block)
                for i in range(row, stop):
                    start = first[n * rows + i] if banded else start_key
                    low, high = max(left, -start), min(right, K - start)
                    q = (n * Q + start_query + i) * A
                    k = (n * K + start) * A
                    o = (n * rows + i) * columns
                    m = n * across + i * down
                    for w in range(left, min(low, right)):
                        out[o + w] = nothing
                    for w in range(max(high, left), right):
                        out[o + w] = nothing
                    w = low
                    while w + 4 <= high:
                        if not masked or (
                            mask[m + w * along]
                            | mask[m + (w + 1) * along]
                            | mask[m + (w + 2) * along]
                            | mask[m + (w + 3) * along]
                        ):
                            k0 = k + w * A
                            k1, k2, k3 = k0 + A, k0 + 2 * A, k0 + 3 * A
                            s0, s1, s2, s3 = zero, zero, zero, zero
                            for h in range(0, fours, 4 * LANES):
                                s0 = add(s0, _four(query, keys, vector, q, k0, h, direct, near))
                                s1 = add(s1, _four(query, keys, vector, q, k1, h, direct, near))
                                s2 = add(s2, _four(query, keys, vector, q, k2, h, direct, near))
                                s3 = add(s3, _four(query, keys, vector, q, k3, h, direct, near))
                            for h in range(fours, A, LANES):
                                s0 = add(s0, _one(query, keys, vector, q, k0, h, direct, near))
                                s1 = add(s1, _one(query, keys, vector, q, k1, h, direct, near))
                                s2 = add(s2, _one(query, keys, vector, q, k2, h, direct, near))
                                s3 = add(s3, _one(query, keys, vector, q, k3, h, direct, near))
                            out[o + w] = start_from + factor * total(s0)
                            out[o + w + 1] = start_from + factor * total(s1)
                            out[o + w + 2] = start_from + factor * total(s2)
                            out[o + w + 3] = start_from + factor * total(s3)
                        w += 4
                    while w < high:
                        s0 = zero
                        for h in range(0, fours, 4 * LANES):
                            s0 = add(s0, _four(query, keys, vector, q, k + w * A, h, direct, near))
                        for h in range(fours, A, LANES):
                            s0 = add(s0, _one(query, keys, vector, q, k + w * A, h, direct, near))
                        out[o + w] = start_from + factor * total(s0)
                        w += 1
                    if masked:
                        for w in range(left, right):
                            if not mask[m + w * along]:
                                out[o + w] = nothing
            if aligned:
                for i in range(row, stop):
                    o = (n * rows + i) * columns
                    _softmax(out, o, columns)
                    if masked:
                        m = n * across + i * down
                        for w in range(columns):
                            if not mask[m + w * along]:
                                out[o + w] = 0

    return compute


@compiled
def _ratio(q: Any, k: Any, direct: bool, near: bool) -> tuple[Any, Any]:
    """e = E_q E_k, from the factors or from the sums, and e - 1."""
    one = splat(_f32(1))
    if direct:
        less = lower_of(expm1_doubled(held(add(q, k), _f32(20))), splat(HELD))
        return add(less, one), less
    e = mul(q, k) if near else lower_of(mul(q, k), splat(HELD))
    return e, sub(e, one)


@cache
def _gradients(direct: bool, near: bool) -> Any:
    @numba.cfunc("void(CPointer(int64))", cache=True, error_model="numpy")
    def compute(given: Any) -> None:
        query, keys = pointer(given[1], _f32), pointer(given[2], _f32)  # [N, Q, A], [N, K, A]
        of_vector = pointer(given[3], _f64)  # [N, splits, A]: sum of g tanh = g (e - 1) r
        Q, K, A, N, rows, columns = given[4], given[5], given[6], given[7], given[8], given[9]
        start_query, start_key = given[10], given[11]
        masked, mask = given[12] != 0, pointer(given[12], _u8)  # [N, rows, columns]
        across, down, along = given[13], given[14], given[15]  # its strides
        banded, first = given[16] != 0, pointer(given[16], _i64)  # [N, rows]
        grad = pointer(given[17], _f32)  # [N, rows, columns]
        of_query = pointer(given[18], _f32)  # [splits, N, Q, A]: sum over j of g r (1 - r)
        of_keys = pointer(given[19], _f32)  # [N, K, A]: sum over i of g r (1 - r)
        splits = given[20]  # number of shares of the keys of a case
        # If this is the only block: 4 v, [A], a factor of the sums.
        alone, fourfold = given[21] != 0, pointer(given[21], _f32)
        # Sums over some rows, since long sums of float32 lose digits: of `block` keys, [block, A],
        # and of the vector, [A].
        sums, block = pointer(given[22], _f32), given[23]
        begin, width = (0, K) if banded else (start_key, columns)
        fours = A // (4 * LANES) * (4 * LANES)
        one, zero = splat(_f32(1)), splat(_f32(0))
        while True:
            part = take(given)
            n, s = part // splits, part % splits
            if n >= N:
                return
            low, last = begin + width * s // splits, begin + width * (s + 1) // splits
            t, c = part * A, part * (block + 1) * A
            v = c + block * A
            row = 0
            while low < last:
                high = min(last, low + block)
                until = min(rows, row + _ROWS)
                for i in range(row, until):
                    # Column w of the row is key w + start.
                    start = first[n * rows + i] if banded else start_key
                    left, right = max(0, low - start), min(columns, high - start)
                    if left >= right:
                        continue
                    q = (n * Q + start_query + i) * A
                    g = ((s * N + n) * Q + start_query + i) * A
                    k = (n * K + start) * A
                    o = (n * rows + i) * columns
                    m = n * across + i * down
                    there = c + (start - low) * A
                    for h in range(0, fours, 4 * LANES):
                        h1, h2, h3 = h + LANES, h + 2 * LANES, h + 3 * LANES
                        q0, q1 = load(query, q + h), load(query, q + h1)
                        q2, q3 = load(query, q + h2), load(query, q + h3)
                        a0, a1, a2, a3 = zero, zero, zero, zero
                        b0, b1, b2, b3 = zero, zero, zero, zero
                        for w in range(left, right):
                            if masked and not mask[m + w * along]:
                                continue
                            slope = splat(grad[o + w])
                            at = k + w * A + h
                            e0, n0 = _ratio(q0, load(keys, at), direct, near)
                            e1, n1 = _ratio(q1, load(keys, at + LANES), direct, near)
                            e2, n2 = _ratio(q2, load(keys, at + 2 * LANES), direct, near)
                            e3, n3 = _ratio(q3, load(keys, at + 3 * LANES), direct, near)
                            d0, d1, d2, d3 = add(e0, one), add(e1, one), add(e2, one), add(e3, one)
                            front, back = mul(d0, d1), mul(d2, d3)
                            every = div(one, mul(front, back))
                            front, back = mul(every, back), mul(every, front)
                            # r, from the other three denominators, and g r
                            r0, r1 = mul(front, d1), mul(front, d0)
                            r2, r3 = mul(back, d3), mul(back, d2)
                            g0, g1 = mul(slope, r0), mul(slope, r1)
                            g2, g3 = mul(slope, r2), mul(slope, r3)
                            # tanh = (e - 1) r
                            b0, b1 = multiply_add(n0, g0, b0), multiply_add(n1, g1, b1)
                            b2, b3 = multiply_add(n2, g2, b2), multiply_add(n3, g3, b3)
                            # r (1 - r) = e r r, which is accurate for r near one, too
                            g0, g1 = mul(mul(e0, r0), g0), mul(mul(e1, r1), g1)
                            g2, g3 = mul(mul(e2, r2), g2), mul(mul(e3, r3), g3)
                            a0, a1, a2, a3 = add(a0, g0), add(a1, g1), add(a2, g2), add(a3, g3)
                            at = there + w * A + h
                            store(sums, at, add(load(sums, at), g0))
                            store(sums, at + LANES, add(load(sums, at + LANES), g1))
                            store(sums, at + 2 * LANES, add(load(sums, at + 2 * LANES), g2))
                            store(sums, at + 3 * LANES, add(load(sums, at + 3 * LANES), g3))
                        store(of_query, g + h, add(load(of_query, g + h), a0))
                        store(of_query, g + h1, add(load(of_query, g + h1), a1))
                        store(of_query, g + h2, add(load(of_query, g + h2), a2))
                        store(of_query, g + h3, add(load(of_query, g + h3), a3))
                        store(sums, v + h, add(load(sums, v + h), b0))
                        store(sums, v + h1, add(load(sums, v + h1), b1))
                        store(sums, v + h2, add(load(sums, v + h2), b2))
                        store(sums, v + h3, add(load(sums, v + h3), b3))
                    for h in range(fours, A, LANES):
                        q0 = load(query, q + h)
                        a0, b0 = zero, zero
                        for w in range(left, right):
                            if masked and not mask[m + w * along]:
                                continue
                            slope = splat(grad[o + w])
                            at = k + w * A + h
                            e0, n0 = _ratio(q0, load(keys, at), direct, near)
                            r0 = div(one, add(e0, one))
                            g0 = mul(slope, r0)
                            b0 = multiply_add(n0, g0, b0)
                            g0 = mul(mul(e0, r0), g0)
                            a0 = add(a0, g0)
                            at = there + w * A + h
                            store(sums, at, add(load(sums, at), g0))
                        store(of_query, g + h, add(load(of_query, g + h), a0))
                        store(sums, v + h, add(load(sums, v + h), b0))
                for j in range(high - low):
                    for h in range(0, A, LANES):
                        o, at = (n * K + low + j) * A + h, c + j * A + h
                        number = load(sums, at)
                        if not alone or row > 0:
                            number = add(number, load(of_keys, o))
                        if alone and until == rows:
                            number = mul(number, load(fourfold, h))
                        store(of_keys, o, number)
                        store(sums, at, zero)
                for h in range(A):
                    of_vector[t + h] += sums[v + h]
                    sums[v + h] = 0
                row = until
                if row == rows:
                    row, low = 0, high

    return compute
