"""Plot how often predictions of each probability are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from regard.errors import DataError
from regard.plots.style import BLUE, GREY, axes_of_size, legend_above, unframe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_reliability"]

_LARGEST = 200.0  # area of the point of a bin that has all cases, in square points
_SMALLEST = 12.0


def plot_reliability(rows: Sequence[Mapping[str, float]], *, ax: Axes | None = None) -> Axes:
    """Draw a reliability diagram: how often predictions of each probability are right.

    Points below the diagonal are overconfident, points above it underconfident. The area of a point
    is its share of the cases.

    Parameters:
        rows: of each bin the mean "probability", the share "right" and the number of "cases".
        ax: where to draw; by default the axes of a new figure.

    Returns:
        The axes drawn on.

    Raises:
        DataError: there is no bin.

    >>> plot_reliability([{"probability": 0.9, "right": 0.8, "cases": 50}]).get_ylabel()
    'share right'
    """
    if not rows:
        raise DataError("rows: wanted a row for each bin, given none")
    ax = ax or axes_of_size(3.4, 3.4)
    probability, right, cases = (
        np.array([row[name] for row in rows], np.float64)
        for name in ("probability", "right", "cases")
    )
    dashed = (0, (4, 1.5))
    ax.plot([0, 1], [0, 1], color=GREY, linestyle=dashed, linewidth=1, label="as right as certain")
    ax.plot(probability, right, color=BLUE, linewidth=1)
    areas = np.maximum(_LARGEST * cases / cases.sum(), _SMALLEST)
    ax.scatter(
        probability, right, s=areas, color=BLUE, zorder=2, clip_on=False, label="predictions"
    )
    ax.set(xlim=(0, 1.03), ylim=(0, 1.03), aspect="equal")
    ax.set_xlabel("probability of the predicted class")
    ax.set_ylabel("share right")
    unframe(ax)
    legend_above(ax, columns=2)
    return ax
