"""Figures and templates as one HTML text that refers to nothing outside itself."""

import io
import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib import style
from matplotlib.figure import Figure, SubFigure

from regard.plots._outcome import number

__all__ = ["duration", "inline_svg", "own_style", "render", "svg_text"]


@contextmanager
def own_style(salt: str = "regard") -> Iterator[None]:
    """The same picture whatever the user's matplotlib settings are, which come back afterwards.

    Parameters:
        salt: ids inside an SVG are made from it; those of a page must differ.
    """
    settings = {
        "svg.fonttype": "none",  # text stays text: searchable, small, in the page's font
        "svg.hashsalt": salt,
        "font.size": 8.5,
    }
    # A font on this machine may lack letters of a name that the reader's browser has.
    with style.context(settings, after_reset=True), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from", UserWarning)
        yield


def svg_text(figure: Figure | SubFigure | None, *, transparent: bool = False) -> str:
    """The figure as a whole SVG document, without a date, so that equal figures give equal text."""
    assert isinstance(figure, Figure)
    file = io.StringIO()
    # What is rasterised needs no more than a dense screen shows.
    figure.savefig(file, format="svg", dpi=200, transparent=transparent, metadata={"Date": None})
    return file.getvalue()


def inline_svg(figure: Figure | SubFigure | None, *, label: str) -> Markup:
    """The figure as an element of a page, in the page's font and text colour.

    Parameters:
        figure: drawn under `own_style` with a salt that no other figure of the page has.
        label: what one hears who does not see the picture.
    """
    svg = svg_text(figure, transparent=True)
    svg = svg[svg.index("<svg ") + len("<svg ") :]  # no XML prologue inside HTML
    svg = re.sub(r"<(metadata|style)\b.*?</\1>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # not referred to, and not unique in the page
    return Markup('<svg role="img" aria-label="{}" ').format(label) + Markup(svg)


def render(template: str, **values: Any) -> str:
    """One of the templates beside this file, filled in; everything but figures is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(figure=_figure, number=number, duration=duration)
    return environment.get_template(template).render(**values)


def _figure(value: float | None) -> str:
    """Four decimals, or a dash for what could not be computed."""
    return "–" if value is None or math.isnan(value) else f"{value:.4f}"


def duration(seconds: float) -> str:
    """Seconds as one says them.

    >>> duration(185)
    '3 min 5 s'
    """
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
