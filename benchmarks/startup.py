"""How long the command line takes to say anything."""

import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.table import Row
from regard import SeriesClassifier, TextClassifier
from regard.data import sine

__all__ = ["run"]


def run() -> list[Row]:
    """`regard --help`, and the first answers of a text and of a series in new processes.

    Each is timed eleven times, the first not counted; the answers in turn with the import of torch.
    """
    seconds = [_seconds("-m", "regard.cli", "--help") for _ in range(11)]
    middle = statistics.median(seconds[1:])
    return [
        *_first_answers(),
        Row(
            "regard --help, seconds",
            "",
            "≤ 0.3",
            f"{middle:.2f} ({min(seconds[1:]):.2f}-{max(seconds[1:]):.2f})",
            middle <= 0.3,
        ),
    ]


def _seconds(*words: str) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return perf_counter() - start


def _first_answers() -> list[Row]:
    with TemporaryDirectory() as folder:
        text, series, table = (Path(folder, name) for name in ("text", "series", "waves.csv"))
        texts = [f"a {word} film {n}" for n in range(40) for word in ("good", "bad")]
        TextClassifier(epochs=2, device="cpu").fit(texts, ["up", "down"] * 40).save(text)
        waves = sine(series=200, steps=100)
        SeriesClassifier(epochs=2, device="cpu").fit(waves).save(series)
        rows = waves.values[:5, 0].round(4).tolist()
        table.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
        commands = {
            "torch": ("-c", "import torch"),
            "a text": ("-m", "regard", "predict", str(text), "--text", "a good film"),
            "a table of series": ("-m", "regard", "predict", str(series), str(table)),
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(11):
            for name, words in commands.items():
                taken[name].append(_seconds(*words))
    rows_made = []
    for name in list(commands)[1:]:
        ratios = [own / bare for own, bare in zip(taken[name], taken["torch"], strict=True)][1:]
        ratio = statistics.median(ratios)
        asked = "≤ 1.5 x" if name == "a text" else ""
        rows_made.append(
            Row(
                f"regard predict, {name}, in a new process, against the import of torch",
                f"{statistics.median(taken['torch'][1:]):.2f} s",
                asked,
                f"{ratio:.2f} x ({min(ratios):.2f}-{max(ratios):.2f})",
                ratio <= 1.5 if asked else None,
            )
        )
    return rows_made
