"""Plot the spectrogram of a recording with the attention weight of each moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.plots.attention import add_weights
from regard.plots.lines import check_weights, weight_scale
from regard.plots.style import BLUE, axes_of_size, blues, unframe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["add_spectrogram", "check_energies", "plot_sound"]

_LANE = 0.27  # of the height, for the weights
_RANGE = 4.0  # natural logarithms above the quietest tenth that are drawn at least
_PITCHES = (0, 250, 500, 1000, 2000, 4000, 8000, 16000)  # Hz, of the axis


def plot_sound(
    energies: ArrayLike,
    weights: ArrayLike,
    *,
    hop: float,
    rate: int,
    seconds: float | None = None,
    span: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the log-mel spectrogram of a recording, and the weight of each frame in a lane below it.

    The scale of the weights starts at 0 and ends at the highest one, or at four times the mean if
    that is more; a dashed line in the lane marks the mean.

    Parameters:
        energies: [bands, S] logarithms of the energies in bands evenly spaced on the mel scale
            from 0 Hz to half the rate, the lowest first.
        weights: [S], not negative.
        hop: seconds from one frame to the next.
        rate: samples in a second.
        seconds: how long the recording is, by default S hops.
        span: (start, stop) seconds that are known to matter, marked; None or an empty span marks
            nothing.
        ax: where to draw; by default the axes of a new figure.

    Returns:
        The axes that the spectrogram is drawn on. The lane is `axes.child_axes[-1]`.

    Raises:
        DataError: shapes that do not match, or weights that are negative or not finite.

    >>> plot_sound(np.eye(3, 4), np.full(4, 0.25), hop=0.01, rate=8000).get_xlabel()
    'time (s)'
    """
    energies = np.asarray(energies, dtype=np.float64)
    weights = np.asarray(weights, dtype=np.float64)
    check_energies(energies)
    _check(energies, weights, span)
    frames = energies.shape[1]
    ax = ax or axes_of_size(8.0, 3.2)
    add_spectrogram(ax, energies, hop=hop, rate=rate, seconds=seconds, below=_LANE)
    if span is not None and span[0] < span[1]:
        _mark(ax, span)
    add_weights(ax, hop * np.arange(frames + 1), weights, weight_scale(weights), _LANE)
    return ax


def check_energies(energies: NDArray[np.float64]) -> None:
    """Refuse what is no spectrogram [bands, frames].

    Raises:
        DataError: it has another number of axes, or no frame.
    """
    if energies.ndim != 2 or energies.size == 0:
        raise DataError(f"energies: wanted [bands, frames], given the shape {list(energies.shape)}")


def add_spectrogram(
    ax: Axes,
    energies: NDArray[np.float64],
    *,
    hop: float,
    rate: int,
    seconds: float | None,
    below: float,
) -> None:
    """Draw a spectrogram over seconds and kilohertz.

    Parameters:
        ax: where to draw.
        energies, hop, rate, seconds: as of `plot_sound`.
        below: the share of the height that stays free below it.
    """
    from matplotlib.ticker import MaxNLocator

    frames = energies.shape[1]
    quiet, loud = np.quantile(energies, 0.1), energies.max()
    floor = min(float(quiet), float(loud) - _RANGE)
    ax.imshow(
        energies,
        aspect="auto",
        origin="lower",
        extent=(0, frames * hop, 0, 1),
        cmap=blues(),
        vmin=floor,
        vmax=float(loud),
        interpolation="none",
    )
    ax.set_ylim(-below / (1 - below), 1)
    ax.set_xlim(0, seconds or frames * hop)
    unframe(ax)
    ax.spines["left"].set_bounds(0, 1)
    shown = [pitch for pitch in _PITCHES if pitch <= rate / 2]
    places = np.log1p(np.array(shown) / 700) / np.log1p(rate / 2 / 700)
    kilo = [f"{pitch / 1000:g}" for pitch in shown]
    ax.set_yticks(places.tolist(), kilo)
    ax.set_ylabel("kHz")
    ax.set_xlabel("time (s)")
    ax.xaxis.set_major_locator(MaxNLocator(6, min_n_ticks=1))


def _check(
    energies: NDArray[np.float64], weights: NDArray[np.float64], span: tuple[float, float] | None
) -> None:
    frames = energies.shape[1]
    if weights.shape != (frames,):
        shape = list(weights.shape)
        raise DataError(f"weights: wanted one for each of {frames} frames, given the shape {shape}")
    check_weights(weights)
    if span is not None and not 0 <= span[0] <= span[1]:
        raise DataError(f"span: wanted 0 <= start <= stop, in seconds, given {tuple(span)}")


def _mark(ax: Axes, span: tuple[float, float]) -> None:
    """Bound the true stretch by lines, which leave the spectrogram as it is, and label it."""
    for edge in span:
        ax.axvline(edge, color=BLUE, linewidth=1.1, linestyle=(0, (3, 2)))
    ax.annotate(
        "true stretch",
        (sum(span) / 2, 1),
        xycoords=ax.get_xaxis_transform(),
        xytext=(0, 2),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize="small",
        color=BLUE,
    )
