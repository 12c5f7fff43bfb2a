"""One case as a page, a PNG and an SVG."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest

import regard.plots
from regard.errors import ConfigError, RunError
from regard.plots import CaseView, case_html, save_case

VIEW = CaseView(
    id="17",
    series=np.sin(np.arange(29.0))[None],
    channels=("speed",),
    weights=np.full(29, 1 / 29),
    true="flat",
    predicted="normal",
    probability=0.625,
    span=(5, 11),
)
HOSTILE = "<script>alert(1)</script> \"a' & $b$ 日本\x07"


def test_the_page_tells_the_prediction_and_the_truth() -> None:
    page = case_html(VIEW)
    text = " ".join(re.sub(r"<[^>]*>", "", page[page.index("<body>") :]).split())
    assert "Case 17: normal" in text
    assert "probability 0.625" in text
    assert "truly it is flat" in text
    assert "29 steps, 1 channel." in text
    assert 'aria-label="Case 17: 29 steps of 1 channel' in page
    assert "true span 5 to 10" in page
    assert "shaded" in text


def test_the_page_of_an_unlabelled_case_tells_no_truth() -> None:
    page = case_html(replace(VIEW, true=None, span=None))
    text = page[page.index("<body>") :]
    assert "truly" not in text
    assert "right" not in text
    assert "true span" not in text


def test_a_right_prediction_is_called_right() -> None:
    assert "which is right" in case_html(replace(VIEW, predicted="flat"))


def test_the_page_escapes_and_refers_to_nothing() -> None:
    hostile = replace(
        VIEW,
        id=HOSTILE,
        true=HOSTILE,
        predicted=HOSTILE + "!",
        channels=(HOSTILE, "_x"),
        series=np.zeros((2, 29)),
    )
    page = case_html(hostile)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 4
    assert set(re.findall(r"https?://[^\"' <]+", page)) <= {
        "http://www.w3.org/1999/xlink",
        "http://www.w3.org/2000/svg",
    }


def test_numbers_are_told_in_place_of_a_class(tmp_path: Path) -> None:
    one = replace(VIEW, predicted={HOSTILE: -14.1125}, true={HOSTILE: 0.5}, probability=None)
    page = case_html(one)
    text = " ".join(re.sub(r"<[^>]*>", "", page[page.index("<body>") :]).split())
    assert "Case 17: -14.11" in text
    assert "truly it is 0.5000." in text
    assert "probability" not in text
    assert "right" not in text
    assert one.right is None
    assert one.title == "case 17, predicted -14.11 (true 0.5000)"
    unknown = replace(one, true=None)
    assert "truly" not in case_html(unknown)
    assert (one.answer, unknown.title) == ("-14.11", "case 17, predicted -14.11")
    save_case(one, tmp_path / "case.svg")
    ET.parse(tmp_path / "case.svg")


def test_several_numbers_are_a_table() -> None:
    numbers = {f"target {m}": -1000.0 * m for m in range(7)}
    several = replace(VIEW, predicted=numbers, true=dict.fromkeys(numbers, 0.0), probability=None)
    page = case_html(several)
    text = " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<body>") :]).split())
    for m in range(1, 7):
        assert f"target {m} -{m},000 0.000" in text
    assert several.title == "case 17, predicted target 0 0.000 (true 0.000), 6 more"
    assert len(several.title) < 100


@pytest.mark.parametrize("suffix", [".png", ".PNG"])
def test_png(tmp_path: Path, suffix: str) -> None:
    save_case(replace(VIEW, id=HOSTILE), tmp_path / f"case{suffix}")
    content = (tmp_path / f"case{suffix}").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert content.rstrip().endswith(b"IEND\xaeB`\x82")


def test_svg_is_well_formed_and_keeps_text(tmp_path: Path) -> None:
    save_case(replace(VIEW, id=HOSTILE), tmp_path / "case.svg")
    root = ET.parse(tmp_path / "case.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    (title,) = (text for text in texts if text.startswith("case"))
    assert title.endswith(", true flat, predicted normal (0.625)")
    assert "<script>" in title
    assert "speed" in texts
    assert "true span" in texts


def test_html(tmp_path: Path) -> None:
    save_case(VIEW, str(tmp_path / "case.html"))
    assert (tmp_path / "case.html").read_text(encoding="utf-8") == case_html(VIEW)


@pytest.mark.parametrize(("name", "given"), [("case.pdf", "'.pdf'"), ("case", "no ending")])
def test_another_suffix(tmp_path: Path, name: str, given: str) -> None:
    message = f"{name}: wanted a name that ends in .png, .svg or .html, given {given}"
    with pytest.raises(ConfigError, match=re.escape(message)):
        save_case(VIEW, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_file_that_exists_is_overwritten_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "case.svg"
    path.write_text("mine")
    with pytest.raises(RunError, match="exists; choose another name or say overwrite"):
        save_case(VIEW, path)
    assert path.read_text() == "mine"
    save_case(VIEW, path, overwrite=True)
    assert path.read_text().startswith("<?xml")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"case\.svg: cannot be written: no such file or directory"):
        save_case(VIEW, tmp_path / "missing" / "case.svg")


def test_the_users_settings_neither_matter_nor_change() -> None:
    expected = case_html(VIEW)
    with matplotlib.rc_context({"text.color": "red", "font.size": 30, "svg.fonttype": "path"}):
        before = dict(matplotlib.rcParams)
        assert case_html(VIEW) == expected
        assert dict(matplotlib.rcParams) == before


def test_exports_are_complete_and_sorted() -> None:
    assert regard.plots.__all__ == sorted(regard.plots.__all__)
    for name in regard.plots.__all__:
        assert getattr(regard.plots, name).__module__.startswith("regard.plots.")


def test_neither_pyplot_nor_torch_is_needed() -> None:
    code = "import sys, regard.plots; print({'torch', 'matplotlib.pyplot'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
