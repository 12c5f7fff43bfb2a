"""The report of a model whose answers are spans."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from regard.plots.report import Report

__all__ = ["SpanReport"]


@dataclass(frozen=True, eq=False, kw_only=True)
class SpanReport(Report):
    """The report of a model whose answers are spans.

    Its metrics are cases, exact_match, f1, absent, and those of baselines; optional is
    unseen_exact_match.
    """

    template: ClassVar[Path] = Path(__file__).with_name("report.html")

    def parts(self) -> dict[str, Any]:
        right = round(self.metrics["exact_match"] * self.metrics["cases"])
        return {"right": right, "wrong": self.metrics["cases"] - right}
