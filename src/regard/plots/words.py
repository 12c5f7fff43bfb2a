"""A text as a picture, each word on a tint as strong as the attention that it got."""

from typing import NamedTuple

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.textpath import text_to_path
from numpy.typing import ArrayLike

from regard.errors import DataError
from regard.plots._fragments import Fragment, Passage, TextView, passages
from regard.plots._style import BLUE, TINT, VERMILION

__all__ = ["plot_text", "text_axes"]

_SIZE, _SMALLEST = 10.0, 5.0  # points
_LINE = 1.75  # a line's height, in font sizes
_MARGIN = 1.2  # room for the bars of sentences, in font sizes


class _Placed(NamedTuple):
    """Letters at a place: x in points from the left, line from the top."""

    fragment: Fragment
    x: float
    width: float
    line: int


class _Laid(NamedTuple):
    placed: list[_Placed]
    bars: list[tuple[float, int, int]]  # strength, first line, line after the last
    lines: int


def plot_text(
    text: str | TextView,
    words: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    sentences: ArrayLike | None = None,
    sentence_weights: ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a text, wrapped, each word on a tint that is the stronger the higher its weight.

    The scale of the tints starts at 0 and ends at the highest weight, or at four times the mean if
    that is more, so that even attention looks even. What is between the words is drawn without a
    tint. Where sentences have weights, each begins on a line of its own, beside a blue bar that
    is the stronger the higher the sentence's weight.

    Parameters:
        text: any, or a view that has everything.
        words: [W, 2], half-open (start, stop) characters of each word, in order.
        weights: [W], not negative.
        sentences: [L, 2], half-open (start, stop) characters of each sentence, in order.
        sentence_weights: [L], not negative.
        ax: where to draw; by default the axes of a new figure as high as the text. Given axes have
            their frame taken off; the text is wrapped to the width that they have now, in smaller
            letters if that is what fits, and ends with an ellipsis where even that does not.

    Returns:
        The axes.

    Raises:
        DataError: spans that are out of order or out of the text, or weights that do not go with
            them, below zero or not finite.

    Source: tints of words and sentences as in figure 5 of Yang et al., 2016, "Hierarchical
    attention networks for document classification", NAACL, there in blue and red.

    >>> axes = plot_text("not bad", [[0, 3], [4, 7]], [0.7, 0.3])
    >>> [word.get_text() for word in axes.texts]
    ['not', 'bad']
    """
    if isinstance(text, TextView):
        if words is not None or weights is not None:
            raise DataError("plot_text: wanted a view alone, or a text with words and weights")
        view = text
        text, words, weights = view.text, view.words, view.weights
        sentences, sentence_weights = view.sentences, view.sentence_weights
    if words is None or weights is None:
        raise DataError("plot_text: a text was given without its words and weights")
    found = passages(text, words, weights, sentences=sentences, sentence_weights=sentence_weights)
    if ax is None:
        ax = text_axes(found, width=8.0)
    width, height = _points(ax)
    size = _SIZE
    laid = _lay(found, width, size)
    while laid.lines * _LINE * size > height + 1 and size > _SMALLEST:
        size -= 0.5
        laid = _lay(found, width, size)
    ax.set_axis_off()
    ax.set_xlim(0, width)
    ax.set_ylim(height, 0)
    _draw(ax, laid, size, room=max(1, int((height + 1) / (_LINE * size))))
    return ax


def text_axes(found: list[Passage], *, width: float, above: float = 0.0) -> Axes:
    """The axes of a new figure in which the text fits, with room above; inches."""
    edge = 0.12
    lines = _lay(found, (width - 2 * edge) * 72, _SIZE).lines
    text = max(lines, 1) * _LINE * _SIZE / 72
    whole = text + 2 * edge + above
    figure = Figure(figsize=(width, whole))
    return figure.add_axes((edge / width, edge / whole, 1 - 2 * edge / width, text / whole))


def _points(ax: Axes) -> tuple[float, float]:
    """Width and height of the axes as they are now."""
    box = ax.get_position()
    figure = ax.get_figure(root=True)
    assert figure is not None
    wide, high = figure.get_size_inches()
    return 72 * wide * box.width, 72 * high * box.height


def _lay(found: list[Passage], width: float, size: float) -> _Laid:
    """Places for all fragments, with lines broken at blanks, or anywhere if they must be."""
    font = FontProperties(size=size)
    placed: list[_Placed] = []
    bars = []
    line = 0
    for passage in found:
        left = 0.0 if passage.strength is None else _MARGIN * size
        first, x = line, left
        for run in _runs(passage.fragments):
            if run == "\n":
                line, x = line + 1, left
                continue
            if isinstance(run, str):  # blanks; none begins a line
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
    """What must not be broken if it fits on a line, what is blank between, and line ends."""
    runs: list[str | list[Fragment]] = []
    for fragment in fragments:
        for part in _split(fragment.text):
            if part.isspace():
                runs.append(part)
                continue
            if not runs or isinstance(runs[-1], str):
                runs.append([])
            run = runs[-1]
            assert isinstance(run, list)
            run.append(fragment._replace(text=part))
    # Ends of lines at the end of a passage are not drawn.
    while runs and isinstance(runs[-1], str):
        runs.pop()
    return runs


def _split(text: str) -> list[str]:
    """At blanks and ends of lines, which are parts too."""
    parts: list[str] = []
    for letter in text:
        joins = parts and letter != "\n" and parts[-1] != "\n"
        if joins and letter.isspace() == parts[-1].isspace():
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


def _pieces(fragment: Fragment, room: float, width: float, font: FontProperties) -> list[Fragment]:
    """The fragment whole if it fits on a line, otherwise cut wherever a line is full."""
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
    """In points."""
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])


def _draw(ax: Axes, laid: _Laid, size: float, *, room: int) -> None:
    """The lines for which there is room; an ellipsis says that there were more."""
    step = _LINE * size
    cut = laid.lines > room
    for strength, first, last in laid.bars:
        if first < room:
            top, bottom = first * step + 0.12 * step, min(last, room) * step - 0.12 * step
            ax.add_patch(
                Rectangle(
                    (0, top),
                    0.45 * size,
                    bottom - top,
                    facecolor=BLUE,
                    alpha=0.08 + 0.92 * strength,
                    linewidth=0,
                )
            )
    for fragment, x, width, line in laid.placed:
        if line >= room or (cut and line == room - 1 and x + width > ax.get_xlim()[1] - size):
            continue
        middle = (line + 0.5) * step
        if fragment.strength is not None and round(TINT * fragment.strength, 3) > 0:
            ax.add_patch(
                FancyBboxPatch(
                    (x, middle - 0.68 * size),
                    width,
                    1.36 * size,
                    boxstyle=f"round,pad=0.4,rounding_size={0.22 * size}",
                    facecolor=VERMILION,
                    alpha=TINT * fragment.strength,
                    linewidth=0,
                )
            )
        ax.text(
            x + width / 2,
            middle + 0.36 * size,
            fragment.text,
            fontsize=size,
            color=rcParams["text.color"],
            horizontalalignment="center",
            verticalalignment="baseline",
            parse_math=False,
        )
    if cut:
        ax.text(ax.get_xlim()[1], (room - 0.5) * step, "…", ha="right", va="center", fontsize=size)
