"""Plot a picture with the light of its attention weights."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.plots.lines import check_weights
from regard.plots.style import BLUE, VERMILION, axes_of_size

__all__ = ["glow", "light", "plot_picture"]

_DARK = 0.45  # brightness where no weight is
_HEAT = 0.6  # share of vermilion where the weight is highest
_TINT = 255 * np.array(to_rgb(VERMILION))


def plot_picture(
    pixels: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    box: Sequence[int] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a picture, dark where it was not looked at and glowing where it was.

    Parameters:
        pixels: [rows, columns], or with 1 or 3 channels as last axis, uint8.
        weights: [rows, columns], not negative; None draws the picture as it is.
        box: half-open (top, left, bottom, right) of what is known to matter, outlined in blue.
        ax: where to draw; by default the axes of a new figure.

    Returns:
        The axes.

    Raises:
        DataError: shapes that do not match, or weights that are negative or not finite.

    Source: after figure 2 of Xu et al., 2015, "Show, attend and tell", where the light is white.

    >>> axes = plot_picture(np.zeros((5, 7), np.uint8), np.full((5, 7), 1 / 35))
    >>> [float(end) for end in axes.get_xlim()]
    [-0.5, 6.5]
    """
    shown = _rgb(pixels) if weights is None else light(pixels, weights)
    rows, columns = shown.shape[:2]
    ax = ax or axes_of_size(3.2 * min(1.5, columns / rows), 3.2)
    # Small pictures keep their pixels, large ones are smooth.
    ax.imshow(shown, interpolation="nearest" if max(rows, columns) <= 64 else "antialiased")
    ax.set_axis_off()
    if box is not None:
        top, left, bottom, right = box
        corner, size = (left - 0.5, top - 0.5), (right - left, bottom - top)
        ax.add_patch(Rectangle(corner, *size, fill=False, edgecolor=BLUE, linewidth=1.5))
    return ax


def light(pixels: ArrayLike, weights: ArrayLike) -> NDArray[np.uint8]:
    """[rows, columns, 3] the picture, darkened and tinted by its weights.

    A pixel p of relative weight w, from 0 to 1 for the highest, becomes
    (1 - 0.6 w) (0.45 + 0.55 w) p + 0.6 w vermilion.

    Parameters:
        pixels, weights: as of `plot_picture`.

    >>> light(np.full((1, 2), 200), np.array([[0.0, 0.0]])).tolist()
    [[[90, 90, 90], [90, 90, 90]]]
    """
    picture, given = _rgb(pixels), np.asarray(weights, np.float64)
    if given.shape != picture.shape[:2]:
        raise DataError(
            f"weights: wanted the shape {list(picture.shape[:2])} of the picture, given "
            f"{list(given.shape)}"
        )
    heat, kept = _layers(given)
    return np.asarray(np.rint(kept * picture + heat * _TINT), np.uint8)


def glow(weights: ArrayLike) -> NDArray[np.uint8]:
    """[rows, columns, 4] RGBA: a layer that makes `light` of the picture below it.

    Parameters:
        weights: as of `plot_picture`.

    >>> glow(np.array([[0.0, 1.0]])).tolist()
    [[[0, 0, 0, 140], [224, 72, 11, 153]]]
    """
    heat, kept = _layers(np.asarray(weights, np.float64))
    cover = 1 - kept  # what is not kept of the picture is black, or vermilion
    return np.asarray(np.rint(np.concatenate([heat * _TINT / cover, 255 * cover], 2)), np.uint8)


def _layers(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """[rows, columns, 1] the shares of vermilion and of the picture."""
    check_weights(weights.ravel())
    top = float(weights.max())
    relative = (weights / top if top > 0 else weights)[..., None]
    heat = _HEAT * relative
    return heat, (1 - heat) * (_DARK + (1 - _DARK) * relative)


def _rgb(pixels: ArrayLike) -> NDArray[np.uint8]:
    array = np.asarray(pixels)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3) or 0 in array.shape:
        raise DataError(
            f"pixels: wanted [rows, columns] or [rows, columns, 3], given {list(array.shape)}"
        )
    return np.broadcast_to(array, (*array.shape[:2], 3)).astype(np.uint8)
