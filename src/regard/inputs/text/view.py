"""A text with its prediction and attention weights, as a picture, a page and terminal output."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from numpy.typing import NDArray
from rich.text import Text

from regard.inputs.text.fragments import highest_words, passages
from regard.inputs.text.terminal import terminal_text
from regard.plots.page import render
from regard.plots.style import TINT
from regard.plots.text import Fragment, Passage, plot_text, text_axes
from regard.plots.view import View

__all__ = ["TextView"]

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, eq=False, kw_only=True)
class TextView(View):
    """A text with its prediction and attention weights.

    Attributes:
        id: name of the text in the data.
        outcome: the prediction.
        text: unchanged.
        words: [W, 2], half-open (start, stop) characters of each word, in order.
        weights: [W], not negative.
        known: how many of the words the model knows; at 0 the prediction does not depend on the
            text.
        sentences: [L, 2], half-open (start, stop) characters of each sentence, in order; None if
            the model has no attention over sentences.
        sentence_weights: [L], not negative.
        by_evidence: whether the weights are each word's share of the evidence for the predicted
            class, instead of its attention.
    """

    grid: ClassVar[str] = "texts"
    css: ClassVar[str] = (_FOLDER / "view.css").read_text(encoding="utf-8")

    text: str
    words: NDArray[np.integer]
    weights: NDArray[np.floating]
    known: int
    sentences: NDArray[np.integer] | None = None
    sentence_weights: NDArray[np.floating] | None = None
    by_evidence: bool = False

    @property
    def warning(self) -> str:
        return "" if self.known else "no word of the text is in the vocabulary: this is a guess"

    def picture(self, name: str) -> Markup:
        """The text as an element of a page, its words tinted by their weights."""
        found = self._passages()
        rows = []
        for passage in found:
            words = Markup("").join(map(_word, passage.fragments))
            if passage.strength is None:
                rows.append(words)
                continue
            bar = Markup('<span class="bar" style="--s:{}" title="sentence {}"></span>').format(
                f"{passage.strength:.3f}", f"{passage.weight:.4f}"
            )
            rows.append(Markup('<div class="sentence">{}<span>{}</span></div>').format(bar, words))
        kind = "text sentences" if found[0].strength is not None else "text"
        return Markup('<div class="{}" dir="auto">{}</div>').format(kind, Markup("").join(rows))

    def html(self) -> str:
        return render(_FOLDER / "view.html", view=self, most=self._highest())

    def draw(self) -> Axes:
        found = self._passages()
        ax = plot_text(found, ax=text_axes(found, width=8.0, above=0.3))
        ax.set_title(self.title, loc="left", pad=8, parse_math=False)
        return ax

    def terminal(self, *, colour: bool, width: int | None = None) -> Text:
        """The text for `rich` to print, its words coloured by their weights.

        The console replaces the colours by the nearest ones that the terminal has. The colour is
        the stronger the higher the weight, relative to the highest weight or to four times the
        mean if that is more. Sentences with weights begin on a line of their own, after a bar as
        high as the sentence's weight.

        Parameters:
            colour: False gives plain text, followed by the three words with the highest weights.
            width: of the lines in cells; they are wrapped between words if possible. By default
                the console wraps.

        Returns:
            A `rich.text.Text`; markup and control codes in the text have no effect.

        Raises:
            DataError: the spans and weights do not fit together.
        """
        below = ""
        if not colour:
            listed = ", ".join(f"{word} {weight:.2f}" for word, weight in self._highest())
            below = f"highest {'evidence' if self.by_evidence else 'attention'}: {listed or 'none'}"
        return terminal_text(self._passages(), colour=colour, width=width, below=below)

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        evidence = any(view.by_evidence for view in views)
        sentences = any(view.sentences is not None for view in views)
        bars = Markup(
            ' The <span class="bar-key"></span> bar before a sentence is as strong as the '
            "sentence's own weight."
        )
        return Markup(
            '<p class="soft">How to read this: the stronger the tint, '
            '<span class="key tints"></span>, the more weight the word has: its {}.{}</p>'
        ).format(
            "share of the evidence for the predicted class, from the attention and its n-grams "
            "together"
            if evidence
            else "attention",
            bars if sentences else "",
        )

    def _passages(self) -> list[Passage]:
        return passages(
            self.text,
            self.words,
            self.weights,
            sentences=self.sentences,
            sentence_weights=self.sentence_weights,
        )

    def _highest(self) -> list[tuple[str, float]]:
        return highest_words(self.text, self.words, self.weights)


def _word(fragment: Fragment) -> Markup:
    """Escaped; invisible tints are left out, which halves a long page."""
    if fragment.strength is None or fragment.weight is None:
        return Markup.escape(fragment.text)
    tint = TINT * fragment.strength
    if tint < 0.005:
        return Markup.escape(fragment.text)
    return Markup('<span class="word" style="--s:{}" title="{}">{}</span>').format(
        f"{tint:.3f}", f"{fragment.weight:.4f}", fragment.text
    )
