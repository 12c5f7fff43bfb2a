"""How long the command line takes to say anything."""

import statistics
import subprocess
import sys
from time import perf_counter

from benchmarks.table import Row

__all__ = ["run"]


def run() -> list[Row]:
    """`regard --help`, eleven times, the first not counted."""
    seconds = []
    for _ in range(11):
        start = perf_counter()
        subprocess.run(
            [sys.executable, "-m", "regard.cli", "--help"], check=True, capture_output=True
        )
        seconds.append(perf_counter() - start)
    middle = statistics.median(seconds[1:])
    return [
        Row(
            "regard --help, seconds",
            "",
            "≤ 0.3",
            f"{middle:.2f} ({min(seconds[1:]):.2f}-{max(seconds[1:]):.2f})",
            middle <= 0.3,
        )
    ]
