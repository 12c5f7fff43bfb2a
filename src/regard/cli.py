"""The command line: parse arguments, call the public API, print an error as one line."""

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import monotonic
from typing import Annotated, Any, NoReturn

import typer
import typer.core

from regard.errors import ConfigError, RegardError, Speech
from regard.terminal import (
    list_mechanisms,
    print_answer,
    print_figures,
    print_mechanism,
    print_progress,
    print_table,
    print_verdicts,
    say,
    screen,
)

__all__ = [
    "app",
    "audit",
    "compare",
    "explain",
    "main",
    "mechanisms",
    "predict",
    "serve",
    "show",
    "train",
]

_OFTEN = 0.5  # seconds between two reports of progress
_SPINS = "1000"  # of a thread that waits, some microseconds

# Parameter to the fix at the command line, where its option says too little.
_FIXES = {
    "labelled": "use --labelled or --unlabelled",
    "overwrite": "choose another name or use --overwrite",
    "plugin": "name it with --plugin",
    "resume": "use --resume to continue",
    "source": "name a file to predict and --out",
}

# The same of options that stand before the command.
_OF_ALL = {"max_gib": "allow more with regard --max-gib GIB"}


class _Commands(typer.core.TyperGroup):
    """Commands whose errors name options where the command has them."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except RegardError as error:
            command = self.get_command(ctx, ctx.invoked_subcommand or "")
            options = {str(each.name): each.opts[0] for each in command.params} if command else {}
            error.speech = _in_options(options, error.speech)
            names = error.message.partition(": ")[0]
            if isinstance(error, ConfigError) and options.keys() >= set(names.split(", ")):
                shown = ", ".join(options[name] for name in names.split(", "))
                error.message = shown + error.message.removeprefix(names)
            raise


def _in_options(options: Mapping[str, str], otherwise: Speech) -> Speech:
    """Fixes as options of a command, those that it does not have in other words."""

    def fix(name: str, value: Any) -> str:
        if name in _OF_ALL:
            return _OF_ALL[name]
        if name not in options:
            return otherwise(name, value)
        given = "" if value is ... else f" {value}"
        return _FIXES.get(name, f"use {options[name]}{given}")

    return fix


app = typer.Typer(
    cls=_Commands,
    help="Attention models on sequences that show where every prediction looked.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=True,
)

_Run = Annotated[Path, typer.Argument(help="Run folder, as written by regard train.")]
_Config = Annotated[Path, typer.Argument(help="Configuration, JSON.")]
_Change = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Change a field: --set training.epochs=3. Can be repeated.",
    ),
]
_Resume = Annotated[bool, typer.Option("--resume", help="Continue an interrupted training.")]
_Steps = Annotated[
    int | None,
    typer.Option(
        help="Of music: steps to continue by, at most 1000.",
        show_default="that of the configuration",
    ),
]
_Temperature = Annotated[
    float | None,
    typer.Option(
        help="Of music: below 1 likelier events, above 1 more surprising ones.",
        show_default="that of the configuration",
    ),
]
_TopK = Annotated[
    int | None,
    typer.Option("--top-k", help="Of music: draw from so many events.", show_default="all of them"),
]
_TopP = Annotated[
    float | None,
    typer.Option(
        "--top-p",
        help="Of music: draw from the likeliest events that have this share of the probability.",
        show_default="all of them",
    ),
]
_Seed = Annotated[
    int | None,
    typer.Option(
        help="Of music: random seed of what is written.",
        show_default="that of the configuration",
    ),
]
_Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing output.")]
_Labelled = Annotated[
    bool | None,
    typer.Option(
        "--labelled/--unlabelled",
        help="Whether the file has labels: first in each row of a CSV or line, or in the label "
        "column of a table.",
        show_default="detected from the file",
    ),
]
_Future = Annotated[
    Path | None,
    typer.Option(help="Table of the known columns of the steps to forecast.", show_default=False),
]
_Encoding = Annotated[
    str | None,
    typer.Option(
        help="Encoding of a table or a file of texts, such as cp1252.",
        show_default="that of the training file",
    ),
]
_Folder = Annotated[
    Path | None,
    typer.Option(
        help="Folder that the paths in a table of pictures or recordings are relative to.",
        show_default="that of the configuration, or of the table",
    ),
]

_Plugins = Annotated[
    list[str] | None,
    typer.Option(
        "--plugin",
        metavar="MODULE",
        help="Module that registers names of its own; imported first. Can be repeated.",
    ),
]


def _print_version(wanted: bool) -> None:
    if wanted:
        from regard import __version__

        say(f"regard {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    max_gib: Annotated[
        float | None,
        typer.Option(
            "--max-gib",
            help="GiB (2^30 bytes) that a file may hold once it is unpacked.",
            show_default="100 times its size, of 64 MiB at least and 4 GiB at most",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    if max_gib is not None:
        from regard.tables.limits import reading

        ctx.with_resource(reading(max_gib=max_gib))


@app.command()
def train(
    config: _Config,
    out: Annotated[
        Path | None,
        typer.Option(help="Run folder to write.", show_default="runs/NAME of the configuration"),
    ] = None,
    change: _Change = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            help="Run folder of another model that writes texts for the same data, whose figures "
            "by length the report shows beside its own.",
            show_default=False,
        ),
    ] = None,
    resume: _Resume = False,
    overwrite: _Overwrite = False,
    plugin: _Plugins = None,
) -> None:
    """Train from a configuration; write the run folder and its report."""
    _load_plugins(plugin)
    from regard.config import read_config

    resolved = read_config(config, _changes(change))
    out = out or Path("runs") / config.stem

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
            verbose=sys.stderr.isatty(),
        )
    except KeyboardInterrupt:
        words = [*_repeated("--set", change), *_repeated("--plugin", plugin)]
        words += [] if baseline is None else ["--baseline", str(baseline)]
        _interrupted("train", config, "--out", out, *words, kept=interrupted(out))
    if finished:
        say("finished before; nothing was left to do")
    print_figures(metrics)
    say(f"report: {out / 'report.html'}")


@app.command()
def compare(
    config: _Config,
    attention: Annotated[
        list[str],
        typer.Option(
            help="Names separated by commas, or a table as JSON. Can be repeated. "
            "`regard mechanisms` lists the names."
        ),
    ],
    seeds: Annotated[int, typer.Option(help="Number of random seeds for each.", min=1)] = 3,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write.", show_default="runs/compare-NAME")
    ] = None,
    change: _Change = None,
    resume: _Resume = False,
    overwrite: _Overwrite = False,
    plugin: _Plugins = None,
) -> None:
    """Train with each of several attentions, all else the same; print and save one table."""
    _load_plugins(plugin)
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


@app.command()
def mechanisms(
    name: Annotated[
        list[str] | None, typer.Argument(help="Show these, by name or author, with their weights.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Picture of its weights to write: .png or .svg.")
    ] = None,
    overwrite: _Overwrite = False,
    plugin: _Plugins = None,
) -> None:
    """List every attention mechanism with its formula and paper, or show some."""
    _load_plugins(plugin)
    names = name or []
    if out is not None and len(names) != 1:
        raise ConfigError("--out: name the one mechanism to draw")
    for number, each in enumerate(names):
        if number:
            say()
        print_mechanism(each, out, overwrite=overwrite)
    if not names:
        list_mechanisms()


@app.command()
def predict(
    run: _Run,
    source: Annotated[
        Path | None,
        typer.Argument(
            help="File in the form the run was trained on, or a sound file or a folder of them. "
            "Without it, a forecast starts at the end of the training data, and a run on texts, "
            "stories or music opens an interactive prompt.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Table to write: .csv, .tsv, .parquet or .jsonl; of written texts also .txt, one "
            "a line; of music also .mid and .wav.",
            show_default="CSV on the screen",
        ),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            help="One text to predict and show; or a story with a question, or a piece of music.",
            show_default=False,
        ),
    ] = None,
    beam: Annotated[
        int | None,
        typer.Option(
            help="Hypotheses that the search for a text keeps; 1 is greedy search.",
            show_default="that of the configuration",
        ),
    ] = None,
    nbest: Annotated[
        int | None,
        typer.Option(
            help="Number of texts to write for each case, at most --beam.", show_default="1"
        ),
    ] = None,
    steps: _Steps = None,
    temperature: _Temperature = None,
    top_k: _TopK = None,
    top_p: _TopP = None,
    seed: _Seed = None,
    labelled: _Labelled = None,
    future: _Future = None,
    encoding: _Encoding = None,
    folder: _Folder = None,
    overwrite: _Overwrite = False,
    plugin: _Plugins = None,
) -> None:
    """Predict every case of a file, or forecast, and write a table; or predict typed texts.

    What is typed, at the prompt or as --text, is a text; sentences of a story, then a question; or
    a piece of music in one line. This is a chord symbol a step (Dm7 G7 Cmaj7), or for each step
    the notes of its voices, divided by commas (C5,67 72~,65 -,64): names or MIDI numbers, with ~
    where a note goes on, and - for a rest; of a run that writes voices to others, the voices that
    are given may stand alone.
    """
    _load_plugins(plugin)
    asked = _drawing(steps, temperature, top_k, top_p, seed) | {"beam": beam, "nbest": nbest}
    from regard import jobs

    if text is not None and source is not None:
        raise ConfigError("--text: is for one text; use it without a file")
    if text is not None and out is not None:
        command = shlex.join(["regard", "predict", str(run), "new.txt", "--out", str(out)])
        raise ConfigError(
            "--text: is for one text, which is shown; to write its prediction, save the text in a "
            f"file, as the run reads it, and use: {command}"
        )
    if text is not None:
        _refuse_reading(labelled, future, encoding, folder)
    if out is not None or source is not None:
        said = jobs.predict(
            run,
            source,
            screen() if out is None else out,
            labelled=labelled,
            future=future,
            encoding=encoding,
            folder=folder,
            overwrite=overwrite,
            watch=_watch(),
            **asked,
        )
        say(said if out is None else f"{said}: {out}", err=out is None)
        return
    answer = jobs.answer(run, watch=_watch(), **asked)
    if text is not None:
        print_answer(answer(text))
        return
    for line in _typed_lines(answer.prompt):
        try:
            view = answer.line(line)
        except RegardError as error:  # the next line may be right
            say(f"error: {error}", err=True)
            continue
        if view is not None:
            print_answer(view)


@app.command()
def explain(
    run: _Run,
    out: Annotated[
        Path, typer.Option(help="Picture to write: .png, .svg or .html; with --all, a folder.")
    ],
    source: Annotated[
        Path | None,
        typer.Argument(
            help="File in the form the run was trained on, or a sound file or a folder of them. "
            "Without it, a forecast starts at the end of the training data.",
            show_default=False,
        ),
    ] = None,
    case: Annotated[
        str | None,
        typer.Option(
            help="Name of the case, as a table of predictions has it.", show_default="the first"
        ),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(help="A text to draw instead of a case of a file.", show_default=False),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            help="A text to take in place of the prediction.",
            show_default="the prediction",
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="What to draw of classes and numbers: attention, evidence, occlusion, gradient or "
            "integrated-gradients.",
            show_default="what the model shows by itself",
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Draw every case, and a page that shows them.")
    ] = False,
    steps: _Steps = None,
    temperature: _Temperature = None,
    top_k: _TopK = None,
    top_p: _TopP = None,
    seed: _Seed = None,
    labelled: _Labelled = None,
    future: _Future = None,
    encoding: _Encoding = None,
    folder: _Folder = None,
    overwrite: _Overwrite = False,
    plugin: _Plugins = None,
) -> None:
    """Draw one case with its attention weights, or every case of a file."""
    if every and not (case is text is target is method is None):
        raise ConfigError(
            "--all: draws every case; use it without --case, --text, --target and --method"
        )
    if text is not None:
        if case is not None:
            raise ConfigError("--case: names a case of a file; use it without --text")
        _refuse_reading(labelled, future, encoding, folder)
    _load_plugins(plugin)
    from regard import jobs

    if every:
        said = jobs.explain_all(
            run,
            source,
            out,
            labelled=labelled,
            future=future,
            encoding=encoding,
            folder=folder,
            overwrite=overwrite,
        )
        say(f"{said}: {out / 'index.html'}")
        return
    said = jobs.explain(
        run,
        source,
        case,
        out,
        text=text,
        method=method,
        labelled=labelled,
        future=future,
        encoding=encoding,
        folder=folder,
        overwrite=overwrite,
        target=target,
        watch=_watch(),
        **_drawing(steps, temperature, top_k, top_p, seed),
    )
    say(f"{said}: {out}")


@app.command()
def audit(
    run: _Run,
    cases: Annotated[int, typer.Option(help="Most cases of the test part to look at.")] = 200,
    retrain: Annotated[
        int,
        typer.Option(
            help="Times to train again, each with another seed, to see whether the maps stay.",
            min=0,
        ),
    ] = 0,
    seed: Annotated[int, typer.Option(help="Random seed of what is drawn.", min=0)] = 0,
    plugin: _Plugins = None,
) -> None:
    """Say whether to believe a run's maps, by its test part; keep it in the run and its report."""
    _load_plugins(plugin)
    from regard import jobs

    found = jobs.audit(run, cases=cases, retrain=retrain, seed=seed)
    print_verdicts(found.to_dict()["verdicts"])
    say(f"report: {run / 'report.html'}")


@app.command()
def show(run: _Run, plugin: _Plugins = None) -> None:
    """Print a run's configuration and figures."""
    _load_plugins(plugin)
    from regard.runs import read_audit, read_run

    opened = read_run(run)
    for line in opened.config.model_dump_json(indent=2).split("\n"):
        say(line)
    print_figures(opened.metrics)
    print_verdicts(read_audit(run).get("verdicts", ()))


@app.command()
def serve(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, named by their last part.")],
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 for any that is free.", min=0)] = 8000,
    cases: Annotated[
        Path | None,
        typer.Option(
            help="File of cases to step through on the page.", show_default="the test part"
        ),
    ] = None,
    token_env: Annotated[
        str, typer.Option(help="Environment variable with a token that requests must have.")
    ] = "REGARD_TOKEN",
    plugin: _Plugins = None,
) -> None:
    """Serve runs over HTTP, with a page to explore them; needs the extra `serve`."""
    _load_plugins(plugin)
    from regard import serve as service

    token = os.environ.get(token_env, "")
    service.serve(runs, host=host, port=port, token=token, cases=cases, ready=say)


def main() -> None:
    """Run the command line."""
    # Before torch is imported. OpenMP threads that wait for work by spinning for milliseconds take
    # the processor from the program that they wait for, and a training beside others stalls.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
    try:
        app()
    except RegardError as error:
        _fail(f"error: {error}", 2)
    except MemoryError:
        _fail("error: there is not enough memory; wanted less data or a smaller model", 2)


def _load_plugins(modules: list[str] | None) -> None:
    """The --plugin options, in their order."""
    if modules:
        from regard.plugins import load_plugin

        for module in modules:
            if not all(part.isidentifier() for part in module.split(".")):
                raise ConfigError(f"--plugin {module}: wanted a module's name, such as my_parts")
            load_plugin(module)


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


def _typed_lines(prompt: str) -> Iterator[str]:
    """The lines of the standard input, stripped, after a prompt if it is a terminal."""
    prompt = prompt if sys.stdin.isatty() else ""
    while True:
        say(prompt, end="")
        line = sys.stdin.readline()
        if not line:
            return
        yield line.strip()


def _watch() -> Callable[[int, int], None] | None:
    """Shows at a terminal, twice a second, how much of a piece is written."""
    if not sys.stderr.isatty():
        return None
    shown = monotonic()

    def told(done: int, steps: int) -> None:
        nonlocal shown
        if done == steps or monotonic() - shown > _OFTEN:
            shown = monotonic()
            print_progress(done, steps)

    return told


def _refuse_reading(
    labelled: bool | None, future: Path | None, encoding: str | None, folder: Path | None
) -> None:
    """Refuse options of files where a text is typed."""
    given = {
        "--labelled": labelled,
        "--future": future,
        "--encoding": encoding,
        "--folder": folder,
    }
    for name, value in given.items():
        if value is not None:
            raise ConfigError(f"{name}: is of a file, and none is read here")


def _drawing(
    steps: int | None,
    temperature: float | None,
    top_k: int | None,
    top_p: float | None,
    seed: int | None,
) -> dict[str, Any]:
    """The options of how music is written."""
    return {
        "steps": steps,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "seed": seed,
    }


def _repeated(option: str, values: list[str] | None) -> list[str]:
    """An option that can be repeated, once for each value."""
    return [word for value in values or () for word in (option, value)]


def _interrupted(*words: object, kept: bool = True) -> NoReturn:
    """Exit with the command that resumes this one, or starts again where nothing was kept."""
    if not kept:
        _fail("interrupted before the first epoch ended; nothing was kept", 130)
    command = shlex.join(["regard", *map(str, words), "--resume"])
    _fail(f"interrupted; continue with: {command}", 130)


def _fail(message: str, code: int) -> NoReturn:
    say(message, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
