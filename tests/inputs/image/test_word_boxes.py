"""Boxes of the words of a caption that the true caption has, too."""

import numpy as np
import pytest

from regard.inputs.image.word_boxes import Box, word_boxes

TRUE = "a red circle above a blue square"
RED, BLUE, BOTH = (0, 0, 5, 7), (11, 3, 17, 13), (0, 0, 17, 13)
LINKS = np.array(
    [
        (TRUE.index(word), TRUE.index(word) + len(word), *box)
        for word, box in (
            ("red", RED),
            ("circle", RED),
            ("above", BOTH),
            ("blue", BLUE),
            ("square", BLUE),
        )
    ]
)


@pytest.mark.parametrize(
    ("units", "boxes"),
    [
        (TRUE.split(), [None, RED, RED, BOTH, None, BLUE, BLUE]),
        ([*TRUE.split(), "[END]"], [None, RED, RED, BOTH, None, BLUE, BLUE, None]),
        (["a", "red", "circle"], [None, RED, RED]),
        (["A", "Red", "circle"], [None, RED, RED]),
        (["a", "red", "ring", "above", "a", "square"], [None, RED, None, BOTH, None, BLUE]),
        (["blue", "square"], [BLUE, BLUE]),
        (["green", "rings"], [None, None]),
        ([], []),
    ],
    ids=["equal", "end", "part", "case", "other", "second", "none", "empty"],
)
def test_words_have_the_boxes_of_the_true_caption(
    units: list[str], boxes: list[Box | None]
) -> None:
    written = " ".join(each for each in units if each != "[END]")
    assert word_boxes(units, written, TRUE, LINKS) == boxes


def test_characters_have_the_box_of_their_word() -> None:
    units = list("a red ring")
    found = word_boxes(units, "a red ring", TRUE, LINKS)
    assert found == [None, None, RED, RED, RED, None, None, None, None, None]


def test_no_link_gives_no_box() -> None:
    assert word_boxes(["a"], "a", "a ring", np.zeros((0, 6), np.int64)) == [None]
