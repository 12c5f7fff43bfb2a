"""Calibration of probabilities by one temperature."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

__all__ = ["temperature_of"]

_LARGEST = 100.0  # factor by which logits are scaled, up or down


def temperature_of(logits: NDArray[np.float64], targets: NDArray[np.int64]) -> float:
    """The temperature T of softmax(logits / T) with the least cross-entropy on held-out cases.

    The target of a case is (B + 1) / (B + 2) for its own class and the rest spread over the others:
    B cases that are all right prove no more certainty than that, where the targets 0 and 1 would
    drive T to 0.

    Parameters:
        logits: [B, N], finite, of cases that were not trained on.
        targets: [B] class numbers.

    Reference:
        Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2; the targets
        are those of Platt, "Probabilistic Outputs for Support Vector Machines", 1999, section 2.2.

    Example:
        >>> logits = np.array([[4.0, 0.0], [4.0, 0.0], [4.0, 0.0], [4.0, 0.0]])
        >>> round(temperature_of(logits, np.array([0, 0, 0, 1])), 2)  # softmax(4 / T) = .667
        5.77
    """
    count, classes = logits.shape
    wanted = np.full(logits.shape, 1 / (count + 2) / (classes - 1))
    wanted[np.arange(count), targets] = (count + 1) / (count + 2)

    def loss(log_factor: float) -> float:
        return -float((wanted * log_softmax(np.exp(log_factor) * logits, axis=1)).sum(1).mean())

    bound = np.log(_LARGEST)
    # The loss is convex in the factor, so it has one minimum.
    best = minimize_scalar(loss, bounds=(-bound, bound), method="bounded")
    return float(np.exp(-best.x))
