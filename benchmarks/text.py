"""Classes of texts: accuracies with the default configuration, beside n-grams and a linear model.

The peer is scikit-learn's TF-IDF of words and pairs of words with logistic regression, on the very
parts that ours are trained and tested on.
"""

import os
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from benchmarks.table import Row
from regard.config import Config, read_config, resolve_config
from regard.data import Texts
from regard.jobs import load_parts, train

__all__ = ["run"]

_EXAMPLE = Path(__file__).parent.parent / "examples" / "fashion.json"


@dataclass(frozen=True)
class _Problem:
    """A problem, what is asked of the mean over the seeds, and how its configuration is made."""

    name: str
    asked: float
    lines: dict[str, str] | None = None  # the section data of a file of lines

    def config(self, seed: int, *, epochs: int | None) -> Config:
        """All defaults but the data, and the epochs where they are given."""
        training = {} if epochs is None else {"epochs": epochs}
        if self.lines is None:
            changes = {f"training.{name}": str(value) for name, value in training.items()}
            return read_config(_EXAMPLE, {"seed": str(seed), **changes})
        folder = os.environ["REGARD_DATA"]
        data: dict[str, Any] = {"kind": "lines", **self.lines}
        data |= {name: f"{folder}/{data[name]}" for name in ("path", "test_path")}
        return resolve_config(
            {"task": "classify-text", "seed": seed, "data": data, "training": training}
        )


_PROBLEMS = (
    _Problem("fashion, a stratified fifth as test part", 0.965),
    _Problem(
        "TREC, official split",
        0.90,
        {
            "path": "text/trec/TREC.train.all",
            "test_path": "text/trec/TREC.test.all",
            "encoding": "latin-1",
        },
    ),
    _Problem(
        "SST-2, official split",
        0.82,
        {
            "path": "text/sst2/stsa.binary.train",
            "test_path": "text/sst2/stsa.binary.test",
        },
    ),
)


def run(*, quick: bool = False, seeds: int = 1) -> list[Row]:
    """Every problem on every seed, the peer beside it; quick: one epoch."""
    return [_row(problem, seeds, 1 if quick else None) for problem in _PROBLEMS]


def _row(problem: _Problem, seeds: int, epochs: int | None) -> Row:
    ours: list[float] = []
    theirs: list[float] = []
    seconds: list[float] = []
    for seed in range(seeds):
        config = problem.config(seed, epochs=epochs)
        start = perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            ours.append(float(train(config, Path(folder) / "run")["accuracy"]))
        seconds.append(perf_counter() - start)
        if problem.lines is None or not theirs:  # else the parts, and so the peer, are the same
            theirs.append(_peer(config))
        print(
            f"{problem.name}, seed {seed}: {ours[-1]:.4f} in {seconds[-1]:.0f} s, "
            f"n-grams {theirs[-1]:.4f}",
            flush=True,
        )
    mean = statistics.mean(ours)
    return Row(
        f"{problem.name}, mean accuracy of seeds 0-{seeds - 1}",
        f"TF-IDF and logistic regression {_spread(theirs)}",
        f"≥ {problem.asked}",
        f"{_spread(ours)}: {', '.join(f'{each:.4f}' for each in ours)}; "
        f"{statistics.median(seconds):.0f} s each",
        mean >= problem.asked,
    )


def _peer(config: Config) -> float:
    """Accuracy of words and pairs of words, on the parts of this configuration."""
    fitting, validation, test, *_ = load_parts(config)
    parts: list[Texts] = [fitting] if validation is None else [fitting, validation]
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10, max_iter=1000)
    )
    texts = [text for part in parts for text in part.texts]
    model.fit(texts, np.concatenate([part.labels for part in parts if part.labels is not None]))
    return float(model.score(test.texts, test.labels))


def _spread(figures: list[float]) -> str:
    """The mean, and the standard deviation where there are several."""
    mean = f"{statistics.mean(figures):.4f}"
    return mean if len(figures) == 1 else f"{mean} ± {statistics.stdev(figures):.4f}"
