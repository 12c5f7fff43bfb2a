"""The report of a classifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from regard.outputs.classes.calibration import mean_probability
from regard.plots.confusion import plot_confusion
from regard.plots.page import inline_svg, own_style
from regard.plots.reliability import plot_reliability
from regard.plots.report import Report

__all__ = ["ClassificationReport"]


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassificationReport(Report):
    """The report of a classifier; metrics as in `classification_metrics`.

    Attributes:
        classes: N names, in the order of the confusion matrix.
    """

    template: ClassVar[Path] = Path(__file__).with_name("report.html")

    classes: Sequence[str]

    def parts(self) -> dict[str, Any]:
        matrix = np.asarray(self.metrics["confusion_matrix"], dtype=np.int64)
        with own_style("confusion"):
            figure = plot_confusion(matrix, self.classes).figure
            label = "Confusion matrix; the table of classes has its metrics."
            confusion = inline_svg(figure, label=label)
        with own_style("reliability"):
            figure = plot_reliability(self.metrics["reliability"]).figure
            label = "How often predictions of each probability are right."
            reliability = inline_svg(figure, label=label)
        # Examples of unknown classes are shown too.
        groups = dict.fromkeys([*self.classes, *(view.outcome.group for view in self.examples)])
        return {
            "right": int(matrix.trace()),
            "wrong": int(matrix.sum() - matrix.trace()),
            "commonest": max(self.metrics["per_class"], key=lambda row: row["support"]),
            "binary": str(self.metrics["averaging"]).startswith("binary"),
            "confusion": confusion,
            "reliability": reliability,
            "mean_probability": mean_probability(self.metrics["reliability"]),
            "groups": [
                (name, [view for view in self.examples if view.outcome.group == name])
                for name in groups
            ],
        }
