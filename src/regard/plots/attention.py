"""Plot a series with the attention weight of each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.plots.channels import fit_channels, stacked
from regard.plots.lines import add_lane, check_weights, coloured_lines, weight_scale
from regard.plots.style import BLUE, GREY, VERMILION, axes_of_size, weight_colours
from regard.plots.times import edges

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize

__all__ = ["add_weights", "plot_attention"]

_NOTE: dict[str, Any] = {"textcoords": "offset points", "fontsize": "small"}


def plot_attention(
    series: ArrayLike,
    weights: ArrayLike,
    *,
    span: ArrayLike | None = None,
    channels: Sequence[str] | None = None,
    steps: ArrayLike | None = None,
    unit: str = "step",
    ax: Axes | None = None,
) -> Axes:
    """Draw a series coloured by its attention weights, and the weights in a lane below it.

    Low weights are grey and thin, high ones vermilion and thick. The scale starts at 0 and ends at
    the highest weight, or at four times the mean if that is more; a dashed line in the lane marks
    the mean. Several channels are stacked in order, the first on top, each scaled to its own range.

    Parameters:
        series: [T] or [C, T]; values that are not finite are left blank.
        weights: [T], or [C, T] where each channel has its own, not negative; then the lane shows
            the highest of each step.
        span: half-open (start, stop) steps that are known to matter, or several, [n, 2], shaded;
            None or an empty span shades nothing.
        channels: C names; by default their numbers. The name of a single channel is the label of
            the y axis.
        steps: [T] where each step is on the x axis, ascending, such as its time; by default its
            number.
        unit: label of the x axis.
        ax: where to draw; by default the axes of a new figure.

    Returns:
        The axes that the series is drawn on. The lane is `axes.child_axes[-1]`.

    Raises:
        DataError: shapes that do not match, or weights that are negative or not finite.

    >>> plot_attention([0.0, 1.0, 0.0], [0.1, 0.8, 0.1], channels=["speed"]).get_ylabel()
    'speed'
    """
    from matplotlib.ticker import MaxNLocator

    series = np.atleast_2d(np.asarray(series, dtype=np.float64))
    weights = np.asarray(weights, dtype=np.float64)
    x = np.asarray(np.arange(series.shape[-1]) if steps is None else steps, dtype=np.float64)
    spans = np.asarray([] if span is None else span, dtype=np.int64).reshape(-1, 2)
    _check(series, weights, spans, channels, x)
    C = len(series)
    ends = edges(x, step=1.0)
    ax = ax or axes_of_size(8.0, 2.4 + 0.34 * min(C, 40))
    scale = weight_scale(weights)
    # The lane takes the lowest part of the axes, the series the rest.
    lane_share = float(np.clip(1.5 / (C + 1.5), 0.12, 0.28))

    drawn = stacked(series)
    ax.add_collection(coloured_lines(x, drawn, weights, scale), autolim=False)
    fit_channels(ax, drawn, channels, lane=lane_share)
    ax.set_xlim(ends[0], ends[-1])
    ax.set_xlabel(unit, parse_math=False)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=steps is None, min_n_ticks=1))
    _shade(ax, ends[spans[spans[:, 0] < spans[:, 1]]])
    highest = np.atleast_2d(weights).max(0)
    add_weights(ax, ends, highest, scale, lane_share, even=float(weights.mean()))
    return ax


def _check(
    series: NDArray[np.float64],
    weights: NDArray[np.float64],
    spans: NDArray[np.int64],
    channels: Sequence[str] | None,
    x: NDArray[np.float64],
) -> None:
    if series.ndim != 2 or series.size == 0:
        shape = list(series.shape)
        raise DataError(f"series: wanted [steps] or [channels, steps], given the shape {shape}")
    C, T = series.shape
    if weights.shape not in ((T,), (C, T)):
        shape = list(weights.shape)
        raise DataError(f"weights: wanted one for each of {T} steps, given the shape {shape}")
    check_weights(weights)
    if channels is not None and len(channels) != C:
        raise DataError(f"channels: wanted {C} names, given {len(channels)}")
    if x.shape != (T,) or not (np.isfinite(x).all() and (np.diff(x) > 0).all()):
        raise DataError(f"steps: wanted {T} ascending numbers, one for each step")
    for start, stop in spans.tolist():
        if not 0 <= start <= stop <= T:
            raise DataError(f"span: wanted 0 <= start <= stop <= {T}, given {(start, stop)}")


def _shade(ax: Axes, spans: NDArray[np.float64]) -> None:
    """Shade the true spans [n, 2], and label the first on the side with more room."""
    for start, stop in spans.tolist():
        ax.axvspan(start, stop, facecolor=BLUE, alpha=0.16, linewidth=0, zorder=0)
    if not len(spans):
        return
    start, stop = spans[0].tolist()
    x, side = (start, "left") if start + stop < sum(ax.get_xlim()) else (stop, "right")
    top = ax.get_xaxis_transform()
    note = {"xytext": (0, 2), "ha": side, "va": "bottom", "color": BLUE, **_NOTE}
    ax.annotate("true span" if len(spans) == 1 else "true spans", (x, 1), xycoords=top, **note)


def add_weights(
    ax: Axes,
    ends: NDArray[np.float64],
    weights: NDArray[np.float64],
    scale: Normalize,
    height: float,
    *,
    even: float | None = None,
) -> None:
    """The weights as an area; the bar of the colours on its right is also its scale.

    A dashed line marks the weight that all would have, `even`, by default the mean.
    """
    lane = add_lane(ax, height, axis="right")
    lane.stairs(weights, ends, fill=True, color=VERMILION, alpha=0.75, linewidth=0)
    even = float(weights.mean()) if even is None else even
    lane.axhline(even, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    top = float(scale.vmax or 1.0)
    lane.set_ylim(0, top)
    lane.set_yticks([even, top], ["even", f"{top:.2g}"], fontsize="small")
    lane.yaxis.tick_right()
    bar = lane.inset_axes((1, 0, 0.01, 1))
    levels = np.linspace(0, top, 129)
    bar.pcolormesh([0, 1], levels, levels[:-1, None], cmap=weight_colours(), norm=scale)
    bar.collections[0].set_rasterized(True)
    bar.set_axis_off()
    lane.spines["right"].set_position(("axes", 1.01))
    note = {"xytext": (-4, 0), "ha": "right", "va": "center", **_NOTE}
    lane.annotate("weight", (0, 0.5), xycoords="axes fraction", **note)
