"""A story word by word with a question, its answer, and which words were looked at."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from rich.text import Text

from regard.errors import DataError
from regard.inputs.story.view import QuestionView, left_out
from regard.inputs.text.fragments import harmless
from regard.inputs.text.tints import terminal_tint
from regard.plots.format import one_line
from regard.plots.page import render
from regard.plots.story import shown_sentences
from regard.plots.style import TINT
from regard.plots.text import Fragment, Passage, plot_text, text_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["WordsView"]

_FOLDER = Path(__file__).parent
_HIGHEST = 3  # words of each look that are named
_LEAST = 0.005


@dataclass(frozen=True, eq=False, kw_only=True)
class WordsView(QuestionView):
    """A story word by word with a question, its answer, and which words were looked at.

    Attributes:
        words: [S, 3] of each word that was read, its sentence and its half-open (start, stop)
            characters there, in order.
        weights: [looks, S], not negative.
    """

    grid: ClassVar[str] = "texts"
    css: ClassVar[str] = "".join(
        (_FOLDER / name).read_text(encoding="utf-8") for name in ("view.css", "words_view.css")
    )
    most: ClassVar[str] = "Highest weights"
    """What the words of each look are."""

    words: NDArray[np.integer]
    weights: NDArray[np.floating]

    def __post_init__(self) -> None:
        if np.shape(self.weights) != (len(self.looks), len(self.words)):
            raise DataError(
                f"weights: wanted [{len(self.looks)}, {len(self.words)}], of each look "
                f"({', '.join(self.looks)}) for each word, given the shape "
                f"{list(np.shape(self.weights))}"
            )

    @property
    @abstractmethod
    def looks(self) -> Sequence[str]:
        """The names of the looks."""

    @abstractmethod
    def fragment(self, at: int, text: str) -> Fragment:
        """A word with its tints."""

    def picture(self, name: str) -> Markup:
        """The question, and the sentences with tinted words."""
        rows = [
            Markup('<div class="told{}">{}</div>\n').format(
                " true" if passage.weight else "", Markup("").join(map(_tinted, passage.fragments))
            )
            for passage in self._passages()
        ]
        return Markup(
            '<p class="question" dir="auto">{}</p>\n<div class="text" dir="auto">{}</div>{}'
        ).format(self.question, Markup("").join(rows), left_out(self.story))

    def html(self) -> str:
        return render(_FOLDER / "words_view.html", view=self)

    def draw(self) -> Axes:
        found = self._passages()
        ax = plot_text(found, ax=text_axes(found, width=7.0, above=0.3))
        ax.set_title(self.title, loc="left", pad=8, parse_math=False, fontsize="medium")
        return ax

    def terminal(self, *, colour: bool, width: int | None = None) -> Text:
        """The sentences, true ones after a >, with marked words in brackets, and the words that
        each look found most.
        """
        lines = []
        for passage in self._passages():
            line = Text("> " if passage.weight else "  ")
            for marked, run in groupby(passage.fragments, lambda each: each.marked):
                line.append("[" if marked else "")
                for each in run:
                    strength = max(each.strength or 0.0, each.lower or 0.0)
                    line.append(each.text, terminal_tint(strength) if colour else None)
                line.append("]" if marked else "")
            lines.append(line)
        lines += [Text(f"{look}: {words}") for look, words in self.highest]
        return Text("\n").join(lines)

    @property
    def highest(self) -> list[tuple[str, str]]:
        """Each look, and the words that it found most, with their weights."""
        found = []
        for look, row in zip(self.looks, self.weights, strict=True):
            most = np.argsort(-row, kind="stable")[:_HIGHEST]
            words = ", ".join(
                f"{one_line(self._word(at), 40)} {row[at]:.3f}"
                for at in most.tolist()
                if row[at] >= _LEAST
            )
            found.append((look, words or "no word of the story"))
        return found

    def _word(self, at: int) -> str:
        sentence, start, stop = self.words[at].tolist()
        word: str = self.story[sentence][start:stop]
        return word

    def _passages(self) -> list[Passage]:
        """The sentences, with weight 1 where they are supporting ones."""
        true = [] if self.supporting is None else self.supporting.tolist()
        of = self.words[:, 0]
        highest = np.zeros((1, len(self.story)))
        np.maximum.at(highest[0], of, self.weights.max(0, initial=0.0))
        found = []
        for sentence in shown_sentences(highest, true):
            text, fragments, before = self.story[sentence], list[Fragment](), 0
            for at in np.flatnonzero(of == sentence).tolist():
                _, start, stop = self.words[at].tolist()
                own = self.fragment(at, harmless(text[start:stop]))
                if before < start:
                    goes_on = own.marked and before > 0 and fragments[-1].marked
                    fragments.append(Fragment(harmless(text[before:start]), marked=goes_on))
                fragments.append(own)
                before = stop
            if before < len(text):
                fragments.append(Fragment(harmless(text[before:])))
            known = None if self.supporting is None else float(sentence in true)
            found.append(Passage(fragments, known, known))
        return found


def _tinted(fragment: Fragment) -> Markup:
    """The escaped text, without invisible tints."""
    first, last = (TINT * (each or 0.0) for each in (fragment.strength, fragment.lower))
    if max(first, last) < _LEAST and not fragment.marked:
        return Markup.escape(fragment.text)
    kind = "whole" if fragment.lower is None else "halves"
    return Markup('<span class="{}{}" style="--s:{}; --e:{}">{}</span>').format(
        kind, " answer" * fragment.marked, f"{first:.3f}", f"{last:.3f}", fragment.text
    )
