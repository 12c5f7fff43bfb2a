"""The command that serves runs."""

import os
from pathlib import Path
from typing import Annotated

import typer

from regard.cli.options import Device, Plugins, load_plugins
from regard.terminal import say

__all__ = ["serve"]


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
    device: Device = None,
    plugin: Plugins = None,
) -> None:
    """Serve runs over HTTP, with a page to explore them; needs the extra `serve`.

    Example: regard serve runs/sine
    """
    load_plugins(plugin)
    # By default oneDNN keeps 1,024 compiled shapes, hundreds of megabytes of texts of all lengths.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    from regard import serve as service

    token = os.environ.get(token_env, "")
    service.serve(runs, host=host, port=port, token=token, cases=cases, device=device, ready=say)
