"""A text with its prediction and attention weights, drawn or printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from regard.inputs.text.fragments import highest_words, passages
from regard.inputs.text.tints import terminal_tint
from regard.plots.page import render
from regard.plots.style import TINT
from regard.plots.text import Fragment, Passage, plot_text, text_axes
from regard.plots.view import CaseView

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["TextView", "tinted"]

_FOLDER = Path(__file__).parent
_BAR = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, eq=False, kw_only=True)
class TextView(CaseView):
    """A text with its prediction and attention weights.

    Attributes:
        text: unchanged.
        words: [W, 2], half-open (start, stop) characters of each word, in order.
        weights: [W], not negative.
        known: number of words known to the model; at 0 the prediction is a guess.
        sentences: [L, 2], half-open (start, stop) characters of each sentence, in order; None if
            the model has no attention over sentences.
        sentence_weights: [L], not negative.
        by_evidence: whether the weights are shares of the evidence for the predicted class,
            instead of attention.
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
    def weighed(self) -> str:
        """What the weights are."""
        return self.method or ("evidence" if self.by_evidence else "attention")

    @property
    def warning(self) -> str:
        return "" if self.known else "no word of the text is in the vocabulary: this is a guess"

    def picture(self, name: str) -> Markup:
        """The text as an element of a page, its words tinted by their weights."""
        found = self._passages()
        rows = []
        for passage in found:
            words = Markup("").join(map(tinted, passage.fragments))
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
        """The text for `rich` to print; markup and control codes in it have no effect.

        With `colour`, a word's colour shows its weight relative to the highest weight, or to four
        times the mean if that is more. Without, the three words with the highest weights follow
        the text. Sentences with weights start on a new line, after a bar that shows the weight.

        Raises:
            DataError: the spans and weights do not match.
        """
        lines: list[Text] = []
        for passage in self._passages():
            margin, body = "", Text()
            for fragment in passage.fragments:
                strength = (fragment.strength or 0.0) if colour else 0.0
                body.append(fragment.text, terminal_tint(strength))
            if passage.strength is not None:
                margin = _BAR[min(7, int(8 * passage.strength))] + " "
                body.rstrip()
            lines += _wrapped(body, margin, width)
        if not colour:
            listed = ", ".join(f"{word} {weight:.2f}" for word, weight in self._highest()) or "none"
            lines += _wrapped(Text(f"highest {self.weighed}: {listed}"), "", width)
        return Text("\n").join(lines)

    def data(self) -> dict[str, Any]:
        words = np.asarray(self.words).tolist()
        return {"kind": "text", "text": self.text, "words": words, "known": self.known}

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        weight, bars = "attention", Markup("")
        if any(view.by_evidence and not view.method for view in views):
            weight = "share of the evidence for the predicted class"
        if any(view.sentences is not None for view in views):
            bars = Markup(
                ' The <span class="bar-key"></span> bar before a sentence shows the weight of the '
                "sentence."
            )
        return Markup(
            '<p class="soft">How to read this: the stronger the tint of a word, '
            '<span class="key tints"></span>, the higher its weight, which is its {}.{}</p>'
        ).format(weight, bars)

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


def tinted(fragment: Fragment) -> Markup:
    """The escaped text; without invisible tints, which halves the size of a long page."""
    tint = TINT * (fragment.strength or 0.0)
    if tint < 0.005 and not fragment.marked:
        return Markup.escape(fragment.text)
    return Markup('<span class="word{}" style="--s:{}" title="{}">{}</span>').format(
        " copied" * fragment.marked, f"{tint:.3f}", f"{fragment.weight:.4f}", fragment.text
    )


def _wrapped(body: Text, margin: str, width: int | None) -> list[Text]:
    """Lines of at most `width` cells; the first starts with the margin, the others are indented."""
    indent = cell_len(margin)
    if width is None:
        lines = list(body.split("\n", allow_blank=True))
    else:
        room = max(width - indent, 1)
        lines = list(body.wrap(Console(width=room), room)) or [Text()]
    for line in lines:
        line.rstrip()
    return [Text.assemble(margin if n == 0 else " " * indent, line) for n, line in enumerate(lines)]
