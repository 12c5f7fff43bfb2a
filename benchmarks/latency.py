"""How long one case takes, of a loaded run, beside the bare model on tensors made before."""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import torch

from benchmarks.table import Row
from regard import SeriesClassifier, SeriesForecaster, SeriesRegressor, TextClassifier
from regard.data import sine
from regard.estimators import AttentionEstimator

__all__ = ["run"]

_CALLS = 100
_TEXT = (
    "striped cotton shirt with a button down collar in navy blue for men and women that "
    "keeps its shape after many washes and has long sleeves"
)


def run() -> list[Row]:
    """One row a task: the hundredth call, and the first, against the bare model's hundredth."""
    return [_row(task, *made) for task, made in _made().items()]


def _made() -> dict[str, tuple[AttentionEstimator, Any, str]]:
    """For each task a fitted estimator, one new case, and what is asked."""
    cases = sine(series=60, steps=150, seed=0)
    rows, one = cases.values[:40], cases.values[40:41]
    labels: Any = cases.labels
    generator = np.random.default_rng(0)
    texts = [" ".join(generator.permutation(_TEXT.split())) for _ in range(300)]
    months = np.sin(np.arange(400) * 2 * np.pi / 12) + 0.1 * generator.standard_normal(400)
    few: dict[str, Any] = {"epochs": 1, "random_state": 0, "device": "cpu"}
    classifier = SeriesClassifier(**few).fit(rows, labels[:40])
    fast = SeriesClassifier(encoder="conv-bilstm", pooling="attention", **few)
    text = TextClassifier(**few).fit(texts, ["a", "b", "c"] * 100)
    regressor = SeriesRegressor(**few).fit(rows, rows.max((1, 2)))
    forecaster = SeriesForecaster(horizon=12, season=12, **few).fit(months)
    return {
        "classify, inception": (classifier, one, "predict_proba"),
        "classify, conv-bilstm": (fast.fit(rows, labels[:40]), one, "predict_proba"),
        "classify-text": (text, texts[:1], "predict_proba"),
        "regress, 3 members": (regressor, one, "predict"),
        "forecast": (forecaster, months[-200:], "predict"),
    }


def _row(task: str, fitted: AttentionEstimator, X: Any, ask: str) -> Row:
    with TemporaryDirectory() as folder:
        fitted.save(Path(folder) / "run")
        model = type(fitted).load(Path(folder) / "run")
    call = getattr(model, ask)
    bare = _bare(model, X)
    first = _seconds(lambda: call(X))
    bare()
    ours, theirs = [], []
    for _ in range(_CALLS):  # in turn
        ours.append(_seconds(lambda: call(X)))
        theirs.append(_seconds(bare))
    share = median(a / b for a, b in zip(ours, theirs, strict=True))
    last, alone = 1000 * median(ours[-21:]), 1000 * median(theirs[-21:])
    return Row(
        f"one case, {task}: the hundredth call, milliseconds; beside the bare model",
        f"model(x) {alone:.2f}",
        "≤ 2 x",
        f"{last:.2f}, {share:.2f} x; the first {1000 * first:.1f}",
        share <= 2,
    )


def _bare(model: AttentionEstimator, X: Any) -> Callable[[], Any]:
    """The model on the tensors of these cases."""
    incoming: Any = model.input_
    cases = incoming.ahead(X) if hasattr(incoming, "ahead") else incoming.take(X)
    part = incoming.part(incoming.encode(cases), targets=None, training=False)
    batch = part[np.arange(len(cases))]

    def forward() -> Any:
        with torch.inference_mode():
            return model.model_(*batch.inputs, mask=batch.mask)

    return forward


def _seconds(what: Callable[[], Any]) -> float:
    start = perf_counter()
    what()
    return perf_counter() - start
