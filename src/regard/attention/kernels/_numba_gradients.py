# The compiled code has its own types, declared in its signatures.
# mypy: allow-untyped-decorators
"""The gradients of additive scores on the CPU, compiled by numba: all in one pass.

e = E_q E_k, r = 1 / (1 + e):   d tanh(q + k) = 4 r (1 - r),   tanh(q + k) = (e - 1) r
"""

from functools import cache
from typing import Any

import numba
import numpy as np

from regard.attention.kernels._simd import (
    HELD,
    LANES,
    add,
    compiled,
    div,
    expm1_doubled,
    held,
    load,
    lower_of,
    mul,
    multiply_add,
    pointer,
    splat,
    store,
    sub,
    take,
)

__all__ = ["gradients"]

_f32, _f64, _u8, _i64 = np.float32, np.float64, np.uint8, np.int64
_ROWS = 64  # rows whose gradients are summed separately


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
def gradients(direct: bool, near: bool) -> Any:
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
