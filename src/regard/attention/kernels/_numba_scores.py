# The compiled code has its own types, declared in its signatures.
# mypy: allow-untyped-decorators
"""Additive scores on the CPU, compiled by numba.

    d_h = 1 + E_q[h] E_k[h],   score = sum(v) - 2 sum_h v_h / d_h

Four features share a division, v1/d1 + v2/d2 = (v1 d2 + v2 d1) / (d1 d2) twice over. Clamping d
at 4e9, where tanh is one to rounding, keeps the product of four finite.
"""

import math
from functools import cache
from typing import Any

import numba
import numpy as np

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
    mul,
    multiply_add,
    pointer,
    splat,
    store,
    sub,
    take,
    total,
)

__all__ = ["scores"]

_f32, _u8, _i64 = np.float32, np.uint8, np.int64
_LOWEST = _f32(-3e38)  # below any score


@compiled
def _over(q: Any, k: Any, direct: bool, near: bool) -> tuple[Any, Any]:
    """n and d of a term v n / d: v / (1 + E_q E_k) from factors, v tanh(q + k) from sums."""
    one = splat(_f32(1))
    if direct:
        n = lower_of(expm1_doubled(held(add(q, k), _f32(20))), splat(HELD))
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
def scores(direct: bool, near: bool) -> Any:
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
