"""Twelve problems of the UCR archive with one default configuration, on the official splits."""

import csv
import os
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.table import Row
from regard import SeriesClassifier
from regard.data import read_csv

__all__ = ["run"]


_SEEDS = 5


def run() -> list[Row]:
    """Every problem once, seed 0, beside the published accuracies; then convolutions alone."""
    data = Path(os.environ["REGARD_DATA"]) / "series"
    with (data / "published_accuracy.csv").open() as file:
        published = {row["dataset"]: row for row in csv.DictReader(file)}
    accuracies, seconds = {}, {}
    for folder in sorted((data / "ucr").iterdir()):
        name = folder.name
        start = perf_counter()
        train = read_csv(folder / f"{name}_TRAIN.tsv")
        test = read_csv(folder / f"{name}_TEST.tsv")
        model = SeriesClassifier(random_state=0).fit(train)
        accuracies[name] = float(model.score(test, test.labels))
        seconds[name] = perf_counter() - start
        print(f"UCR {name}: {accuracies[name]:.4f} in {seconds[name]:.0f} s", flush=True)
    mean = float(np.mean(list(accuracies.values())))
    peers = {peer: _mean(published, peer) for peer in ("ResNet", "MiniROCKET", "InceptionTime")}
    rows = [
        Row(
            f"UCR, mean accuracy over {len(accuracies)} problems",
            ", ".join(f"{peer} {value:.3f}" for peer, value in peers.items()) + " (published)",
            "≥ .956",
            f"{mean:.4f}",
            mean >= 0.956,
        ),
        Row(
            "UCR, all problems, minutes",
            "",
            "≤ 12",
            f"{sum(seconds.values()) / 60:.1f}",
            sum(seconds.values()) <= 12 * 60,
        ),
    ]
    for name, accuracy in accuracies.items():
        resnet, rocket = (float(published[name][peer]) for peer in ("ResNet", "MiniROCKET"))
        rows.append(
            Row(
                f"UCR {name}",
                f"ResNet {resnet:.3f}, MiniROCKET {rocket:.3f}",
                "",
                f"{accuracy:.4f} in {seconds[name]:.0f} s",
            )
        )
    return [*rows, _convolutions(data / "ucr")]


def _convolutions(folder: Path) -> Row:
    """The mean over all problems of each seed."""
    means, start = [], perf_counter()
    for seed in range(_SEEDS):
        scores = []
        for each in sorted(folder.iterdir()):
            train, test = (read_csv(each / f"{each.name}_{part}.tsv") for part in ("TRAIN", "TEST"))
            model = SeriesClassifier(convolutions="only", random_state=seed).fit(train)
            scores.append(float(model.score(test, test.labels)))
        means.append(float(np.mean(scores)))
    taken = (perf_counter() - start) / _SEEDS
    return Row(
        f"UCR, random convolutions alone, mean accuracy, seeds 0-{_SEEDS - 1}",
        "MiniROCKET .949, MR-Hydra .954 (published)",
        "",
        f"{np.mean(means):.4f} ({min(means):.4f}-{max(means):.4f}) in {taken:.0f} s a seed",
    )


def _mean(published: dict[str, dict[str, str]], peer: str) -> float:
    return float(np.mean([float(row[peer]) for row in published.values()]))
