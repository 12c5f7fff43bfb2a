"""How texts that were written are measured: as translations, transcripts, captions, answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.inputs.text.sentences import sentence_spans
from regard.outputs.output import Compared
from regard.outputs.span.metrics import answer_metrics, exact_match, word_f1
from regard.outputs.tokens.caption_metrics import caption_metrics
from regard.outputs.tokens.metrics import bleu, by_length, sentence_scores, translation_metrics
from regard.outputs.tokens.mistakes import mistakes
from regard.outputs.tokens.summary_metrics import rouge, rouge_metrics
from regard.outputs.tokens.transcripts import (
    transcript_metrics,
    utterance_errors,
    word_error_rate,
)

if TYPE_CHECKING:
    from regard.outputs.tokens.report import TokensReport

__all__ = [
    "MEASURES",
    "Answers",
    "Captions",
    "Known",
    "Measure",
    "Summaries",
    "Transcripts",
    "Translations",
]


class Known(NamedTuple):
    """What is known of a test part beside its texts.

    Attributes:
        lengths: [B] of the sources, where they have a length to divide the cases by.
        sources: [B] texts, where they are texts.
        frequent: the most frequent target of the training part, where several are the same.
    """

    lengths: NDArray[np.int64] | None = None
    sources: Sequence[str] | None = None
    frequent: str | None = None


class Measure(ABC):
    """Figures of written texts [B] against references [B].

    Attributes:
        case_figure: the mean of the `case_scores`.
        scores: names of what `score` can measure, the first by default.
    """

    case_figure: ClassVar[Compared]
    scores: ClassVar[tuple[str, ...]]

    @abstractmethod
    def score(self, name: str, predicted: Sequence[str], references: Sequence[str]) -> float:
        """One of the `scores`, the higher the better."""

    @abstractmethod
    def metrics(
        self,
        predicted: Sequence[str],
        references: Sequence[str],
        known: Known,
    ) -> dict[str, Any]:
        """The figures of a test part, for JSON."""

    def notes(self, metrics: Mapping[str, Any]) -> list[str]:
        """Whether the same text for every case would be as good."""
        return []

    @abstractmethod
    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        """The figures by which attentions are compared, the most important first."""

    @abstractmethod
    def case_scores(
        self, predicted: Sequence[str], references: Sequence[str]
    ) -> NDArray[np.float64]:
        """[B] the score of each case."""

    @abstractmethod
    def said(self, predicted: Sequence[str], references: Sequence[str]) -> str:
        """The most important figure in two words."""

    @abstractmethod
    def report(self) -> type[TokensReport]:
        """The class of the report."""

    @abstractmethod
    def errors(self, predicted: Sequence[str], references: Sequence[str]) -> NDArray[np.float64]:
        """[B] how wrong each case is, 0 where it is right; the worst are shown in the report."""


class Translations(Measure):
    """BLEU, chrF and exact match: of texts that may be written in several ways."""

    case_figure = Compared("sentence chrF", "sentence_chrf")
    scores: ClassVar[tuple[str, ...]] = ("bleu", "chrf", "exact_match")

    def score(self, name: str, predicted: Sequence[str], references: Sequence[str]) -> float:
        return float(translation_metrics(predicted, references)[name])

    def metrics(
        self,
        predicted: Sequence[str],
        references: Sequence[str],
        known: Known,
    ) -> dict[str, Any]:
        found = translation_metrics(predicted, references)
        if known.lengths is not None:
            found["by_length"] = by_length(predicted, references, known.lengths)
        return found | {"mistakes": mistakes(predicted, references, known.sources)}

    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        """BLEU, and the share that is right to the letter, first where that is most of them."""
        exact, score = Compared("exact match", "exact_match"), Compared("BLEU", "bleu")
        return [exact, score] if metrics["exact_match"] > 0.5 else [score, exact]

    def case_scores(
        self, predicted: Sequence[str], references: Sequence[str]
    ) -> NDArray[np.float64]:
        return 100 * sentence_scores(predicted, references)

    def said(self, predicted: Sequence[str], references: Sequence[str]) -> str:
        return f"BLEU {bleu(predicted, references):.2f}"

    def report(self) -> type[TokensReport]:
        from regard.outputs.tokens.report import TokensReport

        return TokensReport

    def errors(self, predicted: Sequence[str], references: Sequence[str]) -> NDArray[np.float64]:
        return 1 - sentence_scores(predicted, references)


class Transcripts(Measure):
    """Error rates of words and characters: of texts that have one right form."""

    case_figure = Compared("utterance WER", "utterance_wer", "lowest")
    scores = ("word_accuracy", "character_accuracy", "exact_match")

    def score(self, name: str, predicted: Sequence[str], references: Sequence[str]) -> float:
        """A word accuracy is 1 - WER, which may be negative; a character accuracy 1 - CER."""
        found = transcript_metrics(predicted, references)
        figures = {"word_accuracy": 1 - found["wer"], "character_accuracy": 1 - found["cer"]}
        return float({**found, **figures}[name])

    def metrics(
        self,
        predicted: Sequence[str],
        references: Sequence[str],
        known: Known,
    ) -> dict[str, Any]:
        found = transcript_metrics(predicted, references)
        if known.frequent is not None:
            baseline = [known.frequent] * len(references)
            found["baseline_wer"] = word_error_rate(baseline, references)
        return found

    def notes(self, metrics: Mapping[str, Any]) -> list[str]:
        baseline = metrics.get("baseline_wer")
        if baseline is None or metrics["wer"] < baseline:
            return []
        return [f"the most frequent transcript for every recording would have WER {baseline:.4f}"]

    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        return [
            Compared("WER", "wer", "lowest"),
            Compared("CER", "cer", "lowest"),
            Compared("exact match", "exact_match"),
        ]

    def case_scores(
        self, predicted: Sequence[str], references: Sequence[str]
    ) -> NDArray[np.float64]:
        return utterance_errors(predicted, references)

    def said(self, predicted: Sequence[str], references: Sequence[str]) -> str:
        return f"WER {word_error_rate(predicted, references):.4f}"

    def report(self) -> type[TokensReport]:
        from regard.outputs.tokens.report import TranscriptsReport

        return TranscriptsReport

    def errors(self, predicted: Sequence[str], references: Sequence[str]) -> NDArray[np.float64]:
        return utterance_errors(predicted, references)


class Captions(Translations):
    """BLEU-1 to BLEU-4 and ROUGE-L of lowercased texts, as papers on captions report them."""

    scores = ("bleu_4", "rouge_l", "chrf", "exact_match")

    def score(self, name: str, predicted: Sequence[str], references: Sequence[str]) -> float:
        if name in ("bleu_4", "rouge_l"):
            return caption_metrics(predicted, references)[name]
        return super().score(name, predicted, references)

    def metrics(
        self,
        predicted: Sequence[str],
        references: Sequence[str],
        known: Known,
    ) -> dict[str, Any]:
        """Those of captions first; `constant_bleu_1` and so on are of the caption `constant`."""
        found: dict[str, Any] = {**caption_metrics(predicted, references)}
        found |= super().metrics(predicted, references, known)
        return found | _constant(known, references, caption_metrics)

    def notes(self, metrics: Mapping[str, Any]) -> list[str]:
        baseline = metrics.get("constant_bleu_4")
        if baseline is None or metrics["bleu_4"] > baseline:
            return []
        return [
            f"{metrics['constant']!r} for every picture would reach BLEU-4 {baseline:.2f}, where "
            f"the model has {metrics['bleu_4']:.2f}; train it longer, or on more pictures"
        ]

    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        """BLEU-4, and the share that is right to the letter, first where that is most of them."""
        exact, score = Compared("exact match", "exact_match"), Compared("BLEU-4", "bleu_4")
        first = [exact, score] if metrics["exact_match"] > 0.5 else [score, exact]
        return [*first, Compared("ROUGE-L", "rouge_l")]

    def said(self, predicted: Sequence[str], references: Sequence[str]) -> str:
        return f"BLEU-4 {caption_metrics(predicted, references)['bleu_4']:.2f}"

    def report(self) -> type[TokensReport]:
        from regard.outputs.tokens.report import CaptionsReport

        return CaptionsReport


class Summaries(Translations):
    """ROUGE of short texts that stand for long ones, beside that of the first sentence."""

    case_figure = Compared("ROUGE-L of a text", "text_rouge_l")
    scores = ("rouge_l", "rouge_1", "rouge_2", "bleu", "chrf", "exact_match")

    def score(self, name: str, predicted: Sequence[str], references: Sequence[str]) -> float:
        if name.startswith("rouge"):
            return rouge_metrics(predicted, references)[name]
        return super().score(name, predicted, references)

    def metrics(
        self,
        predicted: Sequence[str],
        references: Sequence[str],
        known: Known,
    ) -> dict[str, Any]:
        """`lead_rouge_1` and so on are of the first sentence of each source."""
        found: dict[str, Any] = {**rouge_metrics(predicted, references)}
        if known.sources is not None:
            leads = [text[slice(*sentence_spans(text)[0])] for text in known.sources]
            own = rouge_metrics(leads, references)
            found |= {f"lead_{name}": figure for name, figure in own.items()}
        return found | translation_metrics(predicted, references)

    def notes(self, metrics: Mapping[str, Any]) -> list[str]:
        """Whether the first sentence would do as well."""
        lead = metrics.get("lead_rouge_l")
        if lead is None or metrics["rouge_l"] > lead:
            return []
        return [
            f"the first sentence of every text would reach ROUGE-L {lead:.2f}, where the model has "
            f"{metrics['rouge_l']:.2f}"
        ]

    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        exact = [Compared("exact match", "exact_match")]
        rouges = [Compared(f"ROUGE-{kind}", f"rouge_{kind.lower()}") for kind in "L12"]
        return [*exact, *rouges] if metrics["exact_match"] > 0.5 else [*rouges, *exact]

    def case_scores(
        self, predicted: Sequence[str], references: Sequence[str]
    ) -> NDArray[np.float64]:
        return np.asarray(rouge(predicted, references)[:, 2])

    def said(self, predicted: Sequence[str], references: Sequence[str]) -> str:
        return f"ROUGE-L {rouge_metrics(predicted, references)['rouge_l']:.2f}"

    def report(self) -> type[TokensReport]:
        from regard.outputs.tokens.report import SummariesReport

        return SummariesReport

    def errors(self, predicted: Sequence[str], references: Sequence[str]) -> NDArray[np.float64]:
        return 100 - self.case_scores(predicted, references)


class Answers(Measure):
    """Exact match and F1 of words, as questions about texts are measured."""

    case_figure = Compared("F1 of words", "case_f1")
    scores = ("exact_match", "f1")

    def score(self, name: str, predicted: Sequence[str], references: Sequence[str]) -> float:
        return answer_metrics(predicted, references)[name]

    def metrics(
        self,
        predicted: Sequence[str],
        references: Sequence[str],
        known: Known,
    ) -> dict[str, Any]:
        """`constant_exact_match` and `constant_f1` are of the answer `constant`."""
        found: dict[str, Any] = {"cases": len(references)}
        found |= answer_metrics(predicted, references)
        return found | _constant(known, references, answer_metrics)

    def notes(self, metrics: Mapping[str, Any]) -> list[str]:
        baseline = metrics.get("constant_exact_match")
        if baseline is None or metrics["exact_match"] > baseline:
            return []
        return [
            f"{metrics['constant']!r} for every question would be right in {baseline:.4f} of the "
            f"cases, where the model is in {metrics['exact_match']:.4f}; train it longer, or on "
            "more questions"
        ]

    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        return [Compared("exact match", "exact_match"), Compared("F1", "f1")]

    def case_scores(
        self, predicted: Sequence[str], references: Sequence[str]
    ) -> NDArray[np.float64]:
        return np.array([word_f1(*pair) for pair in zip(predicted, references, strict=True)])

    def said(self, predicted: Sequence[str], references: Sequence[str]) -> str:
        return f"exact match {answer_metrics(predicted, references)['exact_match']:.4f}"

    def report(self) -> type[TokensReport]:
        from regard.outputs.tokens.report import AnswersReport

        return AnswersReport

    def errors(self, predicted: Sequence[str], references: Sequence[str]) -> NDArray[np.float64]:
        """1 - F1, and at least a half of what is not exactly right."""
        wrong = [not exact_match(*pair) for pair in zip(predicted, references, strict=True)]
        return np.maximum(1 - self.case_scores(predicted, references), 0.5 * np.array(wrong))


def _constant(
    known: Known,
    references: Sequence[str],
    measure: Callable[[Sequence[str], Sequence[str]], Mapping[str, float]],
) -> dict[str, Any]:
    """Figures of the most frequent target for every case, and that target; none without one."""
    if known.frequent is None:
        return {}
    figures = measure([known.frequent] * len(references), references)
    named = {f"constant_{name}": figure for name, figure in figures.items()}
    return {**named, "constant": known.frequent}


MEASURES: dict[str, Measure] = {
    "translation": Translations(),
    "transcript": Transcripts(),
    "caption": Captions(),
    "summary": Summaries(),
    "answer": Answers(),
}
"""By the name that an input has for what is written for it."""
