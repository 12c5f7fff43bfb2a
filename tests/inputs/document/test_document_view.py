"""A text with its summary: a map of a short text, the text itself where it is long."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.document.view import DocumentView
from regard.outputs.tokens.outcome import TokensOutcome

WORDS = ["Call", "Ms", "Xyz", "today", "."]
TEXT = "Call Ms Xyz today."


def _spans(words: list[str], text: str) -> NDArray[np.int64]:
    found, at = [], 0
    for word in words:
        at = text.index(word, at)
        found.append((at, at + len(word)))
        at += len(word)
    return np.array([*found, (len(text), len(text))])


def _view(times: int = 1) -> DocumentView:
    """Of the text several times over; its last name is copied."""
    text, words = " ".join([TEXT] * times), WORDS * times
    keys = len(words) + 1
    weights, copied = np.full((3, keys), 0.1 / keys), np.zeros((3, keys))
    weights[0, 0] = weights[1, -4] = weights[2, -1] = 0.9
    copied[1, -4], copied[0, 0] = 0.8, 0.3
    return DocumentView(
        id="5",
        text=text,
        spans=_spans(words, text),
        source=[*words, "[END]"],
        target=["call", "Xyz", "[END]"],
        weights=weights,
        copied=copied,
        outcome=TokensOutcome(true="call Xyz", predicted="call Xyz", score=-0.5),
    )


def test_what_counts_as_copied() -> None:
    view = _view(2)
    assert view.copied_target.tolist() == [False, True, False]
    assert np.flatnonzero(view.copied_source).tolist() == [7]
    twice = np.array(view.copied)
    twice[1, [2, 7]] = 0.4
    assert np.flatnonzero(replace(view, copied=twice).copied_source).tolist() == [2, 7]
    assert not replace(view, copied=None).copies.any()


def test_a_short_text_is_drawn_as_a_map_with_dots() -> None:
    view = _view()
    ax = view.draw()
    places = [np.asarray(each.get_offsets()).tolist() for each in ax.collections]
    assert [[2.37, 0.63]] in places  # in the corner of its cell
    picture = str(view.picture("a"))
    assert picture.count("•") == 1
    assert '<table class="map' in picture


def test_a_long_text_is_drawn_as_it_is_read() -> None:
    view = _view(9)
    ax = view.draw()
    said = [each.get_text() for each in ax.texts]
    assert said[:2] == ["call", "Xyz"]
    assert said[2:] == WORDS * 9
    assert len(ax.lines) == 2  # below the name, in summary and text
    picture = str(view.picture("a"))
    assert "<table" not in picture
    assert len(re.findall('class="word[^"]* copied"', picture)) == 2
    assert "underlined words of the text" in str(DocumentView.reading([view]))
    assert "A dot marks" in str(DocumentView.reading([_view()]))


@pytest.mark.parametrize("times", [1, 9])
def test_the_page_underlines_copies_and_escapes(times: int, tmp_path: Path) -> None:
    view = replace(_view(times), outcome=TokensOutcome(true=None, predicted="<b> Xyz", score=-0.5))
    view.save(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<b> Xyz" not in page
    assert "Words that were copied are underlined" in page
    assert re.search(r'class="word t1 copied"[^>]*>Xyz<', page)
    view.save(tmp_path / "page.png")


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match="copied: wanted"):
        replace(_view(), copied=np.zeros((2, 6)))
