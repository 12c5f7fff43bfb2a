"""A story with the answer written to it as a page, a picture and in a terminal."""

from typing import Any

import numpy as np
import pytest

from regard.errors import DataError
from regard.inputs.story.answered_view import AnsweredView
from regard.outputs.tokens.outcome import TokensOutcome
from regard.plots.style import TINT

STORY = ("Mary took <b>.", "John took an apple.")
WORDS = [(0, 0, 4), (0, 5, 9), (0, 10, 11), (0, 11, 12), (0, 12, 13), (0, 13, 14)]
WORDS += [(1, 0, 4), (1, 5, 9), (1, 10, 12), (1, 13, 18), (1, 18, 19)]
LOOKS = np.array([[0, 0.1, 0, 0.6, 0, 0, 0, 0, 0, 0.2, 0], [0, 0, 0, 0.1, 0, 0, 0, 0, 0, 0.9, 0]])
COPIED = np.array([[0, 0, 0, 0.7, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0.4, 0]])


def _view(**changes: Any) -> AnsweredView:
    given: dict[str, Any] = {
        "id": "7",
        "outcome": TokensOutcome(true="b,apple", predicted="b apple", units=("b", "apple")),
        "story": STORY,
        "question": "What was taken?",
        "words": np.array(WORDS),
        "weights": LOOKS,
        "target": ["b", "apple"],
        "copied": COPIED,
        "supporting": np.array([0]),
    }
    return AnsweredView(**given | changes)


def test_a_page_tints_by_the_highest_weight_and_underlines_what_was_copied() -> None:
    picture = str(_view().picture("x"))
    assert "<b>" not in picture
    spans = {
        each.split(">", 1)[1].split("</span>")[0]: each.split(">", 1)[0]
        for each in picture.split("<span")[1:]
    }
    assert set(spans) == {"took", "b", "apple"}
    assert f"--s:{0.6 * TINT:.3f}" in spans["b"]
    assert f"--s:{0.9 * TINT:.3f}" in spans["apple"]
    assert [word for word, tag in spans.items() if "answer" in tag] == ["b"]
    page = _view().html()
    assert "b: b 0.600, apple 0.200, took 0.100; apple: apple 0.900, b 0.100" in page
    assert "Underlined words were copied" in page
    assert "Underlined" not in _view(copied=None).html()


def test_a_terminal_has_what_was_copied_in_brackets_and_each_word_s_look() -> None:
    lines = _view().terminal(colour=False).plain.splitlines()
    assert lines == [
        "> Mary took <[b]>.",
        "  John took an apple.",
        "b: b 0.600, apple 0.200, took 0.100",
        "apple: apple 0.900, b 0.100",
    ]


def test_an_empty_answer_has_no_looks() -> None:
    none = np.zeros((0, 11))
    view = _view(weights=none, copied=none, target=[])
    assert view.terminal(colour=False).plain.splitlines() == ["> Mary took <b>.", "  " + STORY[1]]
    assert "Highest weights" not in view.html()
    assert view.draw()


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(DataError, match=r"weights: wanted \[2, 11\], of each look \(b, apple\)"):
        _view(weights=LOOKS[:1])
