"""Colours, axes and legends that the pictures share.

The colours are mid-tones, readable on light and dark pages; blue, orange and grey differ for every
type of colour vision. Text has matplotlib's own colour.
"""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D

__all__ = [
    "BLUE",
    "BLUES",
    "GREY",
    "OCHRE",
    "TINT",
    "TINTS",
    "VERMILION",
    "WEIGHT_COLOURS",
    "axes_of_size",
    "legend_above",
    "unframe",
]

GREY = "#8b99aa"
OCHRE = "#cf8f3a"
VERMILION = "#e0480b"
BLUE = "#2380c8"

# From grey, visible for a weight of zero, through ochre to vermilion.
WEIGHT_COLOURS = LinearSegmentedColormap.from_list(
    "regard_weight", [(0.0, GREY), (0.5, OCHRE), (1.0, VERMILION)]
)

# From nearly white through blue to nearly black: readable beside the colours of weights.
BLUES = LinearSegmentedColormap.from_list("regard_blues", ["#f4f6f8", "#9db8d2", BLUE, "#0c2340"])

# Highest opacity of vermilion behind letters, which stay readable on light and dark pages.
TINT = 0.65

# From transparent to vermilion.
TINTS = LinearSegmentedColormap.from_list("regard_tint", [(*to_rgb(VERMILION), 0), VERMILION])


def axes_of_size(width: float, height: float) -> Axes:
    """The axes of a new figure; sizes in inches."""
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
