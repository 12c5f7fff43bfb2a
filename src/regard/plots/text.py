"""Plot a text with a tint behind each word that shows its weight."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from regard.plots.fonts import with_names
from regard.plots.style import BLUE, TINT, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.font_manager import FontProperties

__all__ = ["Fragment", "Passage", "plot_text", "text_axes"]

_SIZE, _SMALLEST = 10.0, 5.0  # points
_LINE = 1.75  # a line's height, in font sizes
_MARGIN = 1.2  # room for the bars of sentences, in font sizes


class Fragment(NamedTuple):
    """A word with its weight, or the characters between two words, without one.

    Attributes:
        text: the characters.
        weight: not negative; None between words.
        strength: of the tint, from 0 to 1; None between words.
        marked: whether the word is underlined, in blue if there is no blue tint.
        lower: strength of a second, blue tint, on the lower half of the word, where the first is
            then on the upper half; None without.
    """

    text: str
    weight: float | None = None
    strength: float | None = None
    marked: bool = False
    lower: float | None = None


class Passage(NamedTuple):
    """The fragments of a sentence with its weight and strength, or of a whole text without."""

    fragments: list[Fragment]
    weight: float | None = None
    strength: float | None = None


class _Placed(NamedTuple):
    """A fragment at its position: x in points from the left, line from the top."""

    fragment: Fragment
    x: float
    width: float
    line: int


class _Laid(NamedTuple):
    placed: list[_Placed]
    bars: list[tuple[float, int, int]]  # strength, first line, line after the last
    lines: int


def plot_text(passages: Sequence[Passage], *, ax: Axes | None = None) -> Axes:
    """Draw a wrapped text with a tint behind each word, the stronger the higher its weight.

    Characters between words have no tint. Sentences with weights start on a new line, beside a
    blue bar that shows the sentence's weight.

    Parameters:
        passages: the text, as `regard.inputs.text.fragments.passages` divides it.
        ax: where to draw; by default the axes of a new figure as high as the text. Axes that are
            given lose their frame; the text is wrapped to their current width, in smaller letters
            if necessary, and truncated with an ellipsis if even the smallest do not fit.

    Returns:
        The axes.

    Source: tints of words and sentences as in figure 5 of Yang et al., 2016, "Hierarchical
    attention networks for document classification", NAACL, there in blue and red.

    >>> words = [Fragment("not", 0.7, 1.0), Fragment(" "), Fragment("bad", 0.3, 0.4)]
    >>> [word.get_text() for word in plot_text([Passage(words)]).texts]
    ['not', 'bad']
    """
    passages = _with_names(passages)
    ax = ax or text_axes(passages, width=8.0)
    width, height = _points(ax)
    size = _SIZE
    laid = _lay(passages, width, size)
    while laid.lines * _LINE * size > height + 1 and size > _SMALLEST:
        size -= 0.5
        laid = _lay(passages, width, size)
    ax.set_axis_off()
    ax.set_xlim(0, width)
    ax.set_ylim(height, 0)
    _draw(ax, laid, size, room=max(1, int((height + 1) / (_LINE * size))))
    return ax


def text_axes(passages: Sequence[Passage], *, width: float, above: float = 0.0) -> Axes:
    """The axes of a new figure that fit the text, with space above; sizes in inches."""
    from matplotlib.figure import Figure

    edge = 0.12
    lines = _lay(_with_names(passages), (width - 2 * edge) * 72, _SIZE).lines
    text = max(lines, 1) * _LINE * _SIZE / 72
    whole = text + 2 * edge + above
    figure = Figure(figsize=(width, whole))
    return figure.add_axes((edge / width, edge / whole, 1 - 2 * edge / width, text / whole))


def _with_names(passages: Sequence[Passage]) -> list[Passage]:
    """With names for symbols that no font has, which must be known before lines are broken."""
    return [
        passage._replace(
            fragments=[each._replace(text=with_names(each.text)) for each in passage.fragments]
        )
        for passage in passages
    ]


def _points(ax: Axes) -> tuple[float, float]:
    """Current width and height of the axes."""
    box = ax.get_position()
    figure = ax.get_figure(root=True)
    assert figure is not None
    wide, high = figure.get_size_inches()
    return 72 * wide * box.width, 72 * high * box.height


def _lay(passages: Sequence[Passage], width: float, size: float) -> _Laid:
    """Positions of all fragments; lines break at blanks and within long words."""
    from matplotlib.font_manager import FontProperties

    font = FontProperties(size=size)
    placed: list[_Placed] = []
    bars = []
    line = 0
    for passage in passages:
        left = 0.0 if passage.strength is None else _MARGIN * size
        first, x = line, left
        for run in _runs(passage.fragments):
            if run == "\n":
                line, x = line + 1, left
                continue
            if isinstance(run, str):  # blanks, which do not start a line
                x += 0 if x == left else _width(run, font)
                continue
            whole = sum(_width(fragment.text, font) for fragment in run)
            if x > left and x + whole > width:
                line, x = line + 1, left
            for fragment in run:
                for piece in _pieces(fragment, width - x, width - left, font):
                    across = _width(piece.text, font)
                    if x > left and x + across > width + 0.01:
                        line, x = line + 1, left
                    placed.append(_Placed(piece, x, across, line))
                    x += across
        if x > left or line == first:
            line += 1
        if passage.strength is not None:
            bars.append((passage.strength, first, line))
    return _Laid(placed, bars, line)


def _runs(fragments: list[Fragment]) -> list[str | list[Fragment]]:
    """Runs that stay on one line if they fit, the blanks between them, and line ends."""
    runs: list[str | list[Fragment]] = []
    for fragment in fragments:
        for part in re.findall(r"\n|[^\S\n]+|\S+", fragment.text):
            if part.isspace():
                runs.append(part)
                continue
            if not runs or isinstance(runs[-1], str):
                runs.append([])
            run = runs[-1]
            assert isinstance(run, list)
            run.append(fragment._replace(text=part))
    # Line ends at the end of a passage are not drawn.
    while runs and isinstance(runs[-1], str):
        runs.pop()
    return runs


def _pieces(fragment: Fragment, room: float, width: float, font: FontProperties) -> list[Fragment]:
    """The whole fragment if it fits on a line, otherwise pieces that fill the lines."""
    if _width(fragment.text, font) <= width:
        return [fragment]
    pieces, text = [], ""
    for letter in fragment.text:
        if text and _width(text + letter, font) > room:
            pieces.append(fragment._replace(text=text))
            text, room = "", width
        text += letter
    return [*pieces, fragment._replace(text=text)]


def _width(text: str, font: FontProperties) -> float:
    """The width in points."""
    from matplotlib.textpath import text_to_path

    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])


def _draw(ax: Axes, laid: _Laid, size: float, *, room: int) -> None:
    """Draw the lines that fit, and an ellipsis if there are more."""
    from matplotlib import rcParams
    from matplotlib.patches import FancyBboxPatch, Rectangle

    step = _LINE * size
    cut, colour = laid.lines > room, rcParams["text.color"]
    for strength, first, last in laid.bars:
        if first < room:
            top, bottom = first * step + 0.12 * step, min(last, room) * step - 0.12 * step
            bar = Rectangle((0, top), 0.45 * size, bottom - top, facecolor=BLUE, linewidth=0)
            bar.set_alpha(0.08 + 0.92 * strength)
            ax.add_patch(bar)
    for fragment, x, width, line in laid.placed:
        if line >= room or (cut and line == room - 1 and x + width > ax.get_xlim()[1] - size):
            continue
        middle = (line + 0.5) * step
        if fragment.lower is not None:
            _draw_halves(ax, fragment, x, width, middle, size)
        elif fragment.strength is not None and round(TINT * fragment.strength, 3) > 0:
            rounded = f"round,pad=0.4,rounding_size={0.22 * size}"
            corner = (x, middle - 0.68 * size)
            tint = FancyBboxPatch(corner, width, 1.36 * size, rounded, fc=VERMILION, linewidth=0)
            tint.set_alpha(TINT * fragment.strength)
            ax.add_patch(tint)
        centre, base = x + width / 2, middle + 0.36 * size
        if fragment.marked:
            below = BLUE if fragment.lower is None else colour  # visible on a blue tint
            ax.plot([x, x + width], [base + 0.25 * size] * 2, color=below, linewidth=1.2)
        ax.text(centre, base, fragment.text, size=size, c=colour, ha="center", parse_math=False)
    if cut:
        ax.text(ax.get_xlim()[1], (room - 0.5) * step, "…", ha="right", va="center", fontsize=size)


def _draw_halves(
    ax: Axes, fragment: Fragment, x: float, width: float, middle: float, size: float
) -> None:
    """Two tints, above and below the middle of a word."""
    from matplotlib.patches import Rectangle

    high, edge = 0.82 * size, 0.1 * size
    tints = (fragment.strength or 0.0, VERMILION), (fragment.lower or 0.0, BLUE)
    for (strength, colour), top in zip(tints, (middle - high, middle), strict=True):
        half = Rectangle((x - edge, top), width + 2 * edge, high, facecolor=colour, linewidth=0)
        half.set_alpha(TINT * strength)
        ax.add_patch(half)
