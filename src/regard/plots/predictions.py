"""Plot predicted against true numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from regard.errors import DataError
from regard.plots.format import one_line
from regard.plots.style import BLUE, GREY, axes_of_size, unframe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_predictions"]


def plot_predictions(
    truth: ArrayLike,
    predicted: ArrayLike,
    *,
    name: str | None = None,
    margin: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a point for each case: the true number on x, the predicted one on y.

    Both axes have the same range, in the units of the data. A correct prediction is on the dashed
    diagonal.

    Parameters:
        truth: [B].
        predicted: [B].
        name: of the target, for the labels of the axes.
        margin: how far an interval reaches around each prediction, shaded along the diagonal.
        ax: where to draw; by default the axes of a new figure.

    Returns:
        The axes.

    Raises:
        DataError: shapes that do not match, no case, or numbers that are not finite.

    >>> plot_predictions([1.0, 2.0], [1.5, 2.0], name="price").get_ylabel()
    'predicted price'
    """
    truth, predicted = (np.asarray(given, dtype=np.float64) for given in (truth, predicted))
    if truth.ndim != 1 or not truth.size:
        raise DataError(f"truth: wanted [cases], given the shape {list(truth.shape)}")
    if predicted.shape != truth.shape:
        raise DataError(
            f"predicted: wanted one for each of {len(truth)} cases, "
            f"given the shape {list(predicted.shape)}"
        )
    if not (np.isfinite(truth).all() and np.isfinite(predicted).all()):
        raise DataError("truth and predicted: wanted finite numbers, given some that are not")
    ax = ax or axes_of_size(3.4, 3.2)
    low = float(min(truth.min(), predicted.min()))
    high = float(max(truth.max(), predicted.max()))
    pad = 0.05 * (high - low) or abs(high) * 0.05 or 1.0
    ends = (low - pad, high + pad)
    ax.plot(ends, ends, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    if margin is not None:
        low_side, high_side = [end - margin for end in ends], [end + margin for end in ends]
        ax.fill_between(ends, low_side, high_side, color=BLUE, alpha=0.12, linewidth=0, zorder=0)
    # Many points are smaller and fainter, so that dense areas are visible.
    crowd = float(np.clip((len(truth) - 50) / 2000, 0, 1))
    size, alpha = 18 - 12 * crowd, 0.75 - 0.5 * crowd
    ax.scatter(truth, predicted, s=size, color=BLUE, alpha=alpha, linewidths=0, zorder=2)
    ax.set_xlim(ends)
    ax.set_ylim(ends)
    ax.set_aspect("equal")
    what = "" if name is None else f" {one_line(name, 30)}"
    ax.set_xlabel(f"true{what}", parse_math=False)
    ax.set_ylabel(f"predicted{what}", parse_math=False)
    ax.locator_params(nbins=5)
    ax.ticklabel_format(style="sci", scilimits=(-3, 5), useOffset=False)
    unframe(ax)
    return ax
