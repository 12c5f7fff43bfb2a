"""Do the maps of a sentiment classifier find the words that people call positive or negative?

People have rated each word of 872 sentences of the Stanford Sentiment Treebank by itself (Socher et
al., 2013, "Recursive deep models for semantic compositionality over a sentiment treebank"). A word
is true where its rating is on the side of the predicted class. The figure of a map is the average
precision with which it ranks the true words of a sentence first, the mean over the sentences that
have one. Maps over our words are summed over the words of the treebank.
"""

import json
import os
import statistics
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.table import Row
from regard import TextClassifier
from regard.data import read_lines
from regard.explain import average_precision

__all__ = ["run"]

_SEEDS = 3
_MODELS: dict[str, dict[str, Any]] = {"by default": {}, "without n-grams": {"ngrams": False}}
_METHODS = ("attention", "evidence", "occlusion", "gradient", "integrated-gradients")
_ORDERS = 20  # random ones of each sentence
_LABELS = {"negative": "0", "positive": "1"}

_Maps = list[NDArray[np.float64]]


class _Rated(NamedTuple):
    """Sentences whose words people have rated.

    Attributes:
        texts: words with blanks between them.
        labels: "0" or "1" of each sentence.
        sides: of each sentence [words] -1 where the word is negative, 1 where it is positive.
    """

    texts: list[str]
    labels: NDArray[np.str_]
    sides: list[NDArray[np.int64]]


def run(*, quick: bool = False) -> list[Row]:
    """Three seeds of the default and of the network alone; quick: one, one epoch, 100 sentences."""
    folder = Path(os.environ["REGARD_DATA"])
    fitting = read_lines(folder / "text" / "sst2" / "stsa.binary.train")
    rated = _read(folder / "rationales" / "sst_words" / "dev.jsonl", 100 if quick else None)
    rows = []
    for name, options in _MODELS.items():
        accuracies, seconds = [], []
        found: dict[str, list[float]] = defaultdict(list)
        said: dict[str, list[str]] = defaultdict(list)
        for seed in range(1 if quick else _SEEDS):
            options = options | ({"epochs": 1} if quick else {})
            start = perf_counter()
            model = TextClassifier(random_state=seed, device="cpu", **options).fit(fitting)
            seconds.append(perf_counter() - start)
            predicted = model.infer(rated.texts).values.argmax(1)
            accuracies.append(float((model.classes_[predicted] == rated.labels).mean()))
            for method, maps in _maps(model, rated.texts, seed).items():
                found[method].append(_precision(maps, predicted, rated))
            for (method, label), verdict in model.audit(rated.texts, rated.labels).verdicts.items():
                said[method].append(verdict.verdict)
                print(f"{name}, seed {seed}: {method} of {label}: {verdict}", flush=True)
            print(f"{name}, seed {seed}: {accuracies[-1]:.4f} in {seconds[-1]:.0f} s", flush=True)
            print({method: round(each[-1], 4) for method, each in found.items()}, flush=True)
        what = f"SST words, {name} (accuracy {_spread(accuracies)})"
        chance = f"random order {_spread(found.pop('random'))}"
        for method, each in found.items():
            rows.append(
                Row(f"{what}: AP of {method}", chance, "", _spread(each) + _counts(said[method]))
            )
        print(f"{name}: {statistics.median(seconds):.0f} s each", flush=True)
    return rows


def _read(path: Path, most: int | None) -> _Rated:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:most]]
    return _Rated(
        [" ".join(each["tokens"]) for each in lines],
        np.array([_LABELS[each["label"]] for each in lines]),
        [np.sign(np.array(each["word_sentiment"]) - 2) for each in lines],
    )


def _maps(model: TextClassifier, texts: Sequence[str], seed: int) -> dict[str, _Maps]:
    """Maps by every method, over the words that blanks divide."""
    found: dict[str, _Maps] = {
        method: model.attributions(texts, method=method) for method in _METHODS
    }
    if model.ngrams_ is not None:
        added = _ngrams(model, texts)
        found["n-grams"] = [model.output_.share(each) for each in added]
    spans = model.word_spans(texts)
    laid = {
        method: [_over_blanks(*each) for each in zip(texts, spans, maps, strict=True)]
        for method, maps in found.items()
    }
    generator = np.random.default_rng(seed)
    laid["random"] = [generator.uniform(size=(_ORDERS, len(each))) for each in laid["attention"]]
    return laid


def _ngrams(model: TextClassifier, texts: Sequence[str]) -> _Maps:
    """[N, words] what the n-grams of each word added to the logits."""
    encoded = model.input_.encode(model.input_.take(texts))
    part = model.input_.part(encoded, targets=None, training=False)
    maps: _Maps = []
    for index in np.array_split(np.arange(len(texts)), 1 + len(texts) // 256):
        batch = part[index]
        with torch.inference_mode():
            added = model.model_(*batch.inputs, mask=batch.mask).maps["ngrams"]
        maps += model.input_.of_tokens(added.double().numpy(), encoded, index)
    return maps


def _over_blanks(
    text: str, spans: NDArray[np.int32], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The sums over the words between blanks, of which none of ours is in two."""
    blanks = np.cumsum([character == " " for character in text])
    of = blanks[spans[:, 0]]
    return np.asarray(np.bincount(of, weights, minlength=int(blanks[-1]) + 1), np.float64)


def _precision(maps: _Maps, predicted: NDArray[np.int64], rated: _Rated) -> float:
    """Of maps [words], or of several [orders, words] for each sentence."""
    found = []
    for weights, number, sides in zip(maps, predicted, rated.sides, strict=True):
        true = sides == (-1, 1)[number]
        if true.any():
            each = [average_precision(row, true) for row in np.atleast_2d(weights)]
            found.append(float(np.mean(each)))
    return statistics.mean(found)


def _counts(verdicts: Sequence[str]) -> str:
    """How many of the verdicts, of the classes and seeds, are which; nothing without any."""
    counts = [f"{verdicts.count(each)} {each}" for each in ("believe", "weak", "do not")]
    return f"; {', '.join(counts)}" if verdicts else ""


def _spread(figures: Sequence[float]) -> str:
    """The mean, with the lowest and the highest."""
    return f"{statistics.mean(figures):.3f} ({min(figures):.3f}-{max(figures):.3f})"
