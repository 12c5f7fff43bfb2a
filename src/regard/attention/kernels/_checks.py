"""Checks of the inputs of kernels: compiled code does not check where it reads."""

import torch
from torch import Tensor

from regard.errors import ConfigError

__all__ = ["check_band", "check_sides"]


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
    if mask.dtype != torch.bool:
        raise ConfigError(
            f"mask must be boolean, True where a key may be attended, not {mask.dtype}"
        )
    given = mask.shape[-len(shape) :]
    fits = all(own in (1, wanted) for own, wanted in zip(given[::-1], shape[::-1], strict=False))
    if mask.dim() > len(shape) or not fits:
        raise ConfigError(
            f"mask must broadcast to the scores, {list(shape)}, which {list(mask.shape)} does not"
        )
