"""A text with a text predicted from it and their alignment, drawn or printed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from regard.errors import DataError
from regard.inputs.text.tints import terminal_tint
from regard.plots.alignment import plot_alignment
from regard.plots.format import one_line
from regard.plots.page import render
from regard.plots.view import CaseView

__all__ = ["AlignmentView"]

_FOLDER = Path(__file__).parent
_NAME = 18  # letters of a word beside the map
_SHOWN = 3  # source words named for a target word
_LEAST = 0.1  # weight of a source word that is named beside the highest
_FAINT = 0.02  # weight of a cell that is left blank
_SMALL = 24  # rows or columns from which cells are smaller


@dataclass(frozen=True, eq=False, kw_only=True)
class AlignmentView(CaseView):
    """A text with a text predicted from it, and which source words each target word looked at.

    Attributes:
        source: K words of the text, in order, with the end mark if the model reads it.
        target: Q words of the prediction or of a given target, likewise.
        weights: [Q, K], not negative; rows sum to one, or all are zero for a model without
            attention.
        truth: [Q, K] boolean, the true links, None if unknown.
        warning: a reason to doubt the prediction; may be empty.
    """

    grid: ClassVar[str] = "alignments"
    css: ClassVar[str] = (_FOLDER / "alignment_view.css").read_text(encoding="utf-8")

    source: Sequence[str]
    target: Sequence[str]
    weights: NDArray[np.floating]
    truth: NDArray[np.bool_] | None = None
    warning: str = ""

    def __post_init__(self) -> None:
        shape = (len(self.target), len(self.source))
        for name in ("weights", "truth"):
            given = getattr(self, name)
            if given is not None and np.shape(given) != shape:
                raise DataError(
                    f"{name}: wanted [target words, source words] {list(shape)}, "
                    f"given the shape {list(np.shape(given))}"
                )

    def picture(self, name: str) -> Markup:
        """The source text and the map as elements of a page."""
        text = Markup('<p class="source" dir="auto">{}</p>\n').format(_joined(self.source))
        return text + self.map()

    def map(self) -> Markup:
        """A table with a tinted cell for each target and source word."""
        if not self.weights.any():
            return Markup('<p class="soft">No attention: there is nothing to draw.</p>')
        short = all(len(word) < 3 or word == self.source[-1] for word in self.source)
        kind = f"{' small' if max(self.weights.shape) > _SMALL else ''}{' short' if short else ''}"
        head = Markup('<th scope="col"><span dir="auto">{}</span></th>')
        columns = Markup("").join(head.format(one_line(word, _NAME)) for word in self.source)
        scale = float(self.weights.max())
        truth = np.zeros(self.weights.shape, bool) if self.truth is None else self.truth
        row = Markup('<tr><th scope="row" dir="auto">{}</th>{}</tr>\n')
        rows = Markup("").join(
            row.format(
                one_line(word, _NAME), Markup("").join(map(_cell, looks / scale, looks, links))
            )
            for word, looks, links in zip(self.target, self.weights, truth, strict=True)
        )
        return Markup(
            '<div class="scroll"><table class="map{}">\n<thead><tr><td></td>{}</tr></thead>\n'
            "<tbody>\n{}</tbody>\n</table></div>"
        ).format(kind, columns, rows)

    def html(self) -> str:
        return render(
            _FOLDER / "alignment_view.html",
            view=self,
            source=_marked(self.source, "s"),
            target=_marked(self.target, "t"),
            rules=Markup("\n").join(self._rules()),
            looked=list(zip(self.target, self.looked(), strict=True)),
        )

    def draw(self) -> Axes:
        ax = plot_alignment(self.weights, source=self.source, target=self.target, truth=self.truth)
        ax.set_title(self.title, loc="left", pad=8, parse_math=False)
        return ax

    def terminal(self, *, colour: bool, width: int | None = None) -> Text:
        """For each target word the source words that it looked at most, with their weights.

        With `colour`, a source word's colour shows its weight relative to the highest of all.
        """
        names = [one_line(word, _NAME) for word in self.target]
        room = max(map(cell_len, names), default=0)
        scale = float(self.weights.max(initial=0.0)) or 1.0
        lines = []
        for name, found in zip(names, self.looked(), strict=True):
            line = Text(set_cell_size(name, room))
            for word, weight in found:
                line.append("  ")
                line.append(word, terminal_tint(weight / scale) if colour else None)
                line.append(f" {weight:.2f}")
            line.rstrip()
            if width is not None:
                line.truncate(width, overflow="ellipsis")
            lines.append(line)
        return Text("\n").join(lines)

    def looked(self) -> list[list[tuple[str, float]]]:
        """Of each target word the source words with the highest weights, the highest first."""
        found = []
        for looks in self.weights:
            first = np.argsort(-looks, kind="stable")[:_SHOWN].tolist()
            kept = [k for k in first if looks[k] >= _LEAST] or first[:1]
            found.append(
                [(one_line(self.source[k], _NAME), float(looks[k])) for k in kept if looks[k] > 0]
            )
        return found

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        links = ""
        if any(view.truth is not None for view in views):
            links = " The true links are outlined in blue."
        return Markup(
            '<p class="soft">How to read this: a row is a word of the prediction, a column a word '
            'of the source. The darker the cell, <span class="key tints"></span>, the higher the '
            "weight of the source word when the word was predicted.{}</p>"
        ).format(links)

    def _rules(self) -> list[str]:
        """CSS rules that tint the source words when a target word is pointed at."""
        return [
            f".pair:has(.t{q}:is(:hover, :focus)) .s{k} {{ --s: {self.weights[q, k]:.2f}; }}"
            for q, k in np.argwhere(self.weights >= _FAINT).tolist()
        ]


def _cell(strength: float, weight: float, linked: bool) -> Markup:
    kind = Markup(" class=link") if linked else ""
    if weight < _FAINT:
        return Markup("<td{}></td>").format(kind)
    return Markup('<td{} style="--s:{}" title="{}"></td>').format(
        kind, f"{strength:.2f}", f"{weight:.2f}"
    )


def _joined(words: Sequence[str]) -> str:
    """The words as a text: letters without blanks between them."""
    *letters, _ = [*words, ""]
    return ("" if max(map(len, letters[:-1]), default=0) == 1 else " ").join(words)


def _marked(words: Iterable[str], letter: str) -> Markup:
    """The words as elements of the classes s0, s1, ... or t0, t1, ..."""
    focus = Markup(' tabindex="0"') if letter == "t" else ""
    word = Markup('<span class="word {}{}"{}>{}</span>')
    return Markup(" ").join(word.format(letter, n, focus, each) for n, each in enumerate(words))
