"""Plot a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.plots.format import one_line
from regard.plots.style import BLUE, GREY, VERMILION, axes_of_size, unframe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_confusion"]

_SMALLEST = 4.0  # points; smaller counts are not readable


def plot_confusion(matrix: ArrayLike, classes: Sequence[str], *, ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix: true classes in rows, correct in blue, misclassified in vermilion.

    The opacity of a cell is its share of its row, so that rare classes are as visible as frequent
    ones. Counts other than zero are written into the cells if they fit.

    Parameters:
        matrix: [N, N] counts, true in rows, predicted in columns.
        classes: N names; long ones are shortened in the middle.
        ax: where to draw; by default the axes of a new figure that grows with N.

    Returns:
        The axes drawn on.

    Raises:
        DataError: the matrix does not have N rows and N columns.

    >>> plot_confusion([[5, 1], [0, 7]], ["flat", "normal"]).get_ylabel()
    'true'
    """
    matrix = np.asarray(matrix)
    N = len(classes)
    if N == 0 or matrix.shape != (N, N):
        shape = list(matrix.shape)
        raise DataError(f"matrix: wanted {N} rows and columns, one per class, given {shape}")
    labels = _short(classes)
    longest = max(map(len, labels), default=0)
    upright = N > 6 or longest > 6
    if ax is None:
        side = min(max(0.34 * N, 1.6), 14.0)
        margin = 0.9 + 0.075 * longest
        ax = axes_of_size(side + margin, side + (margin if upright else 0.7))
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    ax.imshow(_colours(shares), interpolation="nearest")

    ax.set_xticks(range(N), labels, rotation=90 if upright else 0, parse_math=False)
    ax.set_yticks(range(N), labels, parse_math=False)
    ax.set_xlabel("predicted")
    ax.set_ylabel("true")
    unframe(ax)
    ax.spines[:].set_visible(False)
    ax.set_xticks(np.arange(N + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(N + 1) - 0.5, minor=True)
    ax.grid(which="minor", color=GREY, alpha=0.4, linewidth=0.5)
    ax.tick_params(which="both", length=0)
    _write_counts(ax, matrix, shares)
    return ax


def _short(classes: Sequence[str]) -> list[str]:
    """The shortest labels, of up to 60 letters, that are still unique."""
    for limit in (20, 30, 44, 60):
        labels = [one_line(name, limit) for name in classes]
        if len(set(labels)) == len(classes):
            break
    return labels


def _colours(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """[N, N, 4]: opaque where the share of the row is high, transparent where it is low."""
    from matplotlib.colors import to_rgb

    image = np.empty((*shares.shape, 4))
    image[..., :3] = np.where(np.eye(len(shares))[..., None] > 0, to_rgb(BLUE), to_rgb(VERMILION))
    image[..., 3] = np.where(shares > 0, 0.12 + 0.8 * shares, 0.0)
    return image


def _write_counts(ax: Axes, matrix: NDArray[np.int64], shares: NDArray[np.float64]) -> None:
    box = ax.get_window_extent()
    cell = min(box.width, box.height) / len(matrix) * 72 / ax.figure.dpi  # points
    widest = len(f"{matrix.max():,}")
    size = min(9.0, cell / (0.7 * max(widest, 2)))  # a digit is about 0.6 of its size wide
    if size < _SMALLEST:
        return
    for row, column in zip(*np.nonzero(matrix), strict=True):
        count = f"{matrix[row, column]:,}"
        text = ax.text(column, row, count, ha="center", va="center", fontsize=size)
        if shares[row, column] > 0.55:
            text.set_color("white")
