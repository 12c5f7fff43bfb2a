"""A predicted class in pictures, pages and reports."""

from dataclasses import dataclass

from markupsafe import Markup

from regard.plots.format import one_line
from regard.plots.outcome import Outcome

__all__ = ["ClassOutcome"]


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassOutcome(Outcome):
    """A predicted class.

    Attributes:
        true: the true class, None if unknown.
        predicted: the class with the highest probability.
        probability: of the predicted class, None if unknown.
        runners_up: the next classes and their probabilities, the highest first.

    >>> ClassOutcome(true=None, predicted="flat", probability=0.75).answer
    'flat (0.750)'
    """

    true: str | None
    predicted: str
    probability: float | None
    runners_up: tuple[tuple[str, float], ...] = ()

    @property
    def answer(self) -> str:
        return f"{self.predicted}{self._sure}"

    @property
    def title(self) -> str:
        truth = "" if self.true is None else f"true {one_line(self.true, 24)}, "
        return f"{truth}predicted {one_line(self.predicted, 24)}{self._sure}"

    @property
    def headline(self) -> str:
        return self.predicted

    @property
    def others(self) -> str:
        return ", ".join(f"{name} ({share:.3f})" for name, share in self.runners_up)

    @property
    def certainty(self) -> float | None:
        return self.probability

    @property
    def right(self) -> bool | None:
        return None if self.true is None else self.true == self.predicted

    @property
    def group(self) -> str:
        return self.true or ""

    def lead(self) -> Markup:
        sure = "" if self.probability is None else f" with probability {self.probability:.3f}"
        truth: str = ", which is correct" if self.right else ""
        if self.right is False:
            truth = Markup('; the true class is <b class="wrong">{}</b>').format(self.true)
        return Markup('<p class="lead">Predicted{}{}.</p>').format(sure, truth)

    def caption(self) -> Markup:
        correct, wrong = "<b>{}</b>, correct", '<b class="wrong">{}</b> instead of <b>{}</b>'
        template = {True: correct, False: wrong, None: "<b>{}</b>"}[self.right]
        classes = Markup(template).format(self.predicted, self.true)
        sure = "" if self.probability is None else f", probability {self.probability:.3f}"
        return Markup(": predicted {}{}").format(classes, sure)

    @property
    def _sure(self) -> str:
        return "" if self.probability is None else f" ({self.probability:.3f})"
