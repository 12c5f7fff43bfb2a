"""What the command line prints: figures, tables, predictions, mechanisms."""

import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, cast

import typer

from regard.errors import ConfigError, did_you_mean, printable

__all__ = [
    "described_mechanisms",
    "list_mechanisms",
    "print_answer",
    "print_checked",
    "print_figures",
    "print_json",
    "print_machine",
    "print_mechanism",
    "print_progress",
    "print_runs",
    "print_started",
    "print_table",
    "print_verdicts",
    "say",
    "screen",
]

_NAME = 20  # letters of a figure's name at least
_PERCENT = ("bleu", "bleu_lowercase", "chrf")  # how the names of figures from 0 to 100 end
_CLASSES = 5  # with the lowest recall, that are printed
_SERIES = 12  # whose errors are printed, if there are no more


def say(text: object = "", *, err: bool = False, end: str = "\n") -> None:
    """Print a line; all that the command line says goes this way, or that of `print_answer`.

    Texts of files are in much of it: labels, names, notes, errors. See `printable` for what is left
    of them.

    Parameters:
        text: the line.
        err: whether to the standard error.
        end: what follows it.
    """
    typer.echo(f"{printable(str(text))}{end}", err=err, nl=False)


class _Screen:
    """Takes lines for a terminal."""

    def write(self, line: str) -> int:
        say(line.removesuffix("\n"))
        return len(line)


def screen() -> IO[str]:
    """The standard output, of which a terminal gets no more than is printable, and a pipe all."""
    return cast("IO[str]", _Screen()) if sys.stdout.isatty() else sys.stdout


def print_json(content: Any) -> None:
    """A value as indented JSON, for other programs."""
    for line in json.dumps(content, indent=2, ensure_ascii=False).split("\n"):
        say(line)


def print_machine(found: Mapping[str, Any]) -> None:
    """What regard runs on, as `jobs.doctor` returns it."""
    for name, value in found.items():
        if name == "versions":
            say(f"{'versions':{_NAME + 3}} {', '.join(f'{of} {v}' for of, v in value.items())}")
        elif name != "slow":
            shown = ("no", "yes")[value] if isinstance(value, bool) else value
            say(f"{name:{_NAME + 3}} {shown}")
    for line in found["slow"]:
        say(f"slow: {line}")


def print_progress(done: int, steps: int) -> None:
    """In place of the line before, which is left blank at the end."""
    shown = "\x1b[K" if done == steps else f"step {done} of {steps}"
    typer.echo(f"\r{shown}", nl=False, err=True)


def print_answer(view: Any) -> None:
    """A prediction, the next ones, and the case with its weights.

    Several answers that were asked for have their scores before them.
    """
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=False)
    ranked = view.outcome.ranked or [(view.outcome.answer, "")]
    room = max(len(score) for _, score in ranked)
    for place, (answer, score) in enumerate(ranked):
        text = printable(f"{score:>{room}}  {answer}" if score else answer)
        console.print(text, style=None if place else "bold", markup=False)
    if view.outcome.others:
        console.print(printable(f"then {view.outcome.others}"), markup=False)
    if view.warning:
        console.print(printable(view.warning), markup=False)
    colour = console.is_terminal and console.color_system is not None
    drawn = view.terminal(colour=colour, width=console.width if colour else None)
    drawn.plain = "\n".join(map(printable, drawn.plain.split("\n")))  # of the same length
    console.print(drawn)


def print_figures(metrics: Any) -> None:
    """The figures of a test part, as in `metrics.json`."""
    every = metrics.get("per_series", [])
    series = every if 1 < len(every) <= _SERIES else []
    rows = list(_figures(metrics, targets=not series))
    room = max([_NAME, *(len(name) for name, _ in rows)])
    for name, shown in rows:
        say(f"{name:{room}} {shown}")
    if series:
        print_table(_each_series(series))
    if len(lengths := metrics.get("by_length", [])) > 1:
        print_table(_each_length(lengths))
    for note in metrics.get("notes", ()):
        say(f"note: {note}")


def _figures(metrics: Any, *, targets: bool) -> Iterator[tuple[str, str]]:
    """Names and values; those of each target too where they have no table."""
    for name, value in metrics.items():
        if isinstance(value, float):
            yield name.replace("_", " "), _shown(name, value)
        elif isinstance(value, int):
            yield name.replace("_", " "), str(value)
    each = metrics.get("per_target", []) if targets else []
    for row in each if len(each) > 1 else []:
        yield f"mae {row['target']}", f"{row['mae']:.4g}"
    if metrics.get("positive_class") is not None:
        yield "positive class", metrics["positive_class"]
    occurring = [row for row in metrics.get("per_class", []) if row["support"]]
    for row in sorted(occurring, key=lambda row: row["recall"])[:_CLASSES]:
        yield f"recall {row['class']}", f"{row['recall']:.4f} of {row['support']} cases"
    for name, figures in metrics.get("baselines", {}).items():
        yield f"mae {name}", f"{figures['mae']:.4f}"
    wrong = [f"{row['kind']} {row['cases']}" for row in metrics.get("mistakes", []) if row["cases"]]
    if wrong:
        yield "mistakes", ", ".join(wrong)
    for name, signature in metrics.get("signatures", {}).items():
        yield f"signature of {name.replace('_', ' ')}", signature


def _shown(name: str, value: float) -> str:
    if name.endswith(_PERCENT):
        return f"{value:.2f}"
    return f"{value:.4f}" if abs(value) >= 0.01 or value == 0 else f"{value:.4g}"


def print_runs(runs: Iterable[Any]) -> None:
    """A table of runs, as `jobs.list_runs` returns them, and those that cannot be read."""
    found = list(runs)
    rows = [["run", "task", "figure", "value", "cases", "attention", "trained in"]]
    for each in found:
        if not each.fault:
            value = "" if each.value is None else f"{each.value:.4f}"
            seconds = "" if each.seconds is None else _duration(each.seconds)
            cases = "" if each.cases is None else str(each.cases)
            rows.append([each.path, each.task, each.figure, value, cases, each.attention, seconds])
    if len(rows) > 1:
        print_table(rows)
    for each in found:
        if each.fault:
            say(f"broken: {each.fault}", err=True)
    if not found:
        say("no runs", err=True)


def print_started(found: Iterable[str], doubts: Iterable[str]) -> None:
    """What was found in data, and what may be otherwise; messages, not results."""
    for line in found:
        say(line, err=True)
    for doubt in doubts:
        say(f"unsure: {doubt}", err=True)


def print_checked(found: Any, config: Any) -> None:
    """What is known before training, as `jobs.check` returns it, and the configuration."""
    for line in config.model_dump_json(indent=2).split("\n"):
        say(line)
    for line in found.found:
        say(line)
    say(f"parameters: {found.parameters:,}")
    if found.updates:
        say(
            f"training: at most {found.updates:,} updates, about {_duration(found.seconds)} "
            "(an estimate, from a few updates on this machine)"
        )
    for note in found.notes:
        say(f"note: {note}")


def _duration(seconds: float) -> str:
    for size, name in ((3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{max(1, round(seconds))} seconds"


def print_table(rows: list[list[str]]) -> None:
    """Aligned columns, the first to the left and the others to the right."""
    first, *widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths, strict=True)]
        say("  ".join([row[0].ljust(first), *cells]).rstrip())


def print_verdicts(audit: Mapping[str, Any]) -> None:
    """A line for each map and predicted class: whether to believe it, and why.

    Parameters:
        audit: as `audit.json` holds it; empty without one.
    """
    from regard.plots import said, said_of_uniform

    for each in audit.get("verdicts", ()):
        verdict = said(each["verdict"], measured=each["figures"] is not None).lower()
        say(f"{each['map']} for {each['label']}: {verdict}: {each['sentence']}")
    if uniform := audit.get("uniform"):
        say(said_of_uniform(**uniform))


def list_mechanisms() -> None:
    for title, family in _families().items():
        say(title)
        say()
        for each in family.values():
            say(f"  {each.name:20}{each.formula}")
            say(f"  {'':20}{each.source}")
        say()
    say("One of them, with its weights drawn: regard mechanisms NAME")


def described_mechanisms(names: list[str]) -> list[dict[str, Any]]:
    """Mechanisms as JSON has them; all of them where none is named."""
    every = [each for family in _families().values() for each in family.values()]
    fields = ("name", "family", "formula", "source", "use")
    return [
        {name: getattr(each, name) for name in fields} | {"options": dict(each.options)}
        for each in (map(_mechanism, names) if names else every)
    ]


def _mechanism(name: str) -> Any:
    """The mechanism of this name, or of this author."""
    from regard.catalogue import AUTHORS, find_mechanism

    mechanism = find_mechanism(name)
    if mechanism is None:
        known = [*AUTHORS, *(known for family in _families().values() for known in family)]
        raise ConfigError(f"'{name}' is not a mechanism{did_you_mean(name, known)}")
    return mechanism


def print_mechanism(name: str, out: Path | None, *, overwrite: bool) -> None:
    from regard.catalogue import by_author

    mechanism = _mechanism(name)
    others = [each.name for each in by_author(name) if each is not mechanism]
    author, name = name, mechanism.name

    from regard import jobs
    from regard.plots import save_weights

    weights = jobs.example_weights(name)
    if out is not None:
        save_weights(weights, out, title=name, overwrite=overwrite)
    say(f"{mechanism.name}: {mechanism.formula}")
    say(f"{mechanism.source}")
    if mechanism.use:
        say(f"use: {mechanism.use}")
    if others:
        say(f"also by {author}: {', '.join(others)}")
    say(f"in Python: {jobs.call_of(mechanism)}")
    if mechanism.family != "around":
        option = next(iter(mechanism.options.items()), None)
        table = {mechanism.family: {name: option[1]} if option else name}
        say(f"in a configuration: {json.dumps({'attention': table})}")
    say()
    say("weights on a sine wave held flat from step 8 to 12, untrained:")
    say()
    for line in _draw(weights):
        say(line)
    if out is not None:
        say()
        say(f"picture: {out}")


def _each_series(rows: list[Any]) -> list[list[str]]:
    """A table of the errors of each series and target, with a header."""
    named = [name for name in ("series", "target") if len({row[name] for row in rows}) > 1]
    baselines = list(rows[0]["baselines"])
    best = ["best"] if "best" in rows[0] else []  # runs from before have none
    return [["mae of " + " and ".join(named), "model", *baselines, *best]] + [
        [
            " ".join(row[name] for name in named),
            *(f"{error:.4g}" for error in (row["mae"], *row["baselines"].values())),
            *(row[name] for name in best),
        ]
        for row in rows
    ]


def _each_length(rows: list[Any]) -> list[list[str]]:
    """A table of the figures by length, with a header."""
    measure, of = ("wer", "words") if "wer" in rows[0] else ("bleu", "source tokens")
    return [[of, "cases", measure, "exact match"]] + [
        [
            f"{row['from']} to {row['to']}" if row["from"] < row["to"] else f"{row['from']}",
            str(row["cases"]),
            _shown(measure, row[measure]),
            f"{row['exact_match']:.4f}",
        ]
        for row in rows
    ]


def _families() -> dict[str, Any]:
    """The tables of mechanisms, by title."""
    from regard.catalogue import ALIGNMENTS, AROUND, SCORES, WINDOWS

    return {
        "Scores: how well does the query match the key?": SCORES,
        "Windows: which keys j may the query at place p see, and how strongly?": WINDOWS,
        "Alignments: how do scores become weights?": ALIGNMENTS,
        "Around them: heads, positions and pooling (in Python)": AROUND,
    }


def _draw(weights: Any) -> list[str]:
    """[H, Q, K] weights as lines of text, heads side by side, two letters for each key."""
    shades = " ░▒▓█"
    lines = [f"   {'key':{2 * weights.shape[2] + 2}}" * len(weights)]
    for i in range(weights.shape[1]):
        cells = []
        for head in weights:
            top = head[i].max() or 1.0
            # anything above zero is at least the lightest shade
            levels = [min(4, math.ceil(4 * weight / top)) for weight in head[i]]
            cells.append("".join(2 * shades[level] for level in levels))
        lines.append(f"{i:2} |" + "|  |".join(cells) + "|")
    return lines
