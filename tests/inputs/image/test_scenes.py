"""Drawn scenes: pictures and captions agree, and every word has its place."""

import itertools
import re

import numpy as np
import pytest
from numpy.typing import NDArray

from regard.data import Pictures, scenes
from regard.errors import ConfigError
from regard.inputs.image.scenes import COLOURS

ARTICLES = {"a", "an", "and"}
RELATIONS = {"above", "below", "left of", "right of"}
OF_RELATIONS = {word for relation in RELATIONS for word in relation.split()}


def _named(cases: Pictures, n: int) -> list[tuple[str, tuple[int, ...] | None]]:
    """The words of a caption with their boxes."""
    assert cases.labels is not None
    assert cases.links is not None
    caption, links = cases.labels[n], cases.links[n].tolist()
    boxes = {start: (stop, tuple(box)) for start, stop, *box in links}
    found: list[tuple[str, tuple[int, ...] | None]] = []
    for word in re.finditer(r"\S+", caption):
        stop, box = boxes.get(word.start(), (word.end(), None))
        assert stop == word.end()
        found.append((word[0], box))
    assert sum(box is not None for _, box in found) == len(links)
    return found


def _objects(cases: Pictures, n: int) -> list[tuple[list[str], tuple[int, ...]]]:
    """The words of each object with its box: what stands between an article and the next."""
    objects: list[tuple[list[str], tuple[int, ...]]] = []
    for article, group in itertools.groupby(_named(cases, n), lambda each: each[0] in ARTICLES):
        words = [] if article else [each for each in group if each[0] not in OF_RELATIONS]
        if words:
            box = words[0][1]
            assert box is not None
            assert all(each[1] == box for each in words)
            objects.append(([word for word, _ in words], box))
    return objects


def _colour(pixels: NDArray[np.uint8]) -> str:
    """The name of the nearest colour of the brightest pixels of a box, whatever its brightness."""
    flat = pixels.reshape(-1, 3).astype(float)
    shade = flat[flat.max(1) > 0.95 * flat.max()].mean(0)
    angles = {
        name: shade @ np.array(rgb) / np.linalg.norm(shade) / np.linalg.norm(rgb)
        for name, rgb in COLOURS.items()
    }
    return max(angles, key=lambda name: angles[name])


def test_every_object_has_its_colour_inside_its_box_and_nothing_is_outside() -> None:
    cases = scenes(pictures=60, objects=3, seed=2)
    counts = []
    for n in range(60):
        objects = _objects(cases, n)
        counts.append(len(objects))
        outside = np.ones((48, 48), bool)
        for words, (top, left, bottom, right) in objects:
            inside = cases.values[n, top:bottom, left:right]
            assert _colour(inside) in words
            outside[top:bottom, left:right] = False
        background = cases.values[n][outside]
        assert (background == background[0, 0]).all()
    assert [counts.count(each) for each in (1, 2, 3)] == [20, 20, 20]


def test_relations_are_those_of_the_boxes_and_colours_stand_in_their_order() -> None:
    cases = scenes(pictures=80, objects=2, seed=5)
    assert cases.labels is not None
    seen = set()
    for n, caption in enumerate(cases.labels):
        objects = _objects(cases, n)
        if len(objects) == 1:
            continue
        (first, box), (second, other) = objects
        order = [next(word for word in words if word in COLOURS) for words in (first, second)]
        assert order == sorted(order, key=list(COLOURS).index)
        down = box[0] + box[2] - other[0] - other[2]
        along = box[1] + box[3] - other[1] - other[3]
        [relation] = [each for each in RELATIONS if f" {each} " in caption]
        if abs(down) > abs(along):
            assert relation == ("above" if down < 0 else "below")
        else:
            assert relation == ("left of" if along < 0 else "right of")
        assert {b for word, b in _named(cases, n) if word in OF_RELATIONS | ARTICLES} == {None}
        seen.add(relation)
    assert seen == RELATIONS


def test_sizes_can_be_told_apart_by_their_boxes() -> None:
    cases = scenes(pictures=200, objects=1, seed=1)
    sides: dict[str, list[int]] = {"small": [], "large": [], "": []}
    for n in range(200):
        [(words, (top, left, bottom, right))] = _objects(cases, n)
        size = words[0] if words[0] in sides else ""
        sides[size].append(max(bottom - top, right - left))
    assert max(sides["small"]) < min(sides[""]) < max(sides[""]) < min(sides["large"])


def test_the_same_seed_draws_the_same_scenes() -> None:
    first, again, other = (scenes(pictures=7, size=28, seed=seed) for seed in (1, 1, 2))
    assert (first.values == again.values).all()
    assert first.labels is not None
    assert again.labels is not None
    assert (first.labels == again.labels).all()
    assert not (first.values == other.values).all()


def test_links_follow_the_cases_that_are_taken() -> None:
    cases = scenes(pictures=5, size=28)
    taken = cases.take(np.array([3, 1]))
    assert cases.links is not None
    assert taken.links is not None
    for own, at in zip(taken.links, (3, 1), strict=True):
        np.testing.assert_array_equal(own, cases.links[at])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pictures": 0}, "pictures: wanted a whole number of at least 1, given 0"),
        ({"size": 27}, "size: wanted a whole number of at least 28, given 27"),
        ({"objects": 0}, "objects: wanted a whole number of at least 1, given 0"),
        ({"objects": 4}, "objects: wanted at most 3, given 4"),
        ({"seed": -1}, "seed: wanted a whole number of at least 0, given -1"),
    ],
    ids=["none", "small", "empty", "many", "seed"],
)
def test_wrong_numbers_are_refused(changes: dict[str, int], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        scenes(**changes)
