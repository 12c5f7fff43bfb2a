"""Plot attention weights with a row for each query and a column for each key."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.plots.format import one_line
from regard.plots.lines import add_colour_bar, check_weights
from regard.plots.save import picture_writers, write_file
from regard.plots.style import GREY, VERMILION, axes_of_size, colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize

__all__ = ["LONGEST", "WRITTEN", "check_names", "plot_weights", "save_weights"]

LONGEST = 18  # letters of a name

WRITTEN = 10  # largest number of rows and columns with a number in each cell
_COLUMNS = 4  # panels in a row
_LETTER = 0.16  # height of a line of names, in inches


@cache
def _colours() -> Colormap:
    """For weights above zero; zero is left blank."""
    return colours("weights", "#fdf0e3", VERMILION)


def plot_weights(
    weights: Any,
    *,
    queries: Sequence[object] | None = None,
    keys: Sequence[object] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw weights [Q, K]: darker is higher, blank is exactly zero.

    In small pictures each weight is written into its cell; others have a colour bar.

    Parameters:
        weights: [Q, K], not negative: an array, or a tensor as an attention returns it, of any
            dtype and device, with or without gradient. Of [H, Q, K] each head has a panel, in rows
            of four, all with the same colours.
        queries: Q names; by default their numbers. Where they would overlap, some are left out.
        keys: K names; likewise.
        ax: where to draw [Q, K]; by default the axes of a new figure.

    Returns:
        The axes; of [H, Q, K] those of the first head, whose `figure` holds all.

    Raises:
        DataError: shapes that do not match, or weights that are negative or not finite.

    >>> plot_weights([[0.9, 0.1, 0.0], [0.2, 0.3, 0.5]], keys=["the", "cat", "sat"]).get_ylabel()
    'query'
    """
    weights = _numbers(weights)
    if weights.ndim not in (2, 3) or weights.size == 0:
        hint = "; of a batch, pass one case: weights[0]" if weights.ndim == 4 else ""
        shape = list(weights.shape)
        raise DataError(
            f"weights: wanted [queries, keys] or [heads, queries, keys], given the shape {shape}"
            f"{hint}"
        )
    check_weights(weights)
    if weights.ndim == 3:
        if len(weights) > 1 and ax is not None:
            raise DataError(f"weights: ax takes one head of {len(weights)}: pass weights[0]")
        if ax is None:
            return _draw_heads(weights, queries, keys, title="")
        weights = weights[0]
    check_names(weights.shape, queries=queries, keys=keys)
    Q, K = weights.shape
    if ax is None:
        cell = 0.62 if max(Q, K) <= WRITTEN else 0.2
        width, height = np.clip([cell * K, cell * Q], [1, 0.7], 9)
        ax = axes_of_size(1.2 + width, 0.8 + height)
    return _draw_panel(ax, weights, queries, keys, _scale(weights))


def save_weights(weights: Any, path: str | Path, *, title: str, overwrite: bool = False) -> None:
    """Write a picture of the weights of one or several heads, with a panel for each.

    Parameters:
        weights: [H, Q, K].
        path: ends in .png or .svg, which selects the format.
        title: of the panels.
        overwrite: whether a file that exists may be replaced.

    Raises:
        ConfigError: the path has another ending.
        RunError: the file exists, or cannot be written.
    """
    heads = _numbers(weights)

    def draw() -> Axes:
        return _draw_heads(heads, None, None, title=title)

    write_file(path, picture_writers(draw), overwrite=overwrite)


def _draw_heads(
    heads: NDArray[np.float64],
    queries: Sequence[object] | None,
    keys: Sequence[object] | None,
    *,
    title: str,
) -> Axes:
    """A panel for each of [H, Q, K], with one scale of colours; the axes of the first."""
    from matplotlib.figure import Figure

    check_names(heads.shape[1:], queries=queries, keys=keys)
    columns = min(len(heads), _COLUMNS)
    rows = math.ceil(len(heads) / columns)
    size = (4.2 * columns, rows * (1.4 + 0.16 * heads.shape[1]))
    figure = Figure(figsize=size, layout="constrained")
    panels = [figure.add_subplot(rows, columns, 1 + number) for number in range(len(heads))]
    for number, (head, panel) in enumerate(zip(heads, panels, strict=True)):
        _draw_panel(panel, head, queries, keys, _scale(heads))
        of = f"head {number}" if len(heads) > 1 else ""
        panel.set_title(", ".join(part for part in (title, of) if part))
    return panels[0]


def _draw_panel(
    ax: Axes,
    weights: NDArray[np.float64],
    queries: Sequence[object] | None,
    keys: Sequence[object] | None,
    scale: Normalize,
) -> Axes:
    from matplotlib.ticker import MaxNLocator

    Q, K = weights.shape
    ax.imshow(np.where(weights > 0, weights, np.nan), cmap=_colours(), norm=scale, aspect="auto")
    room = ax.get_window_extent()
    sides = ((ax.xaxis, keys, K, room.width), (ax.yaxis, queries, Q, room.height))
    for axis, names, count, pixels in sides:
        if names is None:
            axis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
        else:
            shown = range(0, count, _step(count, pixels / ax.figure.dpi))
            labels = [one_line(str(names[i]), LONGEST) for i in shown]
            axis.set_ticks(shown, labels, parse_math=False)
    if keys is not None:
        ax.tick_params(axis="x", labelrotation=45)
    ax.set_xlabel("key")
    ax.set_ylabel("query")
    ax.spines[:].set_color(GREY)
    ax.tick_params(color=GREY)
    if not weights.any():
        ax.text(0.5, 0.5, "all weights are zero", transform=ax.transAxes, ha="center", va="center")
    if max(Q, K) <= WRITTEN:
        for i, j in np.ndindex(Q, K):
            if weights[i, j]:
                text = f"{weights[i, j]:.2f}"
                ax.text(j, i, text, ha="center", va="center", color="black", size="small")
    else:
        add_colour_bar(ax, _colours(), scale)
    return ax


def _scale(weights: NDArray[np.float64]) -> Normalize:
    from matplotlib.colors import Normalize

    return Normalize(0, float(weights.max()) or 1.0)


def _step(count: int, inches: float) -> int:
    """Every how many of the names one is written, so that they do not overlap."""
    return max(1, math.ceil(count * _LETTER / inches))


def check_names(shape: Sequence[int], **sides: Sequence[object] | None) -> None:
    """Raise a `DataError` unless there is a name for each row and column.

    Parameters:
        shape: rows and columns.
        sides: names of the rows and names of the columns, by the parameter that gives them.
    """
    for (what, names), count in zip(sides.items(), shape, strict=True):
        if isinstance(names, str):
            raise DataError(f"{what}: wanted a list of names, given one text: {what}.split()")
        if names is not None and len(names) != count:
            raise DataError(f"{what}: wanted {count} names, given {len(names)}")


def _numbers(weights: Any) -> NDArray[np.float64]:
    """The numbers of an array, a list, or a tensor with its gradient and on its device."""
    if hasattr(weights, "detach"):
        weights = weights.detach().cpu().double().numpy()
    try:
        return np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        hint = "; pass those of one case, .weights[0]" if hasattr(weights, "weights") else ""
        raise DataError(
            f"weights: wanted an array of numbers, given {type(weights).__name__}{hint}"
        ) from error
