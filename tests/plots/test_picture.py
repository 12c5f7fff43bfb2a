"""Pictures with their light."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from PIL import Image

from regard.errors import DataError
from regard.plots import plot_picture
from regard.plots.picture import light


def test_what_is_looked_at_glows_and_the_rest_is_dark() -> None:
    pixels = np.full((2, 3), 100, np.uint8)
    weights = np.zeros((2, 3))
    weights[1, 2] = 0.4
    lit = light(pixels, weights)
    assert lit[0, 0].tolist() == [45, 45, 45]  # 0.45 of 100
    # 0.4 of 100 and 0.6 of vermilion, #e0480b
    assert lit[1, 2].tolist() == [40 + 134, 40 + 43, 40 + 7]


def test_colours_stay() -> None:
    pixels = np.array([[[200, 100, 0]]], np.uint8)
    assert light(pixels, np.zeros((1, 1))).tolist() == [[[90, 45, 0]]]


def test_the_axes_show_the_picture_and_its_box() -> None:
    axes = plot_picture(np.zeros((5, 7, 1), np.uint8), np.ones((5, 7)), box=(1, 2, 4, 6))
    [image] = axes.get_images()
    drawn = image.get_array()
    assert drawn is not None
    assert drawn.shape == (5, 7, 3)
    [box] = axes.patches
    assert isinstance(box, Rectangle)
    assert (box.get_xy(), box.get_width(), box.get_height()) == ((1.5, 0.5), 4, 3)


def test_weights_of_a_smaller_picture_are_stretched(tmp_path: Path) -> None:
    """As a model has read a photo; the photo itself lies turned in its file."""
    pixels = np.full((80, 60, 3), 100, np.uint8)
    weights = np.zeros((20, 15))
    weights[:10] = 1.0
    lit = light(pixels, weights)
    assert (lit[:35] == light(pixels, np.ones((80, 60)))[:35]).all()
    assert (lit[45:] == 45).all()
    photo, exif = Image.fromarray(pixels.transpose(1, 0, 2)), Image.Exif()
    exif[0x0112] = 5  # rows and columns exchanged
    photo.save(tmp_path / "a.png", exif=exif)
    assert (light(tmp_path / "a.png", weights) == lit).all()
    canvas = np.pad(weights, ((0, 0), (0, 5)))
    assert (light(pixels, canvas) == lit).all()
    canvas[0, 19] = 1.0  # outside the picture
    with pytest.raises(DataError, match=r"wanted the shape \[80, 60\] of the picture, or its prop"):
        light(pixels, canvas)


def test_a_path_without_a_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no picture")
    for name in ("a.png", "b.png"):
        with pytest.raises(DataError, match=f"pixels: .*{name} cannot be read as a picture"):
            plot_picture(tmp_path / name)


@pytest.mark.parametrize(
    ("pixels", "weights", "words"),
    [
        (np.zeros((5, 7)), np.zeros((7, 5)), r"weights: wanted the shape \[5, 7\]"),
        (np.zeros((5, 7, 2)), None, r"pixels: wanted .* given \[5, 7, 2\]"),
        (np.zeros(5), None, "pixels: wanted"),
        (np.zeros((1, 2)), np.array([[0.5, -0.5]]), "weights"),
        (np.zeros((1, 2)), np.array([[0.5, np.nan]]), "weights"),
    ],
    ids=["turned", "channels", "flat", "negative", "nan"],
)
def test_what_does_not_fit_is_refused(pixels: Any, weights: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        plot_picture(pixels, weights)
