# The compiled code has its own types.
# mypy: allow-untyped-decorators
"""What random convolutions find in series, compiled by numba.

Every function takes cases [B, C, T] with the lengths [B] of each, reads zeros outside of a case,
and computes one convolution of one case at a time, so that nothing of kernels by steps by cases is
held. Kernels have nine weights; that in the middle lies at the step that a response belongs to.
"""

from typing import Any

import numba
import numpy as np

__all__ = ["shares", "wins"]

# No fastmath: a response must be the same number where it is counted and where it is explained.
_compiled = numba.njit(nogil=True, cache=True, error_model="numpy")

_HALF = 4  # weights on either side of the middle
_RIVALS = 8  # kernels of a group


@_compiled
def _place(series: Any, length: int, margin: int, placed: Any) -> None:
    """Each channel of a case with zeros around it."""
    placed[:] = 0
    for c in range(len(series)):
        for t in range(
            length
        ):  # for a copy of one slice to another more is compiled than this file
            placed[c, margin + t] = series[c, t]


@_compiled
def _minus_sum(x: Any, d: int, length: int, out: Any) -> None:
    """Minus the sum of nine steps that are d apart."""
    a, b, c = x[:length], x[d : d + length], x[2 * d : 2 * d + length]
    e, f, g = x[3 * d : 3 * d + length], x[4 * d : 4 * d + length], x[5 * d : 5 * d + length]
    h, i, j = x[6 * d : 6 * d + length], x[7 * d : 7 * d + length], x[8 * d : 8 * d + length]
    for t in range(length):
        out[t] = -(a[t] + b[t] + c[t] + e[t] + f[t] + g[t] + h[t] + i[t] + j[t])


@_compiled
def _respond(
    placed: Any, minus: Any, start: int, d: int, triple: Any, read: Any, length: int, out: Any
) -> None:
    """The convolution with weights of 2 at three places and of -1 at six, summed over channels."""
    three = np.float32(3)
    out[:length] = 0
    for c in range(len(placed)):
        if not read[c]:
            continue
        own = minus[c]
        x, y, z = (
            placed[c, start + triple[0] * d :],
            placed[c, start + triple[1] * d :],
            placed[c, start + triple[2] * d :],
        )
        for t in range(length):
            out[t] += own[t] + three * (x[t] + y[t] + z[t])


@_compiled
def _margin(dilations: Any) -> int:
    widest = 0
    for d in dilations:
        widest = max(widest, _HALF * d)
    return widest


@_compiled
def _spread(own: Any, d: int, out: Any) -> None:
    """Add what each response adds to the nine steps that it is of, a ninth to each.

    Parameters:
        own: [N, length] at the middle of each response.
        d: dilation.
        out: [N, T]. What belongs to a step outside of the case stays in the middle.
    """
    length = own.shape[1]
    for v in range(len(own)):
        for j in range(-_HALF, _HALF + 1):
            for t in range(length):
                at = t + j * d
                out[v, at if 0 <= at < length else t] += own[v, t] / 9


@_compiled
def shares(
    series: Any,
    lengths: Any,
    out: Any,
    evidence: Any,
    dilations: Any,
    counts: Any,
    triples: Any,
    read: Any,
    biases: Any,
    weights: Any,
) -> None:
    """Of each case, the share of the steps at which a kernel's response exceeds each of its biases.

    Every other kernel counts only steps at which it reads nothing outside of the case.

    Parameters:
        series, lengths: the cases.
        out: [B, F], which the shares are written to.
        evidence: [B, N, T], which what the shares times the weights are at each step is added to.
        dilations: [D].
        counts: [D] biases of each kernel.
        triples: [K, 3] places of the weights of 2.
        read: [D, K, C] whether a channel is read.
        biases: [F] by dilation and kernel, ascending for each kernel.
        weights: [F, N].
    """
    cases, channels, steps = series.shape
    values = weights.shape[1]
    margin = _margin(dilations)
    placed = np.empty((channels, steps + 2 * margin), np.float32)
    minus = np.empty((channels, steps), np.float32)
    found = np.empty(steps, np.float32)
    level = np.empty(steps, np.int32)
    for n in range(cases):
        length, at = lengths[n], 0
        _place(series[n], length, margin, placed)
        for i in range(len(dilations)):
            d, count = dilations[i], counts[i]
            reached, own = np.zeros(count + 1), np.zeros((values, length))
            start = margin - _HALF * d
            for c in range(channels):
                _minus_sum(placed[c, start:], d, length, minus[c])
            for k in range(len(triples)):
                _respond(placed, minus, start, d, triples[k], read[i, k], length, found)
                edge = _HALF * d if (i + k) % 2 else 0
                width = max(0, length - 2 * edge)
                inner = found[edge : edge + width]
                for j in range(count):
                    bias, above = biases[at + j], np.int32(0)
                    for t in range(width):
                        above += np.int32(inner[t] > bias)
                    out[n, at + j] = np.float32(above) / np.float32(max(1, width))
                if values and width:
                    level[:width] = 0
                    for j in range(count):
                        bias = biases[at + j]
                        for t in range(width):
                            level[t] += np.int32(inner[t] > bias)
                    for v in range(values):
                        for j in range(count):
                            reached[j + 1] = reached[j] + weights[at + j, v] / width
                        for t in range(width):
                            own[v, edge + t] += reached[level[t]]
                at += count
            _spread(own, d, evidence[n])


@_compiled
def _compete(x: Any, d: int, kernels: Any, length: int, most: Any, least: Any) -> None:
    """The highest response of a group of kernels at each step, whose it is, and whose is least.

    Parameters:
        x: [length + 8 d], of which a step's response reads nine that are d apart.
        d: dilation.
        kernels: [8, 9].
        length: of the case.
        most: highest responses and the numbers of their kernels.
        least: the same of the lowest.
    """
    high, first = most
    low, last = least
    a, b, c = x[:length], x[d : d + length], x[2 * d : 2 * d + length]
    e, f, g = x[3 * d : 3 * d + length], x[4 * d : 4 * d + length], x[5 * d : 5 * d + length]
    h, i, j = x[6 * d : 6 * d + length], x[7 * d : 7 * d + length], x[8 * d : 8 * d + length]
    high[:length], low[:length] = -np.inf, np.inf
    first[:length], last[:length] = 0, 0  # where every response is NaN, as of huge numbers
    for number in range(len(kernels)):
        w, k = kernels[number], np.int32(number)
        w0, w1, w2, w3, w4, w5, w6, w7, w8 = w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8]
        for t in range(length):
            r = w0 * a[t] + w1 * b[t] + w2 * c[t] + w3 * e[t] + w4 * f[t]
            r += w5 * g[t] + w6 * h[t] + w7 * i[t] + w8 * j[t]
            top, bottom = high[t], low[t]
            first[t] = k if r > top else first[t]
            high[t] = r if r > top else top
            last[t] = k if r < bottom else last[t]
            low[t] = r if r < bottom else bottom


@_compiled
def _sum_channels(placed: Any, read: Any, out: Any) -> None:
    out[:] = 0
    for c in range(len(placed)):
        if read[c]:
            for t in range(len(out)):
                out[t] += placed[c, t]


@_compiled
def wins(
    series: Any,
    lengths: Any,
    out: Any,
    evidence: Any,
    dilations: Any,
    kernels: Any,
    read: Any,
    weights: Any,
) -> None:
    """Of each case, how kernels compete in groups, as means over the steps.

    A kernel has two numbers: its response where it is the highest of its group, and how often it is
    the lowest.

    Parameters:
        series, lengths: the cases.
        out: [B, D * G * 16], of each group first the eight responses.
        evidence: [B, N, T], which what these times the weights are at each step is added to.
        dilations: [D].
        kernels: [D, G, 8, 9].
        read: [D, G, C] whether a channel is read.
        weights: [D * G * 16, N].
    """
    cases, channels, steps = series.shape
    values = weights.shape[1]
    margin = _margin(dilations)
    placed = np.empty((channels, steps + 2 * margin), np.float32)
    x = np.empty(steps + 2 * margin, np.float32)
    high, low = np.empty(steps, np.float32), np.empty(steps, np.float32)
    first, last = np.empty(steps, np.int32), np.empty(steps, np.int32)
    sums = np.empty(_RIVALS)
    for n in range(cases):
        length, at = lengths[n], 0
        _place(series[n], length, margin, placed)
        for i in range(len(dilations)):
            d, own = dilations[i], np.zeros((values, length))
            start = margin - _HALF * d
            for g in range(kernels.shape[1]):
                _sum_channels(placed, read[i, g], x)
                _compete(x[start:], d, kernels[i, g], length, (high, first), (low, last))
                sums[:] = 0
                for t in range(length):
                    sums[first[t]] += high[t]
                for k in range(_RIVALS):
                    count, number = np.int32(0), np.int32(k)
                    for t in range(length):
                        count += np.int32(last[t] == number)
                    out[n, at + k] = sums[k] / length
                    out[n, at + _RIVALS + k] = np.float32(count) / np.float32(length)
                for v in range(values):
                    for t in range(length):
                        added = weights[at + first[t], v] * high[t]
                        added += weights[at + _RIVALS + last[t], v]
                        own[v, t] += added / length
                at += 2 * _RIVALS
            _spread(own, d, evidence[n])
