"""A story word by word with a question, the answer written to it, and where its words looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from regard.inputs.story.view import bars
from regard.inputs.story.words_view import WordsView
from regard.plots.text import Fragment

__all__ = ["AnsweredView"]

_COPIED = 0.5  # share of a word of the answer from which it is copied


@dataclass(frozen=True, eq=False, kw_only=True)
class AnsweredView(WordsView):
    """A story word by word with a question, the answer written to it, and where its words looked.

    Attributes:
        weights: [L, S] of each word of the answer, at most one in sum.
        target: the L words of the answer.
        copied: [L, S] how much of each was copied from each word of the story; None where nothing
            is copied.
    """

    target: Sequence[str]
    copied: NDArray[np.floating] | None = None

    @property
    def looks(self) -> Sequence[str]:
        return self.target

    def fragment(self, at: int, text: str) -> Fragment:
        weight = float(self.weights[:, at].max(initial=0.0))
        marked = self.copied is not None and bool((self.copied[:, at] > _COPIED).any())
        return Fragment(text, weight, min(weight, 1.0), marked)

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        copied = ""
        if any(view.copied is not None for view in views):
            copied = " Underlined words were copied into the answer; the others were written."
        return Markup(
            '<p class="soft">How to read this: the stronger the tint of a word, '
            '<span class="key tints"></span>, the more one of the words of the answer looked at '
            "it.{}{}</p>"
        ).format(copied, bars(views))
