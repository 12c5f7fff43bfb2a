"""The table of a comparison, and the files that it is written to."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from statistics import fmean, median, stdev
from typing import Any

from regard.jobs.differences import Difference
from regard.jobs.trained import Trained
from regard.outputs import Compared, Output
from regard.runs import write_rows

__all__ = ["best_of", "comparison_table", "csv_of", "figures_of", "latex_of", "markdown_of"]


def comparison_table(
    trained: Sequence[Trained], output: Output, apart: Mapping[str, Difference]
) -> list[list[str]]:
    """A row for each attention: mean and spread of the figures over the random seeds.

    Of the figure that is a mean over cases it has the paired difference to the best attention, with
    its interval of 95 %, and whether that leaves out 0.
    """
    figures = figures_of(trained, output)
    worst = [f"{figures[0].worst} {figures[0].title}"] if figures else []
    titles = [figure.title for figure in figures]
    by = output.case_figure if apart else None
    paired = [] if by is None else [f"{by.title} to the best", "differs"]
    rows = [["attention", *titles, *worst, *paired, "fit seconds", "parameters", "seeds"]]
    for label in dict.fromkeys(one.attention for one in trained):
        mine = [one for one in trained if one.attention == label]
        metrics = [one.metrics for one in mine if one.metrics]
        if not metrics:
            failed = ["failed"] * len(figures)
            rows.append([label, *failed, *[""] * len(worst + paired), "", "", f"0 of {len(mine)}"])
            continue
        first = [each[figures[0].name] for each in metrics]
        rows.append(
            [
                label,
                *(_spread(_known(metrics, figure.name)) for figure in figures),
                f"{(min if figures[0].best == 'highest' else max)(first):.4f}",
                *(_paired(apart.get(label)) if paired else ()),
                f"{median(each['fit_seconds'] for each in metrics):.1f}",
                str(metrics[0]["parameters"]),
                str(len(mine)) if len(metrics) == len(mine) else f"{len(metrics)} of {len(mine)}",
            ]
        )
    return rows


def figures_of(trained: Sequence[Trained], output: Output) -> list[Compared]:
    """The figures to compare by, the most important first; none where all trainings failed.

    What one training alone has, such as localisation, which nothing without attention has, is among
    them. The best value of each decides which is the most important.
    """
    merged: dict[str, Any] = {}
    for one in trained:
        for name, value in one.metrics.items():
            both = value, merged.get(name)
            merged[name] = max(both) if all(isinstance(x, int | float) for x in both) else value
    return output.compared(merged) if merged else []


def best_of(trained: Sequence[Trained], figure: Compared) -> str:
    """The attention with the best mean of a figure; the first of those that are equally good."""
    values: dict[str, list[float]] = {}
    for one in trained:
        if one.metrics:
            values.setdefault(one.attention, []).append(one.metrics[figure.name])
    means = {attention: fmean(own) for attention, own in values.items()}
    return (max if figure.best == "highest" else min)(means, key=lambda name: means[name])


def _paired(own: Difference | None) -> tuple[str, str]:
    """The difference to the best with its interval, and whether there is one."""
    if own is None:
        return "", ""
    if own.best:
        return "best", ""
    if own.low is None or own.high is None:
        return f"{own.difference:+.4f}", ""
    interval = f"[{own.low:+.4f}, {own.high:+.4f}]"
    return f"{own.difference:+.4f} {interval}", "yes" if own.differs else "no"


def _known(metrics: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    """A figure of the models that have it: without attention there is no localisation."""
    return [each[name] for each in metrics if name in each]


def _spread(values: Sequence[float]) -> str:
    """Mean and, of several values, standard deviation; nothing of none."""
    if not values:
        return ""
    if len(values) == 1:
        return f"{values[0]:.4f}"
    return f"{fmean(values):.4f} ± {stdev(values):.4f}"


def csv_of(trained: Sequence[Trained], apart: Mapping[str, Difference]) -> str:
    """A row for each training, with every figure and its paired difference to the best."""
    numbers = [
        name
        for one in trained
        for name, value in one.metrics.items()
        if isinstance(value, int | float)
    ]
    names = list(dict.fromkeys(numbers))
    text = io.StringIO(newline="")
    rows: list[list[Any]] = [["attention", "seed", *names]]
    rows[0] += [*["difference"] * bool(apart), "failure"]
    for one in trained:
        figures = [one.metrics.get(name, "") for name in names]
        if apart:
            own = apart.get(one.attention)
            figures.append("" if own is None else own.by_seed.get(one.seed, ""))
        rows.append([one.attention, one.seed, *figures, one.failure])
    write_rows(text, rows)
    return text.getvalue()


def markdown_of(table: Sequence[Sequence[str]]) -> str:
    """The table in Markdown."""
    heading, *rows = table
    lines = [heading, ["---", *["---:"] * (len(heading) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def latex_of(table: Sequence[Sequence[str]]) -> str:
    """The table in LaTeX, with the rules of its package booktabs."""
    heading, *rows = [[_escaped(cell) for cell in row] for row in table]
    lines = [" & ".join(row) + r" \\" for row in (heading, *rows)]
    first, *others = lines
    return "\n".join(
        [
            r"\begin{tabular}{l" + "r" * (len(heading) - 1) + "}",
            r"\toprule",
            first,
            r"\midrule",
            *others,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def _escaped(cell: str) -> str:
    """A cell as LaTeX reads it; a minus is not a hyphen."""
    for special in "&%$#_{}":
        cell = cell.replace(special, "\\" + special)
    number = cell[:1] in "+-" and cell[1:2].isdigit()
    if number:
        cell = cell.replace("-", "$-$").replace("+", "$+$")
    return cell.replace("±", r"$\pm$")
