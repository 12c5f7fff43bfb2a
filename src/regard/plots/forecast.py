"""Plot a forecast with its past and the attention weights of each step ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.plots.format import one_line
from regard.plots.lines import (
    add_colour_bar,
    add_lane,
    check_weights,
    coloured_lines,
    fit_y,
    weight_key,
    weight_scale,
)
from regard.plots.style import BLUE, GREY, OCHRE, axes_of_size, legend_above, tints
from regard.plots.times import edges, label_times, positions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ForecastView", "level_pairs", "plot_forecast"]

_LANE = 0.3  # height of the lane, as a share of the axes
_NARROW = 6.0  # inches, of a figure whose legend has two columns
_MARKED = 12  # largest horizon for which each step ahead has a marker


@dataclass(frozen=True, eq=False, kw_only=True)
class ForecastView:
    """The arrays of a forecast and its attention weights.

    Attributes:
        columns: M names of the targets.
        times: [T] of the past, ascending, datetime64 or whole numbers.
        future: [horizon] times after those, of the same type.
        past: [M, T]; values that are not finite are left blank.
        predicted: [M, horizon].
        weights: [horizon, T], attention of each step ahead; not negative, each row sums to one.
        truth: [M, horizon], or None.
        quantiles: level between 0 and 1 to [M, horizon], or None.
        linear: whether the forecast includes a linear model, which the weights do not describe.
        before: [M, horizon] the last season, repeated over the steps ahead, or None.
        season: what a season is called, such as "year".
        events: name of a column that is 0 or 1 to its values [T + horizon].
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
    before: NDArray[np.floating] | None = None
    season: str = "season"
    events: Mapping[str, NDArray[np.floating]] = field(default_factory=dict)

    @property
    def bands(self) -> list[tuple[float, float]]:
        """Pairs of levels, as `level_pairs` returns them."""
        return level_pairs(self.quantiles)


def level_pairs(levels: Iterable[float] | None) -> list[tuple[float, float]]:
    """Pairs of levels from the outside in: the lowest with the highest first.

    >>> level_pairs([0.5, 0.1, 0.9])
    [(0.1, 0.9)]
    """
    ascending = sorted(levels or ())
    return list(zip(ascending, ascending[::-1], strict=True))[: len(ascending) // 2]


def plot_forecast(
    view: ForecastView, *, target: int = 0, lane: bool = True, ax: Axes | None = None
) -> Axes:
    """Draw the past, coloured by its attention weights, and the forecast with its bands.

    The past is coloured as in `plot_attention`, by the mean weights over the steps ahead. The
    forecast is blue, the truth has the colour of the text, the last season is dashed. Bars above
    mark the steps of the first three columns of events. The lane below is a heat map of the
    weights with a row for each step ahead, the first on top, and a column for each step of the
    past; its colour scale starts at 0.

    Parameters:
        view: the forecast.
        target: number of the column, from 0.
        lane: whether to draw the heat map and the events.
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
    ax = ax or axes_of_size(8.0, 3.6 if lane else 2.6)
    x, ahead = positions(view.times), positions(view.future)
    mean = np.asarray(view.weights, dtype=np.float64).mean(0)  # [T]
    past = np.asarray(view.past[target : target + 1], dtype=np.float64)
    step = float(ahead[0] - x[-1])
    ax.add_collection(coloured_lines(x, past, mean, weight_scale(mean), lone=step), autolim=False)
    _draw_future(ax, view, target, ahead, step)
    top = _draw_events(ax, view, edges(np.concatenate([x, ahead]), step=step)) if lane else 1.0

    quantiles = (view.quantiles or {}).values()
    drawn = [past, view.predicted[target], *(values[target] for values in quantiles)]
    drawn += [each[target] for each in (view.truth, view.before) if each is not None]
    values = np.concatenate([np.ravel(each) for each in drawn])
    floor, ceiling = fit_y(ax, values, lane=_LANE if lane else 0.0)
    if lane:
        _add_lane(ax, view, edges(x, step=step))
    ax.set_xlim(edges(x, step=step)[0], edges(ahead, step=step)[-1])
    label_times(ax, dates=view.times.dtype.kind == "M")
    ticks = ax.yaxis.get_major_locator().tick_values(floor, ceiling)
    lowest = floor + 0.05 * (ceiling - floor)  # above the labels of the lane
    ax.set_yticks([tick for tick in ticks if lowest <= tick <= ceiling])
    ax.set_ylabel(one_line(view.columns[target], 30 if lane else 18), parse_math=False)
    coloured = ("past, by weight", weight_key())
    figure = ax.get_figure(root=True)
    assert figure is not None
    width = figure.get_size_inches()[0]
    legend_above(ax, columns=4 if width > _NARROW else 2, first=coloured, bottom=top)
    return ax


def _check(view: ForecastView, target: int) -> None:
    M, T, horizon = len(view.columns), len(view.times), len(view.future)
    if not (M and T and horizon):
        raise DataError("view: wanted at least one column, one step of the past and one ahead")
    given = {"past": view.past, "predicted": view.predicted, "weights": view.weights}
    given |= {} if view.truth is None else {"truth": view.truth}
    given |= {} if view.before is None else {"before": view.before}
    given |= {f"events[{name}]": values for name, values in view.events.items()}
    given |= {f"quantiles[{level}]": array for level, array in (view.quantiles or {}).items()}
    shapes = {"past": (M, T), "weights": (horizon, T)}
    for name, array in given.items():
        wanted = (T + horizon,) if name.startswith("events") else shapes.get(name, (M, horizon))
        if np.shape(array) != wanted:
            shape = list(np.shape(array))
            raise DataError(f"{name}: wanted the shape {list(wanted)}, given {shape}")
    check_weights(view.weights)
    if not 0 <= target < M:
        raise DataError(f"target: wanted a column from 0 to {M - 1}, given {target}")


def _draw_future(
    ax: Axes, view: ForecastView, target: int, ahead: NDArray[np.float64], step: float
) -> None:
    """Bands, forecast and truth, from the back to the front."""
    from matplotlib import rcParams

    alone = len(ahead) == 1  # a single step is a dash as wide as the step
    x = edges(ahead, step=step) if alone else ahead

    def along(values: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.resize(values[target], len(x))

    ax.axvline(ahead[0] - step / 2, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)))
    quantiles = view.quantiles or {}
    for number, (low, high) in enumerate(view.bands):
        lower, upper = along(quantiles[low]), along(quantiles[high])
        alpha, label = 0.16 + 0.1 * min(number, 3), f"{100 * (high - low):.3g} % band"
        ax.fill_between(x, lower, upper, color=BLUE, alpha=alpha, linewidth=0, label=label)
    marker = "o" if 1 < len(ahead) <= _MARKED else ""
    if view.before is not None:
        look: dict[str, Any] = {"color": GREY, "ls": (0, (4, 2)), "lw": 1.1}
        ax.plot(x, along(view.before), label=f"the {view.season} before", **look)
    if view.truth is not None:
        text = rcParams["text.color"]
        ax.plot(x, along(view.truth), marker=marker, c=text, ms=2.5, lw=1.1, label="truth")
    ax.plot(x, along(view.predicted), marker=marker, c=BLUE, ms=3, lw=1.7, label="forecast")


def _draw_events(ax: Axes, view: ForecastView, x: NDArray[np.float64]) -> float:
    """A row of bars above the axes for each column of events; returns where the rows end.

    Parameters:
        x: [T + horizon + 1] edges of the steps.
    """
    bottom = 1.0
    for (name, values), colour in zip(view.events.items(), (OCHRE, GREY, BLUE), strict=False):
        bottom += 0.015
        present = np.flatnonzero(np.asarray(values) > 0)
        bars = [(float(x[at]), float(x[at + 1] - x[at])) for at in present]
        ax.broken_barh(
            bars,
            (bottom, 0.035),
            transform=ax.get_xaxis_transform(),
            clip_on=False,
            color=colour,
            linewidth=0.8,  # visible where steps are narrow
            label=one_line(name, 18),
        )
        bottom += 0.035
    return bottom


def _add_lane(ax: Axes, view: ForecastView, x: NDArray[np.float64]) -> None:
    """A row for each step ahead, a column for each step of the past."""
    horizon = len(view.future)
    lane = add_lane(ax, _LANE - 0.04, axis="left")
    rows = np.arange(horizon + 1) + 0.5
    weights = np.asarray(view.weights, dtype=np.float64)
    scale = weight_scale(weights)
    lane.pcolormesh(x, rows, weights, cmap=tints(), norm=scale, rasterized=True)
    add_colour_bar(lane, tints(), scale)
    lane.set_ylim(horizon + 0.5, 0.5)
    lane.set_yticks([1, horizon] if horizon > 1 else [1])
    lane.tick_params(labelsize="small")
    lane.set_ylabel("step ahead", fontsize="small")
