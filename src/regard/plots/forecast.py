"""A forecast after its past, with the attention of each step ahead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from numpy.typing import NDArray

from regard.errors import DataError
from regard.plots.format import one_line
from regard.plots.lines import check_weights, coloured_lines, finite_range, weight_scale
from regard.plots.style import BLUE, GREY, TINTS, axes_of_size, legend_above, unframe
from regard.plots.times import edges, label_times, positions

__all__ = ["ForecastView", "level_pairs", "plot_forecast"]

_LANE = 0.3  # the lowest part of the axes
_MARKED = 12  # steps ahead up to which each has a point of its own


@dataclass(frozen=True, eq=False, kw_only=True)
class ForecastView:
    """The arrays of a forecast and its attention weights.

    Attributes:
        columns: M names of the targets.
        times: [T] of the past, ascending, datetime64 or whole numbers.
        future: [horizon] after them, of the same kind.
        past: [M, T]; values that are not finite are left blank.
        predicted: [M, horizon].
        weights: [horizon, T], attention of each step ahead; not negative, each row sums to one.
        truth: [M, horizon], None if it is not known.
        quantiles: level between 0 and 1 to [M, horizon], None if there are none.
        linear: whether a linear model of the window, which the weights do not describe, is part
            of the forecast.
    """

    columns: tuple[str, ...]
    times: NDArray[np.generic]
    future: NDArray[np.generic]
    past: NDArray[np.floating]
    predicted: NDArray[np.floating]
    weights: NDArray[np.floating]
    truth: NDArray[np.floating] | None = None
    quantiles: Mapping[float, NDArray[np.floating]] | None = None
    linear: bool = False

    @property
    def bands(self) -> list[tuple[float, float]]:
        """Pairs of levels, see `level_pairs`."""
        return level_pairs(self.quantiles)


def level_pairs(levels: Iterable[float] | None) -> list[tuple[float, float]]:
    """The lowest level with the highest, and so on inwards; none for no levels.

    >>> level_pairs([0.5, 0.1, 0.9])
    [(0.1, 0.9)]
    """
    ascending = sorted(levels or ())
    return list(zip(ascending, ascending[::-1], strict=True))[: len(ascending) // 2]


def plot_forecast(
    view: ForecastView, *, target: int = 0, lane: bool = True, ax: Axes | None = None
) -> Axes:
    """Draw the past, coloured by its attention weights, and the forecast with its bands.

    The line of the past has the colours of `plot_attention`, by the mean of the weights over the
    steps ahead. The forecast is blue, the truth has the colour of the text. The lane below is a
    heat map of the weights with a row for each step ahead, the first on top, and a column for each
    step of the past, on a scale of its own that starts at 0.

    Parameters:
        view: the forecast.
        target: number of the column, from 0.
        lane: whether to draw the heat map.
        ax: where to draw; by default the axes of a new figure.

    Returns:
        The axes. The lane, if there is one, is `axes.child_axes[-1]`.

    Raises:
        DataError: shapes that do not match, weights that are negative or not finite, or no such
            target.

    >>> import numpy as np
    >>> view = ForecastView(
    ...     columns=("load",), times=np.arange(3), future=np.arange(3, 5),
    ...     past=np.array([[1.0, 2.0, 1.0]]), predicted=np.array([[2.0, 1.0]]),
    ...     weights=np.full((2, 3), 1 / 3),
    ... )
    >>> plot_forecast(view).get_ylabel()
    'load'
    """
    _check(view, target)
    if ax is None:
        ax = axes_of_size(8.0, 3.6 if lane else 2.6)
    x, ahead = positions(view.times), positions(view.future)
    mean = np.asarray(view.weights, dtype=np.float64).mean(0)  # [T]
    past = np.asarray(view.past[target : target + 1], dtype=np.float64)
    step = float(ahead[0] - x[-1])
    line = coloured_lines(x, past, mean, weight_scale(mean), lone=step)
    ax.add_collection(line, autolim=False)
    _draw_future(ax, view, target, ahead, step)

    quantiles = (view.quantiles or {}).values()
    drawn = [past, view.predicted[target], *(values[target] for values in quantiles)]
    drawn += [] if view.truth is None else [view.truth[target]]
    low, high = finite_range(np.concatenate([np.ravel(values) for values in drawn]))
    pad = 0.06 * (high - low) or 1.0
    floor, ceiling = low - pad, high + pad
    share = _LANE if lane else 0.0
    ax.set_ylim(floor - (ceiling - floor) * share / (1 - share), ceiling)
    if lane:
        _add_lane(ax, view, edges(x, step=step), share)
    ax.set_xlim(edges(x, step=step)[0], edges(ahead, step=step)[-1])
    label_times(ax, dates=view.times.dtype.kind == "M")
    ticks = ax.yaxis.get_major_locator().tick_values(floor, ceiling)
    lowest = floor + 0.05 * (ceiling - floor)  # above the labels of the lane
    ax.set_yticks([tick for tick in ticks if lowest <= tick <= ceiling])
    ax.set_ylabel(one_line(view.columns[target], 30 if lane else 18), parse_math=False)
    unframe(ax)
    ax.spines["left"].set_bounds(floor, ceiling)
    legend_above(ax, columns=4)
    return ax


def _check(view: ForecastView, target: int) -> None:
    M, T, horizon = len(view.columns), len(view.times), len(view.future)
    if not (M and T and horizon):
        raise DataError("view: wanted at least one column, one step of the past and one ahead")
    given = {"past": view.past, "predicted": view.predicted, "weights": view.weights}
    given |= {} if view.truth is None else {"truth": view.truth}
    given |= {f"quantiles[{level}]": array for level, array in (view.quantiles or {}).items()}
    shapes = {"past": (M, T), "weights": (horizon, T)}
    for name, array in given.items():
        wanted = shapes.get(name, (M, horizon))
        if np.shape(array) != wanted:
            raise DataError(
                f"{name}: wanted the shape {list(wanted)}, given {list(np.shape(array))}"
            )
    check_weights(view.weights)
    if not 0 <= target < M:
        raise DataError(f"target: wanted a column from 0 to {M - 1}, given {target}")


def _draw_future(
    ax: Axes, view: ForecastView, target: int, ahead: NDArray[np.float64], step: float
) -> None:
    """Bands, forecast and truth, from the back to the front."""
    # A lone step is a dash, as wide as it lasts.
    alone = len(ahead) == 1
    x = edges(ahead, step=step) if alone else ahead
    ax.axvline(ahead[0] - step / 2, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)))
    quantiles = view.quantiles or {}
    for number, (low, high) in enumerate(view.bands):
        ax.fill_between(
            x,
            np.resize(quantiles[low][target], len(x)),
            np.resize(quantiles[high][target], len(x)),
            color=BLUE,
            alpha=0.16 + 0.1 * min(number, 3),
            linewidth=0,
            label=f"{100 * (high - low):.3g} % band",
        )
    marker = "o" if len(ahead) <= _MARKED else ""
    if view.truth is not None:
        ax.plot(
            x,
            np.resize(view.truth[target], len(x)),
            color=rcParams["text.color"],
            marker="" if alone else marker,
            markersize=2.5,
            linewidth=1.1,
            label="truth",
        )
    ax.plot(
        x,
        np.resize(view.predicted[target], len(x)),
        color=BLUE,
        marker="" if alone else marker,
        markersize=3,
        linewidth=1.7,
        label="forecast",
    )


def _add_lane(ax: Axes, view: ForecastView, x: NDArray[np.float64], share: float) -> None:
    """A row for each step ahead, a column for each step of the past."""
    horizon = len(view.future)
    lane = ax.inset_axes((0, 0, 1, share - 0.04), sharex=ax)
    rows = np.arange(horizon + 1) + 0.5
    weights = np.asarray(view.weights, dtype=np.float64)
    lane.pcolormesh(x, rows, weights, cmap=TINTS, norm=weight_scale(weights), rasterized=True)
    lane.set_ylim(horizon + 0.5, 0.5)
    lane.set_yticks([1, horizon] if horizon > 1 else [1])
    lane.tick_params(color=GREY, labelsize="small")
    lane.set_ylabel("step ahead", fontsize="small")
    lane.xaxis.set_visible(False)
    lane.spines[["top", "right", "bottom"]].set_visible(False)
    lane.spines["left"].set_color(GREY)
    lane.patch.set_visible(False)
