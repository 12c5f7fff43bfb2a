"""A story word by word with a question, its answer, and where both pointers point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from markupsafe import Markup

from regard.inputs.story.view import bars
from regard.inputs.story.words_view import WordsView
from regard.plots.text import Fragment

__all__ = ["PointedView"]


@dataclass(frozen=True, eq=False, kw_only=True)
class PointedView(WordsView):
    """A story word by word with a question, its answer, and where both pointers point.

    Attributes:
        weights: [2, S] probabilities of the start and of the end.
        span: half-open (start, stop) words of the answer.
    """

    most: ClassVar[str] = "Highest probabilities"
    looks: ClassVar[Sequence[str]] = ("start", "end")

    span: tuple[int, int]

    def fragment(self, at: int, text: str) -> Fragment:
        first, last = self.weights[:, at].tolist()
        inside = self.span[0] <= at < self.span[1]
        return Fragment(text, max(first, last), first, inside, last)

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        return Markup(
            '<p class="soft">How to read this: the answer is underlined. The stronger the tint of '
            'the upper half of a word, <span class="key tints"></span>, the more probable the '
            'answer starts there; of the lower half, <span class="key blues"></span>, that it ends '
            "there.{}</p>"
        ).format(bars(views))
