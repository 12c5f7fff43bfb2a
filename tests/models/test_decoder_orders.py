"""The recurrent decoders against the reference, loop by loop as the papers write them."""

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from building import table
from torch import nn

from regard import reference
from regard.models import RecurrentDecoder
from regard.reference import Array

DS, E, D, S, L = 6, 5, 6, 7, 4
ORDERS: list[tuple[Any, bool]] = [("bahdanau", False), ("luong", False), ("luong", True)]


def _array(tensor: torch.Tensor) -> Array:
    return np.asarray(tensor.detach().numpy(), np.float64)


def _cell(network: nn.LSTM | nn.GRU) -> Any:
    """All layers: (input, state of each layer) -> (state of the last, next states)."""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    layers = [
        [_array(network.get_parameter(f"{name}_l{k}")) for name in names]
        for k in range(network.num_layers)
    ]

    def step(x: Array, states: list[Any]) -> tuple[Array, list[Any]]:
        after: list[Any] = []
        for weights, state in zip(layers, states, strict=True):
            if isinstance(network, nn.LSTM):
                after.append(reference.lstm_cell(x, *state, *weights))
                x = after[-1][0]
            else:
                x = reference.gru_cell(x, state, *weights)
                after.append(x)
        return x, after

    return step


def _scores(decoder: RecurrentDecoder, name: str, query: Array, keys: Array) -> Array:
    score: Any = decoder.attention.score
    if name == "additive":
        sides = (score.query_projection.weight, score.key_projection.weight, score.vector)
        return reference.additive_score(query[None], keys, *map(_array, sides))
    if name == "general":
        return reference.general_score(query[None], keys, _array(score.weight))
    return reference.dot_score(query[None], keys)


@pytest.mark.parametrize(("order", "feeding"), ORDERS)
@pytest.mark.parametrize(
    ("cell", "layers", "score"),
    [*product(("gru", "lstm"), (1, 2), ("additive",)), ("gru", 1, "dot"), ("lstm", 2, "general")],
)
def test_the_order_is_that_of_the_paper(
    rng: np.random.Generator, order: Any, feeding: bool, cell: Any, layers: int, score: str
) -> None:
    torch.manual_seed(0)
    decoder = RecurrentDecoder(
        DS,
        E,
        D,
        cell=cell,
        layers=layers,
        order=order,
        feeding=feeding,
        attention=table({"score": score, "query": "states"}),
        heads=1,
        attention_dim=3,
        positions=S,
        dropout=0.5,
    )
    decoder = decoder.double().eval()
    keys, tokens = rng.normal(size=(S, DS)), rng.normal(size=(L, E))
    given, embedded = torch.from_numpy(keys)[None], torch.from_numpy(tokens)[None]
    written = decoder(embedded, decoder.start(given), need_weights=True)

    ends = np.concatenate((keys[0], keys[-1]))
    first = np.tanh(_array(decoder.first.weight) @ ends + _array(decoder.first.bias))
    states: Any = list(first.reshape(-1, D))
    if cell == "lstm":  # the states of all layers, then the memories of all layers
        states = list(zip(states[:layers], states[layers:], strict=True))

    def attend(_: int, query: Array) -> tuple[Array, Array]:
        context, weights = reference.attend(_scores(decoder, score, query, keys), keys)
        return context[0], weights[0]

    readout = (_array(decoder.readout.weight), _array(decoder.readout.bias))
    step = _cell(decoder.network)
    if order == "bahdanau":
        query = states[-1][0] if cell == "lstm" else states[-1]
        found = reference.bahdanau_decoder(tokens, query, states, step, attend, *readout)
    else:
        found = reference.luong_decoder(tokens, states, step, attend, *readout, feeding=feeding)
    np.testing.assert_allclose(_array(written.states)[0], found[0], atol=1e-12)
    assert written.weights is not None
    np.testing.assert_allclose(_array(written.weights)[0, 0, 0], found[1], atol=1e-12)


def test_the_first_state_is_of_the_last_true_position() -> None:
    torch.manual_seed(0)
    decoder = RecurrentDecoder(
        DS,
        E,
        D,
        cell="gru",
        layers=1,
        order="luong",
        feeding=False,
        attention=table({"score": "dot", "query": "states"}),
        heads=1,
        attention_dim=3,
        positions=S,
        dropout=0.0,
    )
    states = torch.randn(2, S, DS)
    mask = torch.arange(S) < torch.tensor([[3], [S]])
    started = decoder.start(states, mask).hidden
    torch.testing.assert_close(started[:1], decoder.start(states[:1, :3]).hidden)
    torch.testing.assert_close(started[1:], decoder.start(states[1:]).hidden)
