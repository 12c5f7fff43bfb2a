"""Reports in a browser: pointing, choosing, sorting, filtering; without scripts; on paper."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("playwright")

from playwright import sync_api as playwright

import browsing
from browsing import CHROMIUM, HOSTILE, Page, launched
from explorables import picture, series, text
from regard.plots import CaseView, Report, report_html

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")

UP = np.linspace(-1, 3, 29)
RUNS = f"</script><script>window.ran=2</script>{HOSTILE}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as found:
        yield found


def _written(folder: Path, *cases: CaseView) -> Path:
    report = Report(
        title="a run",
        metrics={"cases": len(cases), "epochs": 1, "parameters": 7, "fit_seconds": 0.1},
        history=(),
        config={},
        examples=cases[:1],
        cases=cases,
    )
    path = folder / "report.html"
    path.write_text(report_html(report), encoding="utf-8")
    return path


def _opened(browser: Any, path: Path, **options: Any) -> AbstractContextManager[Page]:
    return browsing.opened(browser, path.as_uri(), **options)


@pytest.fixture(scope="module")
def waves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four series; of the two that are wrong, case 2 is the surer."""
    how = [(True, 0.9), (False, 0.6), (False, 0.8), (True, 0.7)]
    cases = [
        series(values=UP[None], evidence=(UP, -UP), place=n, right=right, sure=sure)
        for n, (right, sure) in enumerate(how)
    ]
    return _written(tmp_path_factory.mktemp("waves"), *cases)


def _names(page: Page) -> list[str]:
    return [str(each) for each in page.locator("#list .name").all_text_contents()]


def test_a_step_says_its_numbers(browser: Any, waves: Path) -> None:
    with _opened(browser, waves) as page:
        read = page.locator(".read")
        display = "getComputedStyle(document.querySelector('.cursor')).display"
        playwright.expect(read).to_contain_text("Highest at step 0")
        box = page.locator(".plot svg").bounding_box()
        inner = (box["width"] - 16) / 29  # the middle of step 20, between margins of 8 pixels
        page.mouse.move(box["x"] + 8 + 20.5 * inner, box["y"] + 50)
        playwright.expect(read).to_contain_text(f"step 20: value {UP[20]:.4g};")
        playwright.expect(read).to_contain_text(f"evidence for class 0 {UP[20]:.3g}")
        playwright.expect(read).to_contain_text(f"for class 1 {-UP[20]:.3g}.")
        assert page.evaluate(display) == "inline"
        page.mouse.move(1, 1)
        playwright.expect(read).to_contain_text("Highest")
        assert page.evaluate(display) == "none"


def test_the_evidence_for_a_class_is_drawn(browser: Any, waves: Path) -> None:
    with _opened(browser, waves) as page:
        assert page.locator(".plot path.against").count() == 0
        show = page.get_by_role("button", name="Show the evidence for class 1")
        show.click()
        playwright.expect(show).to_have_attribute("aria-pressed", "true")
        assert page.locator(".plot path.against").count() == 1
        assert page.get_by_label("Map").input_value() == "2"
        page.locator("#case-3").click()  # the choice stays
        playwright.expect(show).to_have_attribute("aria-pressed", "true")
        page.get_by_label("Map").select_option("0")
        playwright.expect(show).to_have_attribute("aria-pressed", "false")
        assert page.locator(".plot path.against").count() == 0


def test_cases_are_sorted_and_filtered(browser: Any, waves: Path) -> None:
    with _opened(browser, waves) as page:
        assert _names(page) == ["2", "1", "3", "0"]
        orders = {"certainty": "1320", "sure": "0231", "name": "0123", "order": "0123"}
        for order, wanted in orders.items():
            page.get_by_label("Sort by").select_option(order)
            assert "".join(_names(page)) == wanted
        page.get_by_label("Result").select_option("wrong")
        assert _names(page) == ["1", "2"]
        playwright.expect(page.locator("#found")).to_have_text("2 of 4 cases")
        page.locator("#true").select_option("class 0")
        assert _names(page) == []
        playwright.expect(page.locator("#found")).to_have_text("No case is like this.")
        page.get_by_label("Result").select_option("all")
        assert _names(page) == ["0", "3"]
        page.locator("#true").select_option("all")
        page.get_by_label("Find").fill("0.800")
        assert _names(page) == ["2"]
        playwright.expect(page.locator("#shown h2")).to_have_text("Case 2")


def test_keys_do_all_of_it(browser: Any, waves: Path) -> None:
    with _opened(browser, waves) as page:

        def tab_to(selector: str) -> None:
            for _ in range(30):
                if page.evaluate("s => document.activeElement.matches(s)", selector):
                    return
                page.keyboard.press("Tab")
            raise AssertionError(f"no way to {selector}")

        tab_to("#list")
        page.keyboard.press("End")
        assert page.locator("#list").get_attribute("aria-activedescendant") == "case-3"
        playwright.expect(page.locator("#shown h2")).to_have_text("Case 0")
        page.keyboard.press("ArrowUp")
        playwright.expect(page.locator("#shown h2")).to_have_text("Case 3")
        tab_to(".plot")
        for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight"):
            page.keyboard.press(key)
        playwright.expect(page.locator(".read")).to_contain_text("step 2:")
        page.keyboard.press("End")
        playwright.expect(page.locator(".read")).to_contain_text("step 28: value 3")
        tab_to("[aria-label='Show the evidence for class 1']")
        page.keyboard.press("Enter")
        assert page.locator(".plot path.against").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_labels_and_texts_do_not_run(browser: Any, tmp_path: Path, scheme: str) -> None:
    view = text(f"so {RUNS.replace(' ', '/')} good", evidence=(np.ones(3), -np.ones(3)), name=RUNS)
    with _opened(browser, _written(tmp_path, view, view), color_scheme=scheme) as page:
        word = page.locator(".plot [data-at]", has_text="good")
        word.hover()
        playwright.expect(page.locator(".read")).to_contain_text("word 2, “good”: weight 0.167")
        playwright.expect(page.locator(".read")).to_contain_text(f"for {RUNS} 0 1")
        playwright.expect(page.locator(".said")).to_contain_text(RUNS)
        assert not page.locator("#predicted").is_visible()  # all are predicted alike
        page.get_by_label("Find").fill("<script>")
        assert page.locator("#list li").count() == 2
        assert page.evaluate("window.ran") is None
        assert page.locator("img").count() == 0


def test_a_picture_says_the_numbers_of_a_cell(browser: Any, tmp_path: Path) -> None:
    weights = np.full((70, 64), 0.5 / (70 * 64 - 9))
    weights[21:24, 30:33] = 0.5 / 9
    phone = {"viewport": {"width": 390, "height": 844}}
    path = _written(tmp_path, picture(weights, evidence=(weights, -weights)))
    with _opened(browser, path, **phone) as page:
        lit = page.locator(".plot canvas").nth(1)
        lit.wait_for()
        playwright.expect(page.locator(".read")).to_contain_text("rows 21 to 23, columns 30 to 32")
        box = lit.bounding_box()
        page.mouse.move(box["x"] + 4 * box["width"] / 64, box["y"] + 66 * box["height"] / 70)
        playwright.expect(page.locator(".read")).to_contain_text("rows 66 to 68, columns 3 to 5")
        page.locator(".plot").focus()
        page.keyboard.press("Home")
        playwright.expect(page.locator(".read")).to_contain_text("rows 0 to 2, columns 0 to 2")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        playwright.expect(page.locator(".read")).to_contain_text("rows 3 to 5, columns 3 to 5")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_nothing_is_lost_without_scripts(browser: Any, waves: Path) -> None:
    with _opened(browser, waves, java_script_enabled=False) as page:
        assert page.locator("#examples figure svg").first.is_visible()
        assert not page.locator("#cases").is_visible()
        assert not page.get_by_role("link", name="Cases").is_visible()
        visible = page.locator("body").inner_text()
        assert "Metrics" in visible
        assert '"cases"' not in visible


def test_a_case_is_printed_in_dark_ink(browser: Any, waves: Path) -> None:
    with _opened(browser, waves, color_scheme="dark") as page:
        assert page.pdf().startswith(b"%PDF")
        page.emulate_media(media="print")
        assert page.locator("#shown .plot svg").is_visible()
        assert not page.locator("#list").is_visible()
        assert not page.locator("#shown button").first.is_visible()
        ink = "getComputedStyle(document.querySelector('.read')).color"
        assert page.evaluate(ink) == "rgb(0, 0, 0)"


def test_the_page_of_one_case_shows_it_once(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "case.html"
    series(values=UP[None], evidence=(UP, -UP)).save(path)
    with _opened(browser, path) as page:
        assert page.locator("#shown .plot svg").is_visible()
        assert not page.locator(".still").is_visible()
        assert not page.locator("#list").is_visible()
        page.emulate_media(media="print")
        assert page.locator(".still").is_visible()
        assert not page.locator("#shown .plot").is_visible()
