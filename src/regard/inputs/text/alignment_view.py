"""A text with a text predicted from it and their alignment, drawn or printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from regard.errors import DataError
from regard.inputs.text.tints import terminal_tint
from regard.plots.alignment import alignment_axes, plot_alignment, word_label
from regard.plots.lines import top_weight
from regard.plots.page import render
from regard.plots.view import CaseView

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize

__all__ = ["AlignmentView", "marked"]

_FOLDER = Path(__file__).parent
_SHOWN = 3  # source words named for a target word
_LEAST = 0.1  # weight of a source word that is named beside the highest
_LINE = 30  # letters of a title beside the narrowest map
_FAINT = 0.02  # tint that is not seen
_PART = 0.5  # of the most that one source word gave, from which others count, too
_SMALL = 24  # rows or columns above which cells are smaller


@dataclass(frozen=True, eq=False, kw_only=True)
class AlignmentView(CaseView):
    """A text with a text predicted from it, and which source words each target word looked at.

    Attributes:
        source: K words of the text, in order, with the end mark if the model reads it.
        target: Q words of the prediction or of a given target, likewise.
        weights: [Q, K], not negative; all zero for a model without attention.
        text: the source as written; empty if only its words are known.
        truth: [Q, K] boolean, the true links, None if unknown.
        copied: [Q, K], how much of each target word was copied from each source word; None for a
            model that does not copy.
        warning: a reason to doubt the prediction; may be empty.
    """

    grid: ClassVar[str] = "alignments"
    css: ClassVar[str] = (_FOLDER / "alignment_view.css").read_text(encoding="utf-8")

    source: Sequence[str]
    target: Sequence[str]
    weights: NDArray[np.floating]
    text: str = ""
    truth: NDArray[np.bool_] | None = None
    copied: NDArray[np.floating] | None = None
    warning: str = ""

    def __post_init__(self) -> None:
        shape = (len(self.target), len(self.source))
        for name in ("weights", "truth", "copied"):
            given = getattr(self, name)
            if given is not None and np.shape(given) != shape:
                raise DataError(
                    f"{name}: wanted [target words, source words] {list(shape)}, "
                    f"given the shape {list(np.shape(given))}"
                )

    @property
    def _subject(self) -> str:
        """Without the prediction, which stands beside the map."""
        return self._case

    def picture(self, name: str) -> Markup:
        """The source text and the map as elements of a page."""
        text = self.text or " ".join(self.source)
        source = Markup('<p class="source"><span class="soft">source</span> <bdi>{}</bdi></p>\n')
        return source.format(text) + self.map()

    def map(self) -> Markup:
        """A table with a tinted cell for each target and source word."""
        if not self.weights.any():
            return Markup('<p class="soft">No attention: there is nothing to draw.</p>')
        links = np.zeros(self.weights.shape, bool) if self.truth is None else self.truth
        dots = self.copies
        row = Markup('<tr><th scope="row" dir="auto">{}</th>{}</tr>\n')
        rows = [
            row.format(word_label(word), Markup("").join(map(_cell, *cells)))
            for word, *cells in zip(
                self.target, self._tints(), self.weights, links, dots, strict=True
            )
        ]
        return Markup(
            '<div class="scroll"><table class="map{}">\n<thead><tr><td></td>{}</tr></thead>\n'
            "<tbody>\n{}</tbody>\n</table></div>"
        ).format(
            " small" if max(self.weights.shape) > _SMALL else "",
            _columns([word_label(word) for word in self.source]),
            Markup("").join(rows),
        )

    def html(self) -> str:
        return render(
            _FOLDER / "alignment_view.html",
            view=self,
            source=marked(self.source, self.text, "s", self.copied_source),
            target=marked(self.target, self.outcome.answer, "t", self.copied_target),
            rules=Markup("\n").join(self._rules()),
            looked=list(zip(map(word_label, self.target), self.looked(), strict=True)),
        )

    def draw(self) -> Axes:
        lines = wrap(self.title, _LINE, break_on_hyphens=False)
        ax = plot_alignment(
            self.weights,
            source=self.source,
            target=self.target,
            truth=self.truth,
            copied=self.copies,
            ax=alignment_axes(self.source, self.target, above=0.1 + 0.2 * max(1, len(lines))),
        )
        ax.set_title("\n".join(lines), loc="left", pad=8, parse_math=False)
        return ax

    def terminal(self, *, colour: bool, width: int | None = None) -> Text:
        """A line for each target word, with the source words that it looked at most.

        With `colour`, a source word's colour shows its weight, as the cell of the map.
        """
        names = [word_label(word) for word in self.target]
        found = self.looked()
        room = max(map(cell_len, names), default=0)
        scale = self._scale()
        lines = []
        for name, words in zip(names, found, strict=True):
            line = Text(set_cell_size(name, room))
            for word, weight in words:
                line.append("  ")
                line.append(word, terminal_tint(scale(weight)) if colour else None)
                line.append(f" {weight:.2f}")
            line.rstrip()
            if width is not None:
                line.truncate(width, overflow="ellipsis")
            lines.append(line)
        return Text("\n").join(lines)

    @property
    def copies(self) -> NDArray[np.bool_]:
        """[Q, K] which target words were copied, and from which source words.

        A word that the source has several times may be copied from all of them; those that gave
        half as much as the first, or more, count.
        """
        if self.copied is None:
            return np.zeros(self.weights.shape, bool)
        whole = self.copied.sum(1, keepdims=True) > 0.5
        return np.asarray(whole & (self.copied >= _PART * self.copied.max(1, keepdims=True)))

    @property
    def copied_source(self) -> NDArray[np.bool_]:
        """[K] which source words were copied."""
        return np.asarray(self.copies.any(0))

    @property
    def copied_target(self) -> NDArray[np.bool_]:
        """[Q] which target words are copies."""
        return np.asarray(self.copies.any(1))

    def looked(self) -> list[list[tuple[str, float]]]:
        """Of each target word the source words with the highest weights, the highest first."""
        found = []
        for looks in self.weights:
            first = np.argsort(-looks, kind="stable")[:_SHOWN].tolist()
            kept = [k for k in first if looks[k] >= _LEAST] or first[:1]
            found.append(
                [(word_label(self.source[k]), float(looks[k])) for k in kept if looks[k] > 0]
            )
        return found

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        links = ""
        if any(view.truth is not None for view in views):
            links = " The true links are outlined in blue."
        if any(view.copied is not None for view in views):
            links += " A dot marks where a word was copied from; the others were written."
        return Markup(
            '<p class="soft">How to read this: a row is a word or a character of the prediction, '
            'a column one of the source. The stronger the tint, <span class="key tints"></span>, '
            "the higher the attention to the source word when the other was predicted.{}</p>"
        ).format(links)

    def _scale(self) -> Normalize:
        """From 0 to the highest weight; to a higher one, up to 1, where all of them are similar."""
        from matplotlib.colors import Normalize

        return Normalize(0, self._top())

    def _top(self) -> float:
        return min(top_weight(np.asarray(self.weights, np.float64)), 1.0)

    def _tints(self) -> NDArray[np.float64]:
        """[Q, K], how strong the tint of each cell is, from 0 to 1."""
        return np.asarray(self.weights, np.float64) / self._top()

    def _rules(self) -> list[str]:
        """CSS rules that tint the source words when a target word is pointed at."""
        tints = self._tints()
        return [
            f".pair:has(.t{q}:is(:hover, :focus)) .s{k} {{ --s: {tints[q, k]:.2f}; }}"
            for q, k in np.argwhere(tints >= _FAINT).tolist()
        ]


def _columns(names: Sequence[str]) -> Markup:
    """The cells above the map, with names written upwards unless they are letters."""
    letters = sum(len(name) > 2 for name in names) <= 1
    cell = Markup('<th scope="col"{}><span dir="auto">{}</span></th>')
    flat = Markup(' class="flat"')
    return Markup("").join(
        cell.format(flat if letters and len(name) <= 2 else "", name) for name in names
    )


def _cell(tint: float, weight: float, linked: bool, copied: bool) -> Markup:
    link, dot = Markup(" class=link") if linked else "", "•" if copied else ""
    if tint < _FAINT:  # shorter, which a long map is mostly made of
        return Markup("<td{}>{}</td>").format(link, dot)
    return Markup('<td{} style="--s:{}" title="{}">{}</td>').format(
        link, f"{tint:.2f}", f"{weight:.2f}", dot
    )


def marked(words: Sequence[str], text: str, letter: str, copied: NDArray[np.bool_]) -> Markup:
    """A text whose words are elements of the classes s0, s1, ... or t0, t1, ...

    Those that were copied are underlined.

    Words that do not make up the text, as with unknown ones, are separated by blanks instead. A
    last word that is not in it, such as an end mark, follows it.
    """
    if _places(words[:-1], text) is None:
        text = " ".join(words)
    elif _places(words, text) is None:
        text = f"{text} {words[-1]}" if text else words[-1]
    focus = Markup(' tabindex="0"') if letter == "t" else ""
    word = Markup('<span class="word {}{}{}"{}>{}</span>')
    parts, at = [], 0
    for number, (start, stop) in enumerate(_places(words, text) or []):
        parts += [
            text[at:start],
            word.format(letter, number, " copied" * bool(copied[number]), focus, text[start:stop]),
        ]
        at = stop
    return Markup("{}" * (len(parts) + 1)).format(*parts, text[at:])


def _places(words: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    """(start, stop) of each word in the text; None if more than blanks is between them.

    A word without letters is the next blank.
    """
    places, at = [], 0
    for word in [word or " " for word in words]:
        start = text.find(word, at)
        if start < 0 or text[at:start].strip():
            return None
        at = start + len(word)
        places.append((start, at))
    return places
