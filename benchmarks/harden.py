"""Trainings that are killed, run folders and files that are changed: the long form of tests.

Each part is a script of tests/ in a process of its own, prints its counts, and fails where
something is lost, hangs for 30 s, or is told in anything else than one line. `--quick` makes a
fiftieth of it.
"""

import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from benchmarks.table import Row, markdown

__all__ = ["run"]

_TESTS = Path(__file__).parent.parent / "tests"
_TASKS = 15  # of hostile.py, each with as many folders
_LARGEST = 4.0  # GB


def run(*, quick: bool = False) -> list[Row]:
    """Run the parts one after another; exit if one failed."""
    parts = {
        "trainings killed, and resumed": ("killing.py", 50),
        f"changes of run folders, for each of {_TASKS} tasks": ("hostile.py", -(-1000 // _TASKS)),
        "changes of files, over all readers": ("mutations.py", 2000),
    }
    rows = [
        _part(what, script, count // 50 + 1 if quick else count)
        for what, (script, count) in parts.items()
    ]
    if not all(row.holds for row in rows):
        sys.exit(markdown(rows))
    return rows


def _part(what: str, script: str, count: int) -> Row:
    start, last = perf_counter(), ""
    process = subprocess.Popen(
        [sys.executable, _TESTS / script, "--count", str(count)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        last = line.strip() or last
    _, status, used = os.wait4(process.pid, 0)  # of the process and those that it waited for
    process.returncode = os.waitstatus_to_exitcode(status)
    largest = used.ru_maxrss * 1024 / 1e9
    return Row(
        f"{count} {what}",
        "",
        f"nothing lost, no other error, no process over {_LARGEST:.0f} GB",
        f"{last}; {largest:.1f} GB, {(perf_counter() - start) / 60:.1f} minutes",
        process.returncode == 0 and largest < _LARGEST,
    )
