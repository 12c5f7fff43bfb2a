"""Cases to explore in a page: what of them is in it, in which form, and within which size."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from explorables import picture, series, text
from regard.plots import Answers, CaseView, Report, report_html
from regard.plots.explored import explored

HOSTILE = "</script><script>window.ran=1</script><!-- <img src=x> ' & \u2028"


def _data(page: str) -> dict[str, Any]:
    """What the page's script reads, taken out as a browser would."""
    [found] = re.findall(
        r'<script id="cases-data" type="application/json">(.*?)</script>', page, re.DOTALL
    )
    content: dict[str, Any] = json.loads(found)
    return content


def _numbers(packed: dict[str, Any]) -> NDArray[np.float64]:
    whole = [np.nan if each is None else each for each in packed["v"]]
    numbers: NDArray[np.float64] = np.array(whole, np.float64) / 10.0 ** packed["d"]
    return numbers


def _section(*views: CaseView, **options: Any) -> str:
    found = explored(views, **options)
    assert found is not None
    return found.html


def test_numbers_keep_their_digits_and_gaps() -> None:
    values = 1000 + np.array([0, 0.01234, np.nan, 0.05, 0.04])
    view = series(values=values[None], weights=np.array([0.1, 0.2, 0.3, 0.0, 0.4]))
    [case] = _data(_section(view))["cases"]
    [row] = case["of"]["series"]
    found = _numbers(row)
    assert row["v"][2] is None
    np.testing.assert_allclose(found, values, atol=5e-4)  # seven digits of a number
    np.testing.assert_allclose(_numbers(case["weights"]), view.weights, atol=5e-4)


@pytest.mark.parametrize("scale", [1e-30, 1e-5, 1.0, 1e12])
def test_maps_have_three_digits_of_their_range(scale: float) -> None:
    evidence = scale * np.random.default_rng(0).standard_normal((2, 13))
    view = series(T=13, evidence=tuple(evidence))
    [case] = _data(_section(view))["cases"]
    for packed, wanted in zip(case["evidence"], evidence, strict=True):
        np.testing.assert_allclose(_numbers(packed), wanted, atol=np.ptp(wanted) / 100)


def test_maps_of_nothing_and_of_equal_weights() -> None:
    for weights in (np.zeros(5), np.full(5, 0.2)):
        [case] = _data(_section(series(T=5, weights=weights)))["cases"]
        np.testing.assert_allclose(_numbers(case["weights"]), weights)


@pytest.mark.parametrize(("shape", "cell"), [((11, 13), 1), ((48, 37), 2), ((97, 5), 4)])
def test_cells_of_a_picture_add_up(shape: tuple[int, int], cell: int) -> None:
    weights = np.random.default_rng(0).random(shape)
    view = picture(weights=weights / weights.sum())
    [case] = _data(_section(view))["cases"]
    assert case["of"]["cell"] == cell
    wide = case["weights"]["wide"]
    assert wide == -(-shape[1] // cell)
    found = _numbers(case["weights"]).reshape(-1, wide)
    wanted = view.weights[:cell, cell : 2 * cell].sum()
    assert found[0, 1] == pytest.approx(wanted, abs=found.max() / 100)
    assert found.sum() == pytest.approx(1, abs=0.02)


def test_what_is_data_ends_no_element() -> None:
    view = replace(text(f"so {HOSTILE} good", name=HOSTILE), id=HOSTILE)
    page = report_html(_report(view))
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    [case] = _data(page)["cases"]
    assert case["case"] == HOSTILE
    assert case["of"]["text"] == f"so {HOSTILE} good"


def test_the_policy_allows_this_script_alone() -> None:
    page = report_html(_report(series()))
    [script] = re.findall(r'<script type="module">(.*?)</script>', page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"; script-src 'sha256-{digest}'\">" in page
    assert "default-src 'none'" in page


def test_a_report_without_cases_has_no_script() -> None:
    page = report_html(_report())
    assert "<script" not in page
    assert "script-src" not in page
    assert 'href="#cases"' not in page


def test_at_most_200_and_3_megabytes_the_most_important_first() -> None:
    views = [series(T=3, place=n) for n in range(211)]
    found = explored(views, total=1000, chosen=", so and so")
    assert found is not None
    assert found.count == 200
    assert "200 of 1,000 cases, so and so." in found.html
    long = [series(T=100_000, place=29 - n) for n in range(7)]
    found = explored(long)
    assert found is not None
    assert 1 <= found.count < 7
    assert len(found.html.encode()) < 3_100_000
    places = [case["case"] for case in _data(found.html)["cases"]]
    assert places == [str(n) for n in sorted(29 - n for n in range(found.count))]


def test_a_case_beyond_the_limit_leaves_the_section_out() -> None:
    assert explored([series(T=1_000_000)]) is None


def test_views_without_answers_or_data_are_left_out() -> None:
    assert explored([]) is None
    assert explored([replace(series(), answers=None)]) is None


def test_the_true_class_is_listed_though_unlikely() -> None:
    values = np.array([0.01, 0.5, 0.2, 0.1, 0.09, 0.06, 0.04])
    assert Answers.likeliest(values, shares=True, true=0) == [1, 2, 3, 4, 0]
    assert Answers.likeliest(values, shares=True, true=2) == [1, 2, 3, 4, 5]
    assert Answers.likeliest(values, shares=False, true=None) == [0, 1, 2, 3, 4]


def test_the_page_of_a_case_has_it_alone() -> None:
    view = text("so good")
    page = view.html()
    assert 'class="alone"' in page
    assert 'class="still paper"' in page
    assert [case["case"] for case in _data(page)["cases"]] == [view.id]
    assert "<script" not in replace(view, answers=None).html()


def test_equal_cases_give_equal_text() -> None:
    assert _section(series(), text("so")) == _section(series(), text("so"))


def _report(*cases: CaseView) -> Report:
    return Report(
        title="a run",
        metrics={"cases": max(len(cases), 1), "epochs": 1, "parameters": 7, "fit_seconds": 0.1},
        history=(),
        config={},
        examples=[*cases, text("so good")][:1],
        cases=cases,
    )
