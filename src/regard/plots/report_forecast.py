"""The report of a model that foresees how series go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from markupsafe import Markup

from regard.plots._page import inline_svg, own_style
from regard.plots._style import axes_of_size
from regard.plots._times import time_text
from regard.plots.forecast import ForecastView
from regard.plots.horizon import plot_horizon
from regard.plots.report import Report, pictured

__all__ = ["ForecastReport"]


@dataclass(frozen=True, eq=False, kw_only=True)
class ForecastReport(Report):
    """What the report of a forecaster tells.

    Attributes:
        title: of the page.
        metrics: figures on the test part: those of `forecast_metrics`, fit_seconds, parameters,
            epochs.
        history: a row per epoch, see `plot_history`.
        config: resolved, with the versions under "versions".
        notes: remarks of one line, such as warnings, shown on top.
        examples: some forecasts; of several targets the first is drawn.
    """

    template: ClassVar[str] = "report_forecast.html"

    examples: Sequence[ForecastView]

    def parts(self) -> dict[str, Any]:
        """The best baseline, the errors by step, and pictures of the examples."""
        baselines = self.metrics["baselines"]
        best = min(baselines, key=lambda name: float(baselines[name]["mae"]), default=None)
        return {
            "best": best,
            "horizon": len(self.metrics["by_step"]),
            "by_step": self._by_step(),
            "examples": [
                (view, picture, time_text(view.times[-1]))
                for view, picture in pictured(self.examples, name="e")
                if isinstance(view, ForecastView)
            ],
            "bands": any(view.bands for view in self.examples),
            "linear": any(view.linear for view in self.examples),
        }

    def _by_step(self) -> Markup:
        with own_style("horizon"):
            figure = plot_horizon(self.metrics, ax=axes_of_size(6.0, 2.8)).figure
            return inline_svg(figure, label="Mean absolute error of each step ahead.")
