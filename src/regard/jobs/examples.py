"""Every mechanism on the same small example, so that their weights can be put side by side."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regard.attention import (
    Additive,
    Attention,
    AttentionPooling,
    ConjunctivePooling,
    Dot,
    HierarchicalPooling,
    LastStatePooling,
    MultiHead,
    Rotary,
    ScaledDot,
    SelfAttentionPooling,
    StackedPooling,
)
from regard.catalogue import AROUND, Mechanism, find_mechanism
from regard.config import AttentionConfig
from regard.errors import ConfigError
from regard.models import make_attentions
from regard.registry import load
from regard.training import seeded

__all__ = ["call_of", "example_series", "example_weights"]

_STEPS = 18
_FLAT = (8, 13)
_SMALL = {"local-m": 3, "local-p": 3, "sliding": 4}  # for so short an example


def example_series() -> NDArray[np.float64]:
    """The example: 18 steps of a sine wave, of which 8 to 12 are held flat. [18]."""
    series = np.sin(np.linspace(0, 3 * np.pi, _STEPS))
    series[_FLAT[0] : _FLAT[1]] = series[_FLAT[0]]
    return series


def example_weights(name: str) -> NDArray[np.float64]:
    """The weights of a mechanism on the example, untrained, from seed 0.

    Each step is a state of its value and its change, and those of the step before; every state
    asks. Windows and alignments are those of scaled dot products, hard and monotonic attention as
    in evaluation, and ALiBi's slope is the first of eight heads'.

    Parameters:
        name: as `regard mechanisms` lists it.

    Returns:
        [H, Q, K]; one head but for multi-head attention, one query where the mechanism pools.

    Raises:
        ConfigError: there is no such mechanism.
    """
    mechanism = find_mechanism(name)
    if mechanism is None:
        raise ConfigError(f"'{name}' is not a mechanism; `regard mechanisms` lists them")
    name = mechanism.name
    states = _states()
    with seeded(0), torch.no_grad():
        if name in AROUND:
            weights = _AROUND[name](states)
        else:
            window = {name: _SMALL[name]} if name in _SMALL else name
            given: Any = {"score": "scaled-dot", mechanism.family: window, "query": "states"}
            attentions, _ = make_attentions(
                AttentionConfig.model_validate(given).model_dump(),
                heads=8 if name == "alibi" else 1,
                state_dim=states.shape[2],
                attention_dim=16,
                positions=_STEPS,
            )
            weights = attentions[0].eval()(states, states).weights
    array: NDArray[np.float64] = weights.double().numpy()
    return array.reshape(-1, *array.shape[-2:])


def call_of(mechanism: Mechanism) -> str:
    """How to make a mechanism in Python.

    >>> from regard.catalogue import SCORES
    >>> call_of(SCORES["additive"])
    'regard.attention.Additive(query_dim, key_dim, hidden_dim)'
    """
    make = load(mechanism.make)
    module: str = make.__module__
    if module.startswith("regard."):  # whose packages export what their modules hold
        module = module.rpartition(".")[0]
    name = f"{module}.{make.__name__}"
    if mechanism.call:
        return f"regard.attention.{mechanism.call}"
    if not isinstance(make, type):
        return name
    given = []
    for parameter in signature(make).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.name in mechanism.constants:
            given.append(f"{parameter.name}={mechanism.constants[parameter.name]!r}")
        elif parameter.default is parameter.empty and parameter.kind is parameter.KEYWORD_ONLY:
            given.append(f"{parameter.name}=")
        elif parameter.default is parameter.empty:
            given.append(parameter.name)
    return f"{name}({', '.join(given)})"


def _states() -> Tensor:
    """[1, 18, 4], each column of about unit variance."""
    series = example_series()
    change = np.gradient(series)
    columns = np.stack([series, change, np.roll(series, 1), np.roll(change, 1)], 1)
    return torch.tensor(2 * columns / columns.std(0), dtype=torch.float32).unsqueeze(0)


def _multi_head(**options: Any) -> Callable[[Tensor], Tensor | None]:
    return lambda states: MultiHead(2, 4, **options)(states, states).weights


def _learned() -> list[Attention]:
    return [Attention(Additive(None, 4, 16)) for _ in range(2)]


_AROUND: dict[str, Callable[[Tensor], Any]] = {
    "multi-head": _multi_head(),
    "grouped-query": _multi_head(kv_heads=1),
    "rotary": _multi_head(rotary=Rotary()),
    "pooling": lambda states: AttentionPooling(_learned(), 16)(states).weights,
    "self-pooling": lambda states: SelfAttentionPooling([Attention(ScaledDot())])(states).weights,
    "last-state": lambda states: LastStatePooling([Attention(ScaledDot())])(states).weights,
    "conjunctive": lambda states: ConjunctivePooling([Dot(), Dot()], 4, 4, 2)(states).weights,
    "hierarchical": lambda states: (
        HierarchicalPooling(AttentionPooling(_learned(), 16), AttentionPooling(_learned(), 16))(
            states.reshape(1, 3, 6, 4)
        ).word_weights
    ),
    "stacked": lambda states: (
        StackedPooling(
            Attention(ScaledDot()),
            lambda contexts, mask: contexts.cumsum(1),
            SelfAttentionPooling([Attention(ScaledDot())]),
        )(states).first_weights
    ),
}
