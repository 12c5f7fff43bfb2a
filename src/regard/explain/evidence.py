"""Evidence as weights: what share of it each position has."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_weights"]


def as_weights(spoke: NDArray[np.float64], otherwise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each position's share of the sum over positions.

    Parameters:
        spoke: [..., T], not negative.
        otherwise: [..., T] weights to take for a row that sums to zero.

    Returns:
        [..., T]; rows sum to one where those of `otherwise` do.

    >>> as_weights(np.array([[1.0, 3.0], [0.0, 0.0]]), np.array([[0.5, 0.5], [0.9, 0.1]]))
    array([[0.25, 0.75],
           [0.9 , 0.1 ]])
    """
    total = spoke.sum(-1, keepdims=True)
    return np.where(total > 0, spoke / np.where(total > 0, total, 1), otherwise)
