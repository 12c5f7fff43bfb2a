"""The plot of a forecast shows the past, the forecast and the weights of each step."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection, LineCollection, QuadMesh
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from regard.errors import DataError
from regard.plots import ForecastView, plot_forecast
from regard.plots.style import axes_of_size

M, T, H = 3, 13, 5


def _view(M: int = M, T: int = T, H: int = H, *, dates: bool = True) -> ForecastView:
    rng = np.random.default_rng(0)
    hours = np.arange(T + H) * np.timedelta64(1, "h")
    times = np.datetime64("2020-02-28", "us") + hours if dates else 100 + np.arange(T + H)
    predicted = rng.standard_normal((M, H))
    return ForecastView(
        columns=tuple(f"_${m}" for m in range(M)),
        times=times[:T],
        future=times[T:],
        past=rng.standard_normal((M, T)),
        predicted=predicted,
        weights=rng.dirichlet(np.ones(T), H),
        truth=rng.standard_normal((M, H)),
        quantiles={0.9: predicted + 1, 0.5: predicted, 0.1: predicted - 1},
    )


def _line(ax: Axes, label: str) -> np.ndarray:
    (line,) = (line for line in ax.lines if line.get_label() == label)
    return np.asarray(line.get_xydata())


def _render(ax: Axes) -> None:
    assert isinstance(ax.figure, Figure)
    ax.figure.draw_without_rendering()


@pytest.mark.parametrize("dates", [True, False])
@pytest.mark.parametrize("target", [0, 2])
def test_values_are_at_their_times(dates: bool, target: int) -> None:
    view = _view(dates=dates)
    ax = plot_forecast(view, target=target)
    x = np.asarray(date2num(view.times) if dates else view.times)  # type: ignore[no-untyped-call]
    ahead = np.asarray(date2num(view.future) if dates else view.future)  # type: ignore[no-untyped-call]
    (past,) = (found for found in ax.collections if isinstance(found, LineCollection))
    middles = np.array([piece[1] for piece in past.get_segments()])
    np.testing.assert_allclose(middles, np.stack([x, view.past[target]], 1))
    np.testing.assert_allclose(np.asarray(past.get_array()), view.weights.mean(0))
    assert view.truth is not None
    np.testing.assert_allclose(_line(ax, "forecast"), np.stack([ahead, view.predicted[target]], 1))
    np.testing.assert_allclose(_line(ax, "truth"), np.stack([ahead, view.truth[target]], 1))
    (band,) = (found for found in ax.collections if isinstance(found, FillBetweenPolyCollection))
    assert band.get_label() == "80 % band"
    edge = band.get_paths()[0].get_extents()
    assert edge.y0 == pytest.approx(view.predicted[target].min() - 1)
    assert edge.y1 == pytest.approx(view.predicted[target].max() + 1)
    assert ax.get_ylabel() == f"_${target}"
    low, high = ax.get_xlim()
    assert low < x[0] < ahead[-1] < high
    _render(ax)


def test_the_lane_has_a_row_for_each_step_ahead_under_its_step_of_the_past() -> None:
    view = _view(dates=False)
    ax = plot_forecast(view)
    lane = ax.child_axes[-1]
    assert isinstance(lane, Axes)
    (heat,) = (found for found in lane.collections if isinstance(found, QuadMesh))
    np.testing.assert_array_equal(np.asarray(heat.get_array()), view.weights)
    corners: Any = heat.get_coordinates()
    np.testing.assert_allclose(corners[0, :, 0], np.arange(T + 1) + 99.5)
    np.testing.assert_allclose(corners[:, 0, 1], np.arange(H + 1) + 0.5)
    assert lane.yaxis_inverted()
    assert heat.get_clim()[0] == 0
    assert lane.get_xlim() == ax.get_xlim()
    assert not plot_forecast(view, lane=False).child_axes


def test_unequal_steps_have_columns_of_unequal_width() -> None:
    view = replace(_view(T=3, H=1, dates=False), times=np.array([0, 2, 10]), future=np.array([11]))
    heat: Any = plot_forecast(view).child_axes[-1].collections[0]
    np.testing.assert_allclose(heat.get_coordinates()[0, :, 0], [-1, 1, 6, 14])


@pytest.mark.parametrize(("T", "H"), [(1, 1), (13, 1), (1, 7), (336, 96)])
def test_one_step_and_many_are_visible(T: int, H: int) -> None:
    ax = plot_forecast(_view(2, T, H))
    _render(ax)
    assert len(_line(ax, "forecast")) == max(H, 2)  # a lone step is a dash
    assert np.ptp(_line(ax, "forecast")[:, 0]) > 0


def test_unknown_truth_is_not_drawn() -> None:
    ax = plot_forecast(replace(_view(), truth=None, quantiles=None))
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["past, by weight", "forecast"]


def test_the_last_season_is_drawn_beside_the_forecast() -> None:
    view = replace(_view(), before=np.arange(15.0).reshape(M, H), season="year")
    line = _line(plot_forecast(view, target=1), "the year before")
    np.testing.assert_array_equal(line[:, 1], [5, 6, 7, 8, 9])
    assert not [each for each in plot_forecast(_view()).lines if "before" in str(each.get_label())]


def test_events_are_marked_over_their_steps() -> None:
    holiday = np.zeros(T + H)
    holiday[[4, T + 1]] = 1
    ax = plot_forecast(
        replace(_view(dates=False), events={"holiday": holiday, "none": 0 * holiday})
    )
    (bars,) = (each for each in ax.collections if each.get_label() == "holiday")
    boxes = [path.get_extents() for path in bars.get_paths()]
    # The steps are 100 to 117; a bar is as wide as its step.
    assert [(box.x0, box.x1) for box in boxes] == [(103.5, 104.5), (113.5, 114.5)]
    assert all(box.y0 > 1 for box in boxes)  # above the axes
    _render(ax)


def test_a_colour_bar_shows_the_scale_of_the_weights() -> None:
    view = _view()
    ax = plot_forecast(view)
    lane = ax.child_axes[-1]
    assert isinstance(lane, Axes)
    (bar,) = lane.child_axes
    top = max(view.weights.max(), 4 * view.weights.mean())
    assert [tick.get_text() for tick in bar.get_yticklabels()] == ["0", f"{top:.2g}"]


def test_gaps_in_the_past_are_left_blank() -> None:
    view = _view()
    past = view.past.copy()
    past[0, 3:5] = np.nan
    _render(plot_forecast(replace(view, past=past)))


def test_bands_are_pairs_of_levels() -> None:
    nothing = np.zeros((M, H))
    levels = dict.fromkeys((0.75, 0.05, 0.5, 0.25, 0.95), nothing)
    assert replace(_view(), quantiles=levels).bands == [(0.05, 0.95), (0.25, 0.75)]
    assert replace(_view(), quantiles={0.5: nothing}).bands == []


def test_on_given_axes_it_returns_them_and_draws_nothing_elsewhere() -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert plot_forecast(_view(), ax=left) is left
    assert figure.axes == [left, right]
    assert not right.has_data()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"past": np.zeros((M, H))}, r"past: wanted the shape \[3, 13\], given \[3, 5\]"),
        ({"predicted": np.zeros((H, M))}, r"predicted: wanted the shape \[3, 5\], given \[5, 3\]"),
        ({"truth": np.zeros(H)}, r"truth: wanted the shape \[3, 5\], given \[5\]"),
        ({"weights": np.zeros((T, H))}, r"weights: wanted the shape \[5, 13\], given \[13, 5\]"),
        ({"weights": np.full((H, T), -1)}, "weights: wanted finite numbers that are not neg"),
        ({"quantiles": {0.1: np.zeros(2)}}, r"quantiles\[0.1\]: wanted the shape \[3, 5\]"),
        ({"before": np.zeros(H)}, r"before: wanted the shape \[3, 5\], given \[5\]"),
        (
            {"events": {"open": np.zeros(H)}},
            r"events\[open\]: wanted the shape \[18\], given \[5\]",
        ),
        ({"columns": ()}, "view: wanted at least one column"),
    ],
)
def test_shapes_that_do_not_match(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        plot_forecast(replace(_view(), **change))


def test_unknown_target() -> None:
    with pytest.raises(DataError, match="target: wanted a column from 0 to 2, given 3"):
        plot_forecast(_view(), target=3)


@pytest.mark.parametrize("width", [4.4, 8.0])
def test_the_legend_is_within_the_picture(width: float) -> None:
    view = replace(_view(dates=False), events={"promotion": np.ones(T + H)})
    ax = plot_forecast(view, ax=axes_of_size(width, 3.0))
    figure: Any = ax.figure
    figure.canvas.draw()
    legend = ax.get_legend()
    assert legend is not None
    assert legend.get_window_extent().x1 <= figure.bbox.x1
    assert ax.get_window_extent().width > 0.5 * figure.bbox.width
