"""What the operators of torch that are defined here have in common."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor

__all__ = ["as_new", "differentiate_again", "flat", "flat_mask", "in_float32"]


def in_float32(*operators: Any) -> None:
    """Make operators take float32 under `torch.autocast`."""
    for operator in operators:
        for device in ("cpu", "cuda"):
            operator.register_autocast(device, torch.float32)


def differentiate_again(
    formula: Callable[..., Sequence[Tensor]],
    sides: Sequence[Tensor],
    grads: Sequence[Tensor | None],
) -> list[Tensor | None]:
    """Gradients of the sides through a formula, which can be differentiated again.

    Parameters:
        formula: of the sides; computes the outputs of an operator.
        grads: of the outputs; None is zero.
    """
    # Views, so that autograd does not follow a path from one side to another outside the formula.
    sides = [side.view_as(side) for side in sides]
    pairs = zip(formula(*sides), grads, strict=True)
    outputs, given = zip(*(pair for pair in pairs if pair[1] is not None), strict=True)
    wanted = [side for side in sides if side.requires_grad]
    found = torch.autograd.grad(outputs, wanted, given, create_graph=True, allow_unused=True)
    each = iter(found)
    return [next(each) if side.requires_grad else None for side in sides]


def flat(side: Tensor) -> Tensor:
    """[..., L, D] -> [N, L, D]."""
    return side.reshape(prod(side.shape[:-2]), *side.shape[-2:])


def flat_mask(mask: Tensor | None, query: Tensor, keys: int) -> Tensor | None:
    """A mask that broadcasts to [..., Q, K] -> [N, Q, K]."""
    return None if mask is None else flat(mask.expand(*query.shape[:-1], keys))


def as_new(whole: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Reshape a tensor without making it a view, so that it may be changed in place."""
    result: Tensor = torch.ops.aten._unsafe_view(whole, shape)
    return result
