"""Twelve problems of the UCR archive with one default configuration, on the official splits."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.table import Row
from regard import SeriesClassifier
from regard.data import read_csv

__all__ = ["run"]


_ROCKET = "MiniROCKET"


def run(*, seeds: int = 1) -> list[Row]:
    """The default and random convolutions alone on every seed, beside the published accuracies."""
    data = Path(os.environ["REGARD_DATA"]) / "series"
    with (data / "published_accuracy.csv").open() as file:
        published = {row["dataset"]: row for row in csv.DictReader(file)}
    ours, minutes = _accuracies(data / "ucr", seeds)
    alone, alone_minutes = _accuracies(data / "ucr", seeds, convolutions="only")
    peers = {peer: _mean(published, peer) for peer in ("ResNet", _ROCKET, "InceptionTime")}
    means = np.mean(list(ours.values()), 0)
    which = f"seeds 0-{seeds - 1}" if seeds > 1 else "seed 0"
    rows = [
        Row(
            f"UCR, mean accuracy over {len(ours)} problems, {which}",
            ", ".join(f"{peer} {value:.3f}" for peer, value in peers.items()) + " (published)",
            "≥ .956",
            _spread(means),
            bool(means.mean() >= 0.956),
        ),
        Row(
            "UCR, all problems, minutes a seed",
            "",
            "≤ 12",
            ", ".join(f"{each:.1f}" for each in minutes),
            max(minutes) <= 12,
        ),
        Row(
            f"UCR, random convolutions alone, mean accuracy, {which}",
            f"{_ROCKET} {peers[_ROCKET]:.3f} (published)",
            "",
            f"{_spread(np.mean(list(alone.values()), 0))} in {np.mean(alone_minutes) * 60:.0f} s a "
            "seed",
        ),
    ]
    for name, accuracies in ours.items():
        resnet, rocket = (float(published[name][peer]) for peer in ("ResNet", _ROCKET))
        rows.append(
            Row(
                f"UCR {name}",
                f"ResNet {resnet:.3f}, {_ROCKET} {rocket:.3f}",
                "",
                _spread(accuracies),
            )
        )
    return rows


def _accuracies(
    folder: Path, seeds: int, **parameters: Any
) -> tuple[dict[str, list[float]], list[float]]:
    """The accuracies of every problem, seed after seed, and the minutes of each seed."""
    accuracies: dict[str, list[float]] = {}
    minutes = []
    for seed in range(seeds):
        start = perf_counter()
        for each in sorted(folder.iterdir()):
            train, test = (read_csv(each / f"{each.name}_{part}.tsv") for part in ("TRAIN", "TEST"))
            model = SeriesClassifier(random_state=seed, **parameters).fit(train)
            accuracies.setdefault(each.name, []).append(float(model.score(test, test.labels)))
            print(f"UCR {each.name}, seed {seed}: {accuracies[each.name][-1]:.4f}", flush=True)
        minutes.append((perf_counter() - start) / 60)
    return accuracies, minutes


def _spread(figures: Sequence[float] | NDArray[np.float64]) -> str:
    mean = f"{np.mean(figures):.4f}"
    return mean if len(figures) == 1 else f"{mean} ({min(figures):.4f}-{max(figures):.4f})"


def _mean(published: dict[str, dict[str, str]], peer: str) -> float:
    return float(np.mean([float(row[peer]) for row in published.values()]))
