"""The report of a run: one self-contained HTML file."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from regard.plots._page import inline_svg, own_style, render
from regard.plots._style import axes_of_size
from regard.plots.case import CaseView, case_svg
from regard.plots.confusion import plot_confusion
from regard.plots.history import plot_history

__all__ = ["Report", "report_html"]


@dataclass(frozen=True, eq=False)
class Report:
    """What a report tells.

    Attributes:
        title: of the page.
        metrics: figures on the test part. Cases, accuracy, precision, recall, f1, roc_auc (may be
            None), averaging, confusion_matrix, per_class (class, precision, recall, f1, support),
            fit_seconds, parameters, epochs; where spans are known also localisation_ap and
            localisation_chance.
        history: a row per epoch, see `plot_history`.
        classes: N names, in the order of the confusion matrix.
        examples: some cases of each class.
        mistakes: the worst first.
        config: resolved, with the versions under "versions".
        notes: remarks of one line, such as warnings, shown on top.
    """

    title: str
    metrics: Mapping[str, Any]
    history: Sequence[Mapping[str, float]]
    classes: Sequence[str]
    examples: Sequence[CaseView]
    mistakes: Sequence[CaseView]
    config: Mapping[str, Any]
    notes: Sequence[str] = field(default=())


def report_html(report: Report) -> str:
    """The report as one HTML text: no network, no scripts, everything that is data escaped.

    The figures come first, then the worst mistakes, examples of each class, how training went,
    and the configuration.
    """
    metrics = report.metrics
    matrix = np.asarray(metrics["confusion_matrix"], dtype=np.int64)
    # An example of a class that is not among the classes is shown all the same.
    shown = dict.fromkeys([*report.classes, *(str(view.true) for view in report.examples)])
    pictured = [(view, case_svg(view, name=f"e{n}")) for n, view in enumerate(report.examples)]
    return render(
        "report.html",
        report=report,
        metrics=metrics,
        right=int(matrix.trace()),
        wrong=int(matrix.sum() - matrix.trace()),
        commonest=max(metrics["per_class"], key=lambda row: row["support"]),
        binary=str(metrics["averaging"]).startswith("binary"),
        localisation=_number(metrics.get("localisation_ap")),
        chance=_number(metrics.get("localisation_chance")),
        confusion=_confusion(matrix, report.classes),
        history=_history(report.history),
        mistakes=[(view, case_svg(view, name=f"m{n}")) for n, view in enumerate(report.mistakes)],
        examples=[
            (name, [pair for pair in pictured if str(pair[0].true) == name]) for name in shown
        ],
        config=_flat({k: v for k, v in report.config.items() if k != "versions"}),
        versions=_flat(report.config.get("versions", {})),
    )


def _number(value: float | None) -> float | None:
    """None also for NaN, which is the mean over no cases."""
    return None if value is None or math.isnan(value) else value


def _confusion(matrix: NDArray[np.int64], classes: Sequence[str]) -> Markup:
    with own_style("confusion"):
        figure = plot_confusion(matrix, classes).figure
        return inline_svg(figure, label="Confusion matrix; the table of classes has its figures.")


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
