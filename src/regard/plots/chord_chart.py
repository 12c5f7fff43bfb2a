"""Plot chord symbols in lines, and how much one of them looked at the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.plots.fonts import with_names
from regard.plots.format import one_line
from regard.plots.lines import check_weights, weight_scale
from regard.plots.style import BLUE, GREY, TINT, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["chord_axes", "chord_boxes", "chords_shown", "plot_chords"]

_LINE = 8  # symbols
_MOST = 12  # lines that are drawn, if not said otherwise
_WIDE, _HIGH = 0.92, 0.46  # a symbol, in inches
_LEFT, _EDGE, _FOOT = 0.42, 0.1, 0.24  # room for the numbers of steps, around all, and below
_SIZE = 11.0  # points
_GIVEN = 0.45  # opacity of symbols that were given


def plot_chords(
    symbols: Sequence[str],
    *,
    weights: ArrayLike | None = None,
    step: int | None = None,
    written: ArrayLike | None = None,
    probabilities: ArrayLike | None = None,
    most: int = _LINE * _MOST,
    ax: Axes | None = None,
) -> Axes:
    """Draw chord symbols as a lead sheet, eight in a line.

    The stronger the tint behind a symbol, the more the chosen one looked at it.

    Parameters:
        symbols: T.
        weights: [T], not negative: how much the chosen symbol looked at each.
        step: of the chosen symbol, which is outlined if there are weights.
        written: [T] boolean, symbols that a model wrote; the others were given and are pale.
        probabilities: [T] of the written symbols, as blue bars below them; others are not read.
        most: number of symbols to draw; of a longer piece the lines around the chosen one.
        ax: where to draw; by default the axes of a new figure that fits them.

    Returns:
        The axes.

    Raises:
        DataError: shapes that do not match, weights that are negative or not finite, or a step
            outside of the piece.

    >>> axes = plot_chords(["Dm7", "G7", "Cmaj7"], weights=[0.2, 0.8, 0], step=2)
    >>> [text.get_text() for text in axes.texts]
    ['0', 'Dm7', '0.20', 'G7', '0.80', 'Cmaj7']
    """
    from matplotlib.patches import Rectangle

    count = len(symbols)
    if not count:
        raise DataError("symbols: wanted at least one, given none")
    looks = _fitting("weights", weights, count, 0.0)
    own = _fitting("written", written, count, True)
    check_weights(looks)
    if step is not None and not 0 <= step < count:
        raise DataError(f"step: wanted one from 0 to {count - 1}, given {step}")
    shown = chords_shown(count, step, most)
    ax = ax or chord_axes(len(shown))
    lines = -(-len(shown) // _LINE)
    boxes = (chord_boxes(count) - (0, shown.start // _LINE, 0, 0)).tolist()
    ax.set_axis_off()
    ax.set_xlim(-_LEFT / _WIDE, _columns(len(shown)) + 0.01)
    ax.set_ylim(lines + _FOOT / _HIGH, 0)
    scale = weight_scale(looks)
    text: dict[str, Any] = {"va": "center", "parse_math": False}
    soft: dict[str, Any] = {**text, "fontsize": 0.65 * _SIZE, "alpha": 0.7}
    for at in shown:
        left, top, _, _ = boxes[at]
        if at % _LINE == 0:
            ax.text(-0.08, top + 0.5, f"{at}", ha="right", **soft)
        if looks[at] > 0:
            cell = Rectangle((left, top), 1, 1, facecolor=VERMILION, linewidth=0)
            cell.set_alpha(TINT * min(float(scale(looks[at])), 1.0))
            ax.add_patch(cell)
        ax.add_patch(Rectangle((left, top), 1, 1, fill=False, edgecolor=GREY, linewidth=0.5))
        name = with_names(one_line(symbols[at], 16))
        size, alpha = _fitting_size(name), 1.0 if own[at] else _GIVEN
        ax.text(left + 0.5, top + 0.38, name, ha="center", fontsize=size, alpha=alpha, **text)
        if round(looks[at], 2) > 0:
            ax.text(left + 0.95, top + 0.72, f"{looks[at]:.2f}", ha="right", **soft)
    if probabilities is not None:
        values = _fitting("probabilities", probabilities, count, 0.0)
        for at in (at for at in shown if own[at]):
            left, top, _, _ = boxes[at]
            ax.add_patch(
                Rectangle((left + 0.05, top + 0.88), 0.9 * values[at], 0.06, fc=BLUE, lw=0)
            )
    if step is not None and weights is not None:
        frame = Rectangle(
            (boxes[step][0], boxes[step][1]), 1, 1, fill=False, edgecolor="black", linewidth=1.6
        )
        ax.add_patch(frame)
    if len(shown) < count:
        said = f"chords {shown.start} to {shown.stop - 1} of 0 to {count - 1}"
        if looks.any():
            outside = 1 - looks[shown.start : shown.stop].sum() / looks.sum()
            said += f", {outside:.0%} of the weights are on others"
        ax.text(0, lines + _FOOT / _HIGH / 2, said, ha="left", **soft)
    return ax


def chord_boxes(count: int) -> NDArray[np.float64]:
    """[T, 4] left, top, width and height of every symbol, of axes that show all of them."""
    line, column = np.divmod(np.arange(count), _LINE)
    return np.stack([column, line, np.ones(count), np.ones(count)], axis=-1)


def chords_shown(count: int, step: int | None, most: int = _LINE * _MOST) -> range:
    """The symbols that are drawn: whole lines, three quarters of them before the chosen one.

    >>> chords_shown(5, None), chords_shown(200, 100), chords_shown(200, 3)
    (range(0, 5), range(24, 120), range(0, 96))
    """
    lines, fit = -(-count // _LINE), max(1, most // _LINE)
    at = (count - 1 if step is None else step) // _LINE
    start = _LINE * max(0, min(at - fit * 3 // 4, lines - fit))
    return range(start, min(count, start + _LINE * fit))


def chord_axes(count: int, *, above: float = 0.0) -> Axes:
    """The axes of a new figure that fit so many symbols, with space above in inches."""
    from matplotlib.figure import Figure

    wide = _LEFT + _WIDE * _columns(count)
    high = _HIGH * -(-count // _LINE) + _FOOT
    full, deep = wide + 2 * _EDGE, high + 2 * _EDGE + above
    return Figure(figsize=(full, deep)).add_axes(
        (_EDGE / full, _EDGE / deep, wide / full, high / deep)
    )


def _columns(count: int) -> int:
    """Few symbols have a narrow figure, in which a title still fits."""
    return min(_LINE, max(count, 5))


def _fitting(name: str, given: ArrayLike | None, count: int, filled: Any) -> NDArray[Any]:
    """What is given, of the type and the length wanted."""
    array = np.full(count, filled) if given is None else np.asarray(given, type(filled))
    if array.shape != (count,):
        raise DataError(f"{name}: wanted one for each of {count}, given {list(array.shape)}")
    return array


def _fitting_size(name: str) -> float:
    """Points at which a name fits into its cell."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=_SIZE)
    wide = float(text_to_path.get_text_width_height_descent(name, font, ismath=False)[0]) / 72
    return _SIZE * min(1.0, 0.9 * _WIDE / max(wide, 0.01))
