"""Commands that show what there is: runs, mechanisms, the schema, the machine."""

from pathlib import Path
from typing import Annotated

import typer

from regard.cli.completing import mechanism_names, task_names
from regard.cli.options import AsJson, Overwrite, Plugins, Run, load_plugins
from regard.errors import ConfigError
from regard.terminal import (
    described_mechanisms,
    list_mechanisms,
    print_figures,
    print_json,
    print_machine,
    print_mechanism,
    print_runs,
    print_verdicts,
    say,
)

__all__ = ["COMPLETING", "completion", "doctor", "list_", "mechanisms", "schema", "show"]


COMPLETING = "_REGARD_COMPLETE"
"""Environment variable by which the script of a shell asks what could follow."""


def mechanisms(
    name: Annotated[
        list[str] | None,
        typer.Argument(
            help="Show these, by name or author, with their weights.",
            autocompletion=mechanism_names,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Picture of its weights to write: .png or .svg."),
    ] = None,
    as_json: AsJson = False,
    overwrite: Overwrite = False,
    plugin: Plugins = None,
) -> None:
    """List every attention mechanism with its formula and paper, or show some.

    Example: regard mechanisms local-p
    """
    load_plugins(plugin)
    names = name or []
    if out is not None and len(names) != 1:
        raise ConfigError("--out: name the one mechanism to draw")
    if as_json:
        if out is not None:
            raise ConfigError("--json, --out: exclude each other; use one of them")
        print_json(described_mechanisms(names))
        return
    for number, each in enumerate(names):
        if number:
            say()
        print_mechanism(each, out, overwrite=overwrite)
    if not names:
        list_mechanisms()


def list_(
    folder: Annotated[Path, typer.Argument(help="Folder with run folders.")] = Path("runs"),
    as_json: AsJson = False,
    plugin: Plugins = None,
) -> None:
    """List the runs in a folder, the best of each task first.

    Example: regard list runs
    """
    load_plugins(plugin)
    from regard import jobs

    found = jobs.list_runs(folder)
    if as_json:
        print_json([each._asdict() for each in found])
    else:
        print_runs(found)


def show(run: Run, as_json: AsJson = False, plugin: Plugins = None) -> None:
    """Print a run's figures, verdicts on its maps, and configuration; loads no weights.

    Example: regard show runs/flights --json
    """
    load_plugins(plugin)
    from regard.runs import read_audit, read_figures

    config, metrics = read_figures(run)
    audit = read_audit(run)
    if as_json:
        content = {"metrics": metrics, "audit": audit, "config": config.model_dump(mode="json")}
        print_json(content)
        return
    print_figures(metrics)
    print_verdicts(audit)
    say("configuration:")
    for line in config.model_dump_json(indent=2).split("\n"):
        say(line)


def schema(
    task: Annotated[
        str | None,
        typer.Argument(
            help="Task whose fields to describe.",
            show_default="all tasks",
            autocompletion=task_names,
        ),
    ] = None,
    plugin: Plugins = None,
) -> None:
    """Print the JSON schema of configurations, by which editors complete and check fields.

    Example: regard schema > regard.schema.json
    """
    load_plugins(plugin)
    from regard.config import schema_of

    print_json(schema_of(task))


def doctor(as_json: AsJson = False) -> None:
    """Print versions, device, threads and kernels, and what is slow and why.

    Example: regard doctor
    """
    from regard import jobs

    found = jobs.doctor()
    if as_json:
        print_json(found)
    else:
        print_machine(found)


def completion(
    shell: Annotated[str, typer.Argument(help="bash, zsh or fish.")],
) -> None:
    """Print a script that completes commands, fields and names of mechanisms in a shell.

    Example: regard completion bash >> ~/.bashrc
    """
    if shell not in ("bash", "zsh", "fish"):
        raise ConfigError(f"shell: wanted bash, zsh or fish, not {shell!r}")
    from typer._completion_shared import get_completion_script

    script = get_completion_script(prog_name="regard", complete_var=COMPLETING, shell=shell)
    for line in script.split("\n"):
        say(line)
