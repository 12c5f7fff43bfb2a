"""The command line: parses arguments, calls the public API, prints one line for an error."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from regard.errors import ConfigError, RegardError

__all__ = ["app", "explain", "main", "predict", "show", "train"]

app = typer.Typer(
    help="Attention models on sequences that show where every prediction looked.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=True,
)

_Run = Annotated[Path, typer.Argument(help="Run folder, as written by regard train.")]
_Source = Annotated[Path, typer.Argument(help="File of series in the form trained on.")]
_Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
_Labelled = Annotated[
    bool | None,
    typer.Option(
        "--labelled/--unlabelled",
        help="Whether a CSV has labels first.",
        show_default="told from the number of columns",
    ),
]


def _print_version(wanted: bool) -> None:
    if wanted:
        from regard import __version__

        typer.echo(f"regard {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="Configuration, JSON.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Run folder to write.", show_default="runs/NAME of the configuration"),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="Change a field, as often as needed: --set training.epochs=3.",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where it was cut off.")] = False,
    overwrite: _Overwrite = False,
) -> None:
    """Train from a configuration; write the run folder and its report."""
    from regard.config import read_config

    changes = {}
    for item in change or ():
        field, equals, value = item.partition("=")
        if not equals:
            raise ConfigError(f"--set {item}: wanted FIELD=VALUE, such as training.epochs=3")
        changes[field] = value
    resolved = read_config(config, changes)
    out = out or Path("runs") / config.stem

    from regard import jobs

    finished = resume and out.exists()
    try:
        metrics = jobs.train(
            resolved, out, overwrite=overwrite, resume=resume, verbose=sys.stderr.isatty()
        )
    except KeyboardInterrupt:
        words = ["regard", "train", str(config), "--out", str(out)]
        words += [word for item in change or () for word in ("--set", item)]
        _fail(f"interrupted; go on with: {' '.join(words)} --resume", 130)
    if finished:
        typer.echo("finished before; nothing was left to do")
    _print_figures(metrics)
    typer.echo(f"report: {out / 'report.html'}")


@app.command()
def predict(
    run: _Run,
    source: _Source,
    out: Annotated[Path, typer.Option(help="CSV to write.")],
    labelled: _Labelled = None,
    overwrite: _Overwrite = False,
) -> None:
    """Predict every case of a file, into a CSV."""
    from regard import jobs

    count, right = jobs.predict(run, source, out, labelled=labelled, overwrite=overwrite)
    typer.echo(f"{count} predictions{'' if right is None else f', {right} right'}: {out}")


@app.command()
def explain(
    run: _Run,
    source: _Source,
    case: Annotated[str, typer.Option(help="Number of the case, from 0; of a table, its name.")],
    out: Annotated[Path, typer.Option(help="Picture to write: .png, .svg or .html.")],
    labelled: _Labelled = None,
    overwrite: _Overwrite = False,
) -> None:
    """Draw one case of a file with the attention along it."""
    from regard import jobs

    view = jobs.explain(run, source, case, out, labelled=labelled, overwrite=overwrite)
    typer.echo(f"case {view.id}: {view.predicted} ({view.probability:.3f}): {out}")


@app.command()
def show(run: _Run) -> None:
    """Print a run's configuration and figures."""
    from regard.runs import read_run

    opened = read_run(run)
    typer.echo(opened.config.model_dump_json(indent=2))
    _print_figures(opened.metrics)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except RegardError as error:
        _fail(f"error: {error}", 2)


def _print_figures(metrics: Any) -> None:
    for name, value in metrics.items():
        if isinstance(value, float):
            typer.echo(f"{name.replace('_', ' '):20} {value:.4f}")
        elif isinstance(value, int):
            typer.echo(f"{name.replace('_', ' '):20} {value}")


def _fail(message: str, code: int) -> None:
    typer.echo(" ".join(message.splitlines()), err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
