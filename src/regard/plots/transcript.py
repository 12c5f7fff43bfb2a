"""Plot the spectrogram of a recording with the attention of each word that was written from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from regard.plots.sound import add_spectrogram, check_energies
from regard.plots.words import add_words, axes_with_rows, check_words, share_of_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_transcript", "transcript_axes"]


def transcript_axes(words: int, width: float) -> Axes:
    """The axes of a new figure for so many words, of a width in inches."""
    return axes_with_rows(words, width, 1.1 if width < 6 else 1.6)


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
    check_words(weights, words, places=frames, noun="frames")
    ax = ax or transcript_axes(len(words), 8.0)
    share = share_of_rows(ax, len(words))
    add_spectrogram(ax, energies, hop=hop, rate=rate, seconds=seconds, below=share)
    add_words(ax, weights, words, start=0.0, step=hop, share=share, truth=truth)
    return ax
