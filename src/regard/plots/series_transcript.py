"""Plot a series with the attention of each word that was written from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.plots.channels import fit_channels, name_channels, stacked
from regard.plots.style import BLUE, blues, unframe
from regard.plots.words import add_words, axes_with_rows, check_words, share_of_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_series_transcript", "series_transcript_axes"]

_LINES = 8  # channels that are drawn as lines; more are drawn as tints
_RANGE = 2.0  # standard deviations of a channel that its tints reach on either side
_NAME = 0.16  # height of a name, in inches


def series_transcript_axes(channels: int, words: int, width: float) -> Axes:
    """The axes of a new figure for so many channels and words, of a width in inches."""
    return axes_with_rows(words, width, _high(channels) * (1 if width < 6 else 1.4))


def _high(channels: int) -> float:
    """The height of the channels in a narrow figure, in inches."""
    return 0.7 + 0.12 * min(channels, _LINES)


def plot_series_transcript(
    series: ArrayLike,
    weights: ArrayLike,
    *,
    words: Sequence[str],
    channels: Sequence[str] | None = None,
    rate: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a series, and below it the weights of each word over the same steps.

    Each word stands above the step of its highest weight as well, if there is room. Up to eight
    channels are lines above each other, the first on top, each scaled to its own range. More are
    rows of tints, the darker the higher, within two standard deviations of their own mean.

    Parameters:
        series: [T] or [C, T]; values that are not finite are left blank.
        weights: [W, T], not negative: where each word looked.
        words: W of them.
        channels: C names; by default their numbers.
        rate: steps in a second, for an axis of seconds; by default it has the numbers of steps.
        ax: where to draw; by default the axes of a new figure that grows with C and W.

    Returns:
        The axes that the series is drawn on. The rows are `axes.child_axes[-1]`.

    Raises:
        DataError: shapes that do not match, or weights that are negative or not finite.

    >>> ax = plot_series_transcript(np.eye(3, 4), np.eye(2, 4), words=["a", "cat"])
    >>> [text.get_text() for text in ax.texts]
    ['a', 'cat']
    """
    from matplotlib.ticker import MaxNLocator

    series = np.atleast_2d(np.asarray(series, dtype=np.float64))
    weights = np.asarray(weights, dtype=np.float64)
    if series.ndim != 2 or series.size == 0:
        shape = list(series.shape)
        raise DataError(f"series: wanted [steps] or [channels, steps], given the shape {shape}")
    C, T = series.shape
    check_words(weights, words, places=T, noun="steps")
    if channels is not None and len(channels) != C:
        raise DataError(f"channels: wanted {C} names, given {len(channels)}")
    ax = ax or series_transcript_axes(C, len(words), 8.0)
    share = share_of_rows(ax, len(words))
    step = 1.0 if rate is None else 1 / rate
    start, end = -0.5 * step, (T - 0.5) * step
    if C <= _LINES:
        drawn = stacked(series)
        ax.plot(step * np.arange(T), drawn.T, color=BLUE, linewidth=1.0)
        fit_channels(ax, drawn, channels, lane=share)
    else:
        _add_tints(ax, series, channels, (start, end), share)
    ax.set_xlim(start, end)
    ax.set_xlabel("step" if rate is None else "time (s)")
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=rate is None, min_n_ticks=1))
    add_words(ax, weights, words, start=start, step=step, share=share)
    return ax


def _add_tints(
    ax: Axes,
    series: NDArray[np.float64],
    channels: Sequence[str] | None,
    ends: tuple[float, float],
    below: float,
) -> None:
    """Draw a row for each channel, above a free share of the height."""
    C = len(series)
    known = np.isfinite(series)
    count = np.maximum(known.sum(1, keepdims=True), 1)
    mean = series.sum(1, keepdims=True, where=known) / count
    spread = np.sqrt(((series - mean) ** 2).sum(1, keepdims=True, where=known) / count)
    tints = np.where(known, (series - mean) / np.where(spread > 0, spread, 1.0), np.nan)
    ax.imshow(
        tints,
        aspect="auto",
        extent=(*ends, -0.5, C - 0.5),
        cmap=blues(),
        vmin=-_RANGE,
        vmax=_RANGE,
        interpolation="none",
    )
    ax.set_ylim(-0.5 - C * below / (1 - below), C - 0.5)
    unframe(ax)
    ax.spines["left"].set_bounds(-0.5, C - 0.5)
    name_channels(ax, C, channels, most=round(_high(C) / _NAME))
