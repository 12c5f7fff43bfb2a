"""Spectrograms with the attention of written words: places, frames, errors."""

from typing import Any

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from regard.errors import DataError
from regard.plots import plot_transcript
from regard.plots.transcript import transcript_axes

BANDS, S, W, HOP, RATE = 11, 29, 3, 0.01, 8000


def _weights() -> np.ndarray:
    rows = np.zeros((W, S))
    rows[[0, 1, 2], [3, 13, 25]] = 1
    return rows


def _draw(**more: Any) -> Any:
    energies = np.random.default_rng(0).normal(size=(BANDS, S))
    given: dict[str, Any] = {"words": ["one", "two", "six"], "hop": HOP, "rate": RATE, **more}
    return plot_transcript(energies, given.pop("weights", _weights()), **given)


def test_rows_and_spectrogram_share_the_time() -> None:
    ax = _draw(seconds=0.287)
    assert list(ax.images[0].get_extent()) == [0, S * HOP, 0, 1]
    rows = ax.child_axes[-1]
    [image] = rows.images
    assert list(image.get_extent()) == [0, S * HOP, W, 0]
    np.testing.assert_array_equal(np.asarray(image.get_array()), _weights())
    assert rows.get_xlim() == ax.get_xlim() == (0, 0.287)
    assert [label.get_text() for label in rows.get_yticklabels()] == ["one", "two", "six"]
    assert rows.get_yticks().tolist() == [0.5, 1.5, 2.5]


def test_words_stand_above_their_highest_weight() -> None:
    ax = _draw()
    assert [(text.get_text(), text.xy) for text in ax.texts] == [
        ("one", (pytest.approx(0.035), 1)),
        ("two", (pytest.approx(0.135), 1)),
        ("six", (pytest.approx(0.255), 1)),
    ]
    assert {text.get_rotation() for text in ax.texts} == {0}


def test_words_that_would_overlap_stand_in_their_rows_alone() -> None:
    ax = _draw(words=["seventeenhundred", "two", "six"], ax=transcript_axes(W, 3.0))
    assert [text.get_text() for text in ax.texts] == ["seventeenhundred", "six"]
    ax.figure.draw_without_rendering()
    left, right = (text.get_window_extent() for text in ax.texts)
    assert ax.get_window_extent().x0 - 1 <= left.x0 < left.x1 < right.x0
    assert right.x1 <= ax.get_window_extent().x1 + 1
    assert [label.get_text() for label in ax.child_axes[-1].get_yticklabels()] == [
        "seventeenhundred",
        "two",
        "six",
    ]


def test_true_stretches_are_framed_in_their_rows() -> None:
    truth = [(0.01, 0.05), (0.1, 0.15), (0.2, 0.28)]
    boxes = [p for p in _draw(truth=truth).child_axes[-1].patches if isinstance(p, Rectangle)]
    assert [(box.get_x(), box.get_y(), box.get_height()) for box in boxes] == [
        (0.01, 0, 1),
        (0.1, 1, 1),
        (0.2, 2, 1),
    ]
    assert boxes[2].get_width() == pytest.approx(0.08)
    # of other words than were written, through all rows
    through = list(_draw(truth=truth[:2]).child_axes[-1].patches)
    assert [box.get_height() for box in through] == [W, W]


def test_nothing_written_can_be_drawn() -> None:
    ax = _draw(words=[], weights=np.zeros((0, S)), truth=[(0.01, 0.05)])
    assert not ax.texts
    assert not ax.child_axes[-1].images


def test_many_words_have_every_so_manyth_name() -> None:
    words = [f"w{n}" for n in range(120)]
    ax = _draw(words=words, weights=np.full((120, S), 1 / S))
    names = [label.get_text() for label in ax.child_axes[-1].get_yticklabels()]
    assert names[:2] == ["w0", "w4"]
    assert ax.figure.get_size_inches()[1] < 10


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"weights": np.zeros((W, 7))}, r"weights: wanted \[words, 29 frames\], given .* \[3, 7\]"),
        ({"weights": np.zeros(S)}, r"wanted \[words, 29 frames\]"),
        ({"weights": -_weights()}, "weights: wanted finite numbers"),
        ({"words": ["one"]}, "words: wanted 3 names, given 1"),
    ],
)
def test_arrays_that_do_not_match_are_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        _draw(**changed)
