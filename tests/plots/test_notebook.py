"""What notebooks show of results: small, escaped, with everything inside."""

import re
from typing import Any

import numpy as np
import pytest

from explorables import picture, series, text
from regard.estimators import Alignment, Audit, Forecast
from regard.estimators.series_classifier import SeriesClassifier
from regard.explain import Verdict
from regard.inference import Inference
from regard.jobs import Comparison
from regard.plots import Trust
from regard.plots.notebook import html_table

HOSTILE = "<script>alert(1)</script> & so on"


def _cells(html: str) -> list[str]:
    return re.findall(r"<td>(.*?)</td>", html)


def _audit() -> Audit:
    said: dict[str, Any] = {"map": "attention", "label": HOSTILE, "sentence": "it is so"}
    one = Verdict(verdict="do not", figures=None, **said)
    return Audit({("attention", HOSTILE): one}, "attention", 17, 0, SeriesClassifier())


RESULTS: list[Any] = [
    _audit(),
    Forecast(
        ids=np.array([HOSTILE]),
        instants=np.array([["2024-01-01", "2024-01-02"]], "datetime64[D]"),
        targets=("load",),
        values=np.array([[[1.25, 2.5]]]),
    ),
    Alignment([HOSTILE, "[END]"], ["der", "[END]"], np.array([[0.75, 0.25], [0.125, 0.875]])),
    Comparison([], [["attention", "F1"], [HOSTILE, "0.5"]], ["one seed"], {}),
    Inference(None, None, np.zeros(3), {HOSTILE: []}),
    text(HOSTILE, name=HOSTILE),
    series(name=HOSTILE),
]


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: type(result).__name__)
def test_results_are_escaped_and_self_contained(result: Any) -> None:
    shown = result._repr_html_()
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert not re.search(r"(src|href)=\"(?!data:|#)", shown)
    assert len(shown) < 60_000


def test_what_they_say() -> None:
    audit, forecast, alignment, comparison, inference, *_ = RESULTS
    assert "on 17 cases" in audit._repr_html_()
    assert _cells(audit._repr_html_())[2:] == ["Too few cases", "it is so", ""]
    assert _cells(forecast._repr_html_())[2::3] == ["1.25", "2.5"]
    assert _cells(alignment._repr_html_())[3:] == ["[END]", "[END]", "0.875"]
    assert "<p>one seed</p>" in comparison._repr_html_()
    assert "Inference of 3 cases" in inference._repr_html_()


def test_a_case_has_its_picture_caption_and_verdict() -> None:
    view = picture(np.full((11, 13), 1 / 143))
    assert "data:image/png;base64," in view._repr_html_()
    assert "correct, probability 0.750" in view._repr_html_()
    object.__setattr__(view, "trust", Trust(verdict="Weak", sentence="it is half"))
    assert "<b>Weak</b>: it is half." in view._repr_html_()


def test_ids_of_two_pictures_differ() -> None:
    one, other = (series(place=n)._repr_html_() for n in range(2))
    ids = [set(re.findall(r'\bid="([^"]+)"', each)) for each in (one, other)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_long_tables_end() -> None:
    shown = html_table("many", ["n"], [[n] for n in range(53)])
    assert shown.count("<tr>") == 51
    assert "<p>3 more rows</p>" in shown
