"""What all commands share: options before the command, errors that name options, the end."""

import sys
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn

import typer
import typer.core

from regard.errors import ConfigError, RegardError, Speech
from regard.terminal import say

__all__ = ["Commands", "fail", "options"]

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


class Commands(typer.core.TyperGroup):
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


def _print_version(wanted: bool) -> None:
    if wanted:
        from regard import __version__

        say(f"regard {__version__}")
        raise typer.Exit


def options(
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


def fail(message: str, code: int) -> NoReturn:
    say(message, err=True)
    sys.exit(code)
