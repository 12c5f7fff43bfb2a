"""Reports without pictures, which take several times as long to draw as a small model to train."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from regard.jobs import training
from regard.plots import Report, page, report_html

__all__ = ["drawn_reports", "short_reports", "whole_reports", "without_pictures"]


@contextmanager
def short_reports() -> Iterator[None]:
    """Runs are reported with one example and one mistake, of which no picture is drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "report_html", _short)
        yield


@contextmanager
def drawn_reports() -> Iterator[None]:
    """Runs are reported with two examples and two mistakes, whose pictures are drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "report_html", lambda report: report_html(_cut(report, 2)))
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
    with without_pictures():
        return report_html(_cut(report, 1))


def _cut(report: Report, cases: int) -> Report:
    return replace(report, examples=report.examples[:cases], mistakes=report.mistakes[:cases])
