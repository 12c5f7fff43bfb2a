"""Published forms of attention for series, each computed by hand from its parameters."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from regard import reference
from regard.reference import Array

FORMS = ("lstm-attention", "lstm-bahdanau", "lstm-hierarchical")

Parameters = Mapping[str, Array]


def by_hand(form: str, parameters: Parameters, series: Array) -> tuple[Array, Array]:
    """What a form makes of one series, by `regard.reference`.

    - lstm-attention: the states of an LSTM attend to each other by scaled dot products, the
      contexts are averaged; a dense layer.
    - lstm-bahdanau: the last state of an LSTM attends to all by additive attention; a dense layer
      on the context and the state, in this order.
    - lstm-hierarchical: the states of a bidirectional LSTM attend to each other by scaled dot
      products, a second LSTM reads what they found, and attention pools its states: additive of a
      learned query where there is one, otherwise scaled dot products of the states with each
      other, averaged; a dense layer.

    Parameters:
        form: one of `FORMS`.
        parameters: arrays by name, as torch's state dicts have them: `first.` and those of the
            first LSTM (weight_ih_l0, ..., also weight_ih_l0_reverse, ... where it goes both ways,
            and l1, ... of further layers), `second.` of the second LSTM;
            `score.query_projection.weight`, `score.key_projection.weight` and `score.vector` of
            an additive score, and `query` [A] of a learned one; `dense.weight`, `dense.bias`.
        series: [T, C], of true steps alone.

    Returns:
        (output [M], weights over the input steps [T]).
    """
    states = run_lstm(_under("first.", parameters), series)
    weights: Array
    match form:
        case "lstm-attention":
            vector, weights = look_at_itself(states)
        case "lstm-bahdanau":
            score = _under("score.", parameters)
            vector, weights = reference.last_state_pooling(
                states, partial(additive, score, score["query_projection.weight"])
            )
        case "lstm-hierarchical":
            vector, weights, _, _ = reference.stacked_pooling(
                states,
                lambda given: reference.attend(reference.scaled_dot_score(given, given), given),
                partial(run_lstm, _under("second.", parameters)),
                _second_look(parameters),
            )
        case _:
            raise NotImplementedError(form)
    dense = parameters["dense.weight"], parameters["dense.bias"]
    return reference.linear(vector[np.newaxis], *dense)[0], weights


def run_lstm(parameters: Parameters, inputs: Array) -> Array:
    """[T, C] -> [T, D], or [T, 2 D] where it goes both ways, through all layers."""
    layer, states = 0, inputs
    while f"weight_ih_l{layer}" in parameters:
        forward, backward = (
            [parameters[f"{name}_l{layer}{ending}"] for name in _LSTM]
            if f"weight_ih_l{layer}{ending}" in parameters
            else None
            for ending in ("", "_reverse")
        )
        assert forward is not None
        directions = [reference.lstm(states, *forward)]
        if backward is not None:
            directions.append(reference.lstm(states, *backward, backward=True))
        states = np.concatenate(directions, axis=1)
        layer += 1
    assert layer > 0
    return states


def additive(score: Parameters, w_q: Array, query: Array, keys: Array) -> Array:
    """Additive scores [Q, K] of queries [Q, Dq] and keys [K, Dk]."""
    return reference.additive_score(
        query, keys, w_q, score["key_projection.weight"], score["vector"]
    )


def look_at_itself(states: Array) -> tuple[Array, Array]:
    """Every state looks at all by scaled dot products; the mean, and how much each was seen."""
    return reference.self_attention_pooling(states, reference.scaled_dot_score(states, states))


_LSTM = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def _second_look(parameters: Parameters) -> Callable[[Array], tuple[Array, Array]]:
    query = parameters.get("query")
    if query is None:
        return look_at_itself
    score = _under("score.", parameters)
    return lambda states: reference.attention_pooling(
        states, additive(score, np.eye(len(query)), query[np.newaxis], states)[0]
    )


def _under(prefix: str, parameters: Parameters) -> dict[str, Array]:
    """Those whose names begin so, by the rest of their names."""
    return {
        name.removeprefix(prefix): array
        for name, array in parameters.items()
        if name.startswith(prefix)
    }
