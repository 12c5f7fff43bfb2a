"""The page of the command line, made from the parser: `python tests/command_line_page.py`."""

from pathlib import Path
from typing import Any

import typer.main

from regard.cli import app

__all__ = ["PAGE", "page"]

PAGE = Path(__file__).parent.parent / "docs" / "command-line.md"

_HEAD = """# The command line

From a file of your own to a report takes one command, and the rest are there when you need them:

    regard train flights.csv                  # looks at the file, says what it found, trains
    regard init flights.csv                   # or writes that down, in flights.toml, to be edited
    regard check flights.toml                 # what it would train, and how long it would take
    regard predict runs/flights new.csv       # CSV on standard output, messages on standard error
    regard explain runs/flights new.csv       # where it looked; --worst 5 for its worst cases
    regard evaluate runs/flights later.csv    # its figures on another file with labels
    regard list                               # all runs, the best of each task first

Configurations are TOML, YAML or JSON, told by the ending. The default is TOML, since it has
comments and each value has one meaning. `regard schema > regard.schema.json` writes the schema by
which editors complete fields; a configuration may name it as `"$schema"`.

What is wrong with a file or an option is one line on standard error, with exit status 2.
"""


def page() -> str:
    """The text of the page."""
    group: Any = typer.main.get_command(app)
    parts = [_HEAD, "## Before the command\n", _table(group)]
    for name, command in group.commands.items():
        first, *rest = str(command.help).split("\n")
        more = "\n".join(line.strip() for line in rest).strip()
        more = "\n".join(
            f"    {line.removeprefix('Example: ')}" if line.startswith("Example: ") else line
            for line in more.split("\n")
        )
        parts += [f"## regard {name}\n", first, f"\n{more}\n" if more else "", _table(command)]
    return "\n".join(parts)


def _table(command: Any) -> str:
    rows = ["| | |", "| --- | --- |"]
    for each in command.params:
        if each.name == "help":
            continue
        names = ", ".join(f"`{name}`" for name in (*each.opts, *each.secondary_opts))
        if each.param_type_name == "argument":
            names = f"`{str(each.name).upper()}`"
        default = each.show_default if isinstance(each.show_default, str) else None
        says = str(each.help).replace("|", "\\|")
        rows.append(f"| {names} | {says}{f' Default: {default}.' if default else ''} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
