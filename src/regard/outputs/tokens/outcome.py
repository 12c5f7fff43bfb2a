"""A predicted text in pictures, pages and reports."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from markupsafe import Markup

from regard.plots.format import one_line
from regard.plots.outcome import Outcome

__all__ = ["TokensOutcome"]

_EMPTY = "(empty)"


@dataclass(frozen=True, eq=False, kw_only=True)
class TokensOutcome(Outcome):
    """A predicted text.

    Attributes:
        true: the reference, None if unknown.
        predicted: the best hypothesis; may be empty.
        score: log-probability of the hypothesis per token, None if unknown.
        nbest: further hypotheses with their scores, the best first.

    >>> TokensOutcome(true=None, predicted="Ein Mann schläft.", score=-0.25).answer
    'Ein Mann schläft.'
    """

    true: str | None
    predicted: str
    score: float | None = None
    nbest: tuple[tuple[str, float], ...] = ()

    @property
    def answer(self) -> str:
        return self.predicted or _EMPTY

    @property
    def headline(self) -> str:
        return one_line(self.answer, 80)

    @property
    def others(self) -> str:
        return "; ".join(f"{text or _EMPTY} ({score:.3f})" for text, score in self.nbest)

    @property
    def right(self) -> bool | None:
        """Whether prediction and reference are equal, whatever the blanks between their words."""
        return None if self.true is None else self.predicted.split() == self.true.split()

    def lead(self) -> Markup:
        sure = (
            "."
            if self.score is None
            else f", with log-probability {self.score:.3f} for each token."
        )
        said = Markup('<b dir="auto">{}</b>{}').format(self.answer, sure)
        truth = ""
        if self.right is not None:
            truth = " It equals the reference." if self.right else " It differs from the reference."
        return Markup('<p class="lead">Predicted {}{}</p>').format(said, truth)

    def caption(self) -> Markup:
        if self.true is None:
            return Markup(': predicted <b dir="auto">{}</b>').format(self.answer)
        if self.right:
            return Markup(': predicted <b dir="auto">{}</b>, which is the reference').format(
                self.answer
            )
        predicted, true = self._marked()
        return Markup(
            ': predicted <b dir="auto">{}</b><br>reference <span dir="auto">{}</span>'
        ).format(predicted, true)

    def details(self) -> Markup:
        """Prediction and reference one below the other, with what differs marked."""
        if self.true is None:
            return Markup("")
        predicted, true = self._marked()
        row = Markup('<tr><th scope="row">{}</th><td dir="auto">{}</td></tr>\n')
        return Markup('<table class="hypotheses"><tbody>\n{}{}</tbody></table>').format(
            row.format("Predicted", predicted), row.format("Reference", true)
        )

    def _marked(self) -> tuple[Markup, Markup]:
        """Prediction and reference, with the words that differ marked.

        Texts of a single word, such as dates, and of scripts without blanks are compared letter by
        letter.
        """
        sides, between = [self.predicted.split(), (self.true or "").split()], " "
        if max(map(len, sides)) <= 1:
            sides, between = [list("".join(words)) for words in sides], ""
        marked: tuple[list[Markup], list[Markup]] = ([], [])
        matcher = SequenceMatcher(None, sides[0], sides[1], autojunk=False)
        for kind, *edges in matcher.get_opcodes():
            for side, parts, (start, stop) in zip(
                sides, marked, (edges[:2], edges[2:]), strict=True
            ):
                run = between.join(side[start:stop])
                if run:
                    template = "{}" if kind == "equal" else '<mark class="differs">{}</mark>'
                    parts.append(Markup(template).format(run))
        predicted, true = (Markup(between).join(parts) or Markup(_EMPTY) for parts in marked)
        return predicted, true
