"""A story as a picture, a page and in a terminal."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from regard.errors import DataError
from regard.inputs.story.view import StoryView
from regard.outputs.classes.outcome import ClassOutcome
from regard.plots.story import MOST_SENTENCES, plot_story, shown_sentences
from regard.plots.style import BLUE

STORY = ("Mary left <b>.", "John came.", "It rained.")
WEIGHTS = np.array([[0.9, 0.1, 0.0], [0.0, 0.25, 0.75]])


def _view(**changes: Any) -> StoryView:
    given: dict[str, Any] = {
        "id": "7",
        "outcome": ClassOutcome(true=None, predicted="Mary", probability=0.75),
        "story": STORY,
        "question": "Who left?",
        "weights": WEIGHTS,
        "supporting": np.array([2]),
    }
    return StoryView(**given | changes)


def test_a_page_has_every_sentence_with_its_weights_escaped() -> None:
    page = _view().html()
    assert "Mary left &lt;b&gt;." in page
    assert "<b>." not in page
    assert page.count('class="true"') == 1
    [row] = [each for each in page.split("<tr") if "It rained." in each]
    assert 'class="true"' in row
    assert "0.75" in row
    assert "Who left?" in page


def test_a_terminal_has_a_line_for_each_sentence() -> None:
    lines = _view().terminal(colour=False).plain.splitlines()
    assert lines == [
        "    hop 1 hop 2",
        " 1   0.90  0.00  Mary left <b>.",
        " 2   0.10  0.25  John came.",
        ">3   0.00  0.75  It rained.",
    ]


def test_a_picture_marks_supporting_sentences() -> None:
    ax = plot_story(STORY, WEIGHTS, supporting=[1])
    texts = [text.get_text() for text in ax.texts]
    assert texts[:2] == ["hop 1", "hop 2"]
    assert "0.90" in texts
    assert "0.00" not in texts
    colours = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    bars = [patch for patch in colours if patch.get_facecolor()[:3] == _rgb(BLUE)]
    assert len(bars) == 1
    assert len(colours) == 1 + WEIGHTS.size


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))


def test_of_a_long_story_the_sentences_that_count_are_shown() -> None:
    weights = np.zeros((2, 100))
    weights[0, 60], weights[1, 99] = 1.0, 1.0
    shown = shown_sentences(weights, [80])
    assert len(shown) == MOST_SENTENCES
    assert {60, 80, 99} < set(shown)
    assert shown == sorted(shown)
    story = [f"Sentence {n}." for n in range(100)]
    page = _view(story=story, weights=weights, supporting=np.array([80])).html()
    assert "60 sentences have lower weights and are left out" in page


def test_a_guess_is_called_one() -> None:
    assert "this is a guess" in _view(known=0).said
    assert "is a guess" in _view(known=0).html()


def test_pictures_are_written(tmp_path: Path) -> None:
    for name in ("a.png", "a.svg", "a.html"):
        _view(id="").save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 1000


def test_weights_must_fit_the_story() -> None:
    with pytest.raises(DataError, match=r"wanted \[hops, 3\], one for each sentence"):
        _view(weights=WEIGHTS[:, :2])
    with pytest.raises(DataError, match=r"wanted \[hops, 3\], one for each sentence"):
        plot_story(STORY, WEIGHTS[:, :2])
