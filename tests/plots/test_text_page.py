"""One text as a page, a PNG and an SVG."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regard.errors import ConfigError, DataError, RunError
from regard.plots import TextView, save_text, text_html

VIEW = TextView(
    id="17",
    text="Not <b>bad</b> & cheap.",
    words=np.array([[0, 3], [7, 10], [17, 22]]),
    weights=np.array([0.625, 0.25, 0.125]),
    true="negative",
    predicted="positive",
    probability=0.734,
    known=2,
    runners_up=(("negative", 0.2), ("<neutral>", 0.066)),
)


def _text(page: str) -> str:
    body = re.sub(r"<[^>]*>", "", page[page.index("<body>") :])
    return " ".join(body.split())


def test_the_page_tells_everything() -> None:
    page = text_html(VIEW)
    text = _text(page)
    assert "Case 17: positive" in text
    assert "Predicted with probability 0.734; truly it is negative." in text
    assert "Next: negative (0.200), &lt;neutral&gt; (0.066)." in text
    assert "Not &lt;b&gt;bad&lt;/b&gt; &amp; cheap." in text
    assert "Looked at most: Not 0.62, bad 0.25, cheap 0.12." in text
    assert "3 words, 2 known to the model." in text
    assert "knows no word" not in text
    assert "sentence" not in text


def test_words_are_tinted_by_their_weights() -> None:
    words = re.findall(
        r'<span class="word" style="--s:([\d.]+)" title="([\d.]+)">', text_html(VIEW)
    )
    # The scale ends at four times the mean, 4 / 3; the strongest tint is 0.65.
    assert [float(tint) for tint, _ in words] == pytest.approx(
        [0.65 * 3 / 4 * weight for weight in (0.625, 0.25, 0.125)], abs=1e-3
    )
    assert [float(weight) for _, weight in words] == [0.625, 0.25, 0.125]


def test_a_text_of_unknown_words_says_so() -> None:
    assert "The model knows no word of this text" in _text(text_html(replace(VIEW, known=0)))
    empty = replace(VIEW, text="", words=VIEW.words[:0], weights=np.zeros(0), known=0)
    assert "The text is empty." in _text(text_html(empty))


def test_sentences_have_bars() -> None:
    page = text_html(
        replace(
            VIEW,
            sentences=np.array([[0, 14], [15, 23]]),
            sentence_weights=np.array([1.0, 0.0]),
        )
    )
    bars = re.findall(r'<span class="bar" style="--s:([\d.]+)" title="sentence ([\d.]+)">', page)
    assert bars == [("0.500", "1.0000"), ("0.000", "0.0000")]
    assert "as strong as the sentence's own weight" in page


def test_the_page_needs_nothing_but_itself() -> None:
    page = text_html(replace(VIEW, id="<script>alert(1)</script>"))
    assert "<script" not in page
    assert not re.findall(r"https?://", page)
    assert not re.findall(r'src="|href="(?!data:)', page)


def test_svg_is_well_formed_whatever_is_written(tmp_path: Path) -> None:
    hostile = "\x00\x1b]]> <x> \ud800 $ \uffff &amp; \u202e"
    view = replace(VIEW, text=hostile, words=np.array([[0, len(hostile)]]), weights=np.ones(1))
    save_text(view, tmp_path / "text.svg")
    root = ET.parse(tmp_path / "text.svg").getroot()
    drawn = "".join(
        "".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")
    )
    assert "]]>" in drawn
    assert "case 17, true negative, predicted positive (0.734)" in drawn
    save_text(view, tmp_path / "text.html")
    assert "&amp;amp;" in (tmp_path / "text.html").read_text(encoding="utf-8")


def test_png_and_html(tmp_path: Path) -> None:
    save_text(VIEW, tmp_path / "text.png")
    assert (tmp_path / "text.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    save_text(VIEW, tmp_path / "text.html")
    assert (tmp_path / "text.html").read_text(encoding="utf-8") == text_html(VIEW)


def test_errors_are_those_of_every_picture(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ends in .png, .svg or .html, given '.pdf'"):
        save_text(VIEW, tmp_path / "text.pdf")
    (tmp_path / "text.svg").write_text("mine")
    with pytest.raises(RunError, match="exists; choose another name or say overwrite"):
        save_text(VIEW, tmp_path / "text.svg")
    with pytest.raises(DataError, match="weights: wanted one for each of 3 words"):
        save_text(replace(VIEW, weights=np.ones(2)), tmp_path / "other.svg")
    assert not (tmp_path / "other.svg").exists()
