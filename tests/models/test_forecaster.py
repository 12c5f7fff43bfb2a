"""The model of forecasts: its linear term, its two heads, and what it makes of a window."""

from typing import Any

import numpy as np
import pytest
import torch
from building import built
from published_forms import additive, by_hand
from scipy.special import erf
from torch import Tensor, nn

from regard import reference
from regard.estimators import SeriesForecaster
from regard.models.forecaster import Forecaster, HorizonForecast, LinearForecast

B, M, P, F, T, H = 5, 3, 1, 2, 13, 7
SMALL: dict[str, Any] = {
    "quantiles": [0.9],
    "linear": False,
    "encoder": "gru",
    "attention": {
        "score": "additive",
        "window": {"global": {}},
        "align": "softmax",
        "query": "learned",
    },
    "pooling": "horizon",
    "hidden": 3,
    "layers": 1,
    "attention_dim": 5,
    "heads": 1,
    "dropout": 0.0,
}
BY_STATES = {"attention": {**SMALL["attention"], "query": "states"}, "pooling": "attention"}
POOLINGS: list[dict[str, Any]] = [{}, {"pooling": "attention"}, {"pooling": "stacked"}, BY_STATES]


def _built(**changes: Any) -> Forecaster:
    """Of M targets, P columns whose past is known and F whose future is known too."""
    columns = tuple("abcdef")
    model: Forecaster = built(
        "forecast",
        model={**SMALL, **changes},
        data={"horizon": H},
        incoming={
            "targets_": columns[:M],
            "columns_": columns[: M + P + F],
            "known_": columns[M + P : M + P + F],
            "window_": T,
        },
    )
    return model.eval()


def _made(**changes: Any) -> Forecaster:
    """With weights that let everything differ, in float64."""
    torch.manual_seed(0)
    model = _built(**changes).double()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.5)
    return model


def _inputs(seed: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    past = torch.randn(B, M + P + F, T, generator=generator, dtype=torch.float64)
    return past, torch.randn(B, F, H, generator=generator, dtype=torch.float64)


def _numpy(tensor: Tensor) -> Any:
    return tensor.detach().numpy()


def test_the_linear_term_is_its_formula() -> None:
    generator = np.random.default_rng(0)
    shapes = (M, T, H), (M, F, H), (M, H), (B, M, T), (B, F, H)
    W, V, b, x, k = (generator.normal(size=shape) for shape in shapes)
    made = LinearForecast(*map(torch.from_numpy, (W, V, b)))
    found = _numpy(made(torch.from_numpy(x), torch.from_numpy(k)))
    assert list(made.parameters()) == []
    assert found.shape == (B, M, H)
    for n in range(B):
        for m in range(M):
            for h in range(H):
                rise = sum(W[m, t, h] * (x[n, m, t] - x[n, m, -1]) for t in range(T))
                wanted = x[n, m, -1] + b[m, h] + rise + sum(V[m, :, h] * k[n, :, h])
                assert found[n, m, h] == pytest.approx(wanted)


@pytest.mark.parametrize("heads", [1, 2])
def test_every_step_asks_by_a_query_of_its_own(heads: int) -> None:
    """The whole head by hand, on states of its own."""
    model = _made(attention_dim=6, heads=heads)
    head = model.head
    assert isinstance(head, HorizonForecast)
    D = head.mix.in_features
    generator = np.random.default_rng(2)
    states, known = generator.normal(size=(B * M, 11, D)), generator.normal(size=(B * M, F, H))
    values, maps = head(torch.from_numpy(states), torch.from_numpy(known))
    own = {name: _numpy(value) for name, value in head.named_parameters()}
    for n in range(B * M):
        looks = [
            reference.attend(
                additive(
                    {
                        "key_projection.weight": own[f"attentions.{a}.score.key_projection.weight"],
                        "vector": own[f"attentions.{a}.score.vector"],
                    },
                    np.eye(own["queries"].shape[2]),
                    own["queries"][a],
                    states[n],
                ),
                states[n],
            )
            for a in range(heads)
        ]
        context = np.mean([context for context, _ in looks], 0)  # [H, D]
        weights = np.mean([weights for _, weights in looks], 0)
        inside = context @ own["mix.weight"].T + own["mix.bias"] + own["steps"]
        inside += own["target"][n % M, 0] + known[n].T @ own["known.weight"].T
        gelu = inside * (1 + erf(inside / np.sqrt(2))) / 2
        wanted = gelu @ own["out.weight"].T + own["out.bias"]
        np.testing.assert_allclose(_numpy(values[n]), wanted, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(_numpy(maps["attention"][n]), weights, rtol=1e-9)
    assert np.ptp(_numpy(maps["attention"]), axis=1).max() > 1e-3  # the steps look differently


@pytest.mark.parametrize("changes", POOLINGS)
def test_shapes_and_weights(changes: dict[str, Any]) -> None:
    values, maps = _made(**changes)(*_inputs())
    assert values.shape == (B, M, H, 2)
    assert maps["attention"].shape == (B, M, H, T)
    np.testing.assert_allclose(_numpy(maps["attention"].sum(3)), 1)


@pytest.mark.parametrize("changes", POOLINGS)
def test_the_level_of_a_target_is_no_matter(changes: dict[str, Any]) -> None:
    model, (past, known) = _made(**changes), _inputs()
    level = torch.zeros(1, M + P + F, 1, dtype=torch.float64)
    level[:, :M, 0] = torch.tensor([100.0, -7.0, 0.5])
    values, maps = model(past, known)
    moved, moved_maps = model(past + level, known)
    np.testing.assert_allclose(
        _numpy(moved), _numpy(values + level[:, :M, :, None]), rtol=1e-9, atol=1e-9
    )
    np.testing.assert_allclose(_numpy(moved_maps["attention"]), _numpy(maps["attention"]))


@pytest.mark.parametrize("changes", POOLINGS)
def test_targets_do_not_meet(changes: dict[str, Any]) -> None:
    model, (past, known) = _made(**changes), _inputs()
    other = past.clone()
    other[:, 1] += torch.linspace(0, 3, T, dtype=torch.float64) ** 2
    change = _numpy(model(other, known).values - model(past, known).values)
    assert np.abs(change[:, 1]).min() > 1e-6
    assert np.abs(change[:, [0, 2]]).max() == 0


@pytest.mark.parametrize("changes", POOLINGS)
def test_columns_beside_the_targets_count(changes: dict[str, Any]) -> None:
    model, (past, known) = _made(**changes), _inputs()
    for column in range(M, M + P + F):
        other = past.clone()
        other[:, column, 3:7] += 2
        change = _numpy(model(other, known).values - model(past, known).values)
        assert np.abs(change).max(axis=(0, 2, 3)).min() > 1e-6, column


@pytest.mark.parametrize("changes", POOLINGS)
def test_a_known_step_moves_the_forecast_of_that_step(changes: dict[str, Any]) -> None:
    model, (past, known) = _made(**changes), _inputs()
    other = known.clone()
    other[:, :, 4] += 1
    change = np.abs(_numpy(model(past, other).values - model(past, known).values))
    assert change[:, :, 4].min() > 1e-9
    assert np.delete(change, 4, axis=2).max() == 0


@pytest.mark.parametrize("changes", POOLINGS)
def test_what_the_network_says_is_added_to_the_linear_term(changes: dict[str, Any]) -> None:
    past, known = _inputs()
    generator = torch.Generator().manual_seed(3)
    sizes = (M, T, H), (M, F, H), (M, H)
    linear = LinearForecast(*(torch.randn(size, generator=generator).double() for size in sizes))
    alone, both = _made(**changes), _made(**changes)
    both.linear = linear
    said = alone(past, known).values - past[:, :M, -1:, None]
    together = both(past, known).values - linear(past[:, :M], known).unsqueeze(3)
    np.testing.assert_allclose(_numpy(together), _numpy(said), rtol=1e-9, atol=1e-9)
    # The network sees each window from its last value on, in units of its spread.
    spread = past[:, :M].std(2, correction=0, keepdim=True) + 0.1
    for m in range(M):
        own = (past[:, m : m + 1] - past[:, m : m + 1, -1:]) / spread[:, m : m + 1]
        states = alone.encoder(torch.cat([own, past[:, M:]], 1), None)
        head: Any = _made(**changes).head
        if isinstance(head, HorizonForecast):
            head.target = nn.Parameter(head.target[m : m + 1])
        inside = head(states, known).values * spread[:, m : m + 1]
        np.testing.assert_allclose(_numpy(said[:, m]), _numpy(inside), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("changes", POOLINGS)
def test_it_begins_as_the_linear_term_alone(changes: dict[str, Any]) -> None:
    shapes = (M, T, H), (M, F, H), (M, H)
    linear = LinearForecast(*(torch.randn(shape) for shape in shapes))
    model = _built(**changes, linear=True)
    assert isinstance(model.linear, LinearForecast)
    assert [buffer.shape for buffer in model.linear.buffers()] == list(shapes)
    model.linear = linear
    past, known = (each.float() for each in _inputs())
    values = model(past, known).values
    wanted = linear(past[:, :M], known).unsqueeze(3).expand_as(values)
    np.testing.assert_allclose(_numpy(values), _numpy(wanted), rtol=1e-5, atol=1e-5)


def test_windows_that_stand_still_have_a_forecast() -> None:
    past, known = _inputs()
    past[:, 0] = 3.0
    values = _made()(past, known).values
    assert values.isfinite().all()


def test_states_are_dropped_in_training_alone() -> None:
    model, (past, known) = _made(dropout=0.5), _inputs()
    assert torch.equal(model(past, known).values, model(past, known).values)
    model.train()
    assert not torch.equal(model(past, known).values, model(past, known).values)


@pytest.mark.parametrize("pooling", ["horizon", "attention"])
def test_hard_attention_says_how_likely_its_draws_were(pooling: str) -> None:
    model = _made(attention={**SMALL["attention"], "align": "hard"}, pooling=pooling).train()
    predicted = model(*_inputs())
    for drawn in (predicted.log_prob, predicted.entropy):
        assert drawn is not None
        assert drawn.shape == (B,)
        assert drawn.isfinite().all()
    assert (predicted.log_prob <= 0).all()
    # The sum over all that was drawn for a case, of the probabilities that soft attention has.
    drawn = _numpy(predicted.maps["attention"]) == 1  # [B, M, H, T]
    shares = _numpy(_made(pooling=pooling)(*_inputs()).maps["attention"])
    draws = slice(None) if pooling == "horizon" else slice(1)  # one context serves all steps
    wanted = np.log((drawn * shares).sum(3))[:, :, draws].sum((1, 2))
    np.testing.assert_allclose(_numpy(predicted.log_prob), wanted)
    weights = _numpy(model.eval()(*_inputs()).maps["attention"])
    assert sorted(set(weights.ravel())) == [0, 1]


@pytest.mark.parametrize("changes", POOLINGS)
def test_every_part_learns(changes: dict[str, Any]) -> None:
    model = _made(**changes)
    model(*_inputs()).values.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert (parameter.grad != 0).any(), name


# The published forms, as the estimator makes them.

_NAMES = (
    ("encoder.network.", "first."),
    ("head.head.pool.encode.network.", "second."),
    ("head.head.pool.heads.0.score.", "score."),
    ("head.head.classify.", "dense."),
)


@pytest.mark.parametrize(
    ("form", "attention"),
    [
        ({"form": "lstm-attention"}, "scaled-dot"),
        ({"form": "lstm-bahdanau"}, "additive"),
        (
            {"encoder": "bilstm", "pooling": "stacked", "linear": False},
            {"score": "scaled-dot", "query": "states"},
        ),
    ],
)
def test_published_forms_are_what_they_are_by_hand(form: dict[str, Any], attention: Any) -> None:
    """The network reads each window from its last value on, in units of its spread."""
    y = np.random.default_rng(0).normal(size=(2, 50)).cumsum(1)
    options: dict[str, Any] = {"hidden": 5, "layers": 2, "attention_dim": 7, "dropout": 0.0, **form}
    options |= {"window": T, "horizon": H, "epochs": 1, "updates_per_epoch": 1, "device": "cpu"}
    model = SeriesForecaster(**options, attention=attention).fit(y.T)
    network: Any = model.model_
    assert network.linear is None
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in network.parameters():
            nn.init.normal_(parameter, std=0.6, generator=generator)
    named = {
        f"{theirs}{name.removeprefix(ours)}": parameter.detach().double().numpy()
        for name, parameter in network.named_parameters()
        for ours, theirs in _NAMES
        if name.startswith(ours)
    }
    assert len(named) == len(list(network.parameters()))
    forecast = model.forecast()
    name = form.get("form", "lstm-hierarchical")
    for m in range(2):
        mean, std = model.scales_["0"][0][m], model.scales_["0"][1][m]
        scaled = (y[m, -T:] - mean) / std
        spread = scaled.std() + 0.1
        series = (scaled - scaled[-1]) / spread
        said, weights = by_hand(name, named, series[:, None])
        wanted = (said * spread + scaled[-1]) * std + mean
        np.testing.assert_allclose(forecast.values[0, m], wanted, rtol=1e-5, atol=1e-5)
        for h in range(H):
            np.testing.assert_allclose(forecast.weights[0, m, h], weights, rtol=1e-4, atol=1e-6)
        assert np.ptp(weights) > 1e-3
