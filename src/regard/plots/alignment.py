"""Plot which source words each target word looked at."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.plots.format import one_line
from regard.plots.style import BLUE, axes_of_size
from regard.plots.weights import LONGEST, check_names, plot_weights

__all__ = ["plot_alignment"]

_CELLS = (0.17, 0.42)  # smallest and largest side of a cell, in inches
_SIDE = 6.5  # of the cells together where the smallest are not needed, in inches


def plot_alignment(
    weights: Any,
    *,
    source: Sequence[object],
    target: Sequence[object],
    truth: ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw an alignment: source words along the top, target words down the side, darker is higher.

    Parameters:
        weights: [Q, K], not negative: how much of each source word a target word looked at.
        source: K words.
        target: Q words.
        truth: [Q, K] boolean, the true links, which are outlined in blue.
        ax: where to draw; by default the axes of a new figure that grows with Q and K.

    Returns:
        The axes.

    Raises:
        DataError: shapes that do not match, or weights that are negative or not finite.

    Source: figure 3 of Bahdanau et al., 2015, "Neural machine translation by jointly learning to
    align and translate", ICLR, there white is high.

    >>> axes = plot_alignment([[0.9, 0.1]], source=["a", "cat"], target=["ein"])
    >>> [label.get_text() for label in axes.get_xticklabels()]
    ['a', 'cat']
    """
    shape = np.shape(weights)
    if len(shape) != 2:
        raise DataError(f"weights: wanted [target, source], given the shape {list(shape)}")
    check_names(shape, target=target, source=source)
    cell = float(np.clip(_SIDE / max(*shape, 1), *_CELLS))
    widest = _widest(source)
    upright = widest < cell
    if ax is None:
        above = 0.0 if upright else widest
        ax = axes_of_size(0.9 + _widest(target) + cell * shape[1], 0.4 + above + cell * shape[0])
    ax = plot_weights(weights, queries=target, keys=source, ax=ax)
    ax.set(xlabel="", ylabel="")
    ax.tick_params(axis="x", top=False, bottom=False, labeltop=True, labelbottom=False)
    ax.tick_params(axis="x", labelrotation=0 if upright else 90)
    ax.tick_params(axis="y", length=0)
    if truth is not None:
        ax.add_collection(_outlines(truth, shape))
    return ax


def _widest(words: Sequence[object]) -> float:
    """The width of the longest name, in inches."""
    font = FontProperties(size=rcParams["font.size"])
    names = [one_line(str(word), LONGEST) for word in words]
    widths = [text_to_path.get_text_width_height_descent(name, font, False)[0] for name in names]
    return max(widths, default=0.0) / 72


def _outlines(truth: ArrayLike, shape: tuple[int, ...]) -> LineCollection:
    """The edges of the regions of true links."""
    links: NDArray[np.bool_] = np.asarray(truth, dtype=bool)
    if links.shape != shape:
        raise DataError(f"truth: wanted the shape {list(shape)}, given {list(links.shape)}")
    padded = np.pad(links, 1)
    lines = [
        [(column - 0.5, row - 1.5), (column - 0.5, row - 0.5)]
        for row, column in np.argwhere(padded[:, 1:] != padded[:, :-1])
    ] + [
        [(column - 1.5, row - 0.5), (column - 0.5, row - 0.5)]
        for row, column in np.argwhere(padded[1:] != padded[:-1])
    ]
    return LineCollection(lines, colors=BLUE, linewidths=1.4, capstyle="projecting")
