"""Plot a picture with the light of every word of its caption."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regard.errors import DataError
from regard.plots.format import one_line
from regard.plots.picture import Pixels, pixels_of, plot_picture
from regard.plots.weights import LONGEST

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_caption"]

_ACROSS = 6  # pictures in a row of the sheet, at most
_SIDE = 1.55  # of a picture's longer side, in inches
_TITLE = 0.24  # above a picture, in inches
_EDGE = 0.06  # around it


def plot_caption(
    pixels: Pixels,
    weights: Any,
    *,
    words: Sequence[str],
    boxes: Sequence[Sequence[int] | None] = (),
    above: float = 0.0,
) -> list[Axes]:
    """Draw a contact sheet: the picture as it is, then once for every word with its light.

    Parameters:
        pixels, weights: as of `plot_picture`, with weights [Q, rows, columns]: where each word
            looked.
        words: Q words.
        boxes: Q half-open boxes (top, left, bottom, right) of what each word shows, or None where a
            word has none; they are outlined in blue. Empty where none is known.
        above: room for a title, in inches.

    Returns:
        The axes of the picture and of each word, in a figure of their own.

    Raises:
        DataError: shapes that do not match, or weights that are negative or not finite.

    Source: after figures 3 and 5 of Xu et al., 2015, "Show, attend and tell: neural image caption
    generation with visual attention".

    >>> sheet = plot_caption(np.zeros((5, 7), np.uint8), np.ones((2, 5, 7)), words=["a", "cat"])
    >>> [ax.get_title(loc="left") for ax in sheet]
    ['', 'a', 'cat']
    """
    from matplotlib.figure import Figure

    maps = np.asarray(weights)
    if maps.ndim != 3 or len(maps) != len(words):
        raise DataError(
            f"weights: wanted a map [rows, columns] for each of {len(words)} words, given the "
            f"shape {list(maps.shape)}"
        )
    places = list(boxes) or [None] * len(words)
    if len(places) != len(words):
        raise DataError(f"boxes: wanted one for each of {len(words)} words, given {len(places)}")
    picture = pixels_of(pixels)
    rows, columns = picture.shape[:2]
    wide, high = (_SIDE * side / max(rows, columns) for side in (columns, rows))
    wide = max(wide, _SIDE / 2)  # room for the word
    tile, tall = wide + 2 * _EDGE, high + _TITLE + 2 * _EDGE
    across = min(_ACROSS, len(words) + 1)
    down = -(-(len(words) + 1) // across)
    width, height = across * tile, down * tall + above
    figure = Figure(figsize=(width, height))
    sheet: list[Axes] = []
    for at, (word, own, box) in enumerate(
        zip(["", *words], [None, *maps], [None, *places], strict=True)
    ):
        row, column = divmod(at, across)
        left = (column * tile + _EDGE) / width
        bottom = (height - above - (row + 1) * tall + _EDGE) / height
        ax = figure.add_axes((left, bottom, wide / width, high / height))
        plot_picture(picture, own, box=box, ax=ax)
        ax.set_anchor("NW")
        ax.set_title(one_line(word, LONGEST), loc="left", pad=3, parse_math=False)
        sheet.append(ax)
    return sheet
