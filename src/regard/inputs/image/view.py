"""A picture with its prediction and its light, drawn or on a page."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from regard.plots.page import render
from regard.plots.picture import light, plot_picture
from regard.plots.view import CaseView

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PictureView", "as_png", "data_uri"]

_FOLDER = Path(__file__).parent
_SMALL = 64  # pixels up to which they are shown as squares


@dataclass(frozen=True, eq=False, kw_only=True)
class PictureView(CaseView):
    """A picture with its prediction and attention weights.

    Attributes:
        pixels: [rows, columns, 1 or 3] uint8.
        weights: [rows, columns], not negative.
        box: half-open (top, left, bottom, right) of what is known to matter; or None.
    """

    grid: ClassVar[str] = "pictures"
    css: ClassVar[str] = (_FOLDER / "view.css").read_text(encoding="utf-8")

    pixels: NDArray[np.uint8]
    weights: NDArray[np.floating]
    box: tuple[int, ...] | None = None

    def picture(self, name: str) -> Markup:
        """The picture and its light, side by side."""
        plain = np.broadcast_to(self.pixels, (*self.pixels.shape[:2], 3))
        pair = [
            self._svg(plain, f"Case {self.id}."),
            self._svg(light(self.pixels, self.weights), f"What was looked at: {self._place()}."),
        ]
        return Markup('<div class="pair">{}{}</div>').format(*pair)

    def html(self) -> str:
        return render(_FOLDER / "view.html", view=self, place=self._place())

    def draw(self) -> Axes:
        from matplotlib.figure import Figure

        rows, columns = self.weights.shape
        wide = float(np.clip(columns / rows, 0.4, 2.5))
        height = 3.0 if wide <= 1 else 3.0 / wide**0.5
        figure = Figure(figsize=(max(4.5, 2 * height * wide), height + 0.4), layout="constrained")
        plain, lit = figure.subplots(1, 2)
        plot_picture(self.pixels, box=self.box, ax=plain)
        plot_picture(self.pixels, self.weights, box=self.box, ax=lit)
        figure.suptitle(self.title, x=0.02, ha="left", parse_math=False, fontsize="large")
        axes: Axes = lit
        return axes

    def data(self) -> dict[str, Any]:
        rows, columns = self.weights.shape
        box = None if self.box is None else list(self.box)
        png = as_png(self.pixels)
        return {"kind": "picture", "png": png, "rows": rows, "columns": columns, "box": box}

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        boxed = any(view.box is not None for view in views)
        box = ' The <span class="shade">blue box</span> is what is known to matter.' * boxed
        return Markup(
            '<p class="soft">How to read this: on the right the picture glows where the model '
            "looked, and is dark where it did not.{}</p>"
        ).format(Markup(box))

    def _place(self) -> str:
        """The pixel of the highest weight, in words."""
        row, column = np.unravel_index(int(np.argmax(self.weights)), self.weights.shape)
        return f"most at row {row}, column {column}"

    def _svg(self, shown: NDArray[Any], label: str) -> Markup:
        """Pixels as an element of a page, with the box over them."""
        rows, columns = shown.shape[:2]
        box = Markup("")
        if self.box is not None:
            top, left, bottom, right = self.box
            box = Markup('<rect x="{}" y="{}" width="{}" height="{}"/>').format(
                left, top, right - left, bottom - top
            )
        kind = "small" if max(rows, columns) <= _SMALL else "large"
        return Markup(
            '<svg role="img" aria-label="{}" viewBox="0 0 {} {}" class="{}">'
            '<image href="{}" width="{}" height="{}"/>{}</svg>'
        ).format(label, columns, rows, kind, data_uri(shown), columns, rows, box)


def data_uri(shown: NDArray[Any]) -> str:
    """[rows, columns, 3 or 4] as a PNG inside a page."""
    return f"data:image/png;base64,{as_png(shown)}"


def as_png(shown: NDArray[Any]) -> str:
    """[rows, columns, 1, 3 or 4] as a PNG in base64."""
    from PIL import Image

    pixels = np.ascontiguousarray(shown, np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(file, format="PNG")
    return base64.b64encode(file.getvalue()).decode()
