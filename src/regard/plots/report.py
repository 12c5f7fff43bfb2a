"""The report of a run: one self-contained HTML file."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from markupsafe import Markup

from regard.plots.explored import explored
from regard.plots.history import plot_history
from regard.plots.page import inline_svg, own_style, render
from regard.plots.style import axes_of_size
from regard.plots.trust import said
from regard.plots.view import CaseView

__all__ = ["Report", "report_html"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Report:
    """The contents of a report; an output may have a subclass with its own template.

    Attributes:
        template: file of the template; an output's extends `report.html`.
        title: of the page.
        metrics: metrics on the test part, with fit_seconds, parameters and epochs; if the true
            spans are known, also localisation_ap and localisation_chance.
        history: a row per epoch, as for `plot_history`.
        config: resolved, with the versions under "versions".
        notes: one-line warnings, shown at the top.
        reading: sentences that explain the pictures, shown beside them.
        examples: cases of the test part, all of the same class.
        mistakes: the worst mistakes of the test part, worst first, of the same class.
        cases: to be explored, the most important first; empty where they cannot be.
        verdicts: a row for each map and class: map, label, verdict, sentence and figures, as
            `regard.explain.Verdict` has them; empty before an audit.
        uniform: what attention is worth, in words; empty where no model was trained again.
    """

    template: ClassVar[Path] = Path(__file__).with_name("report.html")

    title: str
    metrics: Mapping[str, Any]
    history: Sequence[Mapping[str, float]]
    config: Mapping[str, Any]
    notes: Sequence[str] = ()
    reading: Sequence[str] = ()
    examples: Sequence[CaseView]
    mistakes: Sequence[CaseView] = ()
    cases: Sequence[CaseView] = ()
    verdicts: Sequence[Mapping[str, Any]] = ()
    uniform: str = ""

    def parts(self) -> dict[str, Any]:
        """Values for the variables of the output's own template."""
        return {}


def report_html(report: Report) -> str:
    """The report as one HTML text: no network, no script but regard's own, text escaped.

    It has the metrics, cases to explore, the worst mistakes, examples, the training history and
    the configuration. Without scripts, the cases to explore alone are missing.
    """
    views = [*report.mistakes, *report.examples]
    return render(
        report.template,
        report=report,
        metrics=report.metrics,
        localisation=_known(report.metrics.get("localisation_ap")),
        chance=_known(report.metrics.get("localisation_chance")),
        reading=_reading(report, views),
        explored=explored(
            report.cases,
            chosen=", up to half of them the worst and the others evenly from the rest",
            total=report.metrics.get("cases", len(report.cases)),
        ),
        css=Markup(views[0].css if views else ""),
        history=_history(report.history),
        said=said,
        config=_flat({k: v for k, v in report.config.items() if k != "versions"}),
        versions=_flat(report.config.get("versions", {})),
        **report.parts(),
    )


def _reading(report: Report, views: Sequence[CaseView]) -> Markup:
    """How to read the pictures, if there are any."""
    if not views:
        return Markup("")
    said = [Markup('<p class="soft">{}</p>').format(sentence) for sentence in report.reading]
    return Markup("\n").join([type(views[0]).reading(views), *said])


def _known(value: float | None) -> float | None:
    """NaN, the mean over no cases, as None."""
    return None if value is None or math.isnan(value) else value


def _history(history: Sequence[Mapping[str, float]]) -> Markup | None:
    if not history:
        return None
    [*_, last] = (row for row in history if "loss" in row)  # a fine-tuning has none
    with own_style("history"):
        figure = plot_history(history, ax=axes_of_size(4.8, 2.6)).figure
        label = f"Loss over {len(history)} epochs, {last['loss']:.4f} at the end."
        return inline_svg(figure, label=label)


def _flat(section: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested mappings as dotted names, with values as JSON."""
    rows: list[tuple[str, str]] = []
    for name, value in section.items():
        if isinstance(value, Mapping) and value:
            rows += _flat(value, f"{prefix}{name}.")
        else:
            text = json.dumps(value, ensure_ascii=False, default=str)
            rows.append((f"{prefix}{name}", value if isinstance(value, str) else text))
    return rows
