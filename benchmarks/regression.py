"""Numbers of series, with the default configuration, on the official splits, beside aeon's best.

InceptionTime runs where TensorFlow does, which nothing else here needs: in this Python, or in the
one that the environment variable REGARD_TENSORFLOW names, which has aeon and TensorFlow. Its
defaults, 5 networks of 1500 epochs, take hours; `_INCEPTION_EPOCHS` of each are run.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

from benchmarks.table import Row
from regard.data import Cases, read_ts
from regard.estimators import SeriesRegressor
from regard.outputs.numbers.targets import targets_of

__all__ = ["run"]

_PROBLEMS = ("Covid3Month", "Tecator")
_INCEPTION_EPOCHS = 300


@dataclass
class _Figures:
    """RMSE on the test part and seconds to fit, seed after seed."""

    rmse: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def mean(self) -> float:
        """Mean RMSE."""
        return statistics.mean(self.rmse)

    def __str__(self) -> str:
        spread = "" if len(self.rmse) == 1 else f" ± {statistics.stdev(self.rmse):.4f}"
        return f"{self.mean:.4f}{spread}"


def run(*, quick: bool = False, seeds: int = 1) -> list[Row]:
    """Every problem on every seed, the peers in turn; quick: few epochs and kernels."""
    from aeon.regression.convolution_based import RocketRegressor

    epochs = 2 if quick else _INCEPTION_EPOCHS
    rows = []
    for name in _PROBLEMS:
        folder = Path(os.environ["REGARD_DATA"]) / "series" / "regression" / name
        training, test = (read_ts(folder / f"{name}_{part}.ts") for part in ("TRAIN", "TEST"))
        ours, rocket, inception = _Figures(), _Figures(), _Figures()
        for seed in range(seeds):
            model, peer = SeriesRegressor(random_state=seed), RocketRegressor(random_state=seed)
            if quick:
                model.set_params(epochs=2)
                peer.set_params(n_kernels=500)
            _measure(f"{name}, seed {seed}", model, training, test, ours)
            _measure(f"{name}, Rocket, seed {seed}", peer, training, test, rocket)
        _inception(name, training, test, inception, epochs=epochs)
        rows.append(_row(name, ours, rocket, inception, epochs))
    return rows


def _row(name: str, ours: _Figures, rocket: _Figures, inception: _Figures, epochs: int) -> Row:
    peers, best = f"Rocket {rocket}", rocket.mean
    if inception.rmse:
        networks = f"InceptionTime {inception} ({epochs} epochs, 1 seed)"
        peers, best = f"{peers}; {networks}", min(best, inception.mean)
    else:
        peers += "; InceptionTime not run: no TensorFlow"
    each = ", ".join(f"{rmse:.4f}" for rmse in ours.rmse)
    return Row(
        f"{name}, mean RMSE of seeds 0-{len(ours.rmse) - 1}",
        peers,
        "no more than the better's mean",
        f"{ours}: {each}; {statistics.median(ours.seconds):.0f} s each",
        ours.mean <= best,
    )


def _measure(what: str, model: Any, training: Cases, test: Cases, figures: _Figures) -> None:
    """Fit and predict, in the manner of scikit-learn."""
    threads = torch.get_num_threads()
    start = perf_counter()
    model.fit(training.values, targets_of(training)[:, 0])
    figures.seconds.append(perf_counter() - start)
    off = model.predict(test.values) - targets_of(test)[:, 0]
    figures.rmse.append(float(np.sqrt(np.mean(off**2))))
    torch.set_num_threads(threads)  # which aeon's compiled loops change for the whole process
    print(f"{what}: RMSE {figures.rmse[-1]:.4f} in {figures.seconds[-1]:.0f} s", flush=True)


def _inception(name: str, training: Cases, test: Cases, figures: _Figures, *, epochs: int) -> None:
    """InceptionTime, once, in a process of its own."""
    python = os.environ.get("REGARD_TENSORFLOW")
    if python is None and find_spec("tensorflow") is None:
        print(
            f"{name}, InceptionTime: skipped, this Python has no TensorFlow; REGARD_TENSORFLOW "
            "may name one that has, and aeon",
            flush=True,
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        problem = Path(folder) / "problem.npz"
        np.savez(
            problem,
            train=training.values,
            train_targets=targets_of(training)[:, 0],
            test=test.values,
            test_targets=targets_of(test)[:, 0],
        )
        script = Path(__file__).with_name("inception_time.py")
        result = subprocess.run(
            [python or sys.executable, str(script), str(problem), str(epochs), "0"],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
        )
    found = json.loads(result.stdout.strip().rsplit("\n", 1)[-1])
    figures.rmse.append(found["rmse"])
    figures.seconds.append(found["seconds"])
    print(
        f"{name}, InceptionTime, {epochs} epochs: RMSE {found['rmse']:.4f} in "
        f"{found['seconds']:.0f} s",
        flush=True,
    )
