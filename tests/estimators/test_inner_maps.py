"""Maps of each head of the pooling, and of each layer and head of a Transformer encoder."""

from typing import Any

import numpy as np
import pytest
import torch

from regard import SeriesClassifier, SeriesForecaster, SeriesRegressor, TextClassifier
from regard.data import Cases, sine
from regard.errors import ConfigError
from regard.models.transformer import sinusoids

SMALL = {"epochs": 1, "updates_per_epoch": 1, "random_state": 0, "device": "cpu"}


def _ragged() -> Cases:
    cases = sine(series=12, steps=23)
    return Cases(cases.values, np.array([23, 17] * 6), cases.labels)


def test_heads_and_layers_of_series() -> None:
    cases = _ragged()
    model = SeriesClassifier(
        encoder="transformer", hidden=16, layers=2, pooling="attention", heads=3, **SMALL
    ).fit(cases)
    heads = model.attend(cases, heads=True)
    assert heads.shape == (12, 3, 23)
    np.testing.assert_allclose(heads.sum(-1), 1, rtol=1e-5)
    np.testing.assert_allclose(heads.mean(1), model.attend(cases), rtol=1e-5, atol=1e-7)
    assert np.ptp(heads, axis=1).max() > 1e-5
    assert not heads[1, :, 17:].any()

    layers = model.infer(cases, maps=("layers",)).maps["layers"]
    assert layers[0].shape == (2, 2, 23, 23)
    assert layers[1].shape == (2, 2, 17, 17)
    encoder: Any = model.model_.encoder
    alone = torch.from_numpy(model.scaler_.transform(cases))[1:2, :, :17]
    with torch.inference_mode():  # the first layer by torch's own module
        embedded = encoder.embed(alone).transpose(1, 2)
        embedded = embedded + sinusoids(17, 16, like=embedded)
        states = encoder.layers[0].around_attention.before(embedded)
        theirs = encoder.layers[0].attention.to_torch()
        _, weights = theirs(states, states, states, average_attn_weights=False)
    np.testing.assert_allclose(layers[1][0], weights[0].numpy(), rtol=1e-3, atol=1e-6)


def test_heads_of_states_that_ask() -> None:
    """Averaged over the true queries alone; the heads of all members one after the other."""
    cases = sine(series=10, steps=13)
    y = np.arange(10.0)
    model = SeriesRegressor(
        encoder="conv", hidden=8, layers=1, attention="causal", heads=2, members=2, **SMALL
    ).fit(cases.values, y)
    heads = model.attend(cases.values, heads=True)
    assert heads.shape == (10, 4, 13)
    np.testing.assert_allclose(heads.mean(1), model.attend(cases.values), rtol=1e-4, atol=1e-6)


def test_heads_of_words() -> None:
    texts = ["a good film", "a bad one", "good", "bad bad film it was"] * 4
    model = TextClassifier(encoder="gru", hidden=8, heads=2, **SMALL).fit(texts, [1, 0] * 8)
    heads, mean = model.attend(texts, heads=True), model.attend(texts)
    for each, own in zip(heads, mean, strict=True):
        assert each.shape == (2, len(own))
        np.testing.assert_allclose(each.mean(0), own, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("form", [None, "lstm-bahdanau"])
def test_heads_of_forecasts(form: str | None) -> None:
    tide = np.sin(np.arange(120) / 4)
    how = {} if form is None else {"form": form}
    model = SeriesForecaster(horizon=3, window=17, hidden=8, heads=2, **how, **SMALL).fit(tide)
    heads = model.attend(heads=True)
    assert heads.shape == (1, 1, 2, 3, 17)
    np.testing.assert_allclose(heads.mean(2), model.attend(), rtol=1e-4, atol=1e-6)


def test_models_without_them() -> None:
    cases = sine(series=10, steps=13)
    model = SeriesClassifier(encoder="conv", hidden=8, pooling="conjunctive", **SMALL).fit(cases)
    with pytest.raises(ConfigError, match=r"heads: those of this pooling .*pooling='attention'"):
        model.attend(cases, heads=True)
    with pytest.raises(ConfigError, match="layers: the encoder Convolution has no attention"):
        model.infer(cases, maps=("layers",))
