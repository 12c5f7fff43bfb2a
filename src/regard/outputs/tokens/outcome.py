"""A predicted text in pictures, pages and reports."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from markupsafe import Markup

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
        units: words or characters of the best one, and its end: the rows of its map.

    >>> TokensOutcome(true=None, predicted="Ein Mann schläft.", score=-0.25).answer
    'Ein Mann schläft.'
    """

    true: str | None
    predicted: str
    score: float | None = None
    nbest: tuple[tuple[str, float], ...] = ()
    units: tuple[str, ...] = ()

    @property
    def answer(self) -> str:
        return self.predicted or _EMPTY

    @property
    def ranked(self) -> list[tuple[str, str]]:
        if not self.nbest or self.score is None:
            return []
        every = [(self.predicted, self.score), *self.nbest]
        return [(text or _EMPTY, _signed(score)) for text, score in every]

    @property
    def certainty(self) -> float | None:
        return self.score

    @property
    def right(self) -> bool | None:
        """Whether prediction and reference are equal, whatever the blanks between their words."""
        return None if self.true is None else self.predicted.split() == self.true.split()

    def lead(self) -> Markup:
        said = [] if self.score is None else [f"Log-probability {_signed(self.score)} per token."]
        if self.right is not None:
            said.append(f"{'Equal' if self.right else 'Not equal'} to the reference.")
        text = Markup('<p class="lead" dir="auto"><b>{}</b></p>').format(self.answer)
        return text + Markup('\n<p class="soft">{}</p>').format(" ".join(said)) if said else text

    def caption(self) -> Markup:
        predicted = Markup(': predicted <b dir="auto">{}</b>')
        if self.right is None:
            return predicted.format(self.answer)
        if self.right:
            return predicted.format(self.answer) + ", which is the reference"
        (_, own), (_, true) = self.beside()
        return predicted.format(own) + Markup("<br>reference <bdi>{}</bdi>").format(true)

    def details(self) -> Markup:
        """If they are not equal, the prediction beside the reference."""
        if self.right is not False:
            return Markup("")
        row = Markup('<tr><th scope="row">{}</th><td dir="auto">{}</td></tr>\n')
        rows = Markup("").join(row.format(*each) for each in self.beside())
        return Markup("<h3>Beside the reference</h3>\n<table><tbody>\n{}</tbody></table>").format(
            rows
        )

    def beside(self) -> list[tuple[str, Markup]]:
        """Names and texts of prediction and reference, with the words that differ underlined.

        Texts of one word, such as dates, and of scripts without blanks are compared by letters.
        """
        own, true, between = self.predicted.split(), (self.true or "").split(), " "
        if max(len(own), len(true)) <= 1:
            own, true, between = list("".join(own)), list("".join(true)), ""
        marked: tuple[list[Markup], list[Markup]] = ([], [])
        for kind, *edges in SequenceMatcher(None, own, true, autojunk=False).get_opcodes():
            template = Markup("{}" if kind == "equal" else '<mark class="differs">{}</mark>')
            for parts, words in zip(
                marked, (own[slice(*edges[:2])], true[slice(*edges[2:])]), strict=True
            ):
                if words:
                    parts.append(template.format(between.join(words)))
        texts = [Markup(between).join(parts) or Markup(_EMPTY) for parts in marked]
        return list(zip(("predicted", "reference"), texts, strict=True))


def _signed(score: float) -> str:
    """Three decimals, without a minus sign before zero."""
    return f"{round(score, 3) + 0.0:.3f}"
