"""The table of all commands, and what runs them."""

import os
from collections.abc import Callable

import typer

from regard.cli.catalogue import (
    COMPLETING,
    completion,
    doctor,
    list_,
    mechanisms,
    schema,
    show,
)
from regard.cli.exporting import export
from regard.cli.root import Commands, fail, options
from regard.cli.serving import serve
from regard.cli.training import check, compare, init, train
from regard.cli.using import audit, evaluate, explain, predict
from regard.errors import RegardError

__all__ = ["app", "main"]

_SPINS = "1000"  # of a thread that waits, some microseconds

app = typer.Typer(
    cls=Commands,
    help="Attention models on sequences that show where every prediction looked.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback()(options)
_COMMANDS: dict[str, Callable[..., None]] = {
    "init": init,
    "check": check,
    "train": train,
    "compare": compare,
    "predict": predict,
    "explain": explain,
    "evaluate": evaluate,
    "audit": audit,
    "export": export,
    "serve": serve,
    "list": list_,
    "show": show,
    "mechanisms": mechanisms,
    "schema": schema,
    "doctor": doctor,
    "completion": completion,
}
for _name, _command in _COMMANDS.items():
    app.command(_name, short_help=str(_command.__doc__).split("\n", 1)[0])(_command)


def main() -> None:
    """Run the command line."""
    # Before torch is imported. OpenMP threads that wait for work by spinning for milliseconds take
    # the processor from the program that they wait for, and a training beside others stalls.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
    if COMPLETING in os.environ:  # a shell asks what could follow
        from typer._completion_classes import completion_init

        completion_init()
    try:
        app()
    except RegardError as error:
        fail(f"error: {error}", 2)
    except MemoryError:
        fail("error: there is not enough memory; wanted less data or a smaller model", 2)
