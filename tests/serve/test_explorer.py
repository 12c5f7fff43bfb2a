"""The page in a browser: what it shows, by mouse and by keys, and that nothing in data runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("playwright")

from playwright import sync_api as playwright

import browsing
from browsing import CHROMIUM, HOSTILE, Page, launched
from regard.estimators import SeriesClassifier, TextClassifier
from serving import FEW, SMALL, listening, saved

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as found:
        yield found


def opened(browser: Any, port: int, **options: Any) -> AbstractContextManager[Page]:
    """The page of the service."""
    address = f"http://127.0.0.1:{port}/"
    return browsing.opened(browser, address, own=(f"blob:{address}",), **options)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run, and a file of cases for it, of which the third alone is predicted wrongly."""
    folder = tmp_path_factory.mktemp("series")
    path, file = saved("classify", folder), folder / "new.csv"
    waves = [np.sin(np.arange(31) * (1 + n % 2) / 3) for n in range(4)]
    labels = SeriesClassifier.load(path).predict(waves).tolist()
    labels[2] = "slow" if labels[2] == "fast" else "fast"
    rows = [",".join(map(str, [label, *wave])) for label, wave in zip(labels, waves, strict=True)]
    file.write_text("\n".join(rows), encoding="utf-8")
    return path, file


def test_a_case_is_chosen_erased_and_restored(browser: Any, series: tuple[Path, Path]) -> None:
    path, file = series
    with listening(path, cases=file) as port, opened(browser, port) as page:
        page.locator("#case-1").click()
        page.wait_for_function("document.querySelector('#case-1').ariaSelected === 'true'")
        page.locator(".plot svg").wait_for()
        wave = np.sin(np.arange(31) * 2 / 3)
        shares = SeriesClassifier.load(path).predict_proba([wave])[0]
        best = f"({shares.max():.3f})"
        playwright.expect(page.locator(".said")).to_contain_text(best)
        assert page.locator(".ranked tbody tr").count() == 2
        assert page.locator(".ranked svg[aria-label^='evidence for']").count() == 2
        box = page.locator(".plot").bounding_box()
        page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 60)
        page.mouse.up()
        playwright.expect(page.locator(".moved")).to_contain_text("is now")
        page.get_by_role("button", name="Restore").click()
        playwright.expect(page.locator(".said")).to_contain_text(best)
        page.get_by_label("draws").check()
        page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 140)
        page.mouse.up()
        playwright.expect(page.locator(".moved")).to_contain_text("is now")
        for name in ("occlusion", "gradient", "evidence"):
            with page.expect_response("**/explain*"):
                page.get_by_label("Map of classify").select_option(name)
            page.locator(".plot svg path.area").wait_for()


def test_keys_do_all_of_it(browser: Any, series: tuple[Path, Path]) -> None:
    path, file = series
    with listening(path, cases=file) as port, opened(browser, port) as page:
        page.locator(".plot svg").wait_for()

        def tab_to(selector: str) -> None:
            for _ in range(30):
                if page.evaluate("s => document.activeElement.matches(s)", selector):
                    return
                page.keyboard.press("Tab")
            raise AssertionError(f"no way to {selector}")

        tab_to("#list")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("End")
        assert page.locator("#list").get_attribute("aria-activedescendant") == "case-3"
        tab_to(".plot")
        page.keyboard.press("ArrowRight")
        for _ in range(9):
            page.keyboard.press("Shift+ArrowRight")
        playwright.expect(page.locator("#status")).to_have_text("Steps 0 to 9 are marked.")
        page.keyboard.press("Delete")
        playwright.expect(page.locator("#status")).to_have_text("Steps 0 to 9 are erased.")
        playwright.expect(page.locator(".moved")).to_contain_text("is now")
        page.keyboard.press("z")
        playwright.expect(page.locator("#undo")).to_be_disabled()
        page.keyboard.press("p")
        assert page.locator("#list").get_attribute("aria-activedescendant") == "case-2"


def test_cases_are_sorted_by_mistake(browser: Any, series: tuple[Path, Path]) -> None:
    path, file = series
    with listening(path, cases=file) as port, opened(browser, port) as page:
        page.locator("#case-3").wait_for()
        page.get_by_label("Sort by").select_option("miss")
        assert page.locator("#list .name").first.text_content() == "2"
        assert page.locator("#list .mark").all_text_contents() == ["✗", "✓", "✓", "✓"]


def test_labels_and_texts_do_not_run(browser: Any, tmp_path: Path) -> None:
    texts = [f"a fine {HOSTILE} film", "a bad <script>window.ran=2</script> film"]
    model = TextClassifier(**FEW).fit(texts * 10, [HOSTILE, "bad"] * 10)
    model.save(tmp_path / f"run {HOSTILE.replace('/', '')}")
    with (
        listening(next(tmp_path.iterdir())) as port,
        opened(browser, port, color_scheme="dark") as page,
    ):
        page.get_by_label("Text").fill(texts[0])
        page.get_by_role("button", name="Predict").click()
        word = page.locator(".words button", has_text="fine")
        word.wait_for()
        assert page.locator(".ranked th[scope=row]", has_text="<img").count() == 1
        word.click()
        playwright.expect(word).to_have_attribute("aria-pressed", "true")
        playwright.expect(page.locator(".moved")).to_contain_text("is now")
        assert page.evaluate("window.ran") is None
        assert page.locator("img").count() == 0


def test_a_picture_is_uploaded_and_a_patch_erased(browser: Any, tmp_path: Path) -> None:
    from PIL import Image

    pixels = np.full((11, 13), 210, np.uint8)
    pixels[2:6, 2:6] = 0
    Image.fromarray(pixels).save(tmp_path / "new.png")
    phone = {"viewport": {"width": 390, "height": 844}}
    with (
        listening(saved("classify-image", tmp_path)) as port,
        opened(browser, port, **phone) as page,
    ):
        page.get_by_label("File").wait_for()
        page.get_by_label("File").set_input_files(tmp_path / "new.png")
        page.locator(".pair canvas").first.wait_for()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390
        page.locator(".plot").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        playwright.expect(page.locator("#status")).to_contain_text("are marked")
        page.keyboard.press("Delete")
        playwright.expect(page.locator("#status")).to_contain_text("are erased")
        playwright.expect(page.locator(".moved")).to_contain_text("is now")


def test_two_runs_stand_side_by_side(
    browser: Any, series: tuple[Path, Path], tmp_path: Path
) -> None:
    path, file = series
    waves = [np.sin(np.arange(31) * (1 + n % 2) / 3) for n in range(20)]
    other = SeriesClassifier(**SMALL, encoder="conv").fit(np.stack(waves), ["slow", "fast"] * 10)
    other.save(tmp_path / "other")
    with listening(path, tmp_path / "other", cases=file) as port, opened(browser, port) as page:
        page.locator(".plot svg").wait_for()
        page.get_by_label("Beside").select_option("other")
        playwright.expect(page.locator(".panel")).to_have_count(2)
        page.locator("#case-2").click()
        wanted = other.predict_proba([waves[0]]).max()
        second = page.locator(".panel").nth(1).locator(".said")
        playwright.expect(second).to_contain_text(f"({wanted:.3f})")


def test_a_story_is_asked_and_drawn_by_the_service(browser: Any, tmp_path: Path) -> None:
    with listening(saved("answer", tmp_path)) as port, opened(browser, port) as page:
        page.get_by_label("Story").fill("Anna is in the hall. Ben left.")
        page.get_by_label("Question").fill("Where is Anna?")
        page.get_by_role("button", name="Predict").click()
        picture = page.locator("img.drawn-there")
        picture.wait_for()
        page.wait_for_function("document.querySelector('img.drawn-there').naturalWidth > 0")


def test_a_token_is_typed_once(browser: Any, series: tuple[Path, Path]) -> None:
    path, file = series
    with listening(path, cases=file, token="secret") as port:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        page.get_by_label("Token").fill("secret")
        page.get_by_role("button", name="Use").click()
        page.locator(".plot svg").wait_for()
        context.close()
