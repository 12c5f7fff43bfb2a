"""Forecasts with the default configuration, beside naive, seasonal and linear ones.

Through `regard.jobs.train`, whose figures of all windows of the test part have the baselines beside
them. ETTh1 is divided as in the literature: the first 14,400 hours, 60 % for training, then 20 %
each for validation and test; its seven columns have mean 0 and standard deviation 1 in the training
part, so that the MAE is the mean over scaled targets.
"""

import csv
import os
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.table import Row
from regard.config import read_config
from regard.jobs import train

__all__ = ["run"]

_EXAMPLES = Path(__file__).parent.parent / "examples"
_SEEDS = 3
_HOURS = 14_400
_SHARES = {"data.validation_share": "0.2", "data.test_share": "0.2"}  # of ETTh1


def run(*, quick: bool = False) -> list[Row]:
    """Airline and ETTh1 on every seed; quick: one seed, one epoch, a tenth of the hours."""
    rows = [_row("airline, 12 months", "airline", {}, "no more than linear", quick=quick)]
    with tempfile.TemporaryDirectory() as folder:
        scaled = Path(folder) / "ETTh1.csv"
        _write_scaled(scaled, _HOURS // 10 if quick else _HOURS)
        for horizon, asked in ((24, "less than linear"), (96, "no more than linear")):
            changes = {"data.path": f'"{scaled}"', "data.horizon": str(horizon), **_SHARES}
            what = f"ETTh1, {horizon} hours, scaled"
            rows.append(_row(what, "etth1", changes, asked, quick=quick))
    return rows


def _row(what: str, example: str, changes: Mapping[str, str], asked: str, *, quick: bool) -> Row:
    maes: list[float] = []
    seconds: list[float] = []
    metrics: dict[str, Any] = {}
    if quick:
        changes = {**changes, "training.epochs": "1"}
    for seed in range(1 if quick else _SEEDS):
        config = read_config(_EXAMPLES / f"{example}.json", {**changes, "seed": str(seed)})
        with tempfile.TemporaryDirectory() as folder:
            metrics = train(config, Path(folder) / "run")
        maes.append(metrics["mae"])
        seconds.append(metrics["fit_seconds"])
        print(
            f"{what}, seed {seed}: MAE {maes[-1]:.4f} in {seconds[-1]:.0f} s, "
            f"{metrics['epochs']} epochs, linear {metrics['baselines']['linear']['mae']:.4f}",
            flush=True,
        )
    # The baselines are the same whatever the seed.
    peers = {name: figures["mae"] for name, figures in metrics["baselines"].items()}
    mean, linear = statistics.mean(maes), peers["linear"]
    spread = f" ± {statistics.stdev(maes):.4f}" if len(maes) > 1 else ""
    return Row(
        f"{what}, mean MAE of seeds 0-{len(maes) - 1}, {metrics['windows']} windows",
        ", ".join(f"{name} {mae:.4f}" for name, mae in peers.items()),
        asked,
        f"{mean:.4f}{spread}: {', '.join(f'{mae:.4f}' for mae in maes)}; "
        f"{statistics.median(seconds):.0f} s each",
        mean < linear if asked.startswith("less") else mean <= linear,
    )


def _write_scaled(path: Path, hours: int) -> None:
    """The first hours of ETTh1, scaled by what comes before validation and test."""
    source = Path(os.environ["REGARD_DATA"]) / "forecast" / "ETTh1.csv"
    with source.open(newline="") as file:
        heading, *rows = list(csv.reader(file))[: hours + 1]
    values = np.array([row[1:] for row in rows], dtype=np.float64)
    training = values[: round(0.6 * hours)]
    scaled = (values - training.mean(0)) / training.std(0)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(heading)
        times = (row[0] for row in rows)
        writer.writerows([time, *own] for time, own in zip(times, scaled.tolist(), strict=True))
