"""A captioned picture on a page and as a contact sheet."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard.errors import DataError
from regard.inputs.image.caption_view import CaptionView
from regard.outputs.tokens.outcome import TokensOutcome

WORDS = ["a", "<b>ring</b>"]


def _view(**changes: Any) -> CaptionView:
    maps = np.zeros((2, 5, 7))
    maps[0, 1, 2], maps[1, 4, 6] = 0.5, 1
    outcome = TokensOutcome(true=None, predicted=" ".join(WORDS), units=(*WORDS, "[END]"))
    given: dict[str, Any] = {
        "id": "x.png",
        "outcome": outcome,
        "pixels": np.full((5, 7, 3), 90, np.uint8),
        "words": WORDS,
        "weights": maps,
        "boxes": [None, (1, 2, 4, 6)],
    }
    return CaptionView(**given | changes)


def test_a_page_lights_the_region_of_the_word_that_is_pointed_at() -> None:
    page = _view().html()
    for at in range(2):
        assert f".caption:has(.t{at}:is(:hover, :focus)) .l{at} {{ opacity: 1; }}" in page
        assert len(re.findall(rf'class="layer l{at}"', page)) == 1
        assert len(re.findall(rf'class="word t{at}" tabindex="0"', page)) == 1
    assert page.count('<rect x="2" y="1" width="4" height="3"/>') == 2  # over the whole, and a tile
    assert "most at row 1, column 2" in page
    assert "most at row 4, column 6" in page


def test_a_page_is_one_file_without_scripts_and_its_texts_are_escaped() -> None:
    page = _view().html()
    assert "<script" not in page
    assert "<b>ring</b>" not in page
    assert "&lt;b&gt;ring" in page
    assert all(
        link.startswith(("data:", "#")) for link in re.findall(r'(?:src|href)="([^"]*)"', page)
    )


def test_a_report_shows_each_picture_once_and_names_it_once() -> None:
    both = _view().picture("e0") + _view().picture("e1")
    assert both.count('<image id="e0"') == both.count('<image id="e1"') == 1
    assert both.count('<use href="#e0"/>') == 2  # once for each word


def test_without_attention_there_is_the_picture_alone() -> None:
    view = _view(weights=np.zeros((2, 5, 7)))
    assert "No attention" in view.picture("e0")
    page = view.html()
    assert "Point at a word" not in page
    assert "<use" not in page


def test_files_are_written(tmp_path: Path) -> None:
    for name in ("map.png", "map.svg", "map.html"):
        _view().save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 1000
    assert "a &lt;b&gt;ring" in (tmp_path / "map.svg").read_text()


def test_an_empty_caption_is_drawn() -> None:
    empty = TokensOutcome(true="a ring", predicted="", units=("[END]",))
    view = _view(outcome=empty, words=[], weights=np.zeros((0, 5, 7)), boxes=[])
    assert "(empty)" in view.html()
    assert len(view.draw().figure.axes) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": np.zeros((3, 5, 7))}, r"weights: wanted .* \[2, 5, 7\]"),
        ({"weights": np.zeros((2, 7, 5))}, r"weights: wanted .* \[2, 5, 7\]"),
        ({"boxes": []}, "boxes: wanted one for each of 2 words, given 0"),
    ],
    ids=["more", "turned", "boxes"],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        _view(**changes)
