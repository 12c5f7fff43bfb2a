"""Torch's default dtype: models are in single precision whatever it is."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from regard.catalogue import ENCODERS
from regard.estimators import (
    SeriesClassifier,
    SeriesForecaster,
    SeriesRegressor,
    TextClassifier,
)

SMALL: dict[str, Any] = {
    "hidden": 8,
    "layers": 1,
    "attention_dim": 8,
    "epochs": 1,
    "updates_per_epoch": 1,
    "device": "cpu",
    "random_state": 0,
}
SERIES: NDArray[np.float64] = np.random.default_rng(0).normal(size=(12, 2, 13))
LABELS = np.arange(12) % 2
TEXTS = ["a good film", "a bad film", "so very good"] * 4
TIDE = np.sin(np.arange(60) / 4)


@pytest.fixture(params=[torch.float64, torch.float16], autouse=True)
def default(request: pytest.FixtureRequest) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(request.param)
    yield
    torch.set_default_dtype(before)


def _check(model: Any, data: Any, path: Path) -> None:
    assert {each.dtype for each in model.model_.parameters()} == {torch.float32}
    model.save(path)
    told = model.predict(data)
    np.testing.assert_array_equal(type(model).load(path).predict(data), told)
    torch.set_default_dtype(torch.float32)
    np.testing.assert_array_equal(type(model).load(path).predict(data), told)
    for weights in model.attend(data):
        assert np.isfinite(weights).all()
        np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("encoder", [*ENCODERS])
def test_encoders(encoder: str, tmp_path: Path) -> None:
    model = SeriesClassifier(**SMALL, encoder=encoder).fit(SERIES, LABELS)
    _check(model, SERIES, tmp_path / "run")


@pytest.mark.parametrize("attention", ["sparsemax", "hard", "monotonic", "coverage", "local-p"])
def test_mechanisms(attention: str, tmp_path: Path) -> None:
    model = SeriesClassifier(**SMALL, encoder="conv", attention=attention).fit(SERIES, LABELS)
    _check(model, SERIES, tmp_path / "run")


FITS: dict[str, tuple[Callable[[], Any], Any]] = {
    "numbers": (lambda: SeriesRegressor(**SMALL).fit(SERIES, SERIES[:, 0, 0]), SERIES),
    "texts": (lambda: TextClassifier(**SMALL).fit(TEXTS, LABELS), TEXTS),
    "tide": (lambda: SeriesForecaster(**SMALL, horizon=3, window=12, season=6).fit(TIDE), TIDE),
}


@pytest.mark.parametrize(("fit", "data"), FITS.values(), ids=FITS)
def test_tasks(fit: Callable[[], Any], data: Any, tmp_path: Path) -> None:
    _check(fit(), data, tmp_path / "run")
