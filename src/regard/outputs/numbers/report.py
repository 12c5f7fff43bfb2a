"""The report of a regression."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from regard.plots.page import inline_svg, own_style
from regard.plots.predictions import plot_predictions
from regard.plots.report import Report

__all__ = ["RegressionReport"]

_RASTER = 300  # more points than this are smaller as pixels


@dataclass(frozen=True, eq=False, kw_only=True)
class RegressionReport(Report):
    """The contents of a regression's report; metrics as in `regression_metrics`.

    Attributes:
        truth: [B, M] of the test part, targets in the order of the metrics' per_target.
        predicted: [B, M].
    """

    template: ClassVar[Path] = Path(__file__).with_name("report.html")

    truth: NDArray[np.floating]
    predicted: NDArray[np.floating]

    def parts(self) -> dict[str, Any]:
        scatters, coverage = [], self.metrics.get("coverage", [])
        for m, name in enumerate(row["target"] for row in self.metrics["per_target"]):
            with own_style(f"scatter{m}"):
                margin = coverage[m]["margin"] if coverage else None
                points = self.truth[:, m], self.predicted[:, m]
                ax = plot_predictions(*points, name=name, margin=margin)
                ax.collections[0].set_rasterized(len(self.truth) > _RASTER)
                label = f"Predicted against true {name}, {len(self.truth)} cases."
                scatters.append(inline_svg(ax.figure, label=label))
        found = [row["found"] for row in coverage]
        return {
            "scatters": scatters,
            "coverage": coverage,
            "found": sum(found) / len(found) if found else None,
        }
