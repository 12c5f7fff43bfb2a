"""One case as a page, a PNG and an SVG."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from regard.errors import ConfigError, RunError
from regard.inputs.series.view import SeriesView
from regard.outputs.classes.outcome import ClassOutcome
from regard.outputs.numbers.outcome import NumbersOutcome

FLAT = ClassOutcome(true="flat", predicted="normal", probability=0.625)
VIEW = SeriesView(
    id="17",
    series=np.sin(np.arange(29.0))[None],
    channels=("speed",),
    weights=np.full(29, 1 / 29),
    outcome=FLAT,
    spans=[(5, 11)],
)
HOSTILE = "<script>alert(1)</script> \"a' & $b$ 日本\x07"


def test_the_page_tells_the_prediction_and_the_truth() -> None:
    page = VIEW.html()
    text = " ".join(re.sub(r"<[^>]*>", "", page[page.index("<body>") :]).split())
    assert "Case 17: normal" in text
    assert "probability 0.625" in text
    assert "the true class is flat" in text
    assert "29 steps, 1 channel." in text
    assert 'aria-label="Case 17: 29 steps of 1 channel' in page
    assert "true span 5 to 10" in page
    assert "shaded" in text


def test_the_page_of_an_unlabelled_case_tells_no_truth() -> None:
    page = replace(VIEW, outcome=replace(FLAT, true=None), spans=()).html()
    text = page[page.index("<body>") :]
    assert "the true" not in text
    assert "correct" not in text
    assert "true span" not in text


def test_several_true_spans_are_told() -> None:
    page = replace(VIEW, spans=[(5, 11), (20, 21)]).html()
    assert "true spans 5 to 10, 20 to 20" in page


def test_a_correct_prediction_is_called_correct() -> None:
    correct = replace(VIEW, outcome=replace(FLAT, predicted="flat"))
    assert "which is correct" in correct.html()


def test_the_page_tells_the_next_classes() -> None:
    outcome = replace(FLAT, runners_up=(("flat", 0.25), ("<b>", 0.125)))
    assert "Next: flat (0.250), &lt;b&gt; (0.125)." in replace(VIEW, outcome=outcome).html()
    assert "Next" not in VIEW.html()


def test_the_page_escapes_and_refers_to_nothing() -> None:
    hostile = replace(
        VIEW,
        id=HOSTILE,
        outcome=replace(FLAT, true=HOSTILE, predicted=HOSTILE + "!"),
        channels=(HOSTILE, "_x"),
        series=np.zeros((2, 29)),
    )
    page = hostile.html()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 4
    assert set(re.findall(r"https?://[^\"' <]+", page)) <= {
        "http://www.w3.org/1999/xlink",
        "http://www.w3.org/2000/svg",
    }


def test_numbers_are_told_in_place_of_a_class(tmp_path: Path) -> None:
    outcome = NumbersOutcome(predicted={HOSTILE: -14.1125}, true={HOSTILE: 0.5})
    one = replace(VIEW, outcome=outcome)
    page = one.html()
    text = " ".join(re.sub(r"<[^>]*>", "", page[page.index("<body>") :]).split())
    assert "Case 17: -14.11" in text
    assert "the true value is 0.50." in text
    assert "probability" not in text
    assert "correct" not in text
    assert outcome.right is None
    assert one.title == "case 17, predicted -14.11 (true 0.50)"
    unknown = replace(one, outcome=replace(outcome, true=None))
    assert "the true" not in unknown.html()[unknown.html().index("<body>") :]
    assert (outcome.answer, unknown.title) == ("-14.11", "case 17, predicted -14.11")
    assert one.said == "case 17: -14.11"
    one.save(tmp_path / "case.svg")
    ET.parse(tmp_path / "case.svg")


def test_several_numbers_are_a_table() -> None:
    numbers = {f"target {m}": -1000.0 * m for m in range(7)}
    outcome = NumbersOutcome(predicted=numbers, true=dict.fromkeys(numbers, 0.0))
    several = replace(VIEW, outcome=outcome)
    page = several.html()
    text = " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<body>") :]).split())
    for m in range(1, 7):
        assert f"target {m} -{m},000 0" in text
    assert several.title == "case 17, predicted target 0 0.000 (true 0.000), 6 more"
    assert len(several.title) < 100


@pytest.mark.parametrize("suffix", [".png", ".PNG"])
def test_png(tmp_path: Path, suffix: str) -> None:
    replace(VIEW, id=HOSTILE).save(tmp_path / f"case{suffix}")
    content = (tmp_path / f"case{suffix}").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert content.rstrip().endswith(b"IEND\xaeB`\x82")


def test_svg_is_well_formed_and_keeps_text(tmp_path: Path) -> None:
    replace(VIEW, id=HOSTILE).save(tmp_path / "case.svg")
    root = ET.parse(tmp_path / "case.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    (title,) = (text for text in texts if text.startswith("case"))
    assert title.endswith(", true flat, predicted normal (0.625)")
    assert "<script>" in title
    assert "speed" in texts
    assert "true span" in texts


def test_html(tmp_path: Path) -> None:
    VIEW.save(str(tmp_path / "case.html"))
    assert (tmp_path / "case.html").read_text(encoding="utf-8") == VIEW.html()


@pytest.mark.parametrize(("name", "given"), [("case.pdf", "'.pdf'"), ("case", "no ending")])
def test_another_suffix(tmp_path: Path, name: str, given: str) -> None:
    message = f"{name}: wanted a name that ends in .png, .svg or .html, given {given}"
    with pytest.raises(ConfigError, match=re.escape(message)):
        VIEW.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_file_that_exists_is_overwritten_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "case.svg"
    path.write_text("mine")
    with pytest.raises(RunError, match="exists; choose another name or pass overwrite=True"):
        VIEW.save(path)
    assert path.read_text() == "mine"
    VIEW.save(path, overwrite=True)
    assert path.read_text().startswith("<?xml")


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    VIEW.save(tmp_path / "missing" / "case.svg")
    assert [each.name for each in (tmp_path / "missing").iterdir()] == ["case.svg"]


def test_the_users_settings_neither_matter_nor_change() -> None:
    expected = VIEW.html()
    with matplotlib.rc_context({"text.color": "red", "font.size": 30, "svg.fonttype": "path"}):
        before = dict(matplotlib.rcParams)
        assert VIEW.html() == expected
        assert dict(matplotlib.rcParams) == before
