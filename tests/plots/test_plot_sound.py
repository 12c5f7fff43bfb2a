"""Spectrograms with attention: places, scales, errors."""

from typing import Any

import numpy as np
import pytest
from matplotlib.patches import StepPatch

from regard.errors import DataError
from regard.plots import plot_sound

BANDS, S, HOP, RATE = 11, 29, 0.01, 8000


def test_the_picture_has_seconds_kilohertz_and_the_weights() -> None:
    energies = np.random.default_rng(0).normal(size=(BANDS, S))
    weights = np.full(S, 1 / S)
    ax = plot_sound(energies, weights, hop=HOP, rate=RATE, seconds=0.287, span=(0.05, 0.11))
    [image] = ax.images
    assert list(image.get_extent()) == [0, S * HOP, 0, 1]
    assert image.origin == "lower"
    np.testing.assert_array_equal(np.asarray(image.get_array()), energies)
    assert ax.get_xlim() == (0, 0.287)
    assert ax.get_xlabel() == "time (s)"
    ticks = dict(zip([t.get_text() for t in ax.get_yticklabels()], ax.get_yticks(), strict=True))
    assert list(ticks) == ["0", "0.25", "0.5", "1", "2", "4"]
    assert ticks["4"] == pytest.approx(1)
    assert ticks["1"] == pytest.approx(np.log(1 + 1000 / 700) / np.log(1 + 4000 / 700))
    drawn = ax.child_axes[-1].patches[0]
    assert isinstance(drawn, StepPatch)
    stairs: Any = drawn.get_data()  # a named tuple, which its annotation does not say
    np.testing.assert_allclose(stairs.edges, HOP * np.arange(S + 1))
    np.testing.assert_array_equal(stairs.values, weights)
    assert [text.get_text() for text in ax.texts] == ["true stretch"]


def test_one_frame_of_silence_can_be_drawn() -> None:
    ax = plot_sound(np.full((BANDS, 1), -13.8), [1.0], hop=HOP, rate=RATE)
    assert ax.get_xlim() == (0, HOP)
    assert not ax.texts


@pytest.mark.parametrize(
    ("energies", "weights", "span", "words"),
    [
        (np.zeros(S), np.zeros(S), None, r"energies: wanted \[bands, frames\], given .* \[29\]"),
        (np.zeros((BANDS, S)), np.zeros(7), None, "wanted one for each of 29 frames"),
        (np.zeros((BANDS, S)), np.full(S, -1.0), None, "weights: wanted finite numbers"),
        (np.zeros((BANDS, S)), np.ones(S), (0.2, 0.1), r"span: .* given \(0.2, 0.1\)"),
    ],
)
def test_arrays_that_do_not_match_are_refused(
    energies: np.ndarray, weights: np.ndarray, span: tuple[float, float] | None, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        plot_sound(energies, weights, hop=HOP, rate=RATE, span=span)
