"""LSTMs by hand, and against torch over whole sequences."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from regard.reference import Array, bidirectional_lstm, gru_cell, lstm, lstm_cell

T, C, D = 5, 3, 7
Rng = np.random.Generator


def test_one_step_by_hand() -> None:
    """Two units, each gate of which is told by its bias: what is kept, written and shown."""
    logit = math.log(3)  # sigmoid 0.75
    # rows: input gates of both units, forget gates, what may be written, output gates
    w_x = np.array([[0.0], [0], [0], [0], [1], [-2], [0], [0]])
    w_h = np.zeros((8, 2))
    w_h[4, 1] = 0.5  # the first unit reads the second
    b_x = np.array([logit, 0, 0, -logit, 0, 0, logit, 0])
    b_h = np.zeros(8)
    h, c = lstm_cell(
        np.array([0.25]), np.array([3.0, 0.5]), np.array([2.0, -4.0]), w_x, w_h, b_x, b_h
    )
    memory = [0.5 * 2 + 0.75 * math.tanh(0.25 + 0.25), 0.25 * -4 + 0.5 * math.tanh(-0.5)]
    np.testing.assert_allclose(c, memory, rtol=1e-12)
    shown = [0.75 * math.tanh(memory[0]), 0.5 * math.tanh(memory[1])]
    np.testing.assert_allclose(h, shown, rtol=1e-12)


def test_a_closed_gate_keeps_what_was_there() -> None:
    """The constant error carousel: nothing in, nothing forgotten, for a hundred steps."""
    shut, wide = -99.0, 99.0
    biases = np.array([shut, wide, 0.7, wide])
    c = h = np.array([0.3])
    for _ in range(100):
        h, c = lstm_cell(np.ones(1), h, c, np.ones((4, 1)), np.zeros((4, 1)), biases, np.zeros(4))
    np.testing.assert_allclose(c, [0.3], rtol=1e-12)
    np.testing.assert_allclose(h, [math.tanh(0.3)], rtol=1e-12)


def _parts(network: torch.nn.LSTM, ending: str = "") -> tuple[Array, ...]:
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    return tuple(network.get_parameter(name + ending).detach().numpy() for name in names)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_it_is_torchs(rng: Rng, bidirectional: bool) -> None:
    torch.manual_seed(0)
    network = torch.nn.LSTM(C, D, batch_first=True, bidirectional=bidirectional).double()
    series = rng.normal(size=(T, C))
    expected = network(torch.from_numpy(series)[None])[0][0].detach().numpy()
    forward: Any = _parts(network)
    if bidirectional:
        backward: Any = _parts(network, "_reverse")
        actual = bidirectional_lstm(series, forward, backward)
        np.testing.assert_allclose(
            lstm(series, *backward, backward=True), expected[:, D:], rtol=1e-12, atol=1e-15
        )
    else:
        actual = lstm(series, *forward)
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-15)


def test_a_step_of_a_gru_is_torchs(rng: Rng) -> None:
    torch.manual_seed(0)
    cell = torch.nn.GRUCell(C, D).double()
    x, h = rng.normal(size=C), rng.normal(size=D)
    expected = cell(torch.from_numpy(x)[None], torch.from_numpy(h)[None])[0].detach().numpy()
    parts = (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)
    actual = gru_cell(x, h, *(each.detach().numpy() for each in parts))
    np.testing.assert_allclose(actual, expected, rtol=1e-12)
