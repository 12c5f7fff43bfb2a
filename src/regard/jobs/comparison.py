"""Train one configuration with each of several attentions and compare their figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
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
from regard.jobs.comparison_table import (
    best_of,
    comparison_table,
    csv_of,
    figures_of,
    latex_of,
    markdown_of,
)
from regard.jobs.differences import Difference, differences, read_scores, remarks
from regard.jobs.trained import Trained
from regard.jobs.training import train
from regard.outputs import CaseScores
from regard.outputs.sides import sides_of
from regard.runs import check_output, disk_errors, replacing

__all__ = ["Comparison", "compare"]


class Comparison(NamedTuple):
    """The result of `compare`.

    Attributes:
        trained: every training, in order.
        table: a row of text for each attention; the first row is the heading.
        notes: what to know of it.
        differences: attention to its paired difference to the best one, of those that have one.
    """

    trained: list[Trained]
    table: list[list[str]]
    notes: list[str]
    differences: Mapping[str, Difference]

    def _repr_html_(self) -> str:
        from regard.plots.notebook import html_table

        head, *rows = self.table
        return html_table("Comparison", head, rows, note="; ".join(self.notes))


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
    every figure of every training, and `compare.md` and `compare.tex` with the table. A training
    that fails is listed with its error and does not stop the others.

    Reports of texts to write show figures by length of the source. Those of attentions named after
    `none` show its figures beside their own.

    Every attention is compared case by case with the best one, that of the best mean in the first
    column, see `differences`: the table has the mean difference with its interval of 95 % over
    seeds and cases, and whether it leaves out 0.

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
    incoming, output = sides_of(config)
    variants = _variants(config, attentions, incoming.alike())
    runs = {
        (label, seed): out / f"{label.replace(' ', '-')}-seed{seed}"
        for label in variants
        for seed in range(config.seed, config.seed + seeds)
    }
    tables = {ending: out / f"compare.{ending}" for ending in ("csv", "md", "tex")}
    for path in tables.values():
        check_output(path, "file", overwrite=True)
    for path in () if resume else runs.values():
        check_output(path, "run", overwrite=overwrite)
    trained, scores = [], dict[str, dict[int, CaseScores]]()
    baselines = dict[int, Path]()
    for (label, seed), run in runs.items():
        seeded = variants[label].model_copy(update={"seed": seed})
        try:
            metrics = train(
                seeded, run, overwrite=overwrite, resume=resume, baseline=baselines.get(seed)
            )
            first = output.compared(metrics)[0]
            figure = f"{first.title} {metrics[first.name]:.4f}"
            trained.append(Trained(label, seed, metrics, figure=figure))
            if "by_length" in metrics and seeded.model.attention.score == "none":
                baselines[seed] = run
            if (found := read_scores(run / "scores.csv")) is not None:
                scores.setdefault(label, {})[seed] = found
        except (DataError, RunError):
            raise
        except RegardError as error:
            trained.append(Trained(label, seed, {}, str(error)))
        if watch is not None:
            watch(trained[-1])
    apart, notes = dict[str, Difference](), incoming.comparing()
    figures = figures_of(trained, output)
    if figures and (by := output.case_figure) is not None:
        apart = differences(scores, best=best_of(trained, figures[0]))
        notes = [*notes, *remarks(by, scores, apart)]
    table = comparison_table(trained, output, apart)
    texts = {"csv": csv_of(trained, apart), "md": markdown_of(table), "tex": latex_of(table)}
    with disk_errors(out):
        for ending, text in texts.items():
            with replacing(tables[ending], overwrite=True) as beside:
                beside.write_text(text, encoding="utf-8")
    return Comparison(trained, table, notes, apart)


def _variants(
    config: Config, attentions: Sequence[str | Mapping[str, Any]], alike: Mapping[str, Any]
) -> dict[str, Config]:
    """The configuration with each attention, by its name in the table, and these model options.

    If the configuration leaves the pooling open, all use one that every attention supports.
    """
    if not attentions:
        raise ConfigError("attention: name at least one; `regard mechanisms` lists them")
    model = config.model
    chosen = "pooling" not in type(model).model_fields or "pooling" in model.model_fields_set
    free: dict[str, Any] = {**alike} if chosen else {**alike, "pooling": None}
    variants: dict[str, Config] = {}
    for attention in attentions:
        label = attention if isinstance(attention, str) else _label(attention)
        if label in variants:
            raise ConfigError(f"attention: {label} is named twice")
        variants[label] = _with(config, label, attention=attention, **free)
    if not chosen and len({variant.model.pooling for variant in variants.values()}) > 1:
        for attention, label in zip(attentions, list(variants), strict=True):
            one = {**free, "attention": attention, "pooling": "attention"}
            variants[label] = _with(config, label, **one)
    return variants


def _with(config: Config, label: str, **model: Any) -> Config:
    """The configuration with another attention, and the pooling if that is free."""
    content = config.model_dump(mode="json")
    content["model"] |= model
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
