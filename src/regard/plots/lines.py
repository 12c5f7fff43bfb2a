"""Lines coloured by weights, for pictures of series and of forecasts."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from numpy.typing import NDArray

from regard.errors import DataError
from regard.plots.style import WEIGHT_COLOURS

__all__ = ["check_weights", "coloured_lines", "finite_range", "weight_scale"]


def check_weights(weights: NDArray[np.floating]) -> None:
    """Raise a `DataError` for weights that are negative or not finite."""
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise DataError("weights: wanted finite numbers that are not negative")


def weight_scale(weights: NDArray[np.float64]) -> Normalize:
    """From 0 to the highest weight, or to four times the mean if that is more.

    So even weights, whose mean is the highest weight, do not all look high.
    """
    if not weights.size:
        return Normalize(0, 1)
    return Normalize(0, max(float(weights.max()), 4 * float(weights.mean())) or 1.0)


def finite_range(values: NDArray[np.float64]) -> tuple[float, float]:
    """The lowest and the highest finite value, (0, 0) if there is none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)


def coloured_lines(
    x: NDArray[np.float64],
    drawn: NDArray[np.float64],
    weights: NDArray[np.float64],
    scale: Normalize,
    *,
    lone: float = 1.0,
) -> LineCollection:
    """One piece of line per channel and step, in the colour of the step's weight, C-major.

    It starts half way from the step before and ends half way to the next.

    Parameters:
        x: [T], ascending.
        drawn: [C, T]; values that are not finite are left blank.
        weights: [T].
        scale: maps a weight to the range 0 to 1.
        lone: width of the dash of a single step.
    """
    C, T = drawn.shape
    y = _thirds(drawn)  # [C, T, 3]
    y = np.where(np.isfinite(y), y, drawn[..., None])  # a step beside a gap is still drawn
    across = _thirds(x[None])[0] if T > 1 else x[:, None] + lone * np.array([[-0.5, 0, 0.5]])
    pieces = np.stack([np.broadcast_to(across, y.shape), y], axis=-1).reshape(C * T, 3, 2)
    thin, more = (1.2, 1.4) if C == 1 else (0.9, 1.3)
    return LineCollection(
        list(pieces),
        array=np.tile(weights, C),
        cmap=WEIGHT_COLOURS,
        norm=scale,
        linewidths=np.tile(thin + more * np.asarray(scale(weights)), C),
        capstyle="round",
        joinstyle="round",
    )


def _thirds(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """[C, T, 3]: half way from the value before, the value, half way to the next."""
    between = (values[:, 1:] + values[:, :-1]) / 2
    before = np.concatenate([values[:, :1], between], axis=1)
    after = np.concatenate([between, values[:, -1:]], axis=1)
    return np.stack([before, values, after], axis=-1)
