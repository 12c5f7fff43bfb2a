"""One case on a page or in a picture file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from numpy.typing import NDArray

from regard.plots._outcome import Outcome
from regard.plots._page import inline_svg, own_style, render
from regard.plots._save import picture_writers, write_file
from regard.plots._style import axes_of_size
from regard.plots.attention import plot_attention

__all__ = ["CaseView", "case_html", "case_svg", "save_case"]


@dataclass(frozen=True, eq=False, kw_only=True)
class CaseView(Outcome):
    """A case, what was predicted for it, and where the prediction looked.

    Attributes:
        id: what the data calls the case.
        true: the true class, or the true numbers by the names of their targets; None where the
            truth is not known.
        predicted: the class of the highest probability, or the predicted numbers.
        probability: of the predicted class; numbers have none.
        series: [C, T], true steps only.
        channels: C names.
        weights: [T], not negative.
        span: half-open (start, stop) steps that are known to matter, if any are.
    """

    series: NDArray[np.floating]
    channels: tuple[str, ...]
    weights: NDArray[np.floating]
    span: tuple[int, int] | None = None

    @property
    def has_span(self) -> bool:
        """Whether some step is known to matter."""
        return self.span is not None and self.span[0] < self.span[1]


def case_html(view: CaseView) -> str:
    """A self-contained page of one case: no network, no scripts, text from data escaped."""
    svg = case_svg(view, name="case", width=8.0)
    return render("case.html", view=view, svg=svg, sizes=view.series.shape)


def save_case(view: CaseView, path: str | Path, *, overwrite: bool = False) -> None:
    """Write one case as a picture or a page.

    Parameters:
        view: the case.
        path: ends in .png, .svg or .html, which says what is written.
        overwrite: whether a file that exists may be replaced.

    Raises:
        ConfigError: the path ends in something else.
        RunError: the file exists, or cannot be written.
    """
    writers = picture_writers(lambda: _draw(view, width=8.0, title=True))
    writers[".html"] = lambda: case_html(view).encode()
    write_file(path, writers, overwrite=overwrite)


def case_svg(view: CaseView, *, name: str, width: float = 4.4) -> Markup:
    """The case's picture as an element of a page.

    Parameters:
        view: the case.
        name: unlike that of any other picture of the page.
        width: inches.
    """
    with own_style(name):
        ax = _draw(view, width=width)
        # Thousands of coloured pieces weigh less as pixels; axes and text stay vectors.
        for artist in (*ax.collections, *ax.child_axes[0].patches):
            artist.set_rasterized(True)
        return inline_svg(ax.figure, label=_label(view))


def _draw(view: CaseView, *, width: float, title: bool = False) -> Axes:
    C = len(view.series)
    height = 1.9 if C == 1 else 1.5 + 0.19 * min(C, 40)
    ax = axes_of_size(width, height * (1 if width < 6 else 1.3))
    # That a lone channel is number 0 says nothing; a name of its own does.
    channels = None if view.channels == ("channel 0",) else view.channels
    plot_attention(view.series, view.weights, span=view.span, channels=channels, ax=ax)
    if title:
        ax.set_title(view.title, loc="left", pad=16, parse_math=False)
    return ax


def _label(view: CaseView) -> str:
    C, T = view.series.shape
    start, stop = view.span or (0, 0)
    span = f"; true span {start} to {stop - 1}" if start < stop else ""
    return (
        f"Case {view.id}: {T} steps of {C} channel{'s' if C > 1 else ''} with the attention paid "
        f"to each, highest at step {int(np.argmax(view.weights))}{span}."
    )
