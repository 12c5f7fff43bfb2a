"""The one contract of every mechanism: score, align, and average the values."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, scaled_dot_product_attention

from regard.attention.dot import Dot
from regard.attention.score import Score
from regard.attention.softmax import masked_softmax
from regard.errors import ConfigError

__all__ = ["Attended", "Attention", "Memory"]


class Attended(NamedTuple):
    """What an attention returns.

    Attributes:
        context: [B, Q, Dv], the weighted sums of the values.
        weights: [B, Q, K], those that made the context, before dropout; None when not asked for.
    """

    context: Tensor
    weights: Tensor | None


class Memory(NamedTuple):
    """Keys and values as `Attention.prepare` leaves them, to be attended to again and again.

    Attributes:
        prepared: what the score wants of the keys, with B and K in front.
        values: [B, K, Dv].
        mask: boolean [B, 1, K] or [B, Q, K], True means may be attended; None allows all.
    """

    prepared: Tensor
    values: Tensor
    mask: Tensor | None


class Attention(nn.Module):
    """weights = align(score(query, keys)) where the mask allows; context = weights @ values.

    Parameters:
        score: how well a query matches a key: `Additive`, `Dot`, `ScaledDot`.
        align: how a row of scores becomes weights: `align(scores, mask) -> weights`.
        dropout: share of weights dropped in training; the returned weights are those before it.

    >>> from regard.attention import ScaledDot
    >>> attention = Attention(ScaledDot())
    >>> context, weights = attention(torch.randn(2, 3, 5), torch.randn(2, 7, 5))
    >>> context.shape, weights.shape
    (torch.Size([2, 3, 5]), torch.Size([2, 3, 7]))
    """

    def __init__(
        self,
        score: Score,
        *,
        align: Callable[[Tensor, Tensor | None], Tensor] = masked_softmax,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if not 0.0 <= dropout < 1.0:
            raise ConfigError(f"dropout must be at least 0 and below 1, not {dropout}")
        self.score = score
        self.align = align
        self.dropout = dropout

    def prepare(
        self, keys: Tensor, values: Tensor | None = None, mask: Tensor | None = None
    ) -> Memory:
        """Do once what does not depend on the query.

        Parameters:
            keys: [B, K, Dk].
            values: [B, K, Dv]; the keys themselves when None.
            mask: boolean [B, K] or [B, Q, K]; True means may be attended.
        """
        values = keys if values is None else values
        if keys.dim() != 3 or values.dim() != 3 or keys.shape[:2] != values.shape[:2]:
            raise ConfigError(
                "keys and values must be [B, K, Dk] and [B, K, Dv], "
                f"not {list(keys.shape)} and {list(values.shape)}"
            )
        if mask is not None:
            if mask.dtype != torch.bool:
                raise ConfigError(
                    f"mask must be boolean, True where a key may be attended, not {mask.dtype}"
                )
            mask = mask.unsqueeze(1) if mask.dim() == 2 else mask
            if mask.dim() != 3 or mask.shape[::2] != keys.shape[:2]:
                raise ConfigError(
                    f"mask must be [B, K] or [B, Q, K] with [B, K] = {list(keys.shape[:2])}, "
                    f"not {list(mask.shape)}"
                )
        return Memory(self.score.prepare(keys), values, mask)

    def forward(
        self,
        query: Tensor,
        keys: Tensor | Memory,
        values: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        need_weights: bool = True,
    ) -> Attended:
        """Attend.

        Parameters:
            query: [B, Q, Dq].
            keys: [B, K, Dk], or the `Memory` made of keys, values and mask by `prepare`.
            values: [B, K, Dv]; the keys themselves when None.
            mask: boolean [B, K] or [B, Q, K]; True means may be attended. A query that may
                attend to nothing gets zero weights and a zero context.
            need_weights: False may take a faster kernel; the context is the same.

        Returns:
            `Attended(context [B, Q, Dv], weights [B, Q, K] or None)`.

        Raises:
            ConfigError: shapes that do not go together.
        """
        if isinstance(keys, Memory):
            if values is not None or mask is not None:
                raise ConfigError("values and mask are part of the memory; give them to prepare()")
            memory = keys
        else:
            memory = self.prepare(keys, values, mask)
        if query.dim() != 3 or len(query) != len(memory.values):
            raise ConfigError(
                f"query must be [B, Q, Dq] with B = {len(memory.values)}, not {list(query.shape)}"
            )
        drop = self.dropout if self.training else 0.0
        if not need_weights and isinstance(self.score, Dot) and self.align is masked_softmax:
            scale = self.score.scale(query.shape[-1])
            context = scaled_dot_product_attention(
                query, memory.prepared, memory.values, memory.mask, dropout_p=drop, scale=scale
            )
            if memory.mask is not None:  # some kernels answer NaN where nothing may be attended
                context = context.masked_fill(~memory.mask.any(-1, keepdim=True), 0.0)
            return Attended(context, None)
        weights = self.align(self.score.compare(query, memory.prepared), memory.mask)
        context = dropout(weights, drop) @ memory.values
        return Attended(context, weights if need_weights else None)
