"""Pages in a browser, for tests; without one they are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("playwright")

from playwright import sync_api

__all__ = ["CHROMIUM", "HOSTILE", "Page", "launched", "opened"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = '<img src=x onerror="window.ran=1">'

Page = Any


@contextmanager
def launched() -> Iterator[Any]:
    """A browser."""
    with sync_api.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@contextmanager
def opened(browser: Any, url: str, *, own: tuple[str, ...] = (), **options: Any) -> Iterator[Page]:
    """A page, which must ask nobody else for anything, and say no error.

    Parameters:
        url: its address.
        own: how addresses begin that it may ask for, beside its own.
        options: of the browser's context.
    """
    context = browser.new_context(**options)
    context.set_default_timeout(20_000)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    try:
        yield page
        assert said == []
        assert [each for each in asked if not each.startswith((url, "data:", *own))] == []
    finally:
        context.close()
