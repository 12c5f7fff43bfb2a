"""The trained weights of attentions, put in another order."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from regard.attention.attention import Attended, Attention
from regard.attention.conjunctive import ConjunctivePooling
from regard.attention.memory import Memory

__all__ = ["shuffled_weights"]


@contextmanager
def shuffled_weights(modules: Iterable[nn.Module], generator: torch.Generator) -> Iterator[None]:
    """Let attentions weigh the values in another order, drawn at every call.

    A query gives its own weights to other positions that it may attend to, and conjunctive pooling
    its own gates. So an answer that stays the same does not depend on the weights.

    Parameters:
        modules: those among them that are `Attention` or `ConjunctivePooling`.
        generator: on their device.
    """
    hooks: list[RemovableHandle] = []
    for each in modules:
        if isinstance(each, Attention):
            hooks.append(each.register_forward_pre_hook(_with_weights, with_kwargs=True))
            hooks.append(each.register_forward_hook(_Shuffled(generator), with_kwargs=True))
        elif isinstance(each, ConjunctivePooling):
            gates = _ShuffledGates(generator)
            hooks.append(each.register_forward_pre_hook(gates.see_mask, with_kwargs=True))
            hooks += [score.register_forward_hook(gates) for score in each.heads]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _with_weights(_: nn.Module, given: Any, options: dict[str, Any]) -> tuple[Any, Any]:
    return given, {**options, "need_weights": True}


def _order(allowed: Tensor, generator: torch.Generator) -> Tensor:
    """[..., K] positions: those that are allowed in another order, the others where they are."""
    drawn = torch.rand(allowed.shape, generator=generator, device=allowed.device)
    where = torch.arange(allowed.shape[-1], device=allowed.device, dtype=drawn.dtype)
    own = torch.where(allowed, drawn, 1 + where)  # those that are not allowed keep their order
    places = torch.where(allowed, where, allowed.shape[-1] + where).argsort(-1)
    taken = own.argsort(-1)
    return torch.empty_like(taken).scatter(-1, places, taken)


class _Shuffled:
    """Computes the context anew from weights in another order."""

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator

    def __call__(
        self, _: nn.Module, given: tuple[Any, ...], options: dict[str, Any], attended: Attended
    ) -> Attended:
        named = dict(zip(("query", "keys", "values", "mask"), given, strict=False)) | options
        keys, values, mask = named["keys"], named.get("values"), named.get("mask")
        if isinstance(keys, Memory):
            values, mask = keys.values, keys.mask
        elif values is None:
            values = keys
        weights = attended.weights
        assert weights is not None
        if mask is None:
            allowed = torch.ones_like(weights, dtype=torch.bool)
        else:
            rows = mask if mask.dim() == weights.dim() else mask.unsqueeze(-2)
            allowed = rows.expand_as(weights)
        turned = weights.gather(-1, _order(allowed, self.generator))
        return replace(attended, context=turned @ values, weights=turned)


class _ShuffledGates:
    """Puts the scores of conjunctive pooling in another order."""

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator
        self.mask: Tensor | None = None

    def see_mask(self, _: nn.Module, given: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.mask = given[1] if len(given) > 1 else options.get("mask")

    def __call__(self, _: nn.Module, given: tuple[Any, ...], scores: Tensor) -> Tensor:
        allowed = torch.ones_like(scores, dtype=torch.bool)
        if self.mask is not None:
            allowed = self.mask.unsqueeze(-2).expand_as(scores)
        return scores.gather(-1, _order(allowed, self.generator))
