"""The table of all commands, and what runs them."""

import os

import typer

from regard.cli.catalogue import mechanisms, schema, show
from regard.cli.root import Commands, fail, options
from regard.cli.serving import serve
from regard.cli.training import compare, init, train
from regard.cli.using import audit, explain, predict
from regard.errors import RegardError

__all__ = ["app", "main"]

_SPINS = "1000"  # of a thread that waits, some microseconds

app = typer.Typer(
    cls=Commands,
    help="Attention models on sequences that show where every prediction looked.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=True,
)
app.callback()(options)
for _command in (init, train, compare, predict, explain, audit, show, mechanisms, schema, serve):
    app.command()(_command)


def main() -> None:
    """Run the command line."""
    # Before torch is imported. OpenMP threads that wait for work by spinning for milliseconds take
    # the processor from the program that they wait for, and a training beside others stalls.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
    try:
        app()
    except RegardError as error:
        fail(f"error: {error}", 2)
    except MemoryError:
        fail("error: there is not enough memory; wanted less data or a smaller model", 2)
