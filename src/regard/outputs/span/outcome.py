"""A predicted span in pictures, pages and reports."""

from dataclasses import dataclass

from markupsafe import Markup

from regard.outputs.span.metrics import exact_match
from regard.plots.format import one_line
from regard.plots.outcome import Outcome

__all__ = ["SpanOutcome"]


@dataclass(frozen=True, eq=False, kw_only=True)
class SpanOutcome(Outcome):
    """A predicted span.

    Attributes:
        true: the true answer, None if unknown.
        predicted: the text of the span.
        probability: of the text, None if unknown.
        span: half-open (start, stop) words of it.

    >>> SpanOutcome(true="the hall", predicted="hall", probability=0.75, span=(4, 5)).right
    True
    """

    true: str | None
    predicted: str
    probability: float | None
    span: tuple[int, int]

    @property
    def answer(self) -> str:
        return f"{self.predicted}{self._sure}"

    @property
    def title(self) -> str:
        truth = "" if self.true is None else f"true {one_line(self.true, 32)}, "
        return f"{truth}predicted {one_line(self.predicted, 32)}{self._sure}"

    @property
    def headline(self) -> str:
        return one_line(self.predicted, 60)

    @property
    def certainty(self) -> float | None:
        return self.probability

    @property
    def right(self) -> bool | None:
        """Whether prediction and truth are equal, but for case, punctuation and articles."""
        return None if self.true is None else exact_match(self.predicted, self.true)

    def lead(self) -> Markup:
        sure = "" if self.probability is None else f" with probability {self.probability:.3f}"
        truth: str = ", which is correct" if self.right else ""
        if self.right is False:
            truth = Markup('; the true answer is <b class="wrong">{}</b>').format(self.true)
        return Markup('<p class="lead">Answered{}{}.</p>').format(sure, truth)

    def caption(self) -> Markup:
        correct, wrong = "<b>{}</b>, correct", '<b class="wrong">{}</b> instead of <b>{}</b>'
        template = {True: correct, False: wrong, None: "<b>{}</b>"}[self.right]
        answers = Markup(template).format(self.predicted, self.true)
        sure = "" if self.probability is None else f", probability {self.probability:.3f}"
        return Markup(": answered {}{}").format(answers, sure)

    @property
    def _sure(self) -> str:
        return "" if self.probability is None else f" ({self.probability:.3f})"
