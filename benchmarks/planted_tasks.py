"""Models of other tasks than series whose maps are known to be right or wrong."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.planted import Planted, relabelled, turn
from regard import (
    ImageClassifier,
    SeriesForecaster,
    SeriesRegressor,
    TextClassifier,
    Translator,
)

__all__ = ["planted_tasks"]

_COMMON: dict[str, Any] = {"device": "cpu"}
_WORDS = [f"{first}{last}" for first in ("ba", "do", "ki", "lu") for last in ("n", "r", "s", "t")]
_SIDE, _SQUARE = 24, 7
_STEPS = 120


def planted_tasks() -> Iterator[Planted]:
    """Of each task honest models, and some whose maps are to be refused."""
    for seed, length in enumerate((8, 16, 30)):
        yield from _texts(length, seed)
    for seed in range(2):
        yield from _pictures(seed)
        yield from _numbers(seed)
        yield from _translations(seed)
        yield from _forecasts(seed)


def _sentences(count: int, length: int, seed: int) -> tuple[list[str], NDArray[Any]]:
    """Random words, one of which says the label."""
    generator = np.random.default_rng(seed)
    labels = np.array(["good", "bad"])[np.arange(count) % 2]
    told = {"good": ("lovely", "superb"), "bad": ("dull", "dreadful")}
    texts = []
    for label in labels.tolist():
        words = generator.choice(_WORDS, length).tolist()
        words[int(generator.integers(length))] = str(generator.choice(told[label]))
        texts.append(" ".join(words))
    return texts, labels


def _texts(length: int, seed: int) -> Iterator[Planted]:
    what = f"texts of {length} words"
    texts, labels = _sentences(600, length, 2 * seed)
    test, true = _sentences(200, length, 2 * seed + 1)
    every = [(name, label) for name in ("attention", "evidence") for label in ("good", "bad")]
    fit = TextClassifier(**_COMMON, epochs=8, random_state=seed).fit
    honest = fit(texts, labels)
    believed = {("evidence", label): "believe" for label in ("good", "bad")}
    yield Planted(f"honest, {what}", honest, test, believed, true)
    turn(honest)
    yield Planted(f"turned map, {what}", honest, test, dict.fromkeys(every, "do not"), true)
    model = TextClassifier(**_COMMON, epochs=8, random_state=seed).fit(texts, relabelled(labels))
    yield Planted(f"random labels, {what}", model, test, dict.fromkeys(every, "do not"), true)
    even = TextClassifier(**_COMMON, epochs=8, attention="none", random_state=seed)
    refused = {("attention", label): "do not" for label in ("good", "bad")}
    yield Planted(f"equal weights, {what}", even.fit(texts, labels), test, refused, true)


def _drawn(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Noise, every other picture with a square."""
    generator = np.random.default_rng(seed)
    pictures = generator.integers(0, 90, (count, _SIDE, _SIDE), dtype=np.uint8)
    labels = np.array(["square", "plain"])[np.arange(count) % 2]
    for n in np.flatnonzero(labels == "square"):
        row, column = generator.integers(_SIDE - _SQUARE, size=2)
        pictures[n, row : row + _SQUARE, column : column + _SQUARE] += 120
    return pictures, labels


def _pictures(seed: int) -> Iterator[Planted]:
    pictures, labels = _drawn(400, 2 * seed)
    test, true = _drawn(160, 2 * seed + 1)
    every = [(name, label) for name in ("attention", "evidence") for label in ("square", "plain")]

    def fitted(labels: NDArray[Any], **changes: Any) -> ImageClassifier:
        options = {**_COMMON, "epochs": 12, "hidden": 16, **changes}
        return ImageClassifier(**options, random_state=seed).fit(pictures, labels)

    honest = fitted(labels)
    looks = {("evidence", "square"): "believe", ("evidence", "plain"): "do not"}
    yield Planted("honest, pictures", honest, test, looks, true)
    guessing = fitted(relabelled(labels))
    refused = dict.fromkeys(every, "do not")
    yield Planted("random labels, pictures", guessing, test, refused, true)
    even = fitted(labels, attention="none", pooling="attention")
    refused = {("attention", label): "do not" for label in ("square", "plain")}
    yield Planted("equal weights, pictures", even, test, refused, true)


def _heights(count: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slow waves with a bump, whose height is the target."""
    generator = np.random.default_rng(seed)
    heights = generator.uniform(0, 4, count)
    values = np.empty((count, 1, _STEPS))
    time = np.arange(_STEPS)
    for n in range(count):
        values[n, 0] = 0.2 * np.sin(time / generator.uniform(5, 15) + generator.random())
        start = int(generator.integers(_STEPS - 20))
        values[n, 0, start : start + 20] += heights[n] * np.hanning(20)
    return values, heights


def _numbers(seed: int) -> Iterator[Planted]:
    values, heights = _heights(500, 2 * seed)
    test, true = _heights(200, 2 * seed + 1)
    options = {**_COMMON, "encoder": "conv-bilstm", "pooling": "attention", "stride": 4}
    options |= {"convolutions": False, "members": 1, "epochs": 15, "hidden": 32}
    options |= {"scaling": "channel"}

    def fitted(targets: NDArray[np.float64], **changes: Any) -> SeriesRegressor:
        return SeriesRegressor(**options, **changes, random_state=seed).fit(values, targets)

    honest = fitted(heights)
    yield Planted("honest, numbers", honest, test, {("attention", "target"): "believe"}, true)
    turn(honest)
    refused = {(name, "target"): "do not" for name in ("attention", "evidence")}
    yield Planted("turned map, numbers", honest, test, refused, true)
    guessing = fitted(np.random.default_rng(seed).permutation(heights))
    yield Planted("random targets, numbers", guessing, test, refused, true)
    even = fitted(heights, attention="none")
    yield Planted("equal weights, numbers", even, test, {("attention", "target"): "do not"}, true)


def _pairs(count: int, seed: int) -> tuple[list[str], list[str]]:
    """Random words, and the same ones in capitals."""
    generator = np.random.default_rng(seed)
    texts = [" ".join(generator.choice(_WORDS, size=7)) for _ in range(count)]
    return texts, [text.upper() for text in texts]


def _translations(seed: int) -> Iterator[Planted]:
    test, true = _pairs(100, 2 * seed + 1)
    texts, targets = _pairs(800, 2 * seed)

    def fitted(targets: list[str]) -> Translator:
        return Translator(
            **_COMMON,
            encoder="gru",
            tokens="word",
            hidden=32,
            dropout=0.0,
            embedding_dropout=0.0,
            epochs=12,
            updates_per_epoch=30,
            learning_rate=0.01,
            precision="float32",
            beam=1,
            random_state=seed,
        ).fit(texts, targets)

    honest = fitted(targets)
    key = "attention", "what is written"
    yield Planted("honest, translations", honest, test, {key: "believe"}, true)
    head: Any = honest.model_.head
    maps = head.maps

    def turned(*given: Any) -> dict[str, Tensor]:
        return {name: each.roll(3, 1) for name, each in maps(*given).items()}

    head.maps = turned
    yield Planted("another word's map, translations", honest, test, {key: "do not"}, true)
    guessing = fitted(np.random.default_rng(seed).permutation(targets).tolist())
    yield Planted("random pairs, translations", guessing, test, {key: "do not"}, true)


def _forecasts(seed: int) -> Iterator[Planted]:
    """A series in which every value is that of a season before: a linear forecast is enough."""
    generator = np.random.default_rng(seed)
    values = generator.standard_normal(12).tolist()
    for _ in range(1500):
        values.append(values[-12] + 0.1 * generator.standard_normal())
    series = np.array(values)
    options = {**_COMMON, "hidden": 16, "horizon": 4, "window": 24, "epochs": 3}
    model = SeriesForecaster(**options, random_state=seed).fit(series[:1000])
    key = "attention", model.targets_[0]
    yield Planted("linear is enough, forecasts", model, series[1000:], {key: "do not"})
    noise = generator.standard_normal(1500)
    model = SeriesForecaster(**options, linear=False, random_state=seed).fit(noise[:1000])
    yield Planted("noise, forecasts", model, noise[1000:], {key: "do not"})
