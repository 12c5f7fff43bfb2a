"""The report of a model that generates texts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from regard.plots.lengths import plot_lengths
from regard.plots.page import inline_svg, own_style
from regard.plots.report import Report

__all__ = ["TokensReport"]


@dataclass(frozen=True, eq=False, kw_only=True)
class TokensReport(Report):
    """The report of a model that generates texts.

    Its metrics are those of `translation_metrics`, and further:

    - by_length: rows of `by_length`;
    - by_length_without: optional, the same rows of another model, whose name is `baseline`;
    - mistakes: rows of kind, count and examples.
    """

    template: ClassVar[Path] = Path(__file__).with_name("report.html")

    def parts(self) -> dict[str, Any]:
        rows = self.metrics.get("by_length", [])
        # Most of a test part is right to the letter where there is one right answer, as for dates.
        exact = self.metrics["exact_match"] > 0.5
        lengths = None
        if rows:
            measure: Any = "exact_match" if exact else "bleu"
            with own_style("lengths"):
                ax = plot_lengths(
                    rows,
                    measure=measure,
                    without=self.metrics.get("by_length_without", ()),
                    baseline=self.metrics.get("baseline", "without attention"),
                )
                lengths = inline_svg(ax.figure, label="How good the texts are by source length.")
        return {
            "exact": exact,
            "right": round(self.metrics["exact_match"] * self.metrics["cases"]),
            "by_length": rows,
            "without": self.metrics.get("by_length_without", []),
            "baseline": self.metrics.get("baseline", "without attention"),
            "lengths": lengths,
            "kinds": [row for row in self.metrics.get("mistakes", []) if row["count"]],
        }
