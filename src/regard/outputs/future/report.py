"""The report of a forecaster."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from regard.plots.horizon import plot_horizon
from regard.plots.page import inline_svg, own_style
from regard.plots.report import Report
from regard.plots.style import axes_of_size

__all__ = ["ForecastReport"]


@dataclass(frozen=True, eq=False, kw_only=True)
class ForecastReport(Report):
    """The contents of a forecaster's report; metrics as in `forecast_metrics`."""

    template: ClassVar[Path] = Path(__file__).with_name("report.html")

    def parts(self) -> dict[str, Any]:
        """The best baseline and the errors by step."""
        baselines = self.metrics["baselines"]
        with own_style("horizon"):
            figure = plot_horizon(self.metrics, ax=axes_of_size(6.0, 2.8)).figure
            by_step = inline_svg(figure, label="Mean absolute error of each step ahead.")
        return {
            "best": min(baselines, key=lambda name: float(baselines[name]["mae"]), default=None),
            "horizon": len(self.metrics["by_step"]),
            "by_step": by_step,
        }
