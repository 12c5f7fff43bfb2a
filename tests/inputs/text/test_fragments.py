"""A text cut at its words loses nothing, and what cannot be cut is refused."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import DataError
from regard.inputs.text.fragments import highest_words, passages


@given(st.text(max_size=60))
def test_the_fragments_are_the_text(text: str) -> None:
    words = [match.span() for match in re.finditer(r"\w+", text)]
    (passage,) = passages(text, words, np.ones(len(words)))
    together = "".join(fragment.text for fragment in passage.fragments)
    assert len(together) == len(text)
    # Only what does not print may have become a blank.
    for now, before in zip(together, text, strict=True):
        assert now == before or (now == " " and not before.isprintable())
    weighted = [fragment.text for fragment in passage.fragments if fragment.weight is not None]
    assert weighted == [text[start:stop] for start, stop in words]


def test_strengths_are_shares_of_the_highest_or_of_four_times_the_mean() -> None:
    (passage,) = passages("a b", [[0, 1], [2, 3]], [0.75, 0.25])
    assert [fragment.strength for fragment in passage.fragments] == [0.375, None, 0.125]
    words = [[2 * n, 2 * n + 1] for n in range(8)]
    (passage,) = passages("a b c d e f g h", words, [0.8, 0.2, *[0.0] * 6])
    assert [f.strength for f in passage.fragments if f.strength is not None][:3] == [1, 0.25, 0]


@pytest.mark.parametrize("letter", ["\x1b", "\x00", "\x07", "\t", "\r", "\u202e", "\u2066"])
def test_what_controls_a_terminal_becomes_a_blank(letter: str) -> None:
    (passage,) = passages(f"a{letter}b", [[0, 1], [2, 3]], [0.5, 0.5])
    assert [fragment.text for fragment in passage.fragments] == ["a", " ", "b"]


def test_a_half_of_a_pair_of_surrogates_becomes_a_blank() -> None:
    (passage,) = passages("\ud800", [[0, 1]], [1.0])
    assert passage.fragments[0].text == " "


def test_joined_emoji_stay_joined() -> None:
    family = "\U0001f469\u200d\U0001f467"
    (passage,) = passages(family, [[0, 3]], [1.0])
    assert passage.fragments[0].text == family


def test_sentences_have_what_stands_between_them() -> None:
    text = "> One two. Three!\n"
    found = passages(
        text,
        [[2, 5], [6, 9], [11, 16]],
        [0.2, 0.3, 0.5],
        sentences=[[2, 10], [11, 17]],
        sentence_weights=[0.9, 0.1],
    )
    together = ["".join(fragment.text for fragment in passage.fragments) for passage in found]
    assert together == ["> One two. ", "Three!\n"]
    assert [passage.weight for passage in found] == [0.9, 0.1]
    assert [passage.strength for passage in found] == [0.45, 0.05]


def test_the_words_that_were_highest_words() -> None:
    words = [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert highest_words("a b c d", words, [0.1, 0.4, 0.2, 0.3]) == [
        ("b", 0.4), ("d", 0.3), ("c", 0.2),
    ]  # fmt: skip
    assert highest_words("a b c d", words, [0.0, 1.0, 0.0, 0.0]) == [("b", 1.0)]
    assert highest_words("", [], []) == []


def test_the_weights_of_a_repeated_word_add_up() -> None:
    words = [[0, 3], [4, 6], [7, 10], [11, 14]]
    assert highest_words("not so not bad", words, [0.25, 0.0, 0.25, 0.375]) == [
        ("not", 0.5), ("bad", 0.375),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"words": [[0, 3], [2, 5]]}, "words: wanted spans in order, none empty, within the 7"),
        ({"words": [[4, 5], [0, 3]]}, "words: wanted spans in order"),
        ({"words": [[0, 3], [4, 4]]}, "words: wanted spans in order"),
        ({"words": [[0, 3], [4, 8]]}, "words: wanted spans in order, .* the 7 characters"),
        ({"words": [[0, 3, 4]]}, r"words: wanted \[words, 2\], given the shape \[1, 3\]"),
        ({"weights": [1.0]}, r"weights: wanted one for each of 2 words, given the shape \[1\]"),
        ({"weights": [1.0, -0.1]}, "weights: wanted finite numbers that are not negative"),
        ({"weights": [1.0, np.nan]}, "weights: wanted finite numbers that are not negative"),
        (
            {"sentences": [[0, 7]]},
            r"sentence_weights: wanted one for each of 1 sentences, given the shape \[0\]",
        ),
        (
            {"sentences": [[0, 5], [5, 7]], "sentence_weights": [0.5, 0.5]},
            "words: one of them crosses the edge of sentence 0",
        ),
    ],
)
def test_what_does_not_go_together(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"words": [[0, 3], [4, 7]], "weights": [0.5, 0.5]} | change
    with pytest.raises(DataError, match=message):
        passages("not bad", **given)
