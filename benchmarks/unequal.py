"""Series of unequal lengths, never padded by hand, with the default configuration."""

import os
from pathlib import Path
from time import perf_counter

from benchmarks.table import Row
from regard import SeriesClassifier
from regard.data import read_ts

__all__ = ["run"]


def run() -> list[Row]:
    """JapaneseVowels and PLAID at full length."""
    rows = []
    for name, asked in (("JapaneseVowels", 0.98), ("PLAID", 0.85)):
        folder = Path(os.environ["REGARD_DATA"]) / "series" / "multivariate" / name
        train = read_ts(folder / f"{name}_TRAIN.ts")
        test = read_ts(folder / f"{name}_TEST.ts")
        start = perf_counter()
        model = SeriesClassifier(random_state=0).fit(train)
        accuracy = float(model.score(test, test.labels))
        seconds = perf_counter() - start
        print(f"{name}: {accuracy:.4f} in {seconds:.0f} s", flush=True)
        rows.append(
            Row(
                f"{name}, unequal lengths, accuracy",
                "",
                f"≥ {asked} in 5 minutes",
                f"{accuracy:.4f} in {seconds:.0f} s",
                accuracy >= asked and seconds <= 300,
            )
        )
    return rows
