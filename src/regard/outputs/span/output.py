"""Spans as an output: a stretch of what was read, such as an answer in a story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError, Fix
from regard.inference import Inference
from regard.inputs.story.occurrences import occurrences
from regard.outputs.kept import SpanKept
from regard.outputs.output import CaseScores, Compared, Output, Question, Rows, counted
from regard.outputs.span.metrics import answer_metrics, exact_match
from regard.outputs.span.outcome import SpanOutcome
from regard.outputs.span.report import SpanReport
from regard.plots import CaseView

if TYPE_CHECKING:
    from torch import Tensor, nn

    from regard.models import Encoder, Predicted
    from regard.training import Batch, Objective

__all__ = ["Span", "SpanOutput"]

_SHOWN, _MISTAKES = 6, 6
_NAMED = 3  # cases in an error
_SKIP: tuple[Fix, ...] = (("training.absent", "skip"),)


@dataclass(frozen=True)
class Span:
    """A stretch of what was read.

    Attributes:
        start, stop: half-open, in words.
        text: as it is written there.
        probability: of the text, the sum over all places where it stands.
    """

    start: int
    stop: int
    text: str
    probability: float


class SpanOutput(Output):
    """Spans.

    The input beside it has a state for each word, and four methods: `words_of` divides texts,
    `told` says which cases have their target in what is read, `occurrences` where it stands, and
    `latest` which of some targets comes last. What it encodes has `words_of` and `text_of` a case.

    Attributes:
        longest_: words of a span at most.
    """

    keeps = SpanKept
    unexported = "a span is searched for among the words of its own story, which is no single graph"
    input: Any

    case_figure = Compared("exact match", "exact_match")

    longest_: int
    _known: Counter[str] | None = None  # the answers of the training part, where it was fitted

    # Targets.

    def accept(self, y: Any) -> Any:
        if y is None:
            raise DataError("requires y to be passed, but the target y is None")
        return y

    def check(self, cases: Any, source: str) -> NDArray[Any] | None:
        self._told(cases, f"{source}: ")
        return super().check(cases, source)

    def _told(self, cases: Any, source: str = "") -> NDArray[np.bool_]:
        """[B] which cases have their target in what is read; refuses others, or leaves them."""
        if cases.labels is None:
            raise DataError(f"{source}there are no answers to learn from")
        told: NDArray[np.bool_] = self.input.told(cases)
        where = np.flatnonzero(~told)
        if len(where) and self.config.training.absent == "refuse":
            shown = [f"{str(cases.labels[at])!r} of case {cases.ids[at]}" for at in where]
            shown[_NAMED:] = ["..."] * (len(where) > _NAMED)
            verb = "is" if len(where) == 1 else "are"
            raise DataError(
                f"{source}{len(where)} of {len(cases)} answers {verb} not in the story, word "
                f"for word: {', '.join(shown)}",
                fixes=_SKIP,
            )
        return told

    def fit(self, cases: Any) -> None:
        told = self._told(cases)
        self._known = Counter(str(label) for label in cases.labels)
        lengths = map(len, self.input.words_of(cases.labels[told]))
        self.longest_ = self.config.model.longest or max(lengths, default=1)

    def kept(self) -> dict[str, Any]:
        return {"longest": self.longest_}

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.longest_ = int(kept["longest"])

    def targets(self, cases: Any, encoded: Any) -> Any:
        """B arrays [2 n_b]: first and last word of each of n_b places in turn, from 1."""
        return [each.ravel() + 1 for each in self.input.occurrences(cases, encoded)]

    # The model.

    def head(self, encoder: Encoder, *, steps: int) -> nn.Module:
        """Pointers to the states."""
        from regard.models import AnswerPointer, make_attentions

        model = self.config.model
        start, end = (
            make_attentions(
                model.attention.model_dump(),
                heads=1,
                state_dim=encoder.width,
                attention_dim=model.attention_dim,
                positions=steps,
            )[0][0]
            for _ in range(2)
        )
        return AnswerPointer(start, end, encoder.width, dropout=model.dropout)

    def objective(self, cases: Any) -> Objective:
        from regard.outputs.span.objective import SpanLoss

        return SpanLoss(self.longest_)

    def answer(self, model: nn.Module, batch: Batch, **options: Any) -> Predicted:
        """Values [B, 2, 1 + S]: first and last word, each before its log-probabilities."""
        import torch

        from regard.models import best_spans

        predicted = super().answer(model, batch, **options)
        found, _ = best_spans(predicted.values, self.longest_)
        values = torch.cat([found.unsqueeze(2).to(predicted.values), predicted.values], 2)
        return replace(predicted, values=values)

    def unpack(self, row: NDArray[np.float64], encoded: Any, n: int) -> Span:
        first, last = row[:, 0].astype(int).tolist()
        words = encoded.words_of(n)
        places = occurrences(words, words[first : last + 1])
        each = row[0, 1:][places[:, 0]] + row[1, 1:][places[:, 1]]
        text = encoded.text_of(n, first, last + 1)
        return Span(first, last + 1, text, min(1.0, float(np.exp(each).sum())))

    def gather(self, values: Sequence[Span]) -> Any:
        return [*values]

    # Whether maps are to be believed.

    moves = "the probability of the answer's place by {:.2f}"

    def questions(self, values: Sequence[Span], generator: object) -> list[Question]:
        """First and last word of each answer."""
        return [Question((each.start, each.stop - 1), name=repr(each.text)) for each in values]

    def weighed(self, model: nn.Module, batch: Batch) -> Tensor:
        """[b, 2, S] log-probabilities of the first and the last word."""
        return super().answer(model, batch).values

    def left(self, rows: Rows, before: Rows, parts: Sequence[Any]) -> NDArray[np.float64]:
        """The probability of the place."""
        each = zip(rows, parts, strict=True)
        return np.array([np.exp(row[0, first] + row[1, last]) for row, (first, last) in each])

    def moved_by(self, rows: Rows, before: Rows) -> NDArray[np.float64]:
        """Total variation between the probabilities, the mean of first and last word."""
        changes = []
        for row, own in zip(rows, before, strict=True):
            length = min(row.shape[1], own.shape[1])  # what is beyond is padding
            one, other = (np.exp(each[:, :length]) for each in (row, own))
            changes.append(np.abs(one - other).sum(1).mean() / 2)
        return np.array(changes)

    def beyond_guessing(self, seen: Inference, weigh: object) -> NDArray[np.float64]:
        """Whether an answer is exact, minus whether the better of two guesses is.

        They are the most frequent answer, and the one that the story names last.
        """
        true = [str(label) for label in seen.cases.labels]
        [(most, _)] = Counter(true).most_common(1)
        answers = (
            [each.text for each in seen.values],
            [most] * len(true),
            self.input.latest(seen.encoded, set(true)),
        )
        own, *guesses = (
            np.array([exact_match(*pair) for pair in zip(texts, true, strict=True)], np.float64)
            for texts in answers
        )
        return np.asarray(own - max(guesses, key=np.mean))

    def groups(self, values: Sequence[Span]) -> tuple[NDArray[np.int64], list[str]]:
        """All answers together."""
        return np.zeros(len(values), np.int64), ["the answer"]

    # What is shown.

    def metrics(self, seen: Inference) -> dict[str, Any]:
        """Exact match and F1, beside those of two answers that need no model."""
        true = [str(label) for label in seen.cases.labels]
        guesses = {"": [each.text for each in seen.values]}
        if self._known is not None:
            [(most, _)] = self._known.most_common(1)
            guesses["frequent_"] = [most] * len(seen)
            guesses["last_"] = self.input.latest(seen.encoded, self._known)
        figures: dict[str, Any] = {"cases": len(seen)}
        for name, texts in guesses.items():
            figures |= {
                f"{name}{figure}": value for figure, value in answer_metrics(texts, true).items()
            }
        places = self.input.occurrences(seen.cases, seen.encoded)
        return figures | {"absent": sum(not len(each) for each in places)}

    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        found = (
            Compared("exact match", "exact_match"),
            Compared("F1", "f1"),
            Compared("localisation", "localisation_ap"),
            Compared("pointing game", "pointing_game"),
        )
        return [figure for figure in found if figure.name in metrics]

    def case_scores(self, seen: Inference) -> CaseScores:
        """1 where the answer is exact, otherwise 0."""
        right = [self.outcome(seen, n).right for n in range(len(seen))]
        return CaseScores(seen.cases.ids, np.array(right, np.float64), np.arange(len(seen)))

    def notes(self, metrics: Mapping[str, Any]) -> list[str]:
        """How many answers cannot be found, and whether a guess does as well."""
        notes = []
        if count := metrics["absent"]:
            has, counts = ("has", "counts") if count == 1 else ("have", "count")
            notes.append(
                f"{count} of {metrics['cases']} test questions {has} an answer that is not in the "
                f"story, as far as that is read, and {counts} as wrong"
            )
        for name, guess in (
            ("frequent", "the most frequent answer of the training part"),
            ("last", "the answer of the training part that the story names last"),
        ):
            reached = metrics[f"{name}_exact_match"]
            if metrics["exact_match"] <= reached:
                notes.append(f"{guess} would reach an exact match of {reached:.4f}, no less")
        return notes

    def outcome(self, seen: Inference, n: int) -> SpanOutcome:
        span: Span = seen.values[n]
        labels = seen.cases.labels
        return SpanOutcome(
            true=None if labels is None else str(labels[n]) or None,
            predicted=span.text,
            probability=span.probability,
            span=(span.start, span.stop),
        )

    def columns(self, seen: Inference) -> tuple[dict[str, Any], str]:
        """`case`, `answer`, `true` if known, `probability`, and `from` and `to`, the words."""
        spans: list[Span] = seen.values
        cases = seen.cases
        columns: dict[str, Any] = {"case": cases.ids, "answer": [each.text for each in spans]}
        summary = counted(len(spans))
        if cases.labels is not None:
            true = columns["true"] = [str(label) for label in cases.labels]
            pairs = zip(columns["answer"], true, strict=True)
            summary += f", {sum(exact_match(*pair) for pair in pairs if pair[1])} exact"
            unknown = sum(not each for each in true)
            summary += f", {unknown} without an answer to compare with" if unknown else ""
        columns["probability"] = [round(each.probability, 6) for each in spans]
        columns["from"] = [each.start for each in spans]
        columns["to"] = [each.stop for each in spans]
        return columns, summary

    def report(self, seen: Inference, view: Callable[[int], CaseView], **common: Any) -> SpanReport:
        """The first cases, and the most confident mistakes."""
        right = self.case_scores(seen).values
        sure = np.array([each.probability for each in seen.values])
        wrong = np.flatnonzero(right == 0)
        worst = wrong[np.argsort(-sure[wrong], kind="stable")][:_MISTAKES]
        return SpanReport(
            examples=[view(n) for n in range(min(_SHOWN, len(seen)))],
            mistakes=[view(int(n)) for n in worst],
            **common,
        )
