"""One text as a page, a PNG and an SVG."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regard.errors import ConfigError, DataError, RunError
from regard.inputs.text.view import TextView
from regard.outputs.classes.outcome import ClassOutcome

VIEW = TextView(
    id="17",
    text="Not <b>bad</b> & cheap.",
    words=np.array([[0, 3], [7, 10], [17, 22]]),
    weights=np.array([0.625, 0.25, 0.125]),
    known=2,
    outcome=ClassOutcome(
        true="negative",
        predicted="positive",
        probability=0.734,
        runners_up=(("negative", 0.2), ("<neutral>", 0.066)),
    ),
)


def _text(page: str) -> str:
    body = re.sub(r"<[^>]*>", "", page[page.index("<body>") :])
    return " ".join(body.split())


def test_the_page_tells_everything() -> None:
    page = VIEW.html()
    text = _text(page)
    assert "Case 17: positive" in text
    assert "Predicted with probability 0.734; the true class is negative." in text
    assert "Next: negative (0.200), &lt;neutral&gt; (0.066)." in text
    assert "Not &lt;b&gt;bad&lt;/b&gt; &amp; cheap." in text
    assert "Highest attention: Not 0.62, bad 0.25, cheap 0.12." in text
    assert "3 words, 2 known to the model." in text
    assert "knows no word" not in text
    assert "sentence" not in text


def test_words_are_tinted_by_their_weights() -> None:
    words = re.findall(r'<span class="word" style="--s:([\d.]+)" title="([\d.]+)">', VIEW.html())
    # The scale ends at four times the mean, 4 / 3; the strongest tint is 0.65.
    assert [float(tint) for tint, _ in words] == pytest.approx(
        [0.65 * 3 / 4 * weight for weight in (0.625, 0.25, 0.125)], abs=1e-3
    )
    assert [float(weight) for _, weight in words] == [0.625, 0.25, 0.125]


def test_a_text_of_unknown_words_says_so() -> None:
    assert VIEW.said == "case 17: positive (0.734)"
    assert replace(VIEW, known=0).said.endswith(
        "; no word of the text is in the vocabulary: this is a guess"
    )
    assert "The model knows no word of this text" in _text(replace(VIEW, known=0).html())
    empty = replace(VIEW, text="", words=VIEW.words[:0], weights=np.zeros(0), known=0)
    assert "The text is empty." in _text(empty.html())


def test_sentences_have_bars() -> None:
    view = replace(
        VIEW,
        sentences=np.array([[0, 14], [15, 23]]),
        sentence_weights=np.array([1.0, 0.0]),
    )
    page = view.html()
    bars = re.findall(r'<span class="bar" style="--s:([\d.]+)" title="sentence ([\d.]+)">', page)
    assert bars == [("0.500", "1.0000"), ("0.000", "0.0000")]
    assert "bar before a sentence shows the weight of the sentence." in page


def test_the_page_needs_nothing_but_itself() -> None:
    page = replace(VIEW, id="<script>alert(1)</script>").html()
    assert "<script" not in page
    assert not re.findall(r"https?://", page)
    assert not re.findall(r'src="|href="(?!data:)', page)


def test_svg_is_well_formed_whatever_is_written(tmp_path: Path) -> None:
    hostile = "\x00\x1b]]> <x> \ud800 $ \uffff &amp; \u202e"
    view = replace(VIEW, text=hostile, words=np.array([[0, len(hostile)]]), weights=np.ones(1))
    view.save(tmp_path / "text.svg")
    root = ET.parse(tmp_path / "text.svg").getroot()
    drawn = "".join(
        "".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")
    )
    assert "]]>" in drawn
    assert "case 17, true negative, predicted positive (0.734)" in drawn
    view.save(tmp_path / "text.html")
    assert "&amp;amp;" in (tmp_path / "text.html").read_text(encoding="utf-8")


def test_png_and_html(tmp_path: Path) -> None:
    VIEW.save(tmp_path / "text.png")
    assert (tmp_path / "text.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    VIEW.save(tmp_path / "text.html")
    assert (tmp_path / "text.html").read_text(encoding="utf-8") == VIEW.html()


def test_errors_are_those_of_every_picture(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ends in .png, .svg or .html, given '.pdf'"):
        VIEW.save(tmp_path / "text.pdf")
    (tmp_path / "text.svg").write_text("mine")
    with pytest.raises(RunError, match="exists; choose another name or pass overwrite=True"):
        VIEW.save(tmp_path / "text.svg")
    with pytest.raises(DataError, match="weights: wanted one for each of 3 words"):
        replace(VIEW, weights=np.ones(2)).save(tmp_path / "other.svg")
    assert not (tmp_path / "other.svg").exists()
