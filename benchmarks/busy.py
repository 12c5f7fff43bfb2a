"""How much longer a training takes beside programs that keep every core busy."""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.table import Row

__all__ = ["run"]

_BESIDE = (1, 2, 4)
_ROUNDS = 3
_MOST = 3.0
_BUSY = [sys.executable, "-c", "while True: pass"]
_EXAMPLE = Path(__file__).parent.parent / "examples" / "sine.json"


@contextmanager
def _busy(programs: int) -> Iterator[None]:
    running = [subprocess.Popen(_BUSY) for _ in range(programs)]
    try:
        yield
    finally:
        for each in running:
            each.kill()
            each.wait()


def _fit_seconds() -> float:
    """Of `regard train examples/sine.json`, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        words = [sys.executable, "-m", "regard.cli", "train", str(_EXAMPLE), "--out", str(out)]
        subprocess.run(words, check=True, capture_output=True)
        return float(json.loads((out / "metrics.json").read_text(encoding="utf-8"))["fit_seconds"])


def run() -> list[Row]:
    """The sine example alone, then beside one, two and four programs, three times in turn."""
    seconds: dict[int, list[float]] = {programs: [] for programs in (0, *_BESIDE)}
    for _ in range(_ROUNDS):
        for programs, found in seconds.items():
            with _busy(programs):
                found.append(_fit_seconds())
    alone = statistics.median(seconds[0])
    rows = [Row("sine example alone, seconds", "", "", _spread(seconds[0]))]
    for programs in _BESIDE:
        ratios = [each / alone for each in seconds[programs]]
        asked = f"≤ {_MOST:g}" if programs == 2 else ""
        holds = statistics.median(ratios) <= _MOST if asked else None
        what = f"the same beside {programs} busy programs, times that"
        rows.append(Row(what, "", asked, _spread(ratios), holds))
    return rows


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})"
