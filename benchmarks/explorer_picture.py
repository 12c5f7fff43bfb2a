"""The picture of the explorer in docs: `python -m benchmarks.explorer_picture runs/sine`."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from benchmarks.serving import served

__all__ = ["main"]

_TO = Path(__file__).parents[1] / "docs" / "explorer.png"


def main() -> None:
    """Show a case of the sine example with a flat stretch."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    with served(sys.argv[1]) as port, sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1120, "height": 880})
        page.goto(f"http://127.0.0.1:{port}/")
        page.locator("#list li", has_text="1 (").nth(3).click()
        page.locator(".true-span").wait_for()
        shot = Image.open(io.BytesIO(page.screenshot()))
        browser.close()
    shot.convert("RGB").quantize(96).save(_TO, optimize=True)


if __name__ == "__main__":
    main()
