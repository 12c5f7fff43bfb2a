"""A text with the summary written for it, and what was copied from where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from regard.inputs.text.alignment_view import AlignmentView, marked
from regard.inputs.text.fragments import passages
from regard.inputs.text.links import unit_places
from regard.inputs.text.view import tinted
from regard.plots.text import Fragment, Passage, plot_text, text_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DocumentView"]

_MAP = 30  # source words up to which the map of an alignment can be read


@dataclass(frozen=True, eq=False, kw_only=True)
class DocumentView(AlignmentView):
    """As an alignment; a long text is drawn as it is read, its words tinted, below its summary.

    Attributes:
        spans: [K, 2], half-open (start, stop) characters of each source word; those of the end mark
            are empty.
    """

    spans: NDArray[np.integer]

    def draw(self) -> Axes:
        if len(self.source) <= _MAP:
            return super().draw()
        text = self._text()
        below = text._replace(fragments=[Fragment("\n"), *text.fragments])  # after a blank line
        found = [self._summary(), below]
        ax = plot_text(found, ax=text_axes(found, width=8.0, above=0.3))
        ax.set_title(self.title, loc="left", pad=8, parse_math=False)
        return ax

    def picture(self, name: str) -> Markup:
        if len(self.source) <= _MAP:
            return super().picture(name)
        words = marked(self.target, self.outcome.answer, "t", self.copied_target)
        return Markup('<p class="target">{}</p>\n{}').format(words, self.map())

    def map(self) -> Markup:
        """Of a long text the text itself, its words tinted by their mean attention."""
        if len(self.source) <= _MAP or not self.weights.any():
            return super().map()
        words = Markup("").join(map(tinted, self._text().fragments))
        return Markup('<div class="text" dir="auto">{}</div>').format(words)

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        if all(len(view.source) <= _MAP for view in views):
            return super().reading(views)
        return Markup(
            '<p class="soft">How to read this: the stronger the tint of a word, '
            '<span class="key tints"></span>, the more of the attention it got while the summary '
            "was written. Underlined words of the summary were copied from the underlined words of "
            "the text; the others were written.</p>"
        )

    def _text(self) -> Passage:
        """The text, its words with their mean attention."""
        spans = np.asarray(self.spans)
        true = spans[:, 0] < spans[:, 1]
        weights = self.weights[:-1].mean(0) if len(self.weights) > 1 else self.weights.mean(0)
        [passage] = passages(self.text, spans[true], weights[true])
        return _underlined(passage, self.copied_source[true])

    def _summary(self) -> Passage:
        """The summary, without tints."""
        text = self.outcome.answer
        places = unit_places(self.target, text)
        true = places[:, 0] < places[:, 1]
        [passage] = passages(text, places[true], np.zeros(true.sum()))
        return _underlined(passage, self.copied_target[true])


def _underlined(passage: Passage, marks: NDArray[np.bool_]) -> Passage:
    """A passage with some of its words underlined."""
    left = iter(marks.tolist())
    fragments = [
        each if each.weight is None else each._replace(marked=next(left))
        for each in passage.fragments
    ]
    return passage._replace(fragments=fragments)
