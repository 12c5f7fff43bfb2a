"""Plot the spectrogram of a recording with the attention of each word that was written from it."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.plots.format import one_line
from regard.plots.lines import add_lane, check_weights, weight_scale
from regard.plots.sound import add_spectrogram, check_energies
from regard.plots.style import BLUE, GREY, TINTS, axes_of_size
from regard.plots.weights import LONGEST, check_names

__all__ = ["plot_transcript", "transcript_axes"]

_ROW, _ROWS = 0.2, 7.0  # height of a row, and of all rows at most, in inches
_AXIS = 0.62  # room for the time axis and for the words above, in inches
_SIDES = 0.5  # room beside the axes for the frequencies, in inches, without the names of rows
_BETWEEN = 0.06  # room between words above, in inches


def transcript_axes(words: int, width: float) -> Axes:
    """The axes of a new figure for so many words, of a width in inches."""
    spectrogram = 1.1 if width < 6 else 1.6
    return axes_of_size(width, _AXIS + spectrogram + min(_ROW * max(words, 1), _ROWS))


def plot_transcript(
    energies: ArrayLike,
    weights: ArrayLike,
    *,
    words: Sequence[str],
    hop: float,
    rate: int,
    seconds: float | None = None,
    truth: Sequence[tuple[float, float]] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw a log-mel spectrogram, and below it the weights of each word over the same time.

    Each word stands above the moment of its highest weight as well, if there is room.

    Parameters:
        energies: [bands, S], as of `plot_sound`.
        weights: [W, S], not negative: where each word listened.
        words: W of them.
        hop: seconds from one frame to the next.
        rate: samples in a second.
        seconds: how long the recording is, by default S hops.
        truth: (start, stop) seconds of words, in order, framed in blue in the rows of the words;
            as many as there are words, or they are drawn through all rows.
        ax: where to draw; by default the axes of a new figure that grows with W.

    Returns:
        The axes that the spectrogram is drawn on. The rows are `axes.child_axes[-1]`.

    Raises:
        DataError: shapes that do not match, or weights that are negative or not finite.

    Source: figure 2 of Chan et al., 2016, "Listen, attend and spell".

    >>> ax = plot_transcript(np.eye(3, 4), np.eye(2, 4), words=["a", "cat"], hop=0.01, rate=8000)
    >>> [text.get_text() for text in ax.texts]
    ['a', 'cat']
    """
    energies = np.asarray(energies, dtype=np.float64)
    weights = np.asarray(weights, dtype=np.float64)
    check_energies(energies)
    frames = energies.shape[1]
    if weights.ndim != 2 or weights.shape[1] != frames:
        shape = list(weights.shape)
        raise DataError(f"weights: wanted [words, {frames} frames], given the shape {shape}")
    check_names((len(weights),), words=words)
    check_weights(weights)
    ax = ax or transcript_axes(len(words), 8.0)
    figure = ax.get_figure(root=True)
    assert figure is not None
    height = float(figure.get_size_inches()[1])
    share = min(_ROW * max(len(words), 1), _ROWS) / (height - _AXIS)
    add_spectrogram(ax, energies, hop=hop, rate=rate, seconds=seconds, below=share)
    lane = add_lane(ax, share - 0.03 * (share < 1), axis="left")
    if len(words):
        lane.imshow(
            weights,
            aspect="auto",
            extent=(0, frames * hop, len(words), 0),
            cmap=TINTS,
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
    _write_above(ax, words, (weights.argmax(1) + 0.5) * hop if len(words) else np.empty(0))
    return ax


def _frame(lane: Axes, truth: Sequence[tuple[float, float]], rows: int) -> None:
    """The true stretches: of each row its own, or all through all rows."""
    for number, (start, stop) in enumerate(truth):
        at, high = (number, 1) if len(truth) == rows else (0, max(rows, 1))
        box = Rectangle((start, at), stop - start, high, fill=False, edgecolor=BLUE, linewidth=1.1)
        lane.add_patch(box)


def _write_above(ax: Axes, words: Sequence[str], places: NDArray[np.float64]) -> None:
    """Words above the spectrogram at their moments, those that find room, the first ones first."""
    start, end = ax.get_xlim()
    figure = ax.get_figure(root=True)
    assert figure is not None
    names = [one_line(word, LONGEST) for word in words]
    wide = float(figure.get_size_inches()[0]) - _SIDES - max(map(_width, names), default=0)
    inch = (end - start) / max(wide, 1.0)  # in seconds
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
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize="small",
            parse_math=False,
        )


def _width(name: str) -> float:
    """In inches, of small letters."""
    font = FontProperties(size="small")
    return float(text_to_path.get_text_width_height_descent(name, font, ismath=False)[0]) / 72
