"""The page of all pictures, and the names of their files."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regard.inputs.series.view import SeriesView
from regard.outputs.numbers.outcome import NumbersOutcome
from regard.plots.album import album_html, file_names


def test_names_are_safe_on_every_system() -> None:
    ids = [
        "../../etc/passwd",
        'a:b*c?"<>|',
        ".hidden",
        "CON.x",
        "東京 1",
        "a\nb\x00",
        "",
        "x" * 500,
    ]
    assert file_names(ids) == [
        "_.._etc_passwd", "a_b_c_____", "hidden", "CON.x_", "東京 1", "a_b_", "case", "x" * 60,
    ]  # fmt: skip


def test_no_two_names_are_alike_even_where_case_does_not_matter() -> None:
    assert file_names(["a/b", "a?b", "A_B", "a_b-2"]) == ["a_b", "a_b-2", "A_B-3", "a_b-2-2"]
    assert file_names(["index", "Index"]) == ["index-2", "Index-3"]


@given(st.lists(st.text(max_size=90), max_size=9))
def test_any_ids_have_names(ids: list[str]) -> None:
    names = file_names(ids)
    assert len({name.casefold() for name in names}) == len(ids)
    for name in names:
        assert name.strip(" .")
        assert not set(name) & set('/\\:*?"<>|\n\0')
        assert len(f"{name}.png".encode()) <= 255


def test_the_page_shows_each_picture_and_escapes_names() -> None:
    def view(name: str) -> SeriesView:
        outcome = NumbersOutcome(true={"y": 1.0}, predicted={"y": 2.5})
        return SeriesView(
            id=name,
            outcome=outcome,
            series=np.zeros((1, 5)),
            channels=("channel 0",),
            weights=np.full(5, 0.2),
        )

    page = album_html("<b>all</b>", {"a #1.png": view("a #1"), "b.png": view("<i>")})
    assert re.findall('<img src="([^"]*)"', page) == ["a%20%231.png", "b.png"]
    assert "<b>all</b>" not in page
    assert "<i>" not in page
    assert "2 cases with the weights of their predictions" in page
    assert page.count("predicted <b>2.500</b>, true <b>1.000</b>") == 2
    assert page.count("How to read this") == 1
