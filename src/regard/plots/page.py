"""Figures and templates as self-contained HTML."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from regard.plots.fonts import font_families
from regard.plots.format import alike, brief, duration, metric, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

__all__ = ["inline_svg", "own_style", "render", "stylesheet", "svg_text"]

_STYLE = RLock()  # matplotlib's settings belong to the process


@contextmanager
def own_style(salt: str = "regard") -> Iterator[None]:
    """Draw with fixed settings, and restore the user's matplotlib settings afterwards.

    One thread at a time is inside.

    Parameters:
        salt: makes the ids inside an SVG; it must be unique on the page.
    """
    from matplotlib import style

    settings = {
        "svg.fonttype": "none",  # text stays text: searchable, small, in the page's font
        "svg.hashsalt": salt,
        "font.size": 8.5,
        "font.family": font_families(),
    }
    # The reader's browser may have letters that the fonts of this machine lack.
    with _STYLE, style.context(settings, after_reset=True), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from", UserWarning)
        yield


def svg_text(figure: Figure | SubFigure | None, *, transparent: bool = False) -> str:
    """The figure as an SVG document; without a date, so that equal figures give equal text.

    It keeps its layout, and has none to compute afterwards.
    """
    from matplotlib.figure import Figure

    assert isinstance(figure, Figure)
    file = io.StringIO()
    _lay_out(figure)
    # The resolution of rasterised parts is enough for high-density screens.
    figure.savefig(file, format="svg", dpi=200, transparent=transparent, metadata={"Date": None})
    return file.getvalue()


def _lay_out(figure: Figure) -> None:
    """Place what is in the figure, for which `savefig` would draw all of it once more."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    engine = figure.get_layout_engine()
    if engine is not None:
        FigureCanvasSVG(figure)
        figure.dpi = FigureCanvasSVG.fixed_dpi  # as while it is written
        engine.execute(figure)
        figure.set_layout_engine(None)


def inline_svg(figure: Figure | SubFigure | None, *, label: str) -> Markup:
    """The figure as an element of a page, in the page's font and text colour.

    Parameters:
        figure: drawn under `own_style` with a salt that is unique on the page.
        label: description for screen readers.
    """
    svg = svg_text(figure, transparent=True)
    svg = svg[svg.index("<svg ") + len("<svg ") :]  # no XML prologue inside HTML
    svg = re.sub(r"<(metadata|style)\b.*?</\1>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # not referred to, and not unique in the page
    return Markup('<svg role="img" aria-label="{}" ').format(label) + Markup(svg)


def render(template: Path, **values: Any) -> str:
    """Render a template; all values but `Markup` are escaped.

    Parameters:
        template: its file. It includes others from its folder by name, and those of this module's
            folder as "plots/NAME".
        values: of its variables.
    """
    return _environment(template.parent).get_template(template.name).render(**values)


@cache
def stylesheet() -> str:
    """The CSS that every page has."""
    page = render(Path(__file__).with_name("page.html"))
    return page[page.index("<style>") + len("<style>") : page.index("</style>")]


@cache
def _environment(folder: Path) -> Environment:
    """It keeps the templates of a folder, which every case of a page would compile."""
    plots = PrefixLoader({"plots": FileSystemLoader(Path(__file__).parent)})
    environment = Environment(
        loader=ChoiceLoader([plots, FileSystemLoader(folder)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {"alike": alike, "brief": brief, "duration": duration}
    environment.filters.update(**filters, metric=metric, number=number)
    return environment
