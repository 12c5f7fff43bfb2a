"""Lines coloured by weights and the lane below them, for series and forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.plots.style import GREY, unframe, weight_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from matplotlib.colors import Colormap, Normalize
    from matplotlib.lines import Line2D

__all__ = [
    "add_colour_bar",
    "add_lane",
    "check_weights",
    "coloured_lines",
    "finite_range",
    "fit_y",
    "top_weight",
    "weight_key",
    "weight_scale",
]

_BAR = 0.1  # width of a colour bar, in inches


def check_weights(weights: NDArray[np.floating]) -> None:
    """Raise a `DataError` for weights that are negative or not finite."""
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise DataError("weights: wanted finite numbers that are not negative")


def top_weight(weights: NDArray[np.float64]) -> float:
    """The highest weight, or four times the mean if that is more; 1 where all are 0.

    Without the mean, uniform weights would all have the colour of the highest weight.
    """
    return max(float(weights.max()), 4 * float(weights.mean())) or 1.0 if weights.size else 1.0


def weight_scale(weights: NDArray[np.float64]) -> Normalize:
    """From 0 to `top_weight`."""
    from matplotlib.colors import Normalize

    return Normalize(0, top_weight(weights))


def finite_range(values: NDArray[np.float64]) -> tuple[float, float]:
    """The lowest and the highest finite value, (0, 0) if there is none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)


def coloured_lines(
    x: NDArray[np.float64],
    drawn: NDArray[np.float64],
    weights: NDArray[np.float64],
    scale: Normalize,
    *,
    lone: float = 1.0,
) -> LineCollection:
    """One line segment per channel and step, channel by channel, in the colour of its weight.

    It extends half way to the previous and to the next step.

    Parameters:
        x: [T], ascending.
        drawn: [C, T]; values that are not finite are left blank.
        weights: [T], or [C, T] where each channel has its own.
        scale: maps a weight to the range 0 to 1.
        lone: width of the dash of a single step.
    """
    from matplotlib.collections import LineCollection

    C, T = drawn.shape
    y = _thirds(drawn)  # [C, T, 3]
    y = np.where(np.isfinite(y), y, drawn[..., None])  # draw a step beside a gap
    across = _thirds(x[None])[0] if T > 1 else x[:, None] + lone * np.array([[-0.5, 0, 0.5]])
    pieces = np.stack([np.broadcast_to(across, y.shape), y], axis=-1).reshape(C * T, 3, 2)
    each = np.broadcast_to(weights, drawn.shape).ravel()
    thin, more = (1.2, 1.4) if C == 1 else (0.9, 1.3)
    return LineCollection(
        list(pieces),
        array=each,
        cmap=weight_colours(),
        norm=scale,
        linewidths=thin + more * np.asarray(scale(each)),
        capstyle="round",
        joinstyle="round",
    )


def _thirds(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """[C, T, 3]: half way from the previous value, the value, half way to the next."""
    between = (values[:, 1:] + values[:, :-1]) / 2
    before = np.concatenate([values[:, :1], between], axis=1)
    after = np.concatenate([between, values[:, -1:]], axis=1)
    return np.stack([before, values, after], axis=-1)


def fit_y(ax: Axes, drawn: NDArray[np.float64], *, lane: float) -> tuple[float, float]:
    """Fit the y axis to the finite values, above a lane with this share of the height.

    Returns:
        Where the axis of the values starts and ends.
    """
    low, high = finite_range(drawn)
    pad = 0.06 * (high - low) or max(1.0, 1e-3 * abs(high))  # more than rounding
    floor, ceiling = low - pad, high + pad
    ax.set_ylim(floor - (ceiling - floor) * lane / (1 - lane), ceiling)
    unframe(ax)
    ax.spines["left"].set_bounds(floor, ceiling)
    return floor, ceiling


def add_colour_bar(ax: Axes, colours: Colormap, scale: Normalize) -> Axes:
    """A bar along the right side, with the lowest and the highest weight of the scale."""
    from matplotlib.figure import Figure

    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    width = _BAR / max(figure.get_size_inches()[0], 1.0)
    bar = ax.inset_axes((1 + width, 0, width, 1))
    low, high = float(scale.vmin or 0.0), float(scale.vmax or 1.0)
    levels = np.linspace(low, high, 129)
    bar.pcolormesh([0, 1], levels, levels[:-1, None], cmap=colours, norm=scale, rasterized=True)
    bar.set_xticks([])
    bar.yaxis.tick_right()
    bar.set_yticks([low, high], [f"{low:.2g}", f"{high:.2g}"], fontsize="small")
    bar.tick_params(length=0)
    bar.spines[:].set(color=GREY, linewidth=0.6)
    bar.set_title("weight", fontsize="small", loc="left", pad=8)
    return bar


def weight_key() -> tuple[Line2D, ...]:
    """The colours of a line by its weights, for a legend."""
    from matplotlib.lines import Line2D

    return tuple(Line2D([], [], color=weight_colours()(at), linewidth=2) for at in (0.0, 0.5, 1.0))


def add_lane(ax: Axes, height: float, *, axis: Literal["left", "right"]) -> Axes:
    """Axes along the bottom of others, with the same x axis and one visible y axis."""
    lane = ax.inset_axes((0, 0, 1, height), sharex=ax)
    lane.tick_params(color=GREY)
    lane.xaxis.set_visible(False)
    lane.spines[:].set_visible(False)
    lane.spines[axis].set(visible=True, color=GREY)
    lane.patch.set_visible(False)
    return lane
