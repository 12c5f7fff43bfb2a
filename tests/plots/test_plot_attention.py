"""The plot of attention shows series, weights and span, and changes nothing else."""

import warnings

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle, StepPatch

from regard.errors import DataError
from regard.plots import plot_attention
from regard.plots.style import BLUE, GREY, VERMILION


def _render(ax: Axes) -> None:
    assert isinstance(ax.figure, Figure)
    ax.figure.draw_without_rendering()


def _lines(ax: Axes) -> LineCollection:
    (lines,) = ax.collections
    assert isinstance(lines, LineCollection)
    return lines


def _points(ax: Axes, C: int, T: int) -> np.ndarray:
    """[C, T, 2]: the middle of each step's line segment."""
    pieces = np.array([piece[1] for piece in _lines(ax).get_segments()])
    return pieces.reshape(C, T, 2)


def _lane(ax: Axes) -> Axes:
    lane = ax.child_axes[-1]
    assert isinstance(lane, Axes)
    return lane


def _soft(rng: np.random.Generator, T: int) -> np.ndarray:
    weights = np.exp(rng.standard_normal(T))
    return np.asarray(weights / weights.sum())


def _spans(ax: Axes) -> list[tuple[float, float]]:
    return [(p.get_x(), p.get_x() + p.get_width()) for p in ax.patches if isinstance(p, Rectangle)]


@pytest.mark.parametrize("T", [1, 2, 29, 1344])
def test_one_channel_keeps_its_values(T: int) -> None:
    rng = np.random.default_rng(0)
    series, weights = rng.standard_normal(T), _soft(rng, T)
    ax = plot_attention(series, weights)
    points = _points(ax, 1, T)[0]
    np.testing.assert_array_equal(points[:, 0], np.arange(T))
    np.testing.assert_array_equal(points[:, 1], series)
    low, high = ax.get_ylim()
    assert low < series.min() <= series.max() < high
    np.testing.assert_array_equal(_lines(ax).get_array(), weights)
    (area,) = (patch for patch in _lane(ax).patches if isinstance(patch, StepPatch))
    values, edges, _ = area.get_data()
    np.testing.assert_array_equal(values, weights)
    np.testing.assert_array_equal(edges, np.arange(T + 1) - 0.5)


def test_twelve_channels_are_stacked_in_order_and_do_not_touch() -> None:
    C, T = 12, 29
    rng = np.random.default_rng(0)
    series = rng.standard_normal((C, T)) * 10.0 ** rng.integers(-3, 4, (C, 1))
    names = [f"coefficient {c}" for c in range(C)]
    ax = plot_attention(series, _soft(rng, T), channels=names)
    y = _points(ax, C, T)[..., 1]
    assert (y[:-1].min(axis=1) > y[1:].max(axis=1)).all()
    for c in range(C):
        assert np.corrcoef(y[c], series[c])[0, 1] == pytest.approx(1)
    assert [label.get_text() for label in ax.get_yticklabels()] == names
    assert ax.get_yticks() == pytest.approx((y.min(axis=1) + y.max(axis=1)) / 2)


def test_each_step_of_each_channel_has_the_colour_of_its_own_weight() -> None:
    ax = plot_attention(np.zeros((3, 5)), [0.0, 0.0, 1.0, 0.0, 0.0])
    _render(ax)
    colours = np.asarray(_lines(ax).get_edgecolor()).reshape(3, 5, 4)
    np.testing.assert_allclose(colours[:, 2], [to_rgba(VERMILION)] * 3)
    np.testing.assert_allclose(colours[:, [0, 1, 3, 4]].reshape(-1, 4), [to_rgba(GREY)] * 12)
    widths = np.asarray(_lines(ax).get_linewidth()).reshape(3, 5)
    assert (widths[:, 2] > widths[:, 0]).all()


def test_the_scale_starts_at_zero_and_uniform_weights_have_a_low_colour() -> None:
    even = plot_attention(np.zeros(10), np.full(10, 0.1))
    assert _lines(even).get_clim() == pytest.approx((0, 0.4))
    peaked = plot_attention(np.zeros(10), [0.91, *[0.01] * 9])
    assert _lines(peaked).get_clim() == (0, 0.91)
    assert _lane(peaked).get_ylim() == (0, 0.91)
    (line,) = _lane(peaked).lines
    np.testing.assert_allclose(np.asarray(line.get_ydata()), 0.1)


def test_zero_weights_are_drawn() -> None:
    ax = plot_attention(np.arange(5.0), np.zeros(5))
    assert _lane(ax).get_ylim() == (0, 1)


@pytest.mark.parametrize("span", [(0, 1), (3, 7), (0, 29), (28, 29)])
def test_the_true_span_is_shaded(span: tuple[int, int]) -> None:
    ax = plot_attention(np.zeros(29), np.full(29, 1 / 29), span=span)
    ((start, stop),) = _spans(ax)
    # Step t covers t - 0.5 to t + 0.5.
    assert (start, stop) == (span[0] - 0.5, span[1] - 0.5)
    assert [text.get_text() for text in ax.texts] == ["true span"]
    assert ax.texts[0].get_color() == BLUE


def test_several_true_spans_are_shaded() -> None:
    spans = [(3, 7), (0, 0), (20, 21)]
    ax = plot_attention(np.zeros(29), np.full(29, 1 / 29), span=spans)
    assert [tuple(span) for span in _spans(ax)] == [(2.5, 6.5), (19.5, 20.5)]
    assert [text.get_text() for text in ax.texts] == ["true spans"]


@pytest.mark.parametrize("span", [None, (4, 4)])
def test_no_span_no_shade(span: tuple[int, int] | None) -> None:
    ax = plot_attention(np.zeros(29), np.full(29, 1 / 29), span=span)
    assert _spans(ax) == []
    assert not ax.texts


def test_values_that_are_not_finite_are_left_blank() -> None:
    series = np.array([0.0, np.nan, 2.0, np.inf, 4.0])
    ax = plot_attention(series, np.full(5, 0.2))
    pieces = np.array(_lines(ax).get_segments()[2])  # a step between two gaps is a dash
    np.testing.assert_array_equal(pieces, [[1.5, 2.0], [2.0, 2.0], [2.5, 2.0]])
    low, high = ax.get_ylim()
    assert -3 < low < 0
    assert 4 < high < 5
    _render(plot_attention(np.full((2, 3), np.nan), np.full(3, 1 / 3)))


def test_on_given_axes_it_returns_them_and_draws_nothing_elsewhere() -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    before = dict(matplotlib.rcParams)
    assert plot_attention(np.zeros(5), np.full(5, 0.2), ax=left) is left
    assert figure.axes == [left, right]
    assert not right.has_data()
    assert not right.child_axes
    assert not figure.texts
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("name", ["_hidden", "$x_1$ $", "a\nb", "<b>&"])
def test_names_are_not_parsed_as_math(name: str) -> None:
    for series in (np.zeros(5), np.zeros((2, 5))):
        names = [name] * np.atleast_2d(series).shape[0]
        ax = plot_attention(series, np.full(5, 0.2), channels=names)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            _render(ax)
        label = ax.get_ylabel() if series.ndim == 1 else ax.get_yticklabels()[0].get_text()
        assert label == name.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"weights": np.zeros(7)},
            r"weights: wanted one for each of 5 steps, given the shape \[7\]",
        ),
        ({"weights": np.full(5, -0.1)}, "weights: wanted finite numbers that are not negative"),
        ({"weights": np.full(5, np.nan)}, "weights: wanted finite numbers that are not negative"),
        ({"series": np.zeros((2, 3, 5))}, r"series: wanted .* given the shape \[2, 3, 5\]"),
        ({"series": np.zeros((2, 0))}, r"series: wanted .* given the shape \[2, 0\]"),
        ({"channels": ["a", "b"]}, "channels: wanted 3 names, given 2"),
        ({"span": (3, 6)}, r"span: wanted 0 <= start <= stop <= 5, given \(3, 6\)"),
        ({"span": (3, 2)}, r"span: wanted 0 <= start <= stop <= 5, given \(3, 2\)"),
    ],
)
def test_shapes_that_do_not_match(arguments: dict[str, object], message: str) -> None:
    given = {"series": np.zeros((3, 5)), "weights": np.full(5, 0.2), **arguments}
    with pytest.raises(DataError, match=message):
        plot_attention(**given)  # type: ignore[arg-type]


def test_steps_are_at_their_times() -> None:
    times = np.array([0.0, 0.5, 2.0])
    ax = plot_attention([1.0, 2.0, 3.0], [0.2, 0.5, 0.3], steps=times, unit="time (s)", span=(1, 3))
    np.testing.assert_array_equal(_points(ax, 1, 3)[0, :, 0], times)
    (area,) = (patch for patch in _lane(ax).patches if isinstance(patch, StepPatch))
    # Half way between neighbours, and as far beyond the ends.
    _, ends, _ = area.get_data()
    np.testing.assert_allclose(ends, [-0.25, 0.25, 1.25, 2.75])
    assert _spans(ax) == [(0.25, 2.75)]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "value")
    _render(ax)


@pytest.mark.parametrize("steps", [[0, 1], [0, 2, 1], [0, 1, np.nan], [[0, 1, 2]]])
def test_steps_must_ascend(steps: list[float]) -> None:
    with pytest.raises(DataError, match="steps: wanted 3 ascending numbers, one for each step"):
        plot_attention([1.0, 2.0, 3.0], [0.2, 0.5, 0.3], steps=steps)


def test_a_bar_shows_the_colours_of_the_scale() -> None:
    lane = _lane(plot_attention(np.zeros(10), [0.91, *[0.01] * 9]))
    (bar,) = lane.child_axes
    (mesh,) = bar.collections
    assert mesh.get_clim() == (0, 0.91)
    assert bar.get_ylim() == lane.get_ylim()


@pytest.mark.parametrize("value", [5.0, 1e30])
def test_a_constant_series_has_an_axis(value: float) -> None:
    ax = plot_attention(np.full((1, 7), value), np.full(7, 1 / 7))
    low, high = ax.get_ylim()
    assert low < value < high
