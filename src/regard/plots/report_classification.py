"""The report of a model that tells classes, of series or of texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from regard.plots._fragments import TextView
from regard.plots._page import inline_svg, own_style
from regard.plots.case import CaseView
from regard.plots.confusion import plot_confusion
from regard.plots.report import Report, pictured

__all__ = ["ClassificationReport"]


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassificationReport(Report):
    """What the report of a classifier tells.

    Attributes:
        title: of the page.
        metrics: figures on the test part: those of `classification_metrics`, fit_seconds,
            parameters, epochs; where spans are known also localisation_ap and localisation_chance.
        history: a row per epoch, see `plot_history`.
        config: resolved, with the versions under "versions".
        notes: remarks of one line, such as warnings, shown on top.
        classes: N names, in the order of the confusion matrix.
        examples: some cases of each class.
        mistakes: the worst first.
    """

    template: ClassVar[str] = "report_classification.html"

    classes: Sequence[str]
    examples: Sequence[CaseView | TextView]
    mistakes: Sequence[CaseView | TextView]

    def parts(self) -> dict[str, Any]:
        """Counts, the confusion matrix, and pictures of mistakes and examples."""
        matrix = np.asarray(self.metrics["confusion_matrix"], dtype=np.int64)
        # An example of a class that is not among the classes is shown all the same.
        shown = dict.fromkeys([*self.classes, *(str(view.true) for view in self.examples)])
        examples = pictured(self.examples, name="e")
        views = [*self.mistakes, *self.examples]
        return {
            "right": int(matrix.trace()),
            "wrong": int(matrix.sum() - matrix.trace()),
            "commonest": max(self.metrics["per_class"], key=lambda row: row["support"]),
            "binary": str(self.metrics["averaging"]).startswith("binary"),
            "confusion": _confusion(matrix, self.classes),
            "mistakes": pictured(self.mistakes, name="m"),
            "examples": [
                (name, [pair for pair in examples if str(getattr(pair[0], "true", "")) == name])
                for name in shown
            ],
            "texts": any(isinstance(view, TextView) for view in views),
            "by_evidence": any(isinstance(v, TextView) and v.by_evidence for v in views),
            "sentences": any(isinstance(v, TextView) and v.sentences is not None for v in views),
            "spans": any(isinstance(view, CaseView) and view.has_span for view in views),
        }


def _confusion(matrix: NDArray[np.int64], classes: Sequence[str]) -> Markup:
    with own_style("confusion"):
        figure = plot_confusion(matrix, classes).figure
        return inline_svg(figure, label="Confusion matrix; the table of classes has its figures.")
