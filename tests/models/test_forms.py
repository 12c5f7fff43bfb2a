"""Published forms by their names: the model that the estimator makes, and the form by hand."""

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from published_forms import additive, by_hand, run_lstm
from torch import nn

from regard import reference
from regard.estimators import SeriesRegressor
from regard.reference import Array

C, M = 2, 3
LENGTHS = (11, 1, 7)
SMALL: dict[str, Any] = {
    "hidden": 5,
    "attention_dim": 7,
    "members": 1,
    "dropout": 0.0,
    "scaling": "none",
    "epochs": 1,
    "updates_per_epoch": 1,
    "device": "cpu",
    "random_state": 0,
}
_NAMES = (
    ("encoder.network.", "first."),
    ("head.pool.encode.network.", "second."),
    ("head.pool.attend.score.", "look."),
    ("head.pool.heads.0.score.", "score."),
    ("head.pool.pool.heads.0.score.", "score."),
    ("head.pool.pool.queries", "query"),
    ("head.classify.", "dense."),
)
FORMS = [
    ("lstm-attention", "scaled-dot"),
    ("lstm-bahdanau", "additive"),
    ("lstm-hierarchical", "additive"),
    ("lstm-hierarchical", "scaled-dot"),
]


def _series() -> list[Array]:
    generator = np.random.default_rng(1)
    # Numbers that float32 has too: the estimator hands them to the model in it.
    return [generator.normal(size=(C, n)).astype(np.float32).astype(float) for n in LENGTHS]


def _made(form: str, attention: str, layers: int = 1) -> SeriesRegressor:
    """Fitted, and then with weights that let attention differ between the steps."""
    y = np.random.default_rng(2).normal(size=(len(LENGTHS), M))
    model = SeriesRegressor(form=form, attention=attention, layers=layers, **SMALL)
    model.fit(_series(), y)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.model_.parameters():
            nn.init.normal_(parameter, std=0.6, generator=generator)
    return model


def _by_hand(form: str, model: SeriesRegressor, series: Array) -> tuple[Array, Array]:
    named: dict[str, Array] = {}
    for name, parameter in model.model_.named_parameters():
        ours, theirs = next(pair for pair in _NAMES if name.startswith(pair[0]))
        named[theirs + name.removeprefix(ours)] = parameter.detach().double().numpy()
    if form != "lstm-hierarchical":
        return by_hand(form, named, series.T)
    return _hierarchical(named, series.T)


def _hierarchical(parameters: dict[str, Array], series: Array) -> tuple[Array, Array]:
    """As `by_hand` has it, with both looks by the same score."""

    def under(prefix: str) -> dict[str, Array]:
        return {
            name.removeprefix(prefix): array
            for name, array in parameters.items()
            if name.startswith(prefix)
        }

    def look(states: Array) -> tuple[Array, Array]:
        score = under("look.")
        if not score:
            return reference.attend(reference.scaled_dot_score(states, states), states)
        scores = additive(score, score["query_projection.weight"], states, states)
        return reference.attend(scores, states)

    def pool(states: Array) -> tuple[Array, Array]:
        query, score = parameters["query"], under("score.")
        scores = (
            additive(score, np.eye(query.shape[1]), query, states)
            if score
            else reference.scaled_dot_score(query, states)
        )
        return reference.attention_pooling(states, scores[0])

    vector, weights, _, _ = reference.stacked_pooling(
        run_lstm(under("first."), series), look, partial(run_lstm, under("second.")), pool
    )
    dense = parameters["dense.weight"], parameters["dense.bias"]
    return reference.linear(vector[np.newaxis], *dense)[0], weights


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("form", "attention"), FORMS)
def test_the_estimators_model_is_the_published_one(form: str, attention: str, layers: int) -> None:
    """In float32, as it predicts."""
    model, X = _made(form, attention, layers), _series()
    names = [name for name, _ in model.model_.named_parameters()]
    assert any("reverse" in name for name in names) == (form == "lstm-hierarchical")
    predicted, attended = model.predict(X), model.attend(X)
    assert predicted.shape == (len(X), M)
    assert model.target_scaler_.mean is not None
    assert model.target_scaler_.std is not None
    for n, series in enumerate(X):
        values, weights = _by_hand(form, model, series)
        scaler: Any = model.target_scaler_
        expected = values * scaler.std + scaler.mean
        np.testing.assert_allclose(predicted[n], expected, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(attended[n, : LENGTHS[n]], weights, rtol=1e-6, atol=1e-6)
        assert LENGTHS[n] == 1 or np.ptp(weights) > 1e-3


@pytest.mark.parametrize(("form", "attention"), FORMS)
def test_in_float64_to_nine_digits(form: str, attention: str) -> None:
    model = _made(form, attention)
    model.model_.double()
    for series in _series():
        values, maps = model.model_(torch.from_numpy(series).unsqueeze(0))
        expected, weights = _by_hand(form, model, series)
        np.testing.assert_allclose(values[0].detach(), expected, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(maps["attention"][0].detach(), weights, rtol=1e-9, atol=1e-9)


def test_the_form_whose_second_look_is_of_states_is_made_by_its_parts() -> None:
    model = SeriesRegressor(
        encoder="bilstm", pooling="stacked", attention={"score": "scaled-dot", "query": "states"}
    ).set_params(**SMALL)
    model.fit(_series(), np.arange(3.0))
    named = {
        f"{theirs}{name.removeprefix(ours)}": parameter.detach().double().numpy()
        for name, parameter in model.model_.named_parameters()
        for ours, theirs in _NAMES
        if name.startswith(ours)
    }
    for series in _series():
        values, weights = by_hand("lstm-hierarchical", named, series.T)
        scaler: Any = model.target_scaler_
        expected = values * scaler.std + scaler.mean
        np.testing.assert_allclose(model.predict([series])[0], expected[0], rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(model.attend([series])[0], weights, rtol=1e-6, atol=1e-6)
