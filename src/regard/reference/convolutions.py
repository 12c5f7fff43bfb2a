"""Features of random convolutions, and what each step adds to a linear model of them."""

from collections.abc import Sequence

import numpy as np

from regard.reference.elements import Array

__all__ = ["competition", "dilated_convolution", "shares_above", "spread_evenly"]


def dilated_convolution(series: Array, kernel: Sequence[float], dilation: int) -> Array:
    """r_t = sum over j of w_j x_{t + (j - m) d}, with m the middle and zeros outside the series.

    Parameters:
        series: [T].
        kernel: [2 m + 1] weights w.
        dilation: d.

    Returns:
        [T].

    >>> dilated_convolution(np.array([1.0, 2.0, 3.0]), [1.0, 0.0, -1.0], 1).tolist()
    [-2.0, -2.0, 2.0]
    """
    middle = len(kernel) // 2
    responses = np.zeros(len(series))
    for t in range(len(series)):
        for j, weight in enumerate(kernel):
            at = t + (j - middle) * dilation
            if 0 <= at < len(series):
                responses[t] += weight * series[at]
    return responses


def shares_above(responses: Array, bias: float, margin: int = 0) -> tuple[float, Array]:
    """The share of the steps at which a response exceeds a bias, and what each step adds to it.

    Parameters:
        responses: [T].
        bias: to exceed.
        margin: steps at either end that do not count.

    Source: Dempster, Schmidt and Webb, 2021, "MiniRocket", section 3 (the proportion of positive
    values, PPV).

    >>> share, added = shares_above(np.array([0.0, 2.0, 3.0, 1.0]), 1.5)
    >>> share, added.tolist()
    (0.5, [0.0, 0.25, 0.25, 0.0])
    """
    counted = len(responses) - 2 * margin
    added = np.zeros(len(responses))
    for t in range(margin, margin + max(0, counted)):
        if responses[t] > bias:
            added[t] = 1 / counted
    return float(added.sum()), added


def competition(responses: Array) -> tuple[Array, Array]:
    """What each step adds to the features of kernels that compete.

    Parameters:
        responses: [K, T] of the kernels of a group.

    Returns:
        highest [K, T]: the response of the kernel that has the highest of a step, over T; lowest
        [K, T]: 1 / T where a kernel's response is the lowest. The sums over the steps are the
        features.

    Source: Dempster, Schmidt and Webb, 2023, "Hydra", section 3 (soft counts of the largest
    responses, hard counts of the smallest).

    >>> highest, lowest = competition(np.array([[1.0, 4.0], [3.0, 2.0]]))
    >>> highest.tolist(), lowest.tolist()
    ([[0.0, 2.0], [1.5, 0.0]], [[0.5, 0.0], [0.0, 0.5]])
    """
    kernels, steps = responses.shape
    highest, lowest = np.zeros((kernels, steps)), np.zeros((kernels, steps))
    for t in range(steps):
        first = last = 0
        for k in range(kernels):
            if responses[k, t] > responses[first, t]:
                first = k
            if responses[k, t] < responses[last, t]:
                last = k
        highest[first, t] = responses[first, t] / steps
        lowest[last, t] = 1 / steps
    return highest, lowest


def spread_evenly(added: Array, kernel: int, dilation: int) -> Array:
    """What responses add, divided among the steps that each is of.

    Parameters:
        added: [T] at the middle of each response.
        kernel: number of weights, odd.
        dilation: d.

    Returns:
        [T] with the same sum: what belongs to a step outside of the series stays in the middle.

    >>> spread_evenly(np.array([0.0, 0.0, 6.0, 0.0]), 3, 2).tolist()
    [2.0, 0.0, 4.0, 0.0]
    """
    middle = kernel // 2
    spread = np.zeros(len(added))
    for t in range(len(added)):
        for j in range(kernel):
            at = t + (j - middle) * dilation
            spread[at if 0 <= at < len(added) else t] += added[t] / kernel
    return spread
