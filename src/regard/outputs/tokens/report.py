"""The report of a model that generates texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from regard.outputs.tokens.outcome import TokensOutcome
from regard.plots.lengths import plot_lengths
from regard.plots.page import inline_svg, own_style
from regard.plots.report import Report

__all__ = ["TokensReport"]


@dataclass(frozen=True, eq=False, kw_only=True)
class TokensReport(Report):
    """The report of a model that generates texts.

    Its metrics are those of `translation_metrics`, and optional

    - by_length: the rows of `regard.outputs.tokens.metrics.by_length`;
    - by_length_without, baseline: the same rows of another model, and its name;
    - mistakes: the rows of `regard.outputs.tokens.mistakes.mistakes`.

    Attributes:
        predicted: B predicted texts of the test part.
        truth: B references.
    """

    template: ClassVar[Path] = Path(__file__).with_name("report.html")

    predicted: Sequence[str]
    truth: Sequence[str]

    def parts(self) -> dict[str, Any]:
        # Where there is one right answer, as for dates, most of them are right to the letter.
        exact = self.metrics["exact_match"] > 0.5
        rows = self.metrics.get("by_length", [])
        without = self.metrics.get("by_length_without", [])
        baseline = self.metrics.get("baseline", "without attention")
        lengths = None
        if rows:
            with own_style("lengths"):
                measure: Literal["bleu", "exact_match"] = "exact_match" if exact else "bleu"
                ax = plot_lengths(rows, measure=measure, without=without, baseline=baseline)
                label = "Figures by the length of the source; the table has them."
                lengths = inline_svg(ax.figure, label=label)
        return {
            "exact": exact,
            "right": round(self.metrics["exact_match"] * self.metrics["cases"]),
            "by_length": rows,
            "without": without,
            "baseline": baseline,
            "lengths": lengths,
            "kinds": [self._kind(row) for row in self.metrics.get("mistakes", []) if row["cases"]],
        }

    def _kind(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A kind of mistakes with an example."""
        n = row["examples"][0]
        return {**row, "example": TokensOutcome(true=self.truth[n], predicted=self.predicted[n])}
