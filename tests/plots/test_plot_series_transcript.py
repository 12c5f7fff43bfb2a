"""Series with the attention of written words: lines or tints, places, errors."""

from typing import Any

import numpy as np
import pytest

from regard.errors import DataError
from regard.plots import plot_series_transcript
from regard.plots.series_transcript import series_transcript_axes

T, W = 29, 3


def _weights() -> np.ndarray:
    rows = np.zeros((W, T))
    rows[[0, 1, 2], [3, 13, 25]] = 1
    return rows


def _draw(C: int = 2, **more: Any) -> Any:
    series = np.random.default_rng(0).normal(size=(C, T))
    given: dict[str, Any] = {"words": ["one", "two", "six"], **more}
    series = given.pop("series", series)
    return plot_series_transcript(series, given.pop("weights", _weights()), **given)


@pytest.mark.parametrize("C", [2, 11])
def test_rows_and_series_share_the_steps(C: int) -> None:
    ax = _draw(C)
    rows = ax.child_axes[-1]
    [image] = rows.images
    assert list(image.get_extent()) == [-0.5, T - 0.5, W, 0]
    np.testing.assert_array_equal(np.asarray(image.get_array()), _weights())
    assert rows.get_xlim() == ax.get_xlim() == (-0.5, T - 0.5)
    assert ax.get_xlabel() == "step"
    assert [label.get_text() for label in rows.get_yticklabels()] == ["one", "two", "six"]
    ax.figure.draw_without_rendering()
    bottom = rows.get_window_extent().y1
    low = ax.transData.transform((0, -0.5))[1]
    assert low > bottom  # the last channel ends above the rows


def test_words_stand_above_the_axes_at_their_highest_weight() -> None:
    ax = _draw()
    assert [(text.get_text(), text.xy[0]) for text in ax.texts] == [
        ("one", pytest.approx(3)),
        ("two", pytest.approx(13)),
        ("six", pytest.approx(25)),
    ]
    ax.figure.draw_without_rendering()
    top = ax.get_window_extent().y1
    assert all(text.get_window_extent().y0 >= top for text in ax.texts)


def test_a_rate_makes_an_axis_of_seconds() -> None:
    ax = _draw(rate=10)
    assert ax.get_xlabel() == "time (s)"
    assert ax.get_xlim() == pytest.approx((-0.05, 2.85))
    assert [text.xy[0] for text in ax.texts] == pytest.approx([0.3, 1.3, 2.5])


def test_few_channels_are_lines_with_the_first_on_top() -> None:
    ax = _draw(3, channels=["x", "y", "z"])
    lines = [np.asarray(line.get_ydata()) for line in ax.lines]
    assert [round(float(line.mean())) for line in lines] == [2, 1, 0]
    assert [float(np.ptp(line)) for line in lines] == pytest.approx([0.8] * 3)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["x", "y", "z"]
    assert ax.get_yticks().tolist() == [2, 1, 0]


def test_a_single_channel_keeps_its_values() -> None:
    series = np.linspace(-7, 5, T)
    ax = _draw(series=series, channels=["speed"])
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), series)
    assert ax.get_ylabel() == "speed"


def test_many_channels_are_tints_by_their_own_mean_and_spread() -> None:
    series = np.random.default_rng(1).normal(size=(11, T)) * np.arange(11)[:, None] + 100
    series[4, 7] = np.nan
    ax = _draw(series=series)
    [image] = ax.images
    assert list(image.get_extent()) == [-0.5, T - 0.5, -0.5, 10.5]  # the first channel on top
    tints = np.ma.filled(image.get_array(), np.nan)
    assert np.argwhere(np.isnan(tints)).tolist() == [[4, 7]]
    assert not tints[0].any()  # constant
    np.testing.assert_allclose(np.nanmean(tints[1:], 1), 0, atol=1e-9)
    np.testing.assert_allclose(np.nanstd(tints[1:], 1), 1)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[0] == "0"
    assert ax.get_yticks()[0] == 10


def test_nothing_written_can_be_drawn() -> None:
    ax = _draw(words=[], weights=np.zeros((0, T)))
    assert not ax.texts
    assert not ax.child_axes[-1].images


def test_the_figure_grows_with_words_and_channels_up_to_a_limit() -> None:
    def high(channels: int, words: int) -> float:
        figure = series_transcript_axes(channels, words, 8.0).get_figure(root=True)
        assert figure is not None
        return float(figure.get_size_inches()[1])

    assert high(1, 3) < high(5, 3) < high(9, 3) == high(200, 3)
    assert high(5, 3) < high(5, 9) < high(5, 500) == high(5, 5000) < 12


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"weights": np.zeros((W, 7))}, r"weights: wanted \[words, 29 steps\], given .* \[3, 7\]"),
        ({"weights": -_weights()}, "weights: wanted finite numbers"),
        ({"words": ["one"]}, "words: wanted 3 names, given 1"),
        ({"channels": ["x"]}, "channels: wanted 2 names, given 1"),
        ({"series": np.zeros((2, 3, T))}, r"series: wanted \[steps\] or \[channels, steps\]"),
    ],
)
def test_arrays_that_do_not_match_are_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        _draw(**changed)
