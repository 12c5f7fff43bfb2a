"""What the custom operators have in common: shapes, derivatives, and checks of their inputs.

Compiled code does not check where it reads.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor

from regard.attention.checks import check_boolean
from regard.errors import ConfigError

__all__ = [
    "as_new",
    "check_band",
    "check_sides",
    "differentiate_again",
    "flat",
    "flat_mask",
    "in_float32",
]


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


def check_sides(
    query: Tensor,
    keys: Tensor,
    *,
    vector: Tensor | None = None,
    values: Tensor | None = None,
    mask: Tensor | None = None,
    keys_exp: Tensor | None = None,
    first: Tensor | None = None,
    width: int | None = None,
) -> None:
    """Check that shapes, dtypes and devices match.

    Raises:
        ConfigError: which input does not match, what it must be and what it is.
    """
    if query.dim() < 2 or keys.dim() < 2 or query.shape[:-2] != keys.shape[:-2]:
        raise ConfigError(
            "query and keys must be [..., Q, A] and [..., K, A] with the same first dimensions, "
            f"not {list(query.shape)} and {list(keys.shape)}"
        )
    if query.shape[-1] != keys.shape[-1]:
        raise ConfigError(
            f"query and keys must be equally wide, not {query.shape[-1]} and {keys.shape[-1]}"
        )
    if vector is not None and vector.shape != query.shape[-1:]:
        raise ConfigError(f"vector must be [{query.shape[-1]}], not {list(vector.shape)}")
    if values is not None and values.shape[:-1] != keys.shape[:-1]:
        wanted = ", ".join(str(size) for size in keys.shape[:-1])
        raise ConfigError(f"values must be [{wanted}, Dv], not {list(values.shape)}")
    if keys_exp is not None and keys_exp.shape != keys.shape:
        raise ConfigError(
            f"keys_exp must be {list(keys.shape)}, as the keys, not {list(keys_exp.shape)}"
        )
    columns = keys.shape[-2] if width is None else width
    if first is not None:
        check_band(query, first)
    if mask is not None:
        _check_mask(mask, (*query.shape[:-1], columns))
    for side in (query, keys, vector, values):
        if side is not None and not side.is_floating_point():
            raise ConfigError(f"attention takes floating point numbers, not {side.dtype}")
    for side in (keys, vector, values, mask, keys_exp, first):
        if side is not None and side.device != query.device:
            raise ConfigError(
                f"all inputs must be on the same device, not {query.device} and {side.device}"
            )


def check_band(query: Tensor, first: Tensor) -> None:
    """Raise a `ConfigError` unless `first` is int64 [..., Q], as the query [..., Q, A]."""
    if first.shape != query.shape[:-1] or first.dtype != torch.int64:
        raise ConfigError(
            f"first must be int64 {list(query.shape[:-1])}, one key for each query, "
            f"not {first.dtype} {list(first.shape)}"
        )


def _check_mask(mask: Tensor, shape: tuple[int, ...]) -> None:
    check_boolean(mask)
    given = mask.shape[-len(shape) :]
    fits = all(own in (1, wanted) for own, wanted in zip(given[::-1], shape[::-1], strict=False))
    if mask.dim() > len(shape) or not fits:
        raise ConfigError(
            f"mask must broadcast to the scores, {list(shape)}, which {list(mask.shape)} does not"
        )
