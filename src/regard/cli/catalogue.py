"""Commands that show what there is: mechanisms, the schema of configurations, a run."""

from pathlib import Path
from typing import Annotated

import typer

from regard.cli.options import Overwrite, Plugins, Run, load_plugins
from regard.errors import ConfigError
from regard.terminal import (
    list_mechanisms,
    print_figures,
    print_json,
    print_mechanism,
    print_verdicts,
    say,
)

__all__ = ["mechanisms", "schema", "show"]


def mechanisms(
    name: Annotated[
        list[str] | None, typer.Argument(help="Show these, by name or author, with their weights.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Picture of its weights to write: .png or .svg.")
    ] = None,
    overwrite: Overwrite = False,
    plugin: Plugins = None,
) -> None:
    """List every attention mechanism with its formula and paper, or show some."""
    load_plugins(plugin)
    names = name or []
    if out is not None and len(names) != 1:
        raise ConfigError("--out: name the one mechanism to draw")
    for number, each in enumerate(names):
        if number:
            say()
        print_mechanism(each, out, overwrite=overwrite)
    if not names:
        list_mechanisms()


def show(run: Run, plugin: Plugins = None) -> None:
    """Print a run's configuration and figures."""
    load_plugins(plugin)
    from regard.runs import read_audit, read_run

    opened = read_run(run)
    for line in opened.config.model_dump_json(indent=2).split("\n"):
        say(line)
    print_figures(opened.metrics)
    print_verdicts(read_audit(run).get("verdicts", ()))


def schema(
    task: Annotated[
        str | None,
        typer.Argument(help="Task whose fields to describe.", show_default="all tasks"),
    ] = None,
    plugin: Plugins = None,
) -> None:
    """Print the JSON schema of configurations, by which editors complete and check fields."""
    load_plugins(plugin)
    from regard.config import schema_of

    print_json(schema_of(task))
