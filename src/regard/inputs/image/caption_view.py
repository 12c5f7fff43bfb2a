"""A picture with the caption written for it, and where each of its words looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.image.view import data_uri
from regard.plots.alignment import word_label
from regard.plots.caption import plot_caption
from regard.plots.page import render
from regard.plots.picture import glow
from regard.plots.view import CaseView

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CaptionView"]

_FOLDER = Path(__file__).parent
_SMALL = 64  # pixels up to which they are shown as squares


@dataclass(frozen=True, eq=False, kw_only=True)
class CaptionView(CaseView):
    """A picture with a caption, and where each word of it looked.

    Attributes:
        pixels: [rows, columns, 1 or 3] uint8.
        words: Q words of the caption, or characters, without the end.
        weights: [Q, rows, columns], not negative; all zero for a model without attention.
        boxes: half-open (top, left, bottom, right) of what each word shows, None where that is
            not known.
    """

    grid: ClassVar[str] = "captions"
    css: ClassVar[str] = (_FOLDER / "caption_view.css").read_text(encoding="utf-8")

    pixels: NDArray[np.uint8]
    words: Sequence[str]
    weights: NDArray[np.floating]
    boxes: Sequence[tuple[int, ...] | None]

    def __post_init__(self) -> None:
        wanted = len(self.words), *self.pixels.shape[:2]
        if np.shape(self.weights) != wanted:
            raise DataError(
                f"weights: wanted [words, rows, columns] {list(wanted)}, given the shape "
                f"{list(np.shape(self.weights))}"
            )
        if len(self.boxes) != len(self.words):
            raise DataError(
                f"boxes: wanted one for each of {len(self.words)} words, given {len(self.boxes)}"
            )

    @property
    def _subject(self) -> str:
        """The case and its caption."""
        return f"{self._case}: {self.outcome.answer}" if self.id else self.outcome.answer

    @property
    def attends(self) -> bool:
        """Whether there is anything to draw but the picture."""
        return bool(self.weights.any())

    def picture(self, name: str) -> Markup:
        """The picture, then once for every word with its light; each is on the page once."""
        plain = _svg(self._image(name), self.pixels, f"Case {self.id}.")
        if not self.attends:
            none = Markup('<p class="soft">No attention: there is nothing to draw.</p>')
            return Markup('<div class="sheet">{}</div>{}').format(plain, none)
        tiles = [_tile("", plain)]
        used = Markup('<use href="#{}"/>').format(name)
        for at, word in enumerate(self.words):
            shown = used + self._light(at) + self._outline(at)
            label = f"Where {word_label(word)!r} looked: {self._place(at)}."
            tiles.append(_tile(word_label(word), _svg(shown, self.pixels, label)))
        return Markup('<div class="sheet">\n{}</div>').format(Markup("").join(tiles))

    def hovered(self) -> Markup:
        """The picture with the light of the word that is pointed at."""
        layers = [
            Markup('<g class="layer l{}">{}{}</g>').format(at, self._light(at), self._outline(at))
            for at in range(len(self.words))
        ]
        return _svg(self._image("whole") + Markup("").join(layers), self.pixels, "The picture.")

    def caption(self) -> Markup:
        """The words as elements that can be pointed at."""
        word = Markup('<span class="word t{}" tabindex="0">{}</span>')
        found = [word.format(at, word_label(each)) for at, each in enumerate(self.words)]
        between = " " if any(len(each) > 1 for each in self.words) else ""
        return Markup(between).join(found)

    def html(self) -> str:
        rules = [
            f".caption:has(.t{at}:is(:hover, :focus)) .l{at} {{ opacity: 1; }}"
            for at in range(len(self.words))
        ]
        found = [(word_label(word), self._place(at)) for at, word in enumerate(self.words)]
        return render(
            _FOLDER / "caption_view.html",
            view=self,
            rules=Markup("\n".join(rules)),
            looked=found if self.attends else [],
        )

    def draw(self) -> Axes:
        words = [word_label(word) for word in self.words]
        sheet = plot_caption(self.pixels, self.weights, words=words, boxes=self.boxes, above=0.3)
        figure = sheet[0].get_figure()
        assert figure is not None
        figure.suptitle(self.title, x=0.01, ha="left", parse_math=False, fontsize="large")
        return sheet[0]

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        boxed = any(box is not None for view in views for box in view.boxes)
        box = ' The <span class="shade">blue box</span> holds what the word shows.' * boxed
        return Markup(
            '<p class="soft">How to read this: the first picture is the case; in each that follows '
            "it glows where the model looked when it wrote the word above it, and is dark where it "
            "did not.{}</p>"
        ).format(Markup(box))

    def _image(self, name: str) -> Markup:
        """The picture as an element with this id."""
        rows, columns = self.pixels.shape[:2]
        plain = np.broadcast_to(self.pixels, (rows, columns, 3))
        return Markup('<image id="{}" href="{}" width="{}" height="{}"/>').format(
            name, data_uri(plain), columns, rows
        )

    def _light(self, at: int) -> Markup:
        """What a word's light adds to the picture."""
        rows, columns = self.pixels.shape[:2]
        return Markup('<image href="{}" width="{}" height="{}"/>').format(
            data_uri(glow(self.weights[at])), columns, rows
        )

    def _outline(self, at: int) -> Markup:
        box = self.boxes[at]
        if box is None:
            return Markup("")
        top, left, bottom, right = box
        return Markup('<rect x="{}" y="{}" width="{}" height="{}"/>').format(
            left, top, right - left, bottom - top
        )

    def _place(self, at: int) -> str:
        """The pixel of a word's highest weight, in words."""
        own = self.weights[at]
        row, column = np.unravel_index(int(np.argmax(own)), own.shape)
        return f"most at row {row}, column {column}"


def _svg(content: Markup, pixels: NDArray[np.uint8], label: str) -> Markup:
    rows, columns = pixels.shape[:2]
    kind = "small" if max(rows, columns) <= _SMALL else "large"
    return Markup('<svg role="img" aria-label="{}" viewBox="0 0 {} {}" class="{}">{}</svg>').format(
        label, columns, rows, kind, content
    )


def _tile(word: str, picture: Markup) -> Markup:
    return Markup('<div class="tile"><span dir="auto">{}</span>{}</div>\n').format(
        word or Markup("&nbsp;"), picture
    )
