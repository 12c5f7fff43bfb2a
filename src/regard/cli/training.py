"""Commands that train."""

import json
import shlex
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from regard.cli.completing import mechanism_names, task_names
from regard.cli.options import (
    AsJson,
    Change,
    Config,
    Device,
    Overwrite,
    Plugins,
    Quiet,
    Resume,
    Source,
    load_plugins,
)
from regard.cli.root import fail
from regard.errors import ConfigError, RegardError
from regard.terminal import (
    print_checked,
    print_figures,
    print_json,
    print_started,
    print_table,
    print_verdicts,
    say,
)

__all__ = ["check", "compare", "init", "train"]


_OTHER = Annotated[
    Path | None,
    typer.Argument(
        help="Second file of texts, a line for each of the first, to translate to.",
        show_default=False,
    ),
]
_TASK = Annotated[
    str | None,
    typer.Option(
        help="Task, where the guess is wrong.",
        show_default="found in the data",
        autocompletion=task_names,
    ),
]


def init(
    data: Annotated[Path, typer.Argument(help="File or folder to learn from.")],
    other: _OTHER = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Configuration to write: .toml, .yaml or .json.",
            show_default="NAME.toml, whose comments say what each field is",
        ),
    ] = None,
    task: _TASK = None,
    as_json: AsJson = False,
    overwrite: Overwrite = False,
    plugin: Plugins = None,
) -> None:
    """Look at a file or folder of data, and write a configuration that trains on it.

    Example: regard init flights.csv && regard train flights.toml
    """
    load_plugins(plugin)
    from regard import jobs
    from regard.runs import check_output

    out = out or Path(f"{_stem(data)}.toml")
    check_output(out, "file", overwrite=overwrite, sources=(data, other))
    started = jobs.start(str(data), None if other is None else str(other), task=task)
    jobs.write_config(started, out, overwrite=overwrite)
    if as_json:
        found = {"found": started.found, "doubts": started.doubts, "config": started.content}
        print_json({"configuration": str(out), **found})
        return
    print_started(started.found, started.doubts)
    say(f"configuration: {out}; train with: {shlex.join(['regard', 'train', str(out)])}")


def check(
    config: Source,
    other: _OTHER = None,
    change: Change = None,
    as_json: AsJson = False,
    task: _TASK = None,
    plugin: Plugins = None,
) -> None:
    """Read data, build the model and time some updates; train and write nothing.

    Example: regard check flights.toml --set model.encoder=gru
    """
    load_plugins(plugin)
    resolved = _configured(config, other, task, change, said=not as_json)
    from regard import jobs

    found = jobs.check(resolved)
    if as_json:
        print_json({"config": resolved.model_dump(mode="json"), **found._asdict()})
        return
    print_checked(found, resolved)


def train(
    config: Source,
    other: _OTHER = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Run folder to write.",
            show_default="runs/NAME of the configuration or the data",
        ),
    ] = None,
    change: Change = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            help="Run folder of another model that writes texts for the same data, whose figures "
            "by length the report shows beside its own.",
            show_default=False,
        ),
    ] = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
    seed: Annotated[
        int | None,
        typer.Option(help="Random seed.", show_default="that of the configuration, or 0"),
    ] = None,
    device: Device = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    task: _TASK = None,
    plugin: Plugins = None,
) -> None:
    """Train from a configuration, or from data at once; write the run folder and its report.

    Example: regard train flights.csv --set training.epochs=20
    """
    load_plugins(plugin)
    change = list(change or ())
    if device is not None:  # before the data are read, and said
        from regard.jobs import check_device

        check_device(device)
    change += [] if seed is None else [f"seed={seed}"]
    change += [] if device is None else [f"training.device={device}"]
    resolved = _configured(config, other, task, change, said=not (quiet or as_json))
    out = out or Path("runs") / _stem(config)

    from regard import jobs
    from regard.runs import interrupted

    finished = resume and out.exists() and not interrupted(out)
    if resume and not (overwrite or finished or interrupted(out)):
        say(f"nothing to resume at {out}: training starts from the beginning", err=True)
    try:
        metrics = jobs.train(
            resolved,
            out,
            overwrite=overwrite,
            resume=resume,
            baseline=baseline,
            verbose=not (quiet or as_json),
        )
    except KeyboardInterrupt:
        words = [*_repeated("--set", change), *_repeated("--plugin", plugin)]
        words += [] if task is None else ["--task", task]
        words += [] if baseline is None else ["--baseline", str(baseline)]
        _interrupted(
            "train",
            *([config] if other is None else [config, other]),
            "--out",
            out,
            *words,
            kept=interrupted(out),
        )
    if finished:
        say("finished before; nothing was left to do", err=as_json)
    from regard.runs import read_audit

    if as_json:
        print_json({"run": str(out), "metrics": metrics, "audit": read_audit(out)})
    elif not quiet:
        print_figures(metrics)
        print_verdicts(read_audit(out))
        say(f"report: {out / 'report.html'}")


def compare(
    config: Config,
    attention: Annotated[
        list[str],
        typer.Option(
            help="Names separated by commas, or a table as JSON. Can be repeated. "
            "`regard mechanisms` lists the names.",
            autocompletion=mechanism_names,
        ),
    ],
    seeds: Annotated[int, typer.Option(help="Number of random seeds for each.", min=1)] = 3,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder to write.", show_default="runs/compare-NAME"),
    ] = None,
    change: Change = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
    plugin: Plugins = None,
) -> None:
    """Train with each of several attentions, all else the same; print and save one table.

    Example: regard compare flights.toml --attention additive,dot,local-p --seeds 3
    """
    load_plugins(plugin)
    from regard.config import read_config

    resolved = read_config(config, _changes(change))
    out = out or Path("runs") / f"compare-{config.stem}"

    from regard import jobs

    def watch(one: jobs.Trained) -> None:
        say(f"{one.attention}, seed {one.seed}: {one.failure or one.figure}", err=True)

    try:
        comparison = jobs.compare(
            resolved,
            _attentions(attention),
            out,
            seeds=seeds,
            resume=resume,
            overwrite=overwrite,
            watch=watch,
        )
    except KeyboardInterrupt:
        words = ["--out", out, "--seeds", seeds, *_repeated("--attention", attention)]
        words += [*_repeated("--set", change), *_repeated("--plugin", plugin)]
        _interrupted("compare", config, *words)
    print_table(comparison.table)
    for note in comparison.notes:
        say(f"note: {note}")
    files = ", ".join(str(out / f"compare.{ending}") for ending in ("md", "csv", "tex"))
    failed = all(one.failure for one in comparison.trained)
    also = "" if failed else ", and a run folder for each training that succeeded"
    say(f"saved: {files}{also}")
    if failed:
        raise RegardError("every training of the comparison failed")


def _configured(
    source: Path, other: Path | None, task: str | None, change: list[str] | None, *, said: bool
) -> Any:
    """The configuration in a file, or one made from a file of data, of which is said what it is."""
    from regard.config import FORMATS, read_config, resolve_config, with_changes

    changes = _changes(change)
    if source.suffix.lower() in FORMATS:
        for name, given in (("other", other), ("task", task)):
            if given is not None:
                raise ConfigError(f"{name}: is for data; {source} is a configuration")
        return read_config(source, changes)
    from regard import jobs

    started = jobs.start(str(source), None if other is None else str(other), task=task)
    if said:
        print_started(started.found, started.doubts)
    return resolve_config(with_changes(started.content, changes), source=str(source))


def _stem(path: Path) -> str:
    """The name of a file without its endings, that of gzip among them."""
    return Path(path.name.removesuffix(".gz")).stem


def _changes(change: list[str] | None) -> dict[str, str]:
    """The --set options as a table from field to value."""
    changes = {}
    for item in change or ():
        field, equals, value = item.partition("=")
        if not equals:
            raise ConfigError(f"--set {item}: wanted FIELD=VALUE, such as training.epochs=3")
        changes[field] = value
    return changes


def _attentions(given: list[str]) -> list[Any]:
    """The --attention options as names and tables."""
    attentions: list[Any] = []
    for text in given:
        if text.lstrip().startswith("{"):
            try:
                attentions.append(json.loads(text))
            except json.JSONDecodeError as error:
                raise ConfigError(f"--attention {text}: not JSON: {error.msg}") from None
        else:
            attentions += [name.strip() for name in text.split(",") if name.strip()]
    return attentions


def _repeated(option: str, values: list[str] | None) -> list[str]:
    """An option that can be repeated, once for each value."""
    return [word for value in values or () for word in (option, value)]


def _interrupted(*words: object, kept: bool = True) -> NoReturn:
    """Exit with the command that resumes this one, or starts again where nothing was kept."""
    if not kept:
        fail("interrupted before the first epoch ended; nothing was kept", 130)
    command = shlex.join(["regard", *map(str, words), "--resume"])
    fail(f"interrupted; continue with: {command}", 130)
