"""Plot a story and how much each hop of a model looked at each of its sentences."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.plots.fonts import with_names
from regard.plots.format import one_line
from regard.plots.lines import check_weights
from regard.plots.style import BLUE, TINT, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MOST_SENTENCES", "plot_story", "shown_sentences", "story_axes"]

MOST_SENTENCES = 40
"""Sentences of a story that are drawn; of more those with the highest weights."""

_LETTERS = 90  # of a sentence
_SIZE = 10.0  # points
_ROW, _CELL = 0.27, 0.52  # height of a row and width of a column, in inches
_EDGE = 0.12  # around everything, in inches
_HEAD = 0.3  # room for the names of the hops, in inches


def plot_story(
    sentences: Sequence[str],
    weights: Any,
    *,
    supporting: Collection[int] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw a sentence a line, with a tinted cell for each hop: the stronger, the more it looked.

    Parameters:
        sentences: S.
        weights: [hops, S], not negative.
        supporting: positions, from 0, of the sentences that the answer follows from, which have a
            blue bar.
        ax: where to draw; by default the axes of a new figure that fits the story.

    Returns:
        The axes.

    Raises:
        DataError: shapes that do not match, or weights that are negative or not finite.

    Source: table 2 of Sukhbaatar et al., 2015, "End-to-end memory networks", NeurIPS.

    >>> ax = plot_story(["Mary left.", "It rained."], [[0.9, 0.1], [0.4, 0.6]], supporting=[0])
    >>> [text.get_text() for text in ax.texts][:4]
    ['hop 1', 'hop 2', '1', 'Mary left.']
    """
    from matplotlib.patches import Rectangle

    looks = np.asarray(weights, dtype=np.float64)
    if looks.ndim != 2 or looks.shape[1] != len(sentences):
        raise DataError(
            f"weights: wanted [hops, {len(sentences)}], one for each sentence, given the shape "
            f"{list(looks.shape)}"
        )
    check_weights(looks)
    rows = shown_sentences(looks, supporting)
    ax = ax or story_axes(sentences, looks, supporting=supporting)
    ax.set_axis_off()
    width = ax.get_position().width * ax.figure.get_figure(root=True).get_size_inches()[0]
    left = width - _CELL * len(looks)
    ax.set_xlim(0, width)
    ax.set_ylim(len(rows) * _ROW, -_HEAD)
    text: dict[str, Any] = {"va": "center", "fontsize": _SIZE, "parse_math": False}
    soft: dict[str, Any] = {**text, "fontsize": 0.85 * _SIZE, "alpha": 0.7}
    for hop in range(len(looks)):
        ax.text(left + (hop + 0.5) * _CELL, -_HEAD / 2, f"hop {hop + 1}", ha="center", **soft)
    for line, at in enumerate(rows):
        middle = (line + 0.5) * _ROW
        if at in supporting:
            bar = Rectangle((0, line * _ROW + 0.03), 0.06, _ROW - 0.06, fc=BLUE, lw=0)
            ax.add_patch(bar)
        ax.text(0.36, middle, f"{at + 1}", ha="right", **soft)
        ax.text(0.46, middle, _shown(sentences[at]), ha="left", **text)
        for hop, weight in enumerate(looks[:, at].tolist()):
            corner = left + hop * _CELL + 0.015, line * _ROW + 0.015
            cell = Rectangle(corner, _CELL - 0.03, _ROW - 0.03, fc=VERMILION, lw=0)
            cell.set_alpha(TINT * min(weight, 1.0))
            ax.add_patch(cell)
            if round(weight, 2) > 0:
                ax.text(left + (hop + 0.5) * _CELL, middle, f"{weight:.2f}", ha="center", **soft)
    return ax


def shown_sentences(weights: NDArray[np.floating], supporting: Collection[int]) -> list[int]:
    """Positions of the sentences that are drawn, in their order.

    >>> len(shown_sentences(np.ones((1, 3)), [])), len(shown_sentences(np.ones((1, 300)), []))
    (3, 40)
    """
    count = weights.shape[1]
    rank = np.isin(np.arange(count), list(supporting)) + weights.max(0, initial=0.0)
    return sorted(np.argsort(-rank, kind="stable")[:MOST_SENTENCES].tolist())


def story_axes(
    sentences: Sequence[str],
    weights: NDArray[np.floating],
    *,
    supporting: Collection[int] = (),
    above: float = 0.0,
) -> Axes:
    """The axes of a new figure that fit a story, with space above in inches."""
    from matplotlib.figure import Figure

    rows = shown_sentences(weights, supporting)
    longest = max((_width(_shown(sentences[at])) for at in rows), default=0.0)
    width = max(0.46 + longest + 0.15 + _CELL * len(weights), 3.0)
    height = _HEAD + _ROW * len(rows)
    wide, high = width + 2 * _EDGE, height + 2 * _EDGE + above
    figure = Figure(figsize=(wide, high))
    return figure.add_axes((_EDGE / wide, _EDGE / high, width / wide, height / high))


def _shown(sentence: str) -> str:
    return with_names(one_line(sentence, _LETTERS))


def _width(text: str) -> float:
    """In inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=_SIZE)
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]) / 72
