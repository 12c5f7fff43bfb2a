"""A text for a terminal, its words coloured by their weights."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.text import Text

from regard.plots.text import Fragment, Passage

__all__ = ["terminal_text"]

# From the 256 colours, from pale to vermilion, each with black letters, which can be read on dark
# and light terminals. Weights below an eighth of the scale have no colour.
_TINTS = [
    Style(color="color(16)", bgcolor=f"color({code})", bold=code == 202)
    for code in (223, 216, 209, 202)
]
_LEAST = 1 / 8
_BAR = "▁▂▃▄▅▆▇█"


def terminal_text(
    passages: Sequence[Passage], *, colour: bool, width: int | None, below: str = ""
) -> Text:
    """A text and a line below it; see `TextView.terminal`."""
    lines: list[Text] = []
    for passage in passages:
        margin = ""
        if passage.strength is not None:
            margin = _BAR[min(7, int(8 * passage.strength))] + " "
        body = Text()
        for fragment in passage.fragments:
            body.append(fragment.text, _style(fragment) if colour else None)
        if passage.strength is not None:
            body.rstrip()
        lines += _wrapped(body, margin, width)
    if below:
        lines += _wrapped(Text(below), "", width)
    return Text("\n").join(lines)


def _style(fragment: Fragment) -> Style | None:
    if fragment.strength is None or fragment.strength < _LEAST:
        return None
    return _TINTS[min(3, int(4 * fragment.strength))]


def _wrapped(body: Text, margin: str, width: int | None) -> list[Text]:
    """Lines of at most `width` cells, the first after the margin, the others indented as far."""
    indent = cell_len(margin)
    if width is None:
        lines = list(body.split("\n", allow_blank=True))
    else:
        room = max(width - indent, 1)
        lines = list(body.wrap(Console(width=room), room)) or [Text()]
    for line in lines:
        line.rstrip()
    return [Text.assemble(margin if n == 0 else " " * indent, line) for n, line in enumerate(lines)]
