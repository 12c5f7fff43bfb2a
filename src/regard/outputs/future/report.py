"""The report of a forecaster."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from regard.plots.format import brief
from regard.plots.horizon import plot_horizon
from regard.plots.page import inline_svg, own_style
from regard.plots.report import Report
from regard.plots.style import axes_of_size

__all__ = ["ForecastReport", "best_baseline", "called", "is_better"]

_LAST = {"year": "last year's value", "week": "last week's value", "day": "the value a day before"}


@dataclass(frozen=True, eq=False, kw_only=True)
class ForecastReport(Report):
    """The contents of a forecaster's report; metrics as in `forecast_metrics`."""

    template: ClassVar[Path] = Path(__file__).with_name("report.html")

    def parts(self) -> dict[str, Any]:
        """The best baseline and the errors by step."""
        best = best_baseline(self.metrics)
        with own_style("horizon"):
            figure = plot_horizon(self.metrics, ax=axes_of_size(6.0, 2.8)).figure
            by_step = inline_svg(figure, label="Mean absolute error of each step ahead.")
        return {
            "best": best,
            "beaten": best is not None
            and is_better(self.metrics["baselines"][best]["mae"], self.metrics["mae"]),
            "called": None if best is None else called(best, self.metrics),
            "horizon": len(self.metrics["by_step"]),
            "by_step": by_step,
        }


def best_baseline(metrics: Mapping[str, Any]) -> str | None:
    """The name of the baseline with the least error; None if there is none."""
    baselines = metrics["baselines"]
    return min(baselines, key=lambda name: float(baselines[name]["mae"]), default=None)


def is_better(error: float, than: float) -> bool:
    """Whether an error is less than another, and printed so in a sentence.

    >>> is_better(2.9312, than=2.9334), is_better(2.91, than=2.93)
    (False, True)
    """
    return error < than and brief(error) != brief(than)


def called(baseline: str, metrics: Mapping[str, Any]) -> str:
    """A baseline in words, the subject of a sentence.

    >>> called("seasonal naive", {"season_name": "year"}), called("naive", {})
    ("last year's value", 'the last value')
    """
    words = {
        "naive": "the last value",
        "seasonal naive": _LAST.get(metrics.get("season_name", ""), "the value a season before"),
        "linear": "a linear model",
    }
    return words.get(baseline, f"the {baseline} forecast")
