"""Forecasts with the default configuration, beside naive, seasonal and linear ones.

Beside them, in the same run: on the airline passengers AutoETS and AutoARIMA of statsforecast,
fitted anew to all that comes before each window, and on ETTh1 DLinear (`benchmarks/dlinear.py`).

Through `regard.jobs.train`, whose figures of all windows of the test part have the baselines beside
them. ETTh1 is divided as in the literature: the first 14,400 hours, 60 % for training, then 20 %
each for validation and test; its seven columns have mean 0 and standard deviation 1 in the training
part, so that the MAE is the mean over scaled targets.
"""

import csv
import math
import os
import statistics
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.dlinear import dlinear
from benchmarks.table import Row
from regard.config import read_config
from regard.jobs import train

__all__ = ["run"]

_EXAMPLES = Path(__file__).parent.parent / "examples"
_HOURS = 14_400
_MONTHS = 12  # of the airline passengers to forecast
_OF_ETT = 0.6, 0.2, 0.2
_SHARES = {"data.validation_share": "0.2", "data.test_share": "0.2"}


def run(*, quick: bool = False, seeds: int = 1) -> list[Row]:
    """Airline and ETTh1 on every seed; quick: one epoch, a tenth of the hours."""
    rows = [
        _row(
            "airline, 12 months",
            "airline",
            {},
            "less than each",
            _automatic,
            seeds=seeds,
            quick=quick,
        )
    ]
    with tempfile.TemporaryDirectory() as folder:
        scaled = Path(folder) / "ETTh1.csv"
        _write_scaled(scaled, _HOURS // 10 if quick else _HOURS)
        for horizon, before in ((24, 0.341), (96, 0.389)):
            changes = {"data.path": f'"{scaled}"', "data.horizon": str(horizon), **_SHARES}
            what, asked = f"ETTh1, {horizon} hours, scaled", f"less than each and than {before}"
            peers = partial(_dlinear, scaled, horizon, seeds)
            rows.append(
                _row(what, "etth1", changes, asked, peers, before, seeds=seeds, quick=quick)
            )
    return rows


def _row(
    what: str,
    example: str,
    changes: Mapping[str, str],
    asked: str,
    peers_of: Callable[[int], dict[str, float]],
    before: float = math.inf,
    *,
    seeds: int,
    quick: bool,
) -> Row:
    maes: list[float] = []
    seconds: list[float] = []
    metrics: dict[str, Any] = {}
    if quick:
        changes = {**changes, "training.epochs": "1"}
    for seed in range(seeds):
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
    peers |= peers_of(metrics["windows"])
    mean = statistics.mean(maes)
    spread = f" ± {statistics.stdev(maes):.4f}" if len(maes) > 1 else ""
    return Row(
        f"{what}, mean MAE of seeds 0-{len(maes) - 1}, {metrics['windows']} windows",
        ", ".join(f"{name} {mae:.4f}" for name, mae in peers.items()),
        asked,
        f"{mean:.4f}{spread}: {', '.join(f'{mae:.4f}' for mae in maes)}; "
        f"{statistics.median(seconds):.0f} s each",
        mean < min(before, *peers.values()),
    )


def _automatic(windows: int) -> dict[str, float]:
    """MAE of each peer over so many windows at the end of the airline passengers."""
    from statsforecast.models import AutoARIMA, AutoETS

    source = Path(os.environ["REGARD_DATA"]) / "forecast" / "Airline.csv"
    with source.open(newline="") as file:
        _heading, *rows = list(csv.reader(file))
    values = np.array([float(row[1]) for row in rows])
    origins = np.arange(len(values) - _MONTHS - windows + 1, len(values) - _MONTHS + 1)
    maes = {}
    for peer in (AutoETS, AutoARIMA):
        model = peer(season_length=_MONTHS)
        errors = [
            np.abs(model.forecast(y=values[:at], h=_MONTHS)["mean"] - values[at : at + _MONTHS])
            for at in origins
        ]
        maes[peer.__name__] = float(np.mean(errors))
    return maes


def _dlinear(scaled: Path, horizon: int, seeds: int, windows: int) -> dict[str, float]:
    """Mean MAE of DLinear over as many seeds."""
    with scaled.open(newline="") as file:
        _heading, *rows = list(csv.reader(file))
    values = np.array([row[1:] for row in rows], dtype=np.float64)
    maes = [dlinear(values, horizon, shares=_OF_ETT, seed=seed)[0] for seed in range(seeds)]
    return {"DLinear": statistics.mean(maes)}


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
