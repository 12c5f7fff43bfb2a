"""One object among clutter."""

from typing import Any

import numpy as np
import pytest

from regard.data import clutter
from regard.errors import ConfigError, DataError
from regard.inputs.image.shapes import SHAPES


def test_the_object_is_in_its_box() -> None:
    crops = np.zeros((2, 5, 7), np.uint8)
    crops[0, 1:4, 2:6] = 200
    crops[1, :, 3] = 100
    cases = clutter(crops, ["block", "line"], pictures=20, size=19, pieces=0, piece=2)
    assert cases.labels is not None
    assert cases.boxes is not None
    assert sorted(cases.labels.tolist()) == ["block"] * 10 + ["line"] * 10
    for values, label, (top, left, bottom, right) in zip(
        cases.values[..., 0], cases.labels, cases.boxes, strict=True
    ):
        inside = values[top:bottom, left:right]
        assert inside.shape == ((3, 4) if label == "block" else (5, 1))
        assert (inside == (200 if label == "block" else 100)).all()
        assert values.sum() == inside.sum()
    assert len(np.unique(cases.boxes[:, 0])) > 5  # anywhere


def test_pieces_lie_beside_the_object_and_never_hide_it() -> None:
    alone = clutter(pictures=12, size=50, pieces=0, seed=3)
    among = clutter(pictures=12, size=50, pieces=9, seed=3)
    assert (among.values > 0).mean() > 1.2 * (alone.values > 0).mean()
    assert alone.boxes is not None
    assert among.boxes is not None
    [top, left, bottom, right] = among.boxes[0]
    assert among.values[0, top:bottom, left:right].max() >= 140


def test_the_same_seed_makes_the_same_pictures() -> None:
    first, again, other = (clutter(pictures=7, seed=seed) for seed in (1, 1, 2))
    assert (first.values == again.values).all()
    assert not (first.values == other.values).all()


def test_shapes_are_all_there_and_differ() -> None:
    cases = clutter(pictures=36, size=28, pieces=0)
    assert cases.labels is not None
    names, counts = np.unique(cases.labels, return_counts=True)
    assert names.tolist() == sorted(SHAPES)
    assert (counts == 6).all()


def test_crops_may_have_colours() -> None:
    crops = np.zeros((1, 4, 4, 3), np.uint8)
    crops[..., 1] = 90
    cases = clutter(crops, [0], pictures=3, size=9, pieces=2, piece=2)
    assert cases.values.shape == (3, 9, 9, 3)
    assert (cases.values[..., 0] == 0).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"pictures": 0}, "pictures: wanted a whole number of at least 1"),
        ({"pieces": -1}, "pieces: wanted"),
        ({"piece": 29}, "piece: wanted at most the 28 pixels of a crop"),
        ({"size": 1.5}, "size: wanted"),
    ],
)
def test_parameters_out_of_range_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        clutter(**given)


def test_bad_crops_are_refused() -> None:
    crops = np.ones((2, 5, 7), np.uint8)
    with pytest.raises(DataError, match="crops, labels: give both"):
        clutter(crops)
    with pytest.raises(DataError, match="crops: have 5 x 7 pixels; the canvas has 6 x 6"):
        clutter(crops, [0, 1], size=6, piece=2)
    crops[1] = 0
    with pytest.raises(DataError, match="crops: number 1 is black all over"):
        clutter(crops, [0, 1], piece=2)
