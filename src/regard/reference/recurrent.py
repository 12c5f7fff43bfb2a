"""Recurrent networks, one step and one unit at a time."""

import math

import numpy as np

from regard.reference.elements import Array, dot, sigmoid

__all__ = ["bidirectional_lstm", "gru_cell", "lstm", "lstm_cell"]


def gru_cell(x: Array, h: Array, w_x: Array, w_h: Array, b_x: Array, b_h: Array) -> Array:
    """One step of a GRU.

        r = sigmoid(W_xr x + b_xr + W_hr h + b_hr)        reset gate
        z = sigmoid(W_xz x + b_xz + W_hz h + b_hz)        update gate
        n = tanh(W_xn x + b_xn + r (W_hn h + b_hn))       candidate
        h' = (1 - z) n + z h

    As in torch: the papers reset h before it is multiplied, W_hn (r h), and Bahdanau's z is 1 - z
    here.

    Parameters:
        x: [C], the input of this step.
        h: [D], the state of the previous step.
        w_x: [3 D, C], rows in the order r, z, n, as in torch (weight_ih).
        w_h: [3 D, D] in the same order (weight_hh).
        b_x: [3 D] (bias_ih).
        b_h: [3 D] (bias_hh).

    Returns:
        h' [D].

    Source: Cho et al., 2014, "Learning phrase representations using RNN encoder-decoder for
    statistical machine translation", equations 5 to 8; Bahdanau, Cho and Bengio, 2015, appendix
    A.1.

    >>> weights = np.zeros((3, 1)), np.zeros((3, 1))
    >>> keep = np.array([0.0, math.log(3), 0.5])  # z = 0.75, n = tanh(0.5)
    >>> h = gru_cell(np.ones(1), np.ones(1), *weights, keep, np.zeros(3))
    >>> float(h[0]) == 0.25 * math.tanh(0.5) + 0.75
    True
    """
    D = len(h)
    state = np.zeros(D)
    for d in range(D):
        (r_x, z_x, n_x), (r_h, z_h, n_h) = (
            [dot(w[row], side) + float(b[row]) for row in (d, D + d, 2 * D + d)]
            for w, side, b in ((w_x, x, b_x), (w_h, h, b_h))
        )
        z = sigmoid(z_x + z_h)
        candidate = math.tanh(n_x + sigmoid(r_x + r_h) * n_h)
        state[d] = (1 - z) * candidate + z * float(h[d])
    return state


def lstm_cell(
    x: Array, h: Array, c: Array, w_x: Array, w_h: Array, b_x: Array, b_h: Array
) -> tuple[Array, Array]:
    """One step of an LSTM.

        i = sigmoid(W_xi x + b_xi + W_hi h + b_hi)        input gate
        f = sigmoid(W_xf x + b_xf + W_hf h + b_hf)        forget gate
        g = tanh(W_xg x + b_xg + W_hg h + b_hg)           candidate
        o = sigmoid(W_xo x + b_xo + W_ho h + b_ho)        output gate
        c' = f c + i g,    h' = o tanh(c')

    Parameters:
        x: [C], the input of this step.
        h: [D], the state of the previous step.
        c: [D], its memory.
        w_x: [4 D, C], rows in the order i, f, g, o, as in torch (weight_ih).
        w_h: [4 D, D] in the same order (weight_hh).
        b_x: [4 D] (bias_ih).
        b_h: [4 D] (bias_hh); torch has two biases although one suffices.

    Returns:
        (state h' [D], memory c' [D]).

    Source: Hochreiter and Schmidhuber, 1997, "Long short-term memory", section 4, with scaled
    sigmoids instead of tanh and f = 1; the forget gate is from Gers, Schmidhuber and Cummins, 2000,
    "Learning to forget: continual prediction with LSTM".

    >>> weights = np.zeros((4, 1)), np.zeros((4, 1))
    >>> open_all = np.array([99.0, 99.0, 0.5, 99.0])  # i = f = o = 1, g = tanh(0.5)
    >>> h, c = lstm_cell(np.ones(1), np.ones(1), np.ones(1), *weights, open_all, np.zeros(4))
    >>> float(c[0]) == 1 + math.tanh(0.5), float(h[0]) == math.tanh(c[0])
    (True, True)
    """
    D = len(h)
    state, memory = np.zeros(D), np.zeros(D)
    for d in range(D):
        i, f, g, o = (
            dot(w_x[row], x) + float(b_x[row]) + dot(w_h[row], h) + float(b_h[row])
            for row in (d, D + d, 2 * D + d, 3 * D + d)
        )
        memory[d] = sigmoid(f) * float(c[d]) + sigmoid(i) * math.tanh(g)
        state[d] = sigmoid(o) * math.tanh(memory[d])
    return state, memory


def lstm(
    inputs: Array, w_x: Array, w_h: Array, b_x: Array, b_h: Array, *, backward: bool = False
) -> Array:
    """h_t, c_t = lstm_cell(x_t, h_(t-1), c_(t-1)) from the first step to the last, from zeros.

    Parameters:
        inputs: [T, C].
        w_x, w_h, b_x, b_h: as for `lstm_cell`.
        backward: whether to go from the last step to the first; state t is that of step t.

    Returns:
        [T, D] states.

    Source: Hochreiter and Schmidhuber, 1997.

    >>> zeros = np.zeros((4, 1))
    >>> lstm(np.ones((3, 1)), zeros, zeros, np.zeros(4), np.zeros(4)).tolist()
    [[0.0], [0.0], [0.0]]
    """
    T, D = len(inputs), w_h.shape[1]
    states = np.zeros((T, D))
    h, c = np.zeros(D), np.zeros(D)
    for t in range(T - 1, -1, -1) if backward else range(T):
        h, c = lstm_cell(inputs[t], h, c, w_x, w_h, b_x, b_h)
        states[t] = h
    return states


def bidirectional_lstm(
    inputs: Array,
    forward: tuple[Array, Array, Array, Array],
    backward: tuple[Array, Array, Array, Array],
) -> Array:
    """state_t = [forward_t; backward_t], of an LSTM in each direction.

    Parameters:
        inputs: [T, C].
        forward: w_x, w_h, b_x and b_h, as for `lstm_cell`.
        backward: the same of the other LSTM.

    Returns:
        [T, 2 D] states.

    Source: Graves and Schmidhuber, 2005, "Framewise phoneme classification with bidirectional LSTM
    and other neural network architectures".

    >>> zeros = np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4), np.zeros(4)
    >>> bidirectional_lstm(np.ones((3, 1)), zeros, zeros).shape
    (3, 2)
    """
    return np.concatenate((lstm(inputs, *forward), lstm(inputs, *backward, backward=True)), axis=1)
