"""Colours, axes and legends that the pictures share.

The colours are mid-tones, readable on light and dark pages; blue, orange and grey differ for every
type of colour vision. Text has matplotlib's own colour.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.lines import Line2D

__all__ = [
    "BLUE",
    "GREY",
    "OCHRE",
    "TINT",
    "VERMILION",
    "axes_of_size",
    "blues",
    "colours",
    "legend_above",
    "tints",
    "unframe",
    "weight_colours",
]

GREY = "#8b99aa"
OCHRE = "#cf8f3a"
VERMILION = "#e0480b"
BLUE = "#2380c8"

TINT = 0.65
"""Highest opacity of vermilion behind letters, which stay readable on light and dark pages."""


@cache
def weight_colours() -> Colormap:
    """From grey, visible for a weight of zero, through ochre to vermilion."""
    return colours("weight", GREY, OCHRE, VERMILION)


@cache
def blues() -> Colormap:
    """From nearly white through blue to nearly black: readable beside the colours of weights."""
    return colours("blues", "#f4f6f8", "#9db8d2", BLUE, "#0c2340")


@cache
def tints() -> Colormap:
    """From transparent to vermilion."""
    return colours("tint", f"{VERMILION}00", VERMILION)


def colours(name: str, *steps: str) -> Colormap:
    """A colour map through evenly spaced colours."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(f"regard_{name}", steps)


def axes_of_size(width: float, height: float) -> Axes:
    """The axes of a new figure; sizes in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").add_subplot()


def unframe(ax: Axes) -> None:
    """Keep only the left and the bottom spine, in grey."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(GREY)
    ax.tick_params(color=GREY)


def legend_above(
    ax: Axes,
    *,
    columns: int,
    handles: list[Line2D] | None = None,
    first: tuple[str, tuple[Line2D, ...]] | None = None,
    bottom: float = 1.0,
) -> None:
    """Put the legend above the axes; by default of all artists that have a label.

    Parameters:
        columns: of the legend.
        handles: artists with labels.
        first: a label and the lines that are drawn side by side before it, as first entry.
        bottom: of the legend, as a share of the height of the axes.
    """
    from matplotlib.legend_handler import HandlerTuple

    artists: list[Any] = ax.get_legend_handles_labels()[0] if handles is None else [*handles]
    labels = [str(artist.get_label()) for artist in artists]
    if first is not None:
        artists, labels = [first[1], *artists], [first[0], *labels]
    legend = ax.legend(
        artists,
        labels,
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0)},
        loc="lower left",
        bbox_to_anchor=(0, bottom),
        ncols=columns,
        frameon=False,
        fontsize="small",
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
