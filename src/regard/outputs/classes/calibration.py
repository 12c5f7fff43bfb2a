"""How far probabilities can be relied on, and their calibration by one temperature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["certainty", "mean_probability", "softmax", "temperature_of"]

_BINS = 10

_LARGEST = 100.0  # factor by which logits are scaled, up or down


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities over the last axis; SciPy's would make a first prediction wait for SciPy.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]))
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(shares / shares.sum(-1, keepdims=True))


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
    from scipy.optimize import minimize_scalar  # half a second that no prediction needs
    from scipy.special import log_softmax

    count, classes = logits.shape
    wanted = np.full(logits.shape, 1 / (count + 2) / (classes - 1))
    wanted[np.arange(count), targets] = (count + 1) / (count + 2)

    def loss(log_factor: float) -> float:
        return -float((wanted * log_softmax(np.exp(log_factor) * logits, axis=1)).sum(1).mean())

    bound = np.log(_LARGEST)
    # The loss is convex in the factor, so it has one minimum.
    best = minimize_scalar(loss, bounds=(-bound, bound), method="bounded")
    return float(np.exp(-best.x))


def certainty(probabilities: NDArray[np.float64], targets: NDArray[np.int64]) -> dict[str, Any]:
    """Brier score, expected calibration error and reliability of probabilities, for JSON.

    - `brier`: mean squared difference of probabilities and truth, summed over the classes; with
      two classes that of one of them, as in scikit-learn. 0 is best.
    - `ece`: mean difference of the probability of the predicted class and the share that is right,
      in bins of equal width, weighted by their cases.
    - `reliability`: a row for each bin that has cases: their mean `probability` of the predicted
      class, the share `right`, and how many `cases` it has.

    Parameters:
        probabilities: [B, N].
        targets: [B] class numbers.

    Reference:
        Brier, "Verification of forecasts expressed in terms of probability", 1950; Guo et al.,
        ICML 2017, section 2.
    """
    truth = np.eye(probabilities.shape[1])[targets]
    squares = np.square(probabilities - truth).sum(1)
    predicted, highest = probabilities.argmax(1), probabilities.max(1)
    right = predicted == targets
    bins = np.minimum((highest * _BINS).astype(np.int64), _BINS - 1)
    rows = [
        {
            "probability": float(highest[own].mean()),
            "right": float(right[own].mean()),
            "cases": int(own.sum()),
        }
        for own in (bins == at for at in np.unique(bins))
    ]
    gaps = [row["cases"] * abs(row["probability"] - row["right"]) for row in rows]
    return {
        "brier": float(squares.mean()) / (2 if probabilities.shape[1] == 2 else 1),
        "ece": float(np.sum(gaps) / len(targets)),
        "reliability": rows,
    }


def mean_probability(reliability: Sequence[Mapping[str, Any]]) -> float:
    """Of the predicted class, from the rows of `reliability`."""
    cases = [row["cases"] for row in reliability]
    return float(np.average([row["probability"] for row in reliability], weights=cases))
