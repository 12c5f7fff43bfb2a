"""Threads: a seed gives the model that it gives alone, and a fitted model answers all of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from regard.catalogue import ENCODERS
from regard.estimators import (
    AttentionEstimator,
    SeriesClassifier,
    SeriesForecaster,
    SeriesRegressor,
    TextClassifier,
)
from regard.models import Recurrent
from regard.plots.page import own_style

SMALL: dict[str, Any] = {
    "hidden": 8,
    "layers": 1,
    "attention_dim": 8,
    "epochs": 1,
    "updates_per_epoch": 2,
    "batch_size": 8,
    "device": "cpu",
    "random_state": 0,
}
CONV = {**SMALL, "encoder": "conv"}
GENERATOR = np.random.default_rng(0)
SERIES = [GENERATOR.normal(size=(2, length)) for length in (13, 5, 11, 7, 13, 3) * 4]
LABELS = np.arange(len(SERIES)) % 2
EQUAL: NDArray[np.float64] = GENERATOR.normal(size=(24, 2, 13))
TEXTS = [" ".join(GENERATOR.choice(["good", "bad", "a", "film"], 5 + n % 4)) for n in range(24)]
TIDE = np.sin(np.arange(90) / 4)


def _together(count: int, act: Callable[[int], Any]) -> list[Any]:
    """What each of so many threads returns that start at the same time."""
    start = Barrier(count)

    def one(n: int) -> Any:
        start.wait()
        return act(n)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def _weights(model: AttentionEstimator) -> dict[str, bytes]:
    return {name: each.numpy().tobytes() for name, each in model.model_.state_dict().items()}


FITS: dict[str, Callable[[], AttentionEstimator]] = {
    "dropout": lambda: SeriesClassifier(**CONV, dropout=0.5).fit(SERIES, LABELS),
    "gru": lambda: SeriesRegressor(**SMALL, encoder="gru").fit(EQUAL, EQUAL[:, 0, 0]),
    "sampled": lambda: SeriesClassifier(**CONV, attention="hard").fit(EQUAL, LABELS),
    "texts": lambda: TextClassifier(**CONV).fit(TEXTS, LABELS),
    "tide": lambda: SeriesForecaster(**CONV, horizon=3, window=12, season=6).fit(TIDE),
}


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_a_seed_gives_the_same_weights_in_threads(fit: Callable[[], AttentionEstimator]) -> None:
    alone = _weights(fit())
    state, filters = torch.get_rng_state(), list(warnings.filters)
    for model in _together(4, lambda _: fit()):
        assert _weights(model) == alone
    assert torch.equal(torch.get_rng_state(), state)
    assert warnings.filters == filters


def test_seeds_of_threads_are_not_mixed_up() -> None:
    def fit(seed: int) -> AttentionEstimator:
        return SeriesClassifier(**{**CONV, "random_state": seed}).fit(EQUAL, LABELS)

    alone = [_weights(fit(seed)) for seed in range(3)]
    assert [_weights(model) for model in _together(3, fit)] == alone
    assert alone[0] != alone[1] != alone[2]


def _check_answers(model: Any, data: Any, path: Path, act: str) -> None:
    """Eight threads get what the model says alone, of a model that none has used before."""
    model.save(path)
    say: Callable[[Any], Any] = lambda one: (getattr(one, act)(data), one.attend(data))  # noqa: E731
    values, maps = say(model)
    loaded = type(model).load(path)
    for told, seen in _together(8, lambda _: say(loaded)):
        np.testing.assert_array_equal(told, values)
        for here, there in zip(seen, maps, strict=True):
            np.testing.assert_array_equal(here, there)


@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize("encoder", [*ENCODERS])
def test_every_encoder_answers_eight_threads(encoder: str, equal: bool, tmp_path: Path) -> None:
    data = EQUAL if equal else SERIES
    model = SeriesClassifier(**SMALL, encoder=encoder).fit(data, LABELS)
    _check_answers(model, data, tmp_path / "run", "predict_proba")


@pytest.mark.parametrize("attention", ["sparsemax", "monotonic", "coverage", "local-p", "hard"])
def test_mechanisms_answer_eight_threads(attention: str, tmp_path: Path) -> None:
    model = SeriesClassifier(**CONV, attention=attention).fit(SERIES, LABELS)
    _check_answers(model, SERIES, tmp_path / "run", "predict_proba")


def test_texts_and_forecasts_answer_eight_threads(tmp_path: Path) -> None:
    texts = TextClassifier(**SMALL, encoder="gru").fit(TEXTS, LABELS)
    _check_answers(texts, TEXTS, tmp_path / "texts", "predict_proba")
    tide = SeriesForecaster(**SMALL, encoder="lstm", horizon=3, window=12, season=6).fit(TIDE)
    _check_answers(tide, TIDE, tmp_path / "tide", "predict")


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_recurrent_networks_run_while_they_are_moved(
    cell: str, layers: int, bidirectional: bool
) -> None:
    encoder = Recurrent(2, cell, 5, layers, dropout=0.0, bidirectional=bidirectional)
    series = torch.randn(3, 2, 7)
    wanted = encoder.network(series.transpose(1, 2))[0]
    encoder.network._flat_weight_refs = []  # as another thread that moves the network leaves it
    with pytest.raises(ValueError, match="longer than argument 1"):
        encoder.network(series.transpose(1, 2))
    assert torch.equal(encoder(series), wanted)


def test_pictures_drawn_in_threads_leave_the_settings_of_matplotlib() -> None:
    before = dict(mpl.rcParams)

    def draw(n: int) -> Any:
        with own_style(str(n)):
            return mpl.rcParams["svg.hashsalt"]

    assert _together(8, draw) == [str(n) for n in range(8)]
    assert dict(mpl.rcParams) == before
