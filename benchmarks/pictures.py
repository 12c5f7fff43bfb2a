"""Pictures: Fashion-MNIST as it is, and each object among clutter, beside a random forest.

Among clutter the same encoder is trained with attention and with mean pooling. Objects of the test
part are official test pictures, so that none was trained on.
"""

import os
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from benchmarks.table import Row
from regard import ImageClassifier
from regard.config import read_config
from regard.data import Pictures, clutter, read_idx
from regard.jobs import load_parts, train

__all__ = ["run"]

_EXAMPLE = Path(__file__).parent.parent / "examples" / "clothes.json"
_CASES = {"train10k": 10_000, "t10k": 2_000}  # pictures among clutter


def run(*, quick: bool = False) -> list[Row]:
    """Both problems; quick: one epoch, few pictures among clutter."""
    return [_clothes(quick), *_among_clutter(quick)]


def _clothes(quick: bool) -> Row:
    config = read_config(_EXAMPLE, {"training.epochs": "1"} if quick else {})
    fitting, held, test, *_ = load_parts(config)
    parts = [fitting] if held is None else [fitting, held]
    theirs = _forest(parts, test, quick=quick)
    start = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        ours = float(train(config, Path(folder) / "run")["accuracy"])
    seconds = perf_counter() - start
    return Row(
        "Fashion-MNIST, 10,000 training pictures, official test part, accuracy",
        f"random forest {theirs:.4f}",
        "≥ .90",
        f"{ours:.4f} in {seconds:.0f} s",
        ours >= 0.90,
    )


def _among_clutter(quick: bool) -> list[Row]:
    folder = Path(os.environ["REGARD_DATA"], "image_classification", "fashion_mnist")
    parts = []
    for seed, (name, cases) in enumerate(_CASES.items()):
        crops = read_idx(
            folder / f"{name}-images-idx3-ubyte.gz", folder / f"{name}-labels-idx1-ubyte.gz"
        )
        count = 200 if quick else cases
        parts.append(clutter(crops.values, crops.labels, pictures=count, size=64, seed=seed))
    training, test = parts
    theirs = _forest([training], test, quick=quick)
    attended, even = (
        _figures(training, test, attention, quick) for attention in ("additive", "none")
    )
    beside = f"random forest {theirs:.4f}; mean pooling {even['accuracy']:.4f}"
    found = "; ".join(
        f"{title} {attended[name]:.4f}"
        for title, name in (("AP", "localisation_ap"), ("chance", "localisation_chance"))
    )
    return [
        Row(
            "Fashion-MNIST among clutter, 64 x 64, accuracy",
            beside,
            "≥ .85",
            f"{attended['accuracy']:.4f} in {attended['seconds']:.0f} s",
            attended["accuracy"] >= 0.85,
        ),
        Row(
            "Fashion-MNIST among clutter, pointing game",
            "",
            "≥ .95",
            f"{attended['pointing_game']:.4f} ({found})",
            attended["pointing_game"] >= 0.95,
        ),
    ]


def _figures(training: Pictures, test: Pictures, attention: str, quick: bool) -> dict[str, Any]:
    options: dict[str, Any] = {"epochs": 1} if quick else {}
    start = perf_counter()
    model = ImageClassifier(attention=attention, random_state=0, **options).fit(training)
    seconds = perf_counter() - start
    seen = model.infer(test, maps=["weights"])
    found = model.output_.metrics(seen)
    found |= model.input_.localisation(seen, lambda n: model.output_.outcome(seen, n))
    return found | {"seconds": seconds}


def _forest(training: list[Pictures], test: Pictures, *, quick: bool) -> float:
    """Accuracy of a random forest of the pixels, on the same parts."""
    X = np.concatenate([part.values.reshape(len(part), -1) for part in training])
    y = np.concatenate([part.labels for part in training if part.labels is not None])
    forest = RandomForestClassifier(10 if quick else 100, random_state=0, n_jobs=-1)
    return float(forest.fit(X, y).score(test.values.reshape(len(test), -1), test.labels))
