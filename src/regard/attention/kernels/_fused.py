"""Softmax attention by torch's fused kernels, which return no weights."""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

__all__ = ["fused_attention"]


def fused_attention(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    mask: Tensor | None = None,
    bias: Tensor | None = None,
    *,
    causal: bool = False,
    dropout: float = 0.0,
) -> Tensor:
    """context = softmax(q . k + bias) @ values.

    Parameters:
        query: [B, Q, D] or [B, H, Q, D], scaled already.
        keys: [B, K, D] or [B, H, K, D].
        values: [B, K, Dv] or [B, H, K, Dv].
        mask: boolean, broadcast to the scores; True means may be attended.
        bias: added to the scores, broadcast to them.
        causal: whether query i attends to the keys up to i; without mask and bias.
        dropout: rate of the weights.

    Returns:
        [B, Q, Dv] or [B, H, Q, Dv]; zeros where nothing may be attended.
    """
    given = mask
    if bias is not None:
        # the lowest finite number, not -inf: a row of -inf alone would be NaN
        given = bias if mask is None else bias.masked_fill(~mask, torch.finfo(bias.dtype).min)
    sides = (query, keys, values)
    if query.dim() == 3:  # the kernels take four dimensions
        sides = (query.unsqueeze(1), keys.unsqueeze(1), values.unsqueeze(1))
        given = given.unsqueeze(1) if given is not None and given.dim() == 3 else given
    context = scaled_dot_product_attention(
        *sides, given, dropout_p=dropout, is_causal=causal, scale=1.0
    )
    context = context.squeeze(1) if query.dim() == 3 else context
    if mask is not None:  # some kernels return NaN where nothing may be attended
        context = context.masked_fill(~mask.any(-1, keepdim=True), 0.0)
    return context
