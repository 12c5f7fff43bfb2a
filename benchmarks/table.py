"""Rows of the table that the benchmarks print and keep."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

__all__ = ["Row", "machine", "markdown"]


@dataclass(frozen=True)
class Row:
    """One figure: what it is, the peers', what is asked, ours, whether ours holds.

    `holds` is None where nothing is asked.
    """

    what: str
    peers: str
    asked: str
    ours: str
    holds: bool | None = None


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a table."""
    lines = ["| | peers, same run | asked | ours | holds |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        holds = {True: "yes", False: "**no**", None: ""}[row.holds]
        cells = [each.replace("|", "\\|") for each in (row.what, row.peers, row.asked, row.ours)]
        lines.append(f"| {' | '.join([*cells, holds])} |")
    return "\n".join(lines)


def machine() -> str:
    """What this was measured on."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "lightning", "numpy"))
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores ({platform.machine()}), {python}, {packages}"
