"""Rows of weights for the words of a text, below a picture of what it was written from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.plots.format import one_line
from regard.plots.lines import add_lane, check_weights, weight_scale
from regard.plots.style import BLUE, GREY, axes_of_size, tints
from regard.plots.weights import LONGEST, check_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["add_words", "axes_with_rows", "check_words", "share_of_rows"]

_ROW, _ROWS = 0.2, 7.0  # height of a row, and of all rows at most, in inches
_AXIS = 0.62  # room for the axis of time and for the words above, in inches
_SIDES = 0.5  # room beside the axes for their labels, in inches, without the names of rows
_BETWEEN = 0.06  # room between words above, in inches


def axes_with_rows(words: int, width: float, height: float) -> Axes:
    """The axes of a new figure with a row for each word below a picture.

    Parameters:
        words: W.
        width: of the figure, in inches.
        height: of the picture, in inches.
    """
    return axes_of_size(width, _AXIS + height + _high(words))


def share_of_rows(ax: Axes, words: int) -> float:
    """The share of the height of the axes that the rows take."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return _high(words) / (float(figure.get_size_inches()[1]) - _AXIS)


def _high(words: int) -> float:
    """The height of all rows, in inches."""
    return min(_ROW * max(words, 1), _ROWS)


def check_words(
    weights: NDArray[np.float64], words: Sequence[str], *, places: int, noun: str
) -> None:
    """Refuse weights that are not [words, places], or are negative or not finite.

    Parameters:
        weights: to check.
        words: W names.
        places: of the input, such as frames.
        noun: what these are called.

    Raises:
        DataError: says what was wanted.
    """
    if weights.ndim != 2 or weights.shape[1] != places:
        shape = list(weights.shape)
        raise DataError(f"weights: wanted [words, {places} {noun}], given the shape {shape}")
    check_names((len(weights),), words=words)
    check_weights(weights)


def add_words(
    ax: Axes,
    weights: NDArray[np.float64],
    words: Sequence[str],
    *,
    start: float,
    step: float,
    share: float,
    truth: Sequence[tuple[float, float]] = (),
) -> None:
    """Draw a row of weights for each word, and the word above the place of its highest weight.

    Parameters:
        ax: that the picture is drawn on, with the limits of its x axis.
        weights: [W, S].
        words: W of them.
        start: where the first of S places begins on the x axis.
        step: width of a place.
        share: of the height of the axes, for the rows; see `share_of_rows`.
        truth: starts and stops of words, framed in their rows.
    """
    lane = add_lane(ax, share - 0.03 * (share < 1), axis="left")
    if len(words):
        lane.imshow(
            weights,
            aspect="auto",
            extent=(start, start + weights.shape[1] * step, len(words), 0),
            cmap=tints(),
            norm=weight_scale(weights),
            interpolation="none",
        )
    lane.set_ylim(max(len(words), 1), 0)
    lane.set_xlim(ax.get_xlim())
    shown = range(0, len(words), -(-len(words) // int(_ROWS / _ROW)) if len(words) else 1)
    names = [one_line(words[row], LONGEST) for row in shown]
    lane.set_yticks([row + 0.5 for row in shown], names, parse_math=False, fontsize="small")
    lane.tick_params(axis="y", length=0)
    lane.spines["left"].set_visible(False)
    for row in range(1, len(words)):
        lane.axhline(row, color=GREY, linewidth=0.3)
    _frame(lane, truth, len(words))
    highest = start + (weights.argmax(1) + 0.5) * step if len(words) else np.empty(0)
    _write_above(ax, words, highest)


def _frame(lane: Axes, truth: Sequence[tuple[float, float]], rows: int) -> None:
    """The true stretches: of each row its own, or all through all rows."""
    from matplotlib.patches import Rectangle

    for number, (start, stop) in enumerate(truth):
        at, high = (number, 1) if len(truth) == rows else (0, max(rows, 1))
        box = Rectangle((start, at), stop - start, high, fill=False, edgecolor=BLUE, linewidth=1.1)
        lane.add_patch(box)


def _write_above(ax: Axes, words: Sequence[str], places: NDArray[np.float64]) -> None:
    """Words above the picture at their places, those that find room, the first ones first."""
    start, end = ax.get_xlim()
    figure = ax.get_figure(root=True)
    assert figure is not None
    names = [one_line(word, LONGEST) for word in words]
    wide = float(figure.get_size_inches()[0]) - _SIDES - max(map(_width, names), default=0)
    inch = (end - start) / max(wide, 1.0)  # on the x axis
    free = start
    for n in np.argsort(places, kind="stable").tolist():
        half = _width(names[n]) / 2 * inch
        place = min(max(float(places[n]), start + half), end - half)
        if place - half < free:
            continue
        free = place + half + _BETWEEN * inch
        ax.annotate(
            names[n],
            (place, 1),
            xycoords=ax.get_xaxis_transform(),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize="small",
            parse_math=False,
        )


def _width(name: str) -> float:
    """In inches, of small letters."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size="small")
    return float(text_to_path.get_text_width_height_descent(name, font, ismath=False)[0]) / 72
