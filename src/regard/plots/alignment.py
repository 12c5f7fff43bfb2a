"""Plot which source words each target word looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.plots.format import one_line
from regard.plots.style import BLUE
from regard.plots.weights import LONGEST, WRITTEN, check_names, plot_weights

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection

__all__ = ["alignment_axes", "plot_alignment", "word_label"]

_CELL, _SMALLEST = 0.42, 0.19  # sides of a cell, in inches
_SIDE = 6.5  # of the map where its cells are between these, in inches
_CORNER = 0.37  # from the middle of a cell, in cells
_EDGE = 0.1  # around everything, in inches
_BAR = 0.6  # room for the colour bar, in inches
_NARROWEST = 3.0  # figure, in inches, so that a title fits


def plot_alignment(
    weights: Any,
    *,
    source: Sequence[object],
    target: Sequence[object],
    truth: ArrayLike | None = None,
    copied: ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw an alignment: source words along the top, target words down the side, darker is higher.

    Parameters:
        weights: [Q, K], not negative: how much of each source word a target word looked at.
        source: K words.
        target: Q words.
        truth: [Q, K] boolean, the true links, which are outlined in blue.
        copied: [Q, K] boolean, source words that a target word was copied from, marked by a dot
            beside the number of the cell.
        ax: where to draw; by default the axes of a new figure that grows with Q and K.

    Returns:
        The axes.

    Raises:
        DataError: shapes that do not match, or weights that are negative or not finite.

    Source: figure 3 of Bahdanau et al., 2015, "Neural machine translation by jointly learning to
    align and translate", ICLR, where white is high.

    >>> axes = plot_alignment([[0.9, 0.1]], source=["a", "cat"], target=["ein"])
    >>> [label.get_text() for label in axes.get_xticklabels()]
    ['a', 'cat']
    """
    shape = np.shape(weights)
    if len(shape) != 2:
        raise DataError(f"weights: wanted [target, source], given the shape {list(shape)}")
    check_names(shape, target=target, source=source)
    columns, rows = ([word_label(str(word)) for word in words] for words in (source, target))
    if ax is None:
        ax = alignment_axes(source, target)
    ax = plot_weights(weights, queries=rows, keys=columns, ax=ax)
    ax.set(xlabel="", ylabel="")
    ax.tick_params(axis="x", top=False, bottom=False, labeltop=True, labelbottom=False)
    ax.tick_params(axis="y", length=0)
    box = ax.get_window_extent()
    turned = _turned(columns, box.width / ax.figure.dpi / shape[1])
    for label, tick in zip(ax.get_xticklabels(), ax.get_xticks(), strict=True):
        label.set_rotation(90 if turned[int(tick)] else 0)
    if truth is not None:
        ax.add_collection(_outlines(_fitting("truth", truth, shape)))
    if copied is not None:
        down, along = np.nonzero(_fitting("copied", copied, shape))
        if len(down):
            # Beside the number of the cell, where cells have one.
            aside = _CORNER if max(shape) <= WRITTEN else 0.0
            look: Any = {"color": "black", "edgecolors": "white", "linewidths": 0.5}
            ax.scatter(along + aside, down - aside, s=14, **look, zorder=4)
    return ax


def alignment_axes(
    source: Sequence[object], target: Sequence[object], *, above: float = 0.0
) -> Axes:
    """The axes of a new figure with square cells for the words, with space above in inches."""
    from matplotlib.figure import Figure

    columns, rows = ([word_label(str(word)) for word in words] for words in (source, target))
    longer = max(len(columns), len(rows), 1)
    cell = min(_CELL, max(_SMALLEST, _SIDE / longer))
    wide, high = cell * max(len(columns), 1), cell * max(len(rows), 1)
    turned = [name for name, up in zip(columns, _turned(columns, cell), strict=True) if up]
    left = max(map(_width, rows), default=0.0) + 2 * _EDGE
    head = max([0.12, *map(_width, turned)]) + 2 * _EDGE + above
    right = _EDGE + (_BAR if longer > WRITTEN else 0.0)
    across, down = max(left + wide + right, _NARROWEST), head + high + _EDGE
    figure = Figure(figsize=(across, down))
    return figure.add_axes((left / across, _EDGE / down, wide / across, high / down))


def word_label(word: str) -> str:
    """A word beside the map: one line, shortened in the middle; blanks as an open box.

    >>> word_label("cat"), word_label(" ")
    ('cat', '␣')
    """
    return one_line(word, LONGEST) or "␣"


def _turned(names: Sequence[str], cell: float) -> list[bool]:
    """Which names are written upwards: all, or only the one that is wider than its cell."""
    wider = [_width(name) > cell - 0.04 for name in names]
    return wider if sum(wider) <= 1 else [True] * len(names)


def _width(name: str) -> float:
    """In inches."""
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=rcParams["font.size"])
    return float(text_to_path.get_text_width_height_descent(name, font, ismath=False)[0]) / 72


def _fitting(name: str, given: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    marks: NDArray[np.bool_] = np.asarray(given, dtype=bool)
    if marks.shape != shape:
        raise DataError(f"{name}: wanted the shape {list(shape)}, given {list(marks.shape)}")
    return marks


def _outlines(links: NDArray[np.bool_]) -> LineCollection:
    """The edges of the regions of true links."""
    from matplotlib.collections import LineCollection

    padded = np.pad(links, 1)
    lines = [
        [(column - 0.5, row - 1.5), (column - 0.5, row - 0.5)]
        for row, column in np.argwhere(padded[:, 1:] != padded[:, :-1])
    ] + [
        [(column - 1.5, row - 0.5), (column - 0.5, row - 0.5)]
        for row, column in np.argwhere(padded[1:] != padded[:-1])
    ]
    look = {"colors": BLUE, "linewidths": 1.4, "capstyle": "projecting"}
    return LineCollection(lines, **look, zorder=3, clip_on=False)
