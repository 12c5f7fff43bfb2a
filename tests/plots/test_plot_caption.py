"""Contact sheets of captions."""

from typing import Any

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from regard.errors import DataError
from regard.plots import plot_caption
from regard.plots.picture import glow, light


def test_every_word_has_the_picture_with_its_light_and_its_box() -> None:
    pixels = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    maps = np.zeros((2, 5, 7))
    maps[0, 1, 2], maps[1, 4, 6] = 1, 1
    plain, *sheet = plot_caption(pixels, maps, words=["a", "cat"], boxes=[None, (1, 2, 4, 6)])
    assert [ax.get_title(loc="left") for ax in sheet] == ["a", "cat"]
    for ax, own in zip(sheet, maps, strict=True):
        drawn = ax.get_images()[0].get_array()
        np.testing.assert_array_equal(drawn, light(pixels, own))
    np.testing.assert_array_equal(plain.get_images()[0].get_array(), pixels)
    assert [len(ax.patches) for ax in (plain, *sheet)] == [0, 0, 1]
    [box] = sheet[1].patches
    assert isinstance(box, Rectangle)
    assert (box.get_xy(), box.get_width(), box.get_height()) == ((1.5, 0.5), 4, 3)


def test_long_captions_go_on_in_further_rows_without_overlap() -> None:
    words = [f"w{n}" for n in range(13)]
    sheet = plot_caption(np.zeros((11, 5), np.uint8), np.ones((13, 11, 5)), words=words)
    places = [ax.get_position() for ax in sheet]
    assert len({round(place.y0, 6) for place in places}) == 3  # six, six, two
    for at, one in enumerate(places):
        assert 0 <= one.x0 < one.x1 <= 1
        assert 0 <= one.y0 < one.y1 <= 1
        for other in places[:at]:
            apart = (
                one.x0 >= other.x1 or other.x0 >= one.x1 or one.y0 >= other.y1 or other.y0 >= one.y1
            )
            assert apart


def test_the_layer_of_a_page_gives_the_light_of_a_picture() -> None:
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (11, 13, 3)).astype(np.uint8)
    weights = generator.random((11, 13))
    layer = glow(weights).astype(float)
    cover = layer[..., 3:] / 255
    np.testing.assert_allclose(
        (1 - cover) * pixels + cover * layer[..., :3], light(pixels, weights), atol=2
    )


@pytest.mark.parametrize(
    ("maps", "options", "words"),
    [
        (np.ones((3, 5, 7)), {}, "weights: wanted a map .* for each of 2 words"),
        (np.ones((5, 7)), {}, r"weights: .* given the shape \[5, 7\]"),
        (np.ones((2, 7, 5)), {}, r"weights: wanted the shape \[5, 7\]"),
        (np.ones((2, 5, 7)), {"boxes": [None]}, "boxes: wanted one for each of 2 words, given 1"),
    ],
    ids=["more", "flat", "turned", "boxes"],
)
def test_what_does_not_fit_is_refused(maps: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        plot_caption(np.zeros((5, 7), np.uint8), maps, words=["a", "cat"], **options)
