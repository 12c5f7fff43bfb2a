"""A story with a question, its answer, and the sentences that each hop looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from regard.errors import DataError
from regard.inputs.text.tints import terminal_tint
from regard.plots.format import one_line
from regard.plots.page import render
from regard.plots.story import MOST_SENTENCES, plot_story, shown_sentences, story_axes
from regard.plots.style import TINT
from regard.plots.view import CaseView

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["QuestionView", "StoryView", "bars", "left_out"]

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, eq=False, kw_only=True)
class QuestionView(CaseView):
    """A story with a question and its answer.

    Attributes:
        story: S sentences.
        question: about them.
        supporting: positions of the sentences that the answer follows from, None if unknown.
        known: number of words of the question that the model knows; at 0 the answer is a guess.
    """

    story: Sequence[str]
    question: str
    supporting: NDArray[np.int64] | None = None
    known: int = 1

    @property
    def name(self) -> str:
        return f"Case {self.id}" if self.id else "Typed question"

    @property
    def warning(self) -> str:
        return "" if self.known else "the model knows no word of the question: this is a guess"

    @property
    def _subject(self) -> str:
        """The question and the prediction."""
        return f"{one_line(self.question, 80)}  {self.outcome.title}"


@dataclass(frozen=True, eq=False, kw_only=True)
class StoryView(QuestionView):
    """A story with a question, its answer, and the sentences that each hop looked at.

    Attributes:
        weights: [hops, S], not negative.
    """

    grid: ClassVar[str] = "stories"
    css: ClassVar[str] = (_FOLDER / "view.css").read_text(encoding="utf-8")

    weights: NDArray[np.floating]

    def __post_init__(self) -> None:
        shape = np.shape(self.weights)
        if len(shape) != 2 or shape[1] != len(self.story):
            raise DataError(
                f"weights: wanted [hops, {len(self.story)}], one for each sentence, given the "
                f"shape {list(shape)}"
            )

    def picture(self, name: str) -> Markup:
        """The question, and a table of the sentences with a tinted cell for each hop."""
        hops = Markup("").join(
            Markup('<th scope="col">hop {}</th>').format(hop + 1)
            for hop in range(len(self.weights))
        )
        return Markup(
            '<p class="question" dir="auto">{}</p>\n<div class="scroll"><table class="story">\n'
            "<thead><tr><td></td><td></td>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table></div>{}"
        ).format(
            self.question,
            hops,
            Markup("").join(map(self._row, self._shown())),
            left_out(self.story),
        )

    def html(self) -> str:
        return render(_FOLDER / "view.html", view=self)

    def draw(self) -> Axes:
        given = {"supporting": self._true()}
        ax = story_axes(self.story, self.weights, **given, above=0.3)
        plot_story(self.story, self.weights, **given, ax=ax)
        ax.set_title(self.title, loc="left", pad=8, parse_math=False, fontsize="medium")
        return ax

    def terminal(self, *, colour: bool, width: int | None = None) -> Text:
        """A line for each sentence, with its weight in each hop before it; true ones have a >."""
        rows = self._shown()
        room = max((cell_len(str(at + 1)) for at in rows), default=1)
        head = Text(" " * (room + 2))
        for hop in range(len(self.weights)):
            head.append(set_cell_size(f" hop {hop + 1}", 6))
        lines = [head]
        for at in rows:
            mark = ">" if at in self._true() else " "
            line = Text(f"{mark}{at + 1:>{room}} ")
            for weight in self.weights[:, at].tolist():
                line.append(f" {weight:5.2f}", terminal_tint(min(weight, 1.0)) if colour else None)
            line.append(f"  {one_line(self.story[at], 200)}")
            if width is not None:
                line.truncate(width, overflow="ellipsis")
            lines.append(line)
        return Text("\n").join(lines)

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        return Markup(
            '<p class="soft">How to read this: the model looks at the story several times, in '
            "hops, and each column is one of them: the stronger the tint, "
            '<span class="key tints"></span>, the more it looked at the sentence. What a hop finds '
            "decides where the next one looks.{}</p>"
        ).format(bars(views))

    def _true(self) -> list[int]:
        return [] if self.supporting is None else self.supporting.tolist()

    def _shown(self) -> list[int]:
        return shown_sentences(self.weights, self._true())

    def _row(self, at: int) -> Markup:
        cells = Markup("").join(
            Markup('<td class="look" style="--s:{}">{}</td>').format(
                f"{TINT * min(weight, 1.0):.3f}", f"{weight:.2f}" if round(weight, 2) else ""
            )
            for weight in self.weights[:, at].tolist()
        )
        true = Markup(' class="true"') if at in self._true() else ""
        return Markup('<tr{}><th scope="row">{}</th><td dir="auto">{}</td>{}</tr>\n').format(
            true, at + 1, self.story[at], cells
        )


def left_out(story: Sequence[str]) -> Markup:
    """How many sentences a long story has beside those that are shown."""
    rest = len(story) - MOST_SENTENCES
    if rest <= 0:
        return Markup("")
    said = "1 sentence has" if rest == 1 else f"{rest} sentences have"
    return Markup('<p class="soft">{} lower weights and are left out.</p>').format(said)


def bars(views: Sequence[QuestionView]) -> Markup:
    """What the bar beside a sentence means, where one has it."""
    if all(view.supporting is None for view in views):
        return Markup("")
    return Markup(
        ' A <span class="bar-key"></span> bar marks the sentences that the answer follows from.'
    )
