"""A text for a terminal, its words coloured by the attention that they got."""

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.text import Text

from regard.plots._fragments import Fragment, TextView, looked_at_most, passages

__all__ = ["text_ansi"]

# From the 256 colours, as pale as paper to vermilion; each has black letters, so that they read
# on a dark terminal as on a light one. Weights below an eighth of the scale have no colour.
_TINTS = [
    Style(color="color(16)", bgcolor=f"color({code})", bold=code == 202)
    for code in (223, 216, 209, 202)
]
_LEAST = 1 / 8
_BAR = "▁▂▃▄▅▆▇█"


def text_ansi(view: TextView, *, colour: bool, width: int | None = None) -> Text:
    """The text with its words tinted by their weights, for `rich` to print.

    A terminal that has fewer colours gets the nearest ones: that is for the console to decide. The
    tint says how high the weight is beside the highest, or beside four times the mean if that is
    more. Where sentences have weights, each begins on a line of its own, behind a bar that is as
    high as its weight.

    Parameters:
        view: the text.
        colour: False gives plain text, and below it the three words of the highest weights.
        width: cells; lines are wrapped to it, between words where that goes. By default the
            console wraps.

    Returns:
        A `rich.text.Text`, in which nothing of the text is read as markup or as a control code.

    Raises:
        DataError: the view's spans and weights do not go together.

    >>> import numpy as np
    >>> from regard.plots import TextView
    >>> view = TextView(
    ...     id="1", text="Not bad, really.", words=np.array([[0, 3], [4, 7], [9, 15]]),
    ...     weights=np.array([0.5, 0.4, 0.1]), true=None, predicted="positive", known=3,
    ... )
    >>> print(text_ansi(view, colour=False))
    Not bad, really.
    looked at most: Not 0.50, bad 0.40, really 0.10
    """
    found = passages(
        view.text,
        view.words,
        view.weights,
        sentences=view.sentences,
        sentence_weights=view.sentence_weights,
    )
    lines: list[Text] = []
    for passage in found:
        margin = ""
        if passage.strength is not None:
            margin = _BAR[min(7, int(8 * passage.strength))] + " "
        body = Text()
        for fragment in passage.fragments:
            body.append(fragment.text, _style(fragment) if colour else None)
        if passage.strength is not None:
            body.rstrip()
        lines += _wrapped(body, margin, width)
    if not colour:
        most = looked_at_most(view.text, view.words, view.weights)
        listed = ", ".join(f"{word} {weight:.2f}" for word, weight in most)
        how = "spoke most for it" if view.by_evidence else "looked at most"
        lines += _wrapped(Text(f"{how}: {listed or 'nothing'}"), "", width)
    return Text("\n").join(lines)


def _style(fragment: Fragment) -> Style | None:
    if fragment.strength is None or fragment.strength < _LEAST:
        return None
    return _TINTS[min(3, int(4 * fragment.strength))]


def _wrapped(body: Text, margin: str, width: int | None) -> list[Text]:
    """Lines of at most so many cells, the first behind the margin, the others as far in."""
    indent = cell_len(margin)
    if width is None:
        lines = list(body.split("\n", allow_blank=True))
    else:
        room = max(width - indent, 1)
        lines = list(body.wrap(Console(width=room), room)) or [Text()]
    for line in lines:
        line.rstrip()
    return [Text.assemble(margin if n == 0 else " " * indent, line) for n, line in enumerate(lines)]
