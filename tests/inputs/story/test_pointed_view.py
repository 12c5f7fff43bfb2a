"""A story with two pointers as a picture, a page and in a terminal."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from regard.errors import DataError
from regard.inputs.story.pointed_view import PointedView
from regard.outputs.span.outcome import SpanOutcome
from regard.plots.album import album_html
from regard.plots.story import MOST_SENTENCES
from regard.plots.style import BLUE, TINT, VERMILION

STORY = ("Mary took <b> tea.", "John came.")
#         Mary took < b > tea .  John came .
WORDS = [(0, 0, 4), (0, 5, 9), (0, 10, 11), (0, 11, 12), (0, 12, 13), (0, 14, 17), (0, 17, 18)]
WORDS += [(1, 0, 4), (1, 5, 9), (1, 9, 10)]
WEIGHTS = np.array(
    [[0.1, 0, 0, 0.7, 0, 0.1, 0, 0.1, 0, 0], [0, 0, 0, 0, 0, 0.8, 0, 0.001, 0.199, 0]]
)


def _view(**changes: Any) -> PointedView:
    span = 3, 6
    given: dict[str, Any] = {
        "id": "7",
        "outcome": SpanOutcome(true="tea", predicted="b> tea", probability=0.56, span=span),
        "story": STORY,
        "question": "What did Mary take?",
        "words": np.array(WORDS),
        "weights": WEIGHTS,
        "span": span,
        "supporting": np.array([0]),
    }
    return PointedView(**given | changes)


def test_a_page_has_every_word_escaped_and_the_answer_marked() -> None:
    page = _view().html()
    assert "<b>" not in page.split("<main>")[1].split('class="paper"')[1].split("</div></div>")[0]
    assert page.count('class="told true"') == 1
    assert page.count('class="told"') == 1
    picture = str(_view().picture("x"))
    marked = [
        each.split(">", 1)[1].split("</span>")[0]
        for each in picture.split("<span")[1:]
        if "answer" in each.split(">", 1)[0]
    ]
    assert "".join(marked) == "b&gt; tea"
    [start] = [each for each in picture.split("<span") if each.endswith("b</span>")]
    assert f"--s:{0.7 * TINT:.3f}; --e:0.000" in start
    assert "What did Mary take?" in page


def test_a_terminal_has_the_answer_in_brackets() -> None:
    lines = _view().terminal(colour=False).plain.splitlines()
    assert lines == [
        "> Mary took <[b> tea].",
        "  John came.",
        "start: b 0.700, Mary 0.100, tea 0.100",
        "end: tea 0.800, came 0.199",
    ]


def test_words_are_coloured_in_a_terminal_with_colours() -> None:
    text = _view().terminal(colour=True)
    coloured = {text.plain[span.start : span.end] for span in text.spans}
    assert coloured == {"b", "tea", "came"}  # at least an eighth


def test_a_picture_has_two_tints_for_each_word() -> None:
    ax = _view().draw()
    drawn = [each for each in ax.patches if isinstance(each, Rectangle)]
    for colour, row in ((VERMILION, WEIGHTS[0]), (BLUE, WEIGHTS[1])):
        alphas = [
            float(each.get_alpha() or 0)
            for each in drawn
            if each.get_facecolor()[:3] == to_rgb(colour) and each.get_alpha() not in (1.0, 0.08)
        ]
        assert alphas == pytest.approx((TINT * row).tolist())
    texts = [each.get_text() for each in ax.texts]
    assert texts[:2] == ["Mary", "took"]
    assert "true tea, predicted b> tea (0.560)" in ax.get_title(loc="left")


def test_a_view_is_saved(tmp_path: Path) -> None:
    for name in ("a.png", "a.svg", "a.html"):
        _view().save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 1000


def test_a_page_of_pictures_has_the_colours_of_its_keys() -> None:
    page = album_html("all", {"7.png": _view()})
    assert 'class="key blues"' in page
    assert ".blues { background" in page


def test_of_a_long_story_some_sentences_are_drawn() -> None:
    story = tuple(f"Line {n}." for n in range(MOST_SENTENCES + 5))
    words = [(at, *span) for at in range(len(story)) for span in ((0, 4), (5, 6))]
    weights = np.zeros((2, len(words)))
    weights[:, 2 * MOST_SENTENCES] = 1.0
    view = _view(story=story, words=np.array(words), weights=weights, span=(80, 81))
    shown = view.terminal(colour=False).plain
    assert f"[Line] {MOST_SENTENCES}." in shown
    assert "5 sentences have lower weights" in view.html()
    assert str(view.picture("x")).count('class="told') == MOST_SENTENCES


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(DataError, match=r"weights: wanted \[2, 10\], of each look \(start, end\)"):
        _view(weights=WEIGHTS[:, 1:])


def test_an_unknown_question_is_said() -> None:
    assert _view().warning == ""
    assert "this is a guess" in _view(known=0).warning
