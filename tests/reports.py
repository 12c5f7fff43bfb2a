"""Reports without pictures, which take several times as long to draw as a small model to train."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from regard.jobs import training
from regard.plots import Report, page, report_html

__all__ = ["short_reports", "whole_reports", "without_pictures"]


@contextmanager
def short_reports() -> Iterator[None]:
    """Runs are reported with one example and one mistake, of which no picture is drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "report_html", _short)
        yield


@contextmanager
def whole_reports() -> Iterator[None]:
    """Runs are reported as for a user."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "report_html", report_html)
        yield


@contextmanager
def without_pictures() -> Iterator[None]:
    """Figures are made, and stand in reports as empty pictures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "svg_text", lambda *_, **__: "<svg ></svg>")
        yield


def _short(report: Report) -> str:
    few = replace(report, examples=report.examples[:1], mistakes=report.mistakes[:1])
    with without_pictures():
        return report_html(few)
