"""The report of a model that predicts numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from regard.plots._page import inline_svg, own_style
from regard.plots.case import CaseView
from regard.plots.predictions import plot_predictions
from regard.plots.report import Report, pictured

__all__ = ["RegressionReport"]

_RASTER = 300  # points beyond which they weigh less as pixels


@dataclass(frozen=True, eq=False, kw_only=True)
class RegressionReport(Report):
    """What the report of a regressor tells.

    Attributes:
        title: of the page.
        metrics: figures on the test part: those of `regression_metrics`, fit_seconds, parameters,
            epochs; where spans are known also localisation_ap and localisation_chance.
        history: a row per epoch, see `plot_history`.
        config: resolved, with the versions under "versions".
        notes: remarks of one line, such as warnings, shown on top.
        truth: [B, M] of the test part, targets in the order of the metrics' per_target.
        predicted: [B, M].
        examples: some cases.
        mistakes: the worst first.
    """

    template: ClassVar[str] = "report_regression.html"

    truth: NDArray[np.floating]
    predicted: NDArray[np.floating]
    examples: Sequence[CaseView]
    mistakes: Sequence[CaseView]

    def parts(self) -> dict[str, Any]:
        """A scatter of each target, and pictures of the worst errors and of examples."""
        names = [row["target"] for row in self.metrics["per_target"]]
        return {
            "scatters": [self._scatter(m, name) for m, name in enumerate(names)],
            "mistakes": pictured(self.mistakes, name="m"),
            "examples": pictured(self.examples, name="e"),
            "spans": any(view.has_span for view in [*self.mistakes, *self.examples]),
        }

    def _scatter(self, m: int, name: str) -> Markup:
        with own_style(f"scatter{m}"):
            ax = plot_predictions(self.truth[:, m], self.predicted[:, m], name=name)
            ax.collections[0].set_rasterized(len(self.truth) > _RASTER)
            label = f"Predicted {name} over true {name}, {len(self.truth)} cases."
            return inline_svg(ax.figure, label=label)
