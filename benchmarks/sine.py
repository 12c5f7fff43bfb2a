"""The main job: figures, fit time and localisation, with the peers in the same run."""

import statistics
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from benchmarks import recipe
from benchmarks.table import Row
from regard import SeriesClassifier
from regard.config import read_config
from regard.data import Cases
from regard.explain import localisation_ap
from regard.inputs import Parts
from regard.jobs import load_parts

__all__ = ["run"]

_EXAMPLE = Path(__file__).parent.parent / "examples" / "sine.json"
_SEEDS = range(5)


@dataclass(frozen=True)
class _Result:
    f1: float
    seconds: float
    epochs: int = 0
    localisation: float = float("nan")


def run() -> list[Row]:
    """Ours on every seed, with each peer once between them, then the speeds."""
    ours, speeds = [], []
    # Peers, and the default, take their validation part from what they are fitted on.
    parts = load_parts(read_config(_EXAMPLE))
    labelled = load_parts(read_config(_EXAMPLE, {"data.validation_share": "0"})).train
    published = rocket = default = _Result(0.0, 0.0)
    for seed in _SEEDS:
        result, model = _ours(seed)
        ours.append(result)
        speeds.append(_predictions_per_second(model))
        print(f"sine, seed {seed}: {result}", flush=True)
        if seed == 1:
            rocket = _minirocket(labelled, parts.test)
            print(f"sine, MiniRocket: {rocket}", flush=True)
        if seed == 2:
            default = _default(labelled, parts.test)
            print(f"sine, default: {default}", flush=True)
        if seed == 3:
            published = _published(parts)
            print(f"sine, published recipe: {published}", flush=True)
    f1s, aps = [result.f1 for result in ours], [result.localisation for result in ours]
    fits = [result.seconds for result in ours]
    middle = statistics.median(fits)
    return [
        Row(
            "sine, test F1",
            f"recipe {published.f1:.3f}; MiniRocket {rocket.f1:.3f}",
            "≥ .999 on each of seeds 0-4",
            ", ".join(f"{f1:.4f}" for f1 in f1s),
            min(f1s) >= 0.999,
        ),
        Row(
            "sine, fit against the recipe's with its own protocol",
            f"{published.seconds:.0f} s, {published.epochs} epochs",
            "≤ 1/20",
            f"{middle:.1f} s ({min(fits):.1f}-{max(fits):.1f}), 1/{published.seconds / middle:.1f}",
            middle * 20 <= published.seconds,
        ),
        Row(
            "sine, fit against MiniRocket's with its compilation",
            f"{rocket.seconds:.1f} s",
            "less",
            f"{middle:.1f} s",
            middle < rocket.seconds,
        ),
        Row(
            "sine, localisation AP (chance .27)",
            f"recipe {published.localisation:.2f}",
            "≥ .95 on each of seeds 0-4",
            ", ".join(f"{ap:.3f}" for ap in aps),
            min(aps) >= 0.95,
        ),
        Row(
            "sine, SeriesClassifier() as it comes: fit",
            f"MiniRocket {rocket.seconds:.0f} s",
            "≤ 1.5 x",
            f"{default.seconds:.0f} s, {default.seconds / rocket.seconds:.2f} x",
            default.seconds <= 1.5 * rocket.seconds,
        ),
        Row(
            "the same, test F1; localisation AP",
            "",
            "≥ .999; ≥ .95",
            f"{default.f1:.4f}; {default.localisation:.3f}",
            default.f1 >= 0.999 and default.localisation >= 0.95,
        ),
        _seconds_per_epoch(parts.train),
        Row(
            "predict 10,000 x 500, series a second",
            "",
            "≥ 5,000",
            f"{statistics.median(speeds):,.0f} ({min(speeds):,.0f}-{max(speeds):,.0f})",
            statistics.median(speeds) >= 5000,
        ),
    ]


def _ours(seed: int) -> tuple[_Result, SeriesClassifier]:
    config = read_config(_EXAMPLE, {"seed": str(seed)})
    fitting, validation, test, *_ = load_parts(config)
    model = SeriesClassifier.from_config(config).fit(fitting, validation=validation)
    found = _localisation(test, model.attend(test))
    return _Result(_f1(test, model.predict(test)), model.fit_seconds_, localisation=found), model


def _published(parts: Parts) -> _Result:
    model, seconds = recipe.train(parts.train, parts.validation, seed=0)
    f1 = _f1(parts.test, recipe.predict(model, parts.test))
    found = _localisation(parts.test, recipe.attend(model, parts.test))
    return _Result(f1, sum(seconds), len(seconds), found)


def _default(fitting: Cases, test: Cases) -> _Result:
    model = SeriesClassifier(random_state=0).fit(fitting)
    found = _localisation(test, model.attend(test))
    return _Result(_f1(test, model.predict(test)), model.fit_seconds_, localisation=found)


def _minirocket(fitting: Cases, test: Cases) -> _Result:
    from aeon.classification.convolution_based import MiniRocketClassifier

    start = perf_counter()
    model = MiniRocketClassifier(random_state=0, n_jobs=2).fit(fitting.values, fitting.labels)
    seconds = perf_counter() - start
    return _Result(_f1(test, model.predict(test.values)), seconds)


def _seconds_per_epoch(fitting: Cases) -> Row:
    """`bilstm` as published against the recipe's own loop, an epoch each in turn."""
    ours, theirs = [], []
    for seed in range(3):
        model = SeriesClassifier(
            encoder="bilstm",
            pooling="attention",
            dropout=0.0,
            scaling="none",
            epochs=1,
            batch_size=32,
            schedule="constant",
            learning_rate=0.001,
            gradient_clip=0.0,
            weight_decay=0.0,
            label_smoothing=0.0,
            augmentation="none",
            validation_share=0.0,
            random_state=seed,
        )
        ours.append(model.fit(fitting).fit_seconds_)
        theirs += recipe.train(fitting, epochs=1, seed=seed)[1]
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return Row(
        "bilstm as published, seconds per epoch",
        f"recipe's loop {statistics.median(theirs):.1f}",
        "no slower",
        f"{statistics.median(ours):.1f}, ratio {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f}-{max(ratios):.2f})",
        statistics.median(ratios) <= 1.0,
    )


def _predictions_per_second(model: SeriesClassifier) -> float:
    values = np.random.default_rng(0).normal(size=(10_000, 1, 500))
    start = perf_counter()
    model.predict(values)
    return len(values) / (perf_counter() - start)


def _localisation(test: Cases, weights: NDArray[np.floating]) -> float:
    assert test.spans is not None
    return localisation_ap(weights, test.spans, test.lengths)


def _f1(test: Cases, predicted: NDArray[np.int64]) -> float:
    assert test.labels is not None
    return float(f1_score(test.labels, predicted))
