"""Sentences a second, in training and in predicting, beside the same network in plain Keras.

Ours begin with strings: learning the tokens, tokenising and, by default, the n-grams are counted.
Keras begins with numbers of tokens, which cost it nothing here. It is tried with a mask, which
makes it the same network, and without, which makes it faster, and wrong where texts were padded;
both pad to the longest of a batch. All run in one process, in turn, with as many threads.
"""

import os
import statistics
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
import torch

from benchmarks.table import Row
from regard.data import Texts, Tokenizer, read_lines
from regard.errors import RegardWarning
from regard.estimators import TextClassifier

__all__ = ["run"]

_REPEATS = 5
_EPOCHS = 2
_ASKED = 1.5
_NETWORK, _DEFAULT = "the network alone", "by default, with n-grams"
_MASKED, _UNMASKED = "Keras", "Keras without mask"


@dataclass
class _Speeds:
    """Sentences a second, one after the other, and how many predictions of the last were right."""

    training: list[float] = field(default_factory=list)
    predicting: list[float] = field(default_factory=list)
    accuracy: float = 0.0


def run(*, quick: bool = False) -> list[Row]:
    """SST-2, the four in turn; quick: a fifth of the sentences, once."""
    folder = Path(os.environ["REGARD_DATA"]) / "text" / "sst2"
    fitting = read_lines(folder / "stsa.binary.train")
    test = read_lines(folder / "stsa.binary.test")
    if quick:
        fitting = fitting.take(np.arange(0, len(fitting), 5))
    contestants: dict[str, Callable[[Texts, Texts, _Speeds], None]] = {
        _NETWORK: lambda *given: _ours(*given, ngrams=False),
        _MASKED: lambda *given: _keras(*given, mask=True),
        _DEFAULT: lambda *given: _ours(*given, ngrams=True),
        _UNMASKED: lambda *given: _keras(*given, mask=False),
    }
    speeds = {name: _Speeds() for name in contestants}
    for repeat in range(1 if quick else _REPEATS):
        for name, time in contestants.items():
            time(fitting, test, speeds[name])
            own = speeds[name]
            print(
                f"SST-2, repeat {repeat}, {name}: {own.training[-1]:.0f} sentences a second in "
                f"training, {own.predicting[-1]:.0f} in predicting, accuracy {own.accuracy:.3f}",
                flush=True,
            )
    rows = []
    for phase in ("training", "predicting"):
        figures: dict[str, list[float]] = {
            name: getattr(own, phase) for name, own in speeds.items()
        }
        rows += [_row(phase, name, figures) for name in (_NETWORK, _DEFAULT)]
    return rows


def _row(phase: str, name: str, figures: dict[str, list[float]]) -> Row:
    against = []
    for peer in (_MASKED, _UNMASKED):
        ratios = [a / b for a, b in zip(figures[name], figures[peer], strict=True)]
        against.append((statistics.median(ratios), min(ratios), max(ratios)))
    told = [f"{middle:.2f} ({low:.2f}-{high:.2f})" for middle, low, high in against]
    return Row(
        f"SST-2, sentences a second in {phase}, {name}, {torch.get_num_threads()} threads",
        "; ".join(f"{peer} {_middle(figures[peer])}" for peer in (_MASKED, _UNMASKED)),
        f"≥ {_ASKED} x Keras",
        f"{_middle(figures[name])}: {told[0]} x, without mask {told[1]} x",
        against[0][0] >= _ASKED,
    )


def _ours(fitting: Texts, test: Texts, speeds: _Speeds, *, ngrams: bool) -> None:
    model = TextClassifier(
        ngrams=ngrams, epochs=_EPOCHS, random_state=len(speeds.training), device="cpu"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RegardWarning)
        model.fit(fitting)
    speeds.training.append(_EPOCHS * len(fitting) / model.fit_seconds_)
    start = perf_counter()
    predicted = model.predict(test)
    speeds.predicting.append(len(test) / (perf_counter() - start))
    speeds.accuracy = float(np.mean(predicted == test.labels))


def _keras(fitting: Texts, test: Texts, speeds: _Speeds, *, mask: bool) -> None:
    from benchmarks.keras_text import KerasText

    assert fitting.labels is not None
    options = TextClassifier()
    resolved = options.resolve(0)
    tokenizer = Tokenizer.train(
        fitting.texts,
        kind=resolved.data.tokens,
        vocabulary=resolved.data.vocabulary,
        min_count=resolved.data.min_count,
        lowercase=resolved.data.lowercase,
    )
    tokens, test_tokens = (
        tokenizer.encode(part.texts, max_tokens=resolved.data.max_tokens).ids
        for part in (fitting, test)
    )
    classes, labels = np.unique(fitting.labels, return_inverse=True)
    model = KerasText(
        tokenizer.size,
        len(classes),
        options.get_params(),
        hidden=resolved.model.hidden,
        mask=mask,
    )
    seconds = model.fit(tokens, labels, epochs=_EPOCHS)
    speeds.training.append(_EPOCHS * len(fitting) / seconds)
    predicted, seconds = model.predict(test_tokens)
    speeds.predicting.append(len(test) / seconds)
    speeds.accuracy = float(np.mean(classes[predicted] == test.labels))


def _middle(figures: list[float]) -> str:
    return f"{statistics.median(figures):,.0f} ({min(figures):,.0f}-{max(figures):,.0f})"
