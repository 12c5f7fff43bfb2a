"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

from regard.cli.completing import field_names
from regard.errors import ConfigError

__all__ = [
    "AsJson",
    "Change",
    "Config",
    "Device",
    "Encoding",
    "Folder",
    "Future",
    "Labelled",
    "Overwrite",
    "Plugins",
    "Quiet",
    "Resume",
    "Run",
    "Seed",
    "Source",
    "Steps",
    "Temperature",
    "TopK",
    "TopP",
    "load_plugins",
]

Run = Annotated[Path, typer.Argument(help="Run folder, as written by regard train.")]
Config = Annotated[Path, typer.Argument(help="Configuration: JSON, TOML or YAML.")]
Source = Annotated[
    Path,
    typer.Argument(
        help="Configuration (JSON, TOML or YAML), or a file or folder of data to make one from."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]
Change = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Change a field: --set training.epochs=3. Can be repeated.",
        autocompletion=field_names,
    ),
]
Device = Annotated[
    str | None, typer.Option(help="auto, cpu or cuda.", show_default="that of the configuration")
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue an interrupted training.")]
Steps = Annotated[
    int | None,
    typer.Option(
        help="Of music: steps to continue by, at most 1000.",
        show_default="that of the configuration",
    ),
]
Temperature = Annotated[
    float | None,
    typer.Option(
        help="Of music: below 1 likelier events, above 1 more surprising ones.",
        show_default="that of the configuration",
    ),
]
TopK = Annotated[
    int | None,
    typer.Option("--top-k", help="Of music: draw from so many events.", show_default="all of them"),
]
TopP = Annotated[
    float | None,
    typer.Option(
        "--top-p",
        help="Of music: draw from the likeliest events that have this share of the probability.",
        show_default="all of them",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        help="Of music: random seed of what is written.",
        show_default="that of the configuration",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no messages, but for errors.")]
Labelled = Annotated[
    bool | None,
    typer.Option(
        "--labelled/--unlabelled",
        help="Whether the file has labels: first in each row of a CSV or line, or in the label "
        "column of a table.",
        show_default="detected from the file",
    ),
]
Future = Annotated[
    Path | None,
    typer.Option(help="Table of the known columns of the steps to forecast.", show_default=False),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        help="Encoding of a table or a file of texts, such as cp1252.",
        show_default="that of the training file",
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option(
        help="Folder that the paths in a table of pictures or recordings are relative to.",
        show_default="that of the configuration, or of the table",
    ),
]

Plugins = Annotated[
    list[str] | None,
    typer.Option(
        "--plugin",
        metavar="MODULE",
        help="Module that registers names of its own; imported first. Can be repeated.",
    ),
]


def load_plugins(modules: list[str] | None) -> None:
    """The --plugin options, in their order."""
    if modules:
        from regard.plugins import load_plugin

        for module in modules:
            if not all(part.isidentifier() for part in module.split(".")):
                raise ConfigError(f"--plugin {module}: wanted a module's name, such as my_parts")
            load_plugin(module)
