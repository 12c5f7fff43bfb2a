"""A text, a text predicted from it and their alignment: a page, pictures, and lines."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.text import Text

from regard.errors import DataError
from regard.inputs.text.alignment_view import AlignmentView
from regard.outputs.tokens.outcome import TokensOutcome
from regard.plots import Trust

VIEW = AlignmentView(
    id="17",
    text="A black  cat.",
    source=["A", "black", "cat", ".", "[END]"],
    target=["Un", "chat", "noir", "[END]"],
    weights=np.array(
        [
            [0.875, 0.0, 0.125, 0.0, 0.0],
            [0.0, 0.25, 0.75, 0.0, 0.0],
            [0.0, 0.75, 0.25, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 1.0],
        ]
    ),
    outcome=TokensOutcome(true="Un chat noir", predicted="Un chat noir", score=-0.5),
)
HOSTILE = "<script>alert(1)</script>"


def _text(page: str) -> str:
    body = re.sub(r"<[^>]*>", "", page[page.index("<body>") :])
    return " ".join(body.split())


def _with(words: list[str], **options: Any) -> AlignmentView:
    weights = np.eye(len(words)) if words else np.zeros((0, 0))
    return replace(VIEW, text="", source=words, target=words, weights=weights, **options)


def test_the_page_has_both_texts_the_map_and_what_each_word_looked_at() -> None:
    page = VIEW.html()
    text = _text(page)
    assert "Case 17" in text
    assert "Log-probability -0.500 per token. Equal to the reference." in text
    assert "Source A black cat. [END] Target Un chat noir [END]" in text
    assert "A black  cat." in re.sub(r"<[^>]*>", "", page)  # as written
    rows = re.findall(r'<tr><th scope="row" dir="auto">([^<]*)</th><td><bdi>(.*?)</td>', page)
    said = [(word, re.sub(r"<[^>]*>", "", found)) for word, found in rows]
    assert said == [
        ("Un", "A 0.88, cat 0.12"),
        ("chat", "cat 0.75, black 0.25"),
        ("noir", "black 0.75, cat 0.25"),
        ("[END]", "[END] 1.00"),
    ]
    assert "true links" not in text


def test_the_map_has_a_cell_for_each_pair_of_words() -> None:
    table = VIEW.map()
    assert re.findall(r'<span dir="auto">([^<]*)</span>', table) == list(VIEW.source)
    rows = re.findall(r'<th scope="row" dir="auto">([^<]*)</th>(.*)</tr>', table)
    assert [word for word, _ in rows] == list(VIEW.target)
    for (_, cells), weights in zip(rows, VIEW.weights, strict=True):
        found = re.findall(r'<td(?: style="--s:([\d.]+)" title="([\d.]+)")?></td>', cells)
        assert [float(weight or 0) for _, weight in found] == pytest.approx(weights, abs=0.006)
        # The highest weight, 1, has the full tint.
        assert [float(tint or 0) for tint, _ in found] == pytest.approx(weights, abs=0.006)


def test_even_attention_looks_even() -> None:
    for K in (5, 97):
        even = replace(VIEW, source=["a"] * K, weights=np.full((4, K), 1 / K))
        for element in (even.map(), even.html()):
            tints = re.findall(r"--s: ?([\d.]+)", element)
            assert len(tints) >= 4 * K
            assert {float(tint) for tint in tints} == {0.25}  # the scale is 4 times the mean


def test_true_links_are_outlined() -> None:
    truth = np.zeros((4, 5), bool)
    truth[1, 2] = truth[2, 1] = True
    view = replace(VIEW, truth=truth)
    assert view.map().count("<td class=link") == 2
    assert "The true links are outlined in blue." in _text(view.html())
    assert len(view.draw().collections) == 1


def test_a_target_word_that_is_pointed_at_tints_the_source_words() -> None:
    page = VIEW.html()
    rules = re.findall(r"\.t(\d+):is\(:hover, :focus\)\) \.s(\d+) \{ --s: ([\d.]+); \}", page)
    found = np.zeros((4, 5))
    for q, k, weight in rules:
        found[int(q), int(k)] = float(weight)
    np.testing.assert_allclose(found, VIEW.weights, atol=0.006)
    words = dict(re.findall(r'<span class="word ([st]\d+)"[^>]*>([^<]*)</span>', page))
    assert [words[f"s{k}"] for k in range(5)] == list(VIEW.source)
    assert [words[f"t{q}"] for q in range(4)] == list(VIEW.target)


def test_words_that_are_not_in_the_text_stand_in_its_place() -> None:
    page = replace(VIEW, source=["A", "⁇", "cat", ".", "[END]"]).html()
    assert "Source A ⁇ cat . [END] Target" in _text(page)


@pytest.mark.parametrize("blank", ["", " "])
def test_letters_stand_as_written_and_blanks_can_be_pointed_at(blank: str) -> None:
    words = ["3", blank, "M", "a", "y", "[END]"]
    view = _with(words, outcome=TokensOutcome(true=None, predicted="3 May"))
    page = replace(view, text="3 May").html()
    assert "Source 3 May [END] Target 3 May [END]" in _text(page)
    assert '<span class="word t1" tabindex="0"> </span>' in page
    assert ">␣</span>" in view.map()


def test_the_picture_of_a_report_is_small_and_has_no_ids() -> None:
    picture = VIEW.picture("x")
    assert "A black  cat." in picture
    assert "id=" not in picture
    words = [f"word{n}" for n in range(60)]
    assert len(_with(words).picture("x")) < 50_000


def test_the_title_of_a_narrow_picture_fits() -> None:
    trust = Trust(verdict="Do not believe", sentence="why")
    ax = replace(_with(["a", "b"]), method="integrated-gradients", trust=trust).draw()
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    said = "by integrated-gradients; its map: do not believe"
    [title] = [
        each for each in figure.findobj(Text) if each.get_text().replace("\n", " ").endswith(said)
    ]
    box = title.get_window_extent()
    assert box.x1 <= figure.bbox.x1
    assert box.y1 <= figure.bbox.y1


def test_a_doubt_is_shown() -> None:
    doubt = replace(VIEW, warning="no word of the text is in the vocabulary: this is a guess")
    assert doubt.said == "case 17: Un chat noir; " + doubt.warning
    assert "No word of the text is in the vocabulary: this is a guess." in _text(doubt.html())
    assert "Was it swapped? Source" in _text(replace(VIEW, warning="was it swapped?").html())
    assert VIEW.said == "case 17: Un chat noir"
    assert 'class="notes"' not in VIEW.html()


def test_a_model_without_attention_has_no_map() -> None:
    view = replace(VIEW, weights=np.zeros((4, 5)))
    text = _text(view.html())
    assert "No attention: there is nothing to draw." in text
    assert "Point at a word" not in text
    assert view.terminal(colour=True).plain == "Un\nchat\nnoir\n[END]"
    assert any("all weights are zero" in each.get_text() for each in view.draw().texts)


@pytest.mark.parametrize(
    "words",
    [
        ["[END]"],
        [HOSTILE, "&", '"', "[END]"],
        ["Donaudampfschifffahrtsgesellschaftskapitän" * 9, "[END]"],
        ["שלום", "عالم", "\u202eevil", "[END]"],
        ["你好", "世界", "[END]"],
        ["$x_$", "\x1b[31m", "", "[END]"],
        [*"3 May", "[END]"],
    ],
)
def test_whatever_is_written(words: list[str], tmp_path: Path) -> None:
    text = "".join(words[:-1])
    view = _with(words, outcome=TokensOutcome(true=HOSTILE, predicted=text), id=HOSTILE)
    page = view.html()
    assert "<script" not in page
    assert not re.findall(r"https?://", page)
    assert not re.findall(r'src="|href="(?!data:)', page)
    lines = view.terminal(colour=False, width=30).plain.splitlines()
    assert len(lines) == len(words)
    assert "\x1b" not in "".join(lines)
    assert all(len(line) <= 30 for line in lines)
    view.save(tmp_path / "case.png")
    view.save(tmp_path / "case.svg")
    ET.parse(tmp_path / "case.svg")


def test_a_terminal_has_a_line_for_each_target_word() -> None:
    plain = VIEW.terminal(colour=False)
    assert not plain.spans
    assert plain.plain.splitlines() == [
        "Un     A 0.88  cat 0.12",
        "chat   cat 0.75  black 0.25",
        "noir   black 0.75  cat 0.25",
        "[END]  [END] 1.00",
    ]
    coloured = VIEW.terminal(colour=True)
    assert coloured.plain == plain.plain
    spans = [(coloured.plain[span.start : span.end], str(span.style)) for span in coloured.spans]
    colours = [(word, re.findall(r"on color\((\d+)\)", style)) for word, style in spans]
    # An eighth of the scale, a quarter and three quarters; it ends at the highest weight, 1.
    assert colours[1:4] == [("cat", ["223"]), ("cat", ["202"]), ("black", ["216"])]


def test_wide_letters_keep_the_columns() -> None:
    lines = _with(["你好", "a"]).terminal(colour=False).plain.splitlines()
    assert lines == ["你好  你好 1.00", "a     a 1.00"]


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(DataError, match=r"weights: wanted .* \[4, 5\], given the shape \[5, 4\]"):
        replace(VIEW, weights=VIEW.weights.T)
    with pytest.raises(DataError, match=r"truth: wanted .* \[4, 5\], given the shape \[4\]"):
        replace(VIEW, truth=np.zeros(4, bool))
