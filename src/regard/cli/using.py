"""Commands that use a run: predict, explain, evaluate, audit."""

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Annotated, Any

import typer

from regard.cli.options import (
    AsJson,
    Device,
    Encoding,
    Folder,
    Future,
    Labelled,
    Overwrite,
    Plugins,
    Quiet,
    Run,
    Seed,
    Steps,
    Temperature,
    TopK,
    TopP,
    load_plugins,
)
from regard.errors import ConfigError, RegardError
from regard.terminal import (
    print_answer,
    print_figures,
    print_json,
    print_progress,
    print_verdicts,
    say,
    screen,
)

__all__ = ["audit", "evaluate", "explain", "predict"]

_OFTEN = 0.5  # seconds between two reports of progress


def predict(
    run: Run,
    source: Annotated[
        Path | None,
        typer.Argument(
            help="File in the form the run was trained on, or a sound file or a folder of them; - "
            "reads standard input. Without it, a forecast starts at the end of the training data, "
            "and a run on texts, stories or music opens an interactive prompt.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Table to write: .csv, .tsv, .parquet or .jsonl; of written texts also .txt, one "
            "a line; of music also .mid and .wav.",
            show_default="CSV on standard output",
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
    steps: Steps = None,
    temperature: Temperature = None,
    top_k: TopK = None,
    top_p: TopP = None,
    seed: Seed = None,
    labelled: Labelled = None,
    future: Future = None,
    encoding: Encoding = None,
    folder: Folder = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --text: print the prediction as JSON.")
    ] = False,
    device: Device = None,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
    plugin: Plugins = None,
) -> None:
    """Predict every case of a file, or forecast, and write a table; or predict typed texts.

    Example: regard predict runs/flights new.csv > predictions.csv

    What is typed, at the prompt or as --text, is a text; sentences of a story, then a question; or
    a piece of music in one line. This is a chord symbol a step (Dm7 G7 Cmaj7), or for each step
    the notes of its voices, divided by commas (C5,67 72~,65 -,64): names or MIDI numbers, with ~
    where a note goes on, and - for a rest; of a run that writes voices to others, the voices that
    are given may stand alone.
    """
    load_plugins(plugin)
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
    if as_json and text is None:
        raise ConfigError("--json: is of --text; a table is JSON lines with --out NAME.jsonl")
    if out is not None or source is not None:
        with _input(run, source) as path:
            said = jobs.predict(
                run,
                path,
                screen() if out is None else out,
                labelled=labelled,
                future=future,
                encoding=encoding,
                folder=folder,
                overwrite=overwrite,
                device=device,
                watch=_watch(),
                **asked,
            )
        if not quiet:
            say(said if out is None else f"{said}: {out}", err=out is None)
        return
    answer = jobs.answer(run, device=device, watch=_watch(), **asked)
    if text is not None:
        if as_json:
            print_json(answer.columns(text))
        else:
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


def explain(
    run: Run,
    source: Annotated[
        Path | None,
        typer.Argument(
            help="File in the form the run was trained on, or a sound file or a folder of them; - "
            "reads standard input. Without it, a forecast starts at the end of the training data.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Picture to write: .png, .svg or .html; of several cases, a folder.",
            show_default="RUN.png, or RUN-pictures",
        ),
    ] = None,
    case: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of the case, as a table of predictions has it. Can be repeated.",
            show_default="the first",
        ),
    ] = None,
    worst: Annotated[
        int | None,
        typer.Option(
            help="Draw so many of the cases that the model does worst, by their labels.",
            show_default=False,
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
            help="What to draw: attention, evidence, occlusion; of classes and numbers also "
            "gradient or integrated-gradients.",
            show_default="what the model shows by itself",
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Draw every case, and a page that shows them.")
    ] = False,
    steps: Steps = None,
    temperature: Temperature = None,
    top_k: TopK = None,
    top_p: TopP = None,
    seed: Seed = None,
    labelled: Labelled = None,
    future: Future = None,
    encoding: Encoding = None,
    folder: Folder = None,
    opened: Annotated[
        bool, typer.Option("--open", help="Show what was written in the program for such files.")
    ] = False,
    device: Device = None,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
    plugin: Plugins = None,
) -> None:
    """Draw one case with its attention weights, or several, or every case of a file.

    Example: regard explain runs/flights new.csv --worst 5 --open
    """
    names = case or []
    several = every or worst is not None or len(names) > 1
    if every and any(given is not None for given in (case, worst, text, target)):
        raise ConfigError(
            "--all: draws every case; use it without --case, --worst, --text and --target"
        )
    if several and any(given is not None for given in (text, target)):
        raise ConfigError("--text, --target: are of one case; name one with --case")
    if text is not None:
        if names:
            raise ConfigError("--case: names a case of a file; use it without --text")
        _refuse_reading(labelled, future, encoding, folder)
    load_plugins(plugin)
    from regard import jobs

    out = out or Path(f"{run.name}-pictures" if several else f"{run.name}.png")
    common: dict[str, Any] = {
        "labelled": labelled,
        "future": future,
        "encoding": encoding,
        "folder": folder,
        "overwrite": overwrite,
        "device": device,
    }
    with _input(run, source) as path:
        if several:
            said = jobs.explain_all(
                run, path, out, cases=names, worst=worst, method=method, **common
            )
        else:
            said = jobs.explain(
                run,
                path,
                names[0] if names else None,
                out,
                text=text,
                method=method,
                target=target,
                watch=_watch(),
                **common,
                **_drawing(steps, temperature, top_k, top_p, seed),
            )
    shown = out / "index.html" if several else out
    if not quiet:
        say(f"{said}: {shown}")
    if opened:
        typer.launch(str(shown))


@contextmanager
def _input(run: Path, source: Path | None) -> Iterator[Path | None]:
    """The file to read; standard input, for `-`, as a file that is called as that trained on."""
    if source != Path("-"):
        yield source
        return
    from regard.runs import read_figures

    data = read_figures(run)[0].data
    name = Path(str(getattr(data, "path", "input.txt"))).name.removesuffix(".gz")
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(sys.stdin.buffer.read())
        yield path


def evaluate(
    run: Run,
    source: Annotated[Path, typer.Argument(help="File with labels, in the form trained on.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder to write figures, report and the score of each case to.",
            show_default=False,
        ),
    ] = None,
    encoding: Encoding = None,
    folder: Folder = None,
    device: Device = None,
    as_json: AsJson = False,
    overwrite: Overwrite = False,
    plugin: Plugins = None,
) -> None:
    """Take a run's figures on another file with labels.

    Example: regard evaluate runs/flights later.csv --out later
    """
    load_plugins(plugin)
    from regard import jobs

    options: dict[str, Any] = {"encoding": encoding, "folder": folder, "device": device}
    metrics = jobs.evaluate_run(run, source, out, overwrite=overwrite, **options)
    if as_json:
        print_json(metrics)
    else:
        print_figures(metrics)
    if out is not None:
        say(f"report: {out / 'report.html'}", err=as_json)


def audit(
    run: Run,
    source: Annotated[
        Path | None,
        typer.Argument(
            help="File of other cases with labels; then nothing is written.",
            show_default="the test part",
        ),
    ] = None,
    cases: Annotated[int, typer.Option(help="Most cases to look at.")] = 200,
    retrain: Annotated[
        int,
        typer.Option(
            help="Times to train again, each with another seed, to see whether the maps stay; and "
            "once with equal weights, to see what attention is worth.",
            min=0,
        ),
    ] = 0,
    seed: Annotated[int, typer.Option(help="Random seed of what is drawn.", min=0)] = 0,
    device: Device = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    plugin: Plugins = None,
) -> None:
    """Say whether to believe a run's maps, by its test part; keep it in the run and its report.

    Example: regard audit runs/flights --retrain 1
    """
    load_plugins(plugin)
    from regard import jobs

    shown: dict[str, Any] = {"verbose": not quiet, "watch": None if quiet else _watch()}
    found = jobs.audit(run, source, cases=cases, retrain=retrain, seed=seed, device=device, **shown)
    if as_json:
        print_json(found.to_dict())
    else:
        print_verdicts(found.to_dict())
    if source is None and not quiet:
        say(f"report: {run / 'report.html'}", err=as_json)


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
    """Shows at a terminal, twice a second, how much of a piece is written, or of an audit done."""
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
