"""The report of a run: one self-contained HTML file."""

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from markupsafe import Markup

from regard.plots._fragments import TextView
from regard.plots._page import inline_svg, own_style, render
from regard.plots._style import axes_of_size
from regard.plots.case import CaseView, case_svg
from regard.plots.forecast import ForecastView
from regard.plots.forecast_page import forecast_svg
from regard.plots.history import plot_history
from regard.plots.text import text_block

__all__ = ["Report", "View", "known_number", "pictured", "report_html"]

View = CaseView | TextView | ForecastView


@dataclass(frozen=True, eq=False, kw_only=True)
class Report(ABC):
    """What the report of any task tells; each task has a class of its own.

    Attributes:
        title: of the page.
        metrics: figures on the test part, with fit_seconds, parameters and epochs.
        history: a row per epoch, see `plot_history`.
        config: resolved, with the versions under "versions".
        notes: remarks of one line, such as warnings, shown on top.
    """

    template: ClassVar[str]

    title: str
    metrics: Mapping[str, Any]
    history: Sequence[Mapping[str, float]]
    config: Mapping[str, Any]
    notes: Sequence[str] = field(default=())

    @abstractmethod
    def parts(self) -> dict[str, Any]:
        """What the task's own template is filled in with."""


def report_html(report: Report) -> str:
    """The report as one HTML text: no network, no scripts, everything that is data escaped.

    The figures come first, then the worst cases, examples, how training went, and the
    configuration.
    """
    return render(
        report.template,
        report=report,
        metrics=report.metrics,
        localisation=known_number(report.metrics.get("localisation_ap")),
        chance=known_number(report.metrics.get("localisation_chance")),
        history=_history(report.history),
        config=_flat({k: v for k, v in report.config.items() if k != "versions"}),
        versions=_flat(report.config.get("versions", {})),
        **report.parts(),
    )


def pictured(views: Sequence[View], *, name: str) -> list[tuple[View, Markup]]:
    """Each view with its picture as an element of the page.

    Parameters:
        views: of one kind.
        name: unlike that of any other row of pictures of the page.
    """
    return [(view, _picture(view, name=f"{name}{n}")) for n, view in enumerate(views)]


def known_number(value: float | None) -> float | None:
    """None also for NaN, which is the mean over no cases."""
    return None if value is None or math.isnan(value) else value


def _picture(view: View, *, name: str) -> Markup:
    if isinstance(view, TextView):
        return text_block(view)
    if isinstance(view, ForecastView):
        return forecast_svg(view, name=name)
    return case_svg(view, name=name)


def _history(history: Sequence[Mapping[str, float]]) -> Markup | None:
    if not history:
        return None
    last = history[-1]
    with own_style("history"):
        figure = plot_history(history, ax=axes_of_size(4.8, 2.6)).figure
        label = f"Loss over {len(history)} epochs, {last['loss']:.4f} at the end."
        return inline_svg(figure, label=label)


def _flat(section: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested mappings as dotted names, with values as JSON writes them."""
    rows: list[tuple[str, str]] = []
    for name, value in section.items():
        if isinstance(value, Mapping) and value:
            rows += _flat(value, f"{prefix}{name}.")
        else:
            text = (
                value
                if isinstance(value, str)
                else json.dumps(value, ensure_ascii=False, default=str)
            )
            rows.append((f"{prefix}{name}", text))
    return rows
