"""The interface of a case that can be drawn."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from markupsafe import Markup
from rich.text import Text

from regard.plots.explored import Answers, Explored, explored
from regard.plots.format import one_line
from regard.plots.outcome import Outcome
from regard.plots.save import picture_writers, write_file
from regard.plots.trust import Trust

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CaseView", "FigureView"]

# What the rules of pictures need of a page, in whatever theme a notebook has.
_NOTEBOOK = """
--line: #8884; --card: transparent; --soft: inherit; --ink: currentColor; --wrong: #b93a06;
--quiet: #8b99aa; --ochre: #cf8f3a; --attended: #e0480b; --true: #2380c8;
max-width: 46rem;
svg { fill: currentColor; max-width: 100%; height: auto; }
svg text { font-family: inherit !important; }
svg [style*="stroke: #000000"] { stroke: currentColor !important; }
.wrong { color: var(--wrong); }
.elsewhere { stroke: currentColor; stroke-opacity: .45; stroke-width: 1.4; }
.zero { stroke: currentColor; stroke-opacity: .6; stroke-width: .6; stroke-dasharray: 1.5 1.5; }
.strip text { font-size: 8px; }
.here { stroke: currentColor; stroke-width: 2.4; }
.occlusion { fill: none; stroke: currentColor; stroke-width: 1.2; }
svg.strip { max-width: 30rem; }
""".strip()


@dataclass(frozen=True, eq=False, kw_only=True)
class CaseView(ABC):
    """A case with its prediction and its attention weights. Each input has a subclass.

    Attributes:
        id: name of the case in the data; empty for one that was typed.
        outcome: the prediction.
        trust: whether to believe its map; None where that was not asked.
        method: by which the weights were found; empty for those that the model shows by itself.
        answers: what is predicted of each class or target, by which a page lets the case be
            explored; None where it does not.
        grid: extra CSS class of the grid that holds several cases in a report.
        css: CSS rules that `picture` and `reading` need.
    """

    grid: ClassVar[str] = ""
    css: ClassVar[str] = ""

    id: str
    outcome: Outcome
    trust: Trust | None = None
    method: str = ""
    answers: Answers | None = None

    @property
    def name(self) -> str:
        """The name of the case on a page."""
        return f"Case {self.id}" if self.id else "Typed text"

    @property
    def heading(self) -> str:
        """The heading of the case's page."""
        return f"{self.name}: {self.outcome.headline}" if self.outcome.headline else self.name

    @property
    def _case(self) -> str:
        """The name of the case on a picture."""
        return f"case {one_line(self.id, 24)}" if self.id else ""

    @property
    def _subject(self) -> str:
        """What the picture is of."""
        return f"{self._case}, {self.outcome.title}" if self.id else self.outcome.title

    @property
    def title(self) -> str:
        """The title of the picture."""
        by = f"by {self.method}" if self.method else ""
        title = ", ".join(filter(None, [self._subject, by]))
        return f"{title}; its map: {self.trust.verdict.lower()}" if self.trust else title

    @property
    def warning(self) -> str:
        """A reason to doubt the prediction; may be empty."""
        return ""

    @property
    def named(self) -> str:
        """The case and its prediction in a few words."""
        return f"case {self.id}: {self.outcome.answer}" if self.id else self.outcome.answer

    @property
    def said(self) -> str:
        """The same with the warning."""
        return f"{self.named}{self.warning and f'; {self.warning}'}"

    @abstractmethod
    def picture(self, name: str) -> Markup:
        """The case as an element of a report.

        Parameters:
            name: unique on the page.
        """

    @cached_property
    def explored(self) -> Explored | None:
        """What a page of this case alone has to explore it; None without `answers`."""
        return explored([self])

    @abstractmethod
    def html(self) -> str:
        """A self-contained page: no network, no script but regard's own, text escaped."""

    @abstractmethod
    def draw(self) -> Axes:
        """The case as a figure with its title."""

    def player(self) -> Markup:
        """The case as an element of a page that plays it; empty if it cannot be heard."""
        return Markup("")

    def terminal(self, *, colour: bool, width: int | None = None) -> Text:
        """The case for `rich` to print; empty if it cannot be shown in a terminal.

        Parameters:
            colour: whether the terminal has colours.
            width: of the lines in cells; by default the console wraps.
        """
        return Text("")

    def data(self) -> dict[str, Any]:
        """The case as JSON, of a `kind` that a page draws itself; {} where only `draw` does."""
        return {}

    @classmethod
    @abstractmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        """The paragraph that explains the pictures of these views."""

    def _repr_html_(self) -> str:
        """The picture and its caption, for a notebook."""
        name = hashlib.sha256(f"{self.id} {self.title}".encode("utf-8", "replace")).hexdigest()[:8]
        parts = self.name, self.outcome.caption(), self.picture(name)
        body = Markup("<p>{}{}</p>{}").format(*parts)
        if self.trust:
            body += self.trust.html()
        css = f"{_NOTEBOOK}\n{self.css}"
        return f'<div class="regard-case"><style>.regard-case {{ {css} }}</style>{body}</div>'

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a picture or a page.

        Parameters:
            path: ends in .png, .svg or .html, which selects the format.
            overwrite: whether a file that exists may be replaced.

        Raises:
            ConfigError: the path has another ending.
            DataError: the arrays of the view do not fit together.
            RunError: the file exists, or cannot be written.
        """
        writers = picture_writers(self.draw)
        writers[".html"] = lambda: self.html().encode()
        write_file(path, writers, overwrite=overwrite)


@dataclass(frozen=True, eq=False, kw_only=True)
class FigureView(CaseView):
    """A case whose picture and page show the same figure, in two widths."""

    @abstractmethod
    def figure(self, width: float) -> Axes:
        """The axes of a new figure of a width in inches, without a title."""

    def draw(self) -> Axes:
        ax = self.figure(8.0)
        ax.set_title(self.title, loc="left", pad=16, parse_math=False)
        return ax
