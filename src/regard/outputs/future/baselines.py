"""Forecasts that a model has to beat: the last value, and the last season.

All take windows [B, M, T] of M targets and give [B, M, horizon]; none learns one target from
another.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError

__all__ = ["naive", "seasonal_naive"]


def naive(past: NDArray[np.float64], horizon: int) -> NDArray[np.float64]:
    """The last value, again and again.

    Parameters:
        past: [B, M, T].
        horizon: steps to forecast.

    Returns:
        [B, M, horizon].

    Example:
        >>> naive(np.array([[[1.0, 2.0, 5.0]]]), 2)
        array([[[5., 5.]]])
    """
    return seasonal_naive(past, horizon, 1)


def seasonal_naive(past: NDArray[np.float64], horizon: int, season: int) -> NDArray[np.float64]:
    """The last season, again and again: y[T + h] = x[T - season + h mod season].

    Parameters:
        past: [B, M, T].
        horizon: steps to forecast.
        season: steps after which the pattern comes again; 1 makes it the naive forecast.

    Returns:
        [B, M, horizon].

    Raises:
        ConfigError: The season is longer than T or shorter than 1.

    Example:
        >>> seasonal_naive(np.array([[[9.0, 1.0, 2.0, 5.0]]]), 4, season=3)
        array([[[1., 2., 5., 1.]]])
    """
    steps = past.shape[-1]
    if not 1 <= season <= steps:
        raise ConfigError(f"season: wanted 1 to {steps}, the steps of the window, given {season}")
    return np.asarray(past[..., steps - season + np.arange(horizon) % season])
