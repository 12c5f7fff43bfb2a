"""The report of a model that generates texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from regard.outputs.tokens.outcome import TokensOutcome
from regard.plots.lengths import plot_lengths
from regard.plots.page import inline_svg, own_style
from regard.plots.report import Report

__all__ = [
    "AnswersReport",
    "CaptionsReport",
    "SummariesReport",
    "TokensReport",
    "TranscriptsReport",
]


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

    @property
    def measured(self) -> Literal["bleu", "exact_match", "wer"]:
        """The figure that is drawn by length.

        Where there is one right answer, as for dates, most texts are right to the letter.
        """
        return "exact_match" if self.metrics["exact_match"] > 0.5 else "bleu"

    def parts(self) -> dict[str, Any]:
        rows = self.metrics.get("by_length", [])
        without = self.metrics.get("by_length_without", [])
        baseline = self.metrics.get("baseline", "without attention")
        lengths = None
        if rows:
            with own_style("lengths"):
                ax = plot_lengths(rows, measure=self.measured, without=without, baseline=baseline)
                label = "Figures by length; the table has them."
                lengths = inline_svg(ax.figure, label=label)
        return {
            "exact": self.measured == "exact_match",
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


@dataclass(frozen=True, eq=False, kw_only=True)
class TranscriptsReport(TokensReport):
    """The report of a model that writes what is said; its metrics are `transcript_metrics`."""

    template: ClassVar[Path] = Path(__file__).with_name("transcript_report.html")

    @property
    def measured(self) -> Literal["bleu", "exact_match", "wer"]:
        return "wer"

    def parts(self) -> dict[str, Any]:
        found = self.metrics
        wrong = found["substitutions"] + found["deletions"] + found["insertions"]
        return {**super().parts(), "wrong": wrong, "confusions": found["confusions"]}


@dataclass(frozen=True, eq=False, kw_only=True)
class SummariesReport(TokensReport):
    """The report of a model that summarises texts; its metrics are those of `Summaries`."""

    template: ClassVar[Path] = Path(__file__).with_name("summary_report.html")


@dataclass(frozen=True, eq=False, kw_only=True)
class CaptionsReport(TokensReport):
    """The report of a model that describes pictures; its metrics are those of `Captions`."""

    template: ClassVar[Path] = Path(__file__).with_name("caption_report.html")


@dataclass(frozen=True, eq=False, kw_only=True)
class AnswersReport(TokensReport):
    """The report of a model that answers questions; its metrics are those of `Answers`."""

    template: ClassVar[Path] = Path(__file__).with_name("answer_report.html")

    @property
    def measured(self) -> Literal["bleu", "exact_match", "wer"]:
        return "exact_match"
