"""The command that exports runs."""

from pathlib import Path
from typing import Annotated

import typer

from regard.cli.options import Overwrite, Plugins, Quiet, Run, load_plugins
from regard.terminal import say

__all__ = ["export"]


def export(
    run: Run,
    to: Annotated[
        str | None,
        typer.Option(
            help="onnx, which needs the extra `export`; or pt2, a program of torch.export.",
            show_default="what --out ends in, or onnx",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="File to write; FILE.json beside it says what goes in and comes out.",
            show_default="RUN.onnx or RUN.pt2",
        ),
    ] = None,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
    plugin: Plugins = None,
) -> None:
    """Write a run as a file that runs without regard, once it says the same as the run.

    Example: regard export runs/flights --to onnx -o flights.onnx
    """
    load_plugins(plugin)
    from regard import jobs

    done = jobs.export(run, out, to=to, overwrite=overwrite)
    if not quiet:
        say(str(done))
        say(f"model: {done.path}")
        say(f"what goes in and comes out: {done.companion}")
