"""Train one configuration with each of several attentions and compare their figures."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any, NamedTuple

from regard.config import Config, resolve_config
from regard.errors import (
    ConfigError,
    DataError,
    RegardError,
    RunError,
    in_configuration,
    spoken,
)
from regard.estimators import sides_of
from regard.jobs.training import train
from regard.outputs import Output
from regard.runs import check_output, disk_errors, replacing

__all__ = ["Comparison", "Trained", "compare"]


class Trained(NamedTuple):
    """One training of a comparison.

    Attributes:
        attention: its name in the table.
        seed: random seed.
        metrics: on the test part, as in the run's `metrics.json`; empty if it failed.
        failure: the error message if it failed, otherwise empty.
        figure: title and value of the most important metric.
    """

    attention: str
    seed: int
    metrics: Mapping[str, Any]
    failure: str = ""
    figure: str = ""


class Comparison(NamedTuple):
    """The result of `compare`.

    Attributes:
        trained: every training, in order.
        table: a row of text for each attention; the first row is the heading.
        notes: what to know of it.
    """

    trained: list[Trained]
    table: list[list[str]]
    notes: list[str]


@spoken(in_configuration)
def compare(
    config: Config | Mapping[str, Any],
    attentions: Sequence[str | Mapping[str, Any]],
    out: str | Path,
    *,
    seeds: int = 3,
    overwrite: bool = False,
    resume: bool = False,
    watch: Callable[[Trained], None] | None = None,
) -> Comparison:
    """Train the configuration with each attention and seed, and put the figures in one table.

    All else is the same. Each training writes a run folder in `out`, beside `compare.csv` with
    every figure of every training and `compare.md` with the table. A training that fails is listed
    with its error and does not stop the others.

    Parameters:
        config: a `Config`, or what one is made of.
        attentions: names or tables, in the form of the configuration's `model.attention`.
        out: the folder to write.
        seeds: how many random seeds: that of the configuration and the ones that follow it.
        overwrite: whether existing run folders may be replaced.
        resume: whether to continue an interrupted comparison, without training again what is
            finished.
        watch: called after each training.

    Raises:
        RegardError: a configuration or the output cannot be used; nothing was trained.
    """
    out = Path(out)
    check_output(out, "folder", overwrite=resume or overwrite, fixes=("resume", "overwrite"))
    if seeds < 1:
        raise ConfigError(f"seeds: wanted at least 1, not {seeds}")
    config = config if isinstance(config, Config) else resolve_config(config)
    variants = _variants(config, attentions)
    incoming, output = sides_of(config)
    trained = []
    for label, variant in variants.items():
        for seed in range(config.seed, config.seed + seeds):
            run = out / f"{label.replace(' ', '-')}-seed{seed}"
            seeded = variant.model_copy(update={"seed": seed})
            try:
                metrics = train(seeded, run, overwrite=overwrite, resume=resume)
                first = output.compared(metrics)[0]
                figure = f"{first.title} {metrics[first.name]:.4f}"
                trained.append(Trained(label, seed, metrics, figure=figure))
            except (DataError, RunError):
                raise
            except RegardError as error:
                trained.append(Trained(label, seed, {}, str(error)))
            if watch is not None:
                watch(trained[-1])
    table = _table(trained, output)
    with disk_errors(out):
        with replacing(out / "compare.csv") as beside:
            beside.write_text(_csv(trained), encoding="utf-8")
        with replacing(out / "compare.md") as beside:
            beside.write_text(_markdown(table), encoding="utf-8")
    return Comparison(trained, table, incoming.comparing())


def _variants(config: Config, attentions: Sequence[str | Mapping[str, Any]]) -> dict[str, Config]:
    """The configuration with each attention, by its name in the table.

    If the configuration leaves the pooling open, all use one that every attention supports.
    """
    if not attentions:
        raise ConfigError("attention: name at least one; `regard mechanisms` lists them")
    pooling = config.model.pooling if "pooling" in config.model.model_fields_set else None
    variants: dict[str, Config] = {}
    for attention in attentions:
        label = attention if isinstance(attention, str) else _label(attention)
        if label in variants:
            raise ConfigError(f"attention: {label} is named twice")
        variants[label] = _with(config, attention, pooling, label)
    if len({variant.model.pooling for variant in variants.values()}) > 1:
        for attention, label in zip(attentions, list(variants), strict=True):
            variants[label] = _with(config, attention, "attention", label)
    return variants


def _with(
    config: Config, attention: str | Mapping[str, Any], pooling: str | None, label: str
) -> Config:
    """The configuration with another attention."""
    content = config.model_dump(mode="json")
    content["model"] |= {"attention": attention, "pooling": pooling}
    return resolve_config(content, source=f"attention {label}")


def _label(attention: Mapping[str, Any]) -> str:
    """A short name for an attention given as a table.

    >>> _label({"score": "general", "window": {"local-p": 10}, "heads": 4})
    'general local-p 10 heads 4'
    """
    words = []
    for name, value in attention.items():
        if name in ("heads", "query"):
            words.append(name)
        for part in value.items() if isinstance(value, Mapping) else [(value,)]:
            text = " ".join(x if isinstance(x, str) else json.dumps(x) for x in part)
            words.append("".join(c if c.isalnum() or c in " .-" else " " for c in text))
    return " ".join(" ".join(words).split()) or "additive"


def _table(trained: Sequence[Trained], output: Output) -> list[list[str]]:
    """A row for each attention: mean and spread of the figures over the random seeds."""
    whole = [one for one in trained if one.metrics]
    # The figures that all of them have, in the order of the first.
    sets = [output.compared(one.metrics) for one in whole]
    figures = [figure for figure in sets[0] if all(figure in each for each in sets)] if sets else []
    worst = [f"{figures[0].worst} {figures[0].title}"] if figures else []
    titles = [figure.title for figure in figures]
    rows = [["attention", *titles, *worst, "fit seconds", "parameters", "seeds"]]
    for label in dict.fromkeys(one.attention for one in trained):
        mine = [one for one in trained if one.attention == label]
        metrics = [one.metrics for one in mine if one.metrics]
        if not metrics:
            failed = ["failed"] * len(figures)
            rows.append([label, *failed, *[""] * len(worst), "", "", f"0 of {len(mine)}"])
            continue
        first = [each[figures[0].name] for each in metrics]
        rows.append(
            [
                label,
                *(_spread([each[figure.name] for each in metrics]) for figure in figures),
                f"{(min if figures[0].best == 'highest' else max)(first):.4f}",
                f"{median(each['fit_seconds'] for each in metrics):.1f}",
                str(metrics[0]["parameters"]),
                str(len(mine)) if len(metrics) == len(mine) else f"{len(metrics)} of {len(mine)}",
            ]
        )
    return rows


def _spread(values: Sequence[float]) -> str:
    """Mean and, of several values, standard deviation."""
    if len(values) == 1:
        return f"{values[0]:.4f}"
    return f"{fmean(values):.4f} ± {stdev(values):.4f}"


def _csv(trained: Sequence[Trained]) -> str:
    names = list(
        dict.fromkeys(
            name
            for one in trained
            for name, value in one.metrics.items()
            if isinstance(value, int | float)
        )
    )
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["attention", "seed", *names, "failure"])
    for one in trained:
        figures = [one.metrics.get(name, "") for name in names]
        writer.writerow([one.attention, one.seed, *figures, one.failure])
    return text.getvalue()


def _markdown(table: Sequence[Sequence[str]]) -> str:
    heading, *rows = table
    lines = [heading, ["---", *["---:"] * (len(heading) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
