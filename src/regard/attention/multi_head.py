"""Multi-head attention: several attentions in parallel, each of its own projections."""

from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn

from regard.attention import exchange
from regard.attention.attention import Attended, Attention
from regard.attention.checks import check_heads, check_sizes, check_width
from regard.attention.dot import ScaledDot
from regard.attention.kernels import EVERYTHING
from regard.attention.memory import Memory, as_memory, check_keys, check_query
from regard.attention.rotary import Rotary
from regard.errors import ConfigError

__all__ = ["MultiHead"]


class MultiHead(nn.Module):
    """context = W_o [head_1; ...; head_H], head_h = attention_h(W_q,h q, W_k,h k, W_v,h v).

    Parameters:
        heads: number of heads of scaled dot products; or one `Attention` for each head, with any
            score, window and alignment, for queries and keys `head_dim` wide. Heads that are the
            same object, `[Attention(...)] * 4`, share its parameters and are computed at once.
        query_dim: Dq.
        key_dim: Dk; None is Dq.
        value_dim: Dv; None is Dk.
        output_dim: width of the context; None is Dq.
        head_dim: width of each head; None is Dq / H.
        kv_heads: number of heads of keys and values, each used by H / kv_heads consecutive heads
            (grouped-query attention; 1 is multi-query); None is H.
        rotary: rotates projected queries and keys by their positions; None does not.
        bias: whether the four projections have a bias.

    Source: Vaswani et al., 2017, "Attention is all you need", section 3.2.2; for `kv_heads`
    Ainslie et al., 2023, "GQA: training generalized multi-query transformer models".

    >>> from regard.attention import Additive, sparsemax
    >>> heads = [Attention(Additive(4, 4, 7), align=sparsemax) for _ in range(3)]
    >>> context, weights = MultiHead(heads, 12)(torch.randn(2, 5, 12), torch.randn(2, 6, 12))
    >>> context.shape, weights.shape
    (torch.Size([2, 5, 12]), torch.Size([2, 3, 5, 6]))
    """

    def __init__(
        self,
        heads: int | Sequence[Attention],
        query_dim: int,
        *,
        key_dim: int | None = None,
        value_dim: int | None = None,
        output_dim: int | None = None,
        head_dim: int | None = None,
        kv_heads: int | None = None,
        rotary: Rotary | None = None,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if isinstance(heads, int) and heads < 1:
            raise ConfigError(f"heads must be at least 1, not {heads}")
        each = [Attention(ScaledDot())] * heads if isinstance(heads, int) else heads
        check_heads(each, Attention)
        self.count = len(each)
        check_sizes(
            query_dim=query_dim,
            key_dim=key_dim,
            value_dim=value_dim,
            output_dim=output_dim,
            head_dim=head_dim,
        )
        if head_dim is None and query_dim % self.count:
            raise ConfigError(
                f"query_dim {query_dim} is not divisible by {self.count} heads; set head_dim"
            )
        self.head_dim = query_dim // self.count if head_dim is None else head_dim
        self.kv_heads = self.count if kv_heads is None else kv_heads
        if self.kv_heads < 1 or self.count % self.kv_heads:
            raise ConfigError(
                f"kv_heads must divide the {self.count} heads, not be {self.kv_heads}"
            )
        for head in each:
            score, window = head.score, head.window
            for name, of, width in (
                ("query", f"the score {type(score).__name__}", score.query_dim),
                ("keys", f"the score {type(score).__name__}", score.key_dim),
                ("query", f"the window {type(window).__name__}", window.query_dim),
            ):
                if width not in (None, self.head_dim):
                    raise ConfigError(
                        f"heads attend to projections {self.head_dim} wide (head_dim): {name} of "
                        f"{of} must be as wide, not {width}"
                    )
        self.shared = all(head is each[0] for head in each)
        self.heads: Sequence[Attention]
        self.heads = nn.ModuleList(each[:1] if self.shared else each)  # type: ignore[assignment]
        self.rotary = rotary
        key_dim = query_dim if key_dim is None else key_dim
        value_dim = key_dim if value_dim is None else value_dim
        width, kv_width = self.count * self.head_dim, self.kv_heads * self.head_dim
        self.query_projection = nn.Linear(query_dim, width, bias=bias)
        self.key_projection = nn.Linear(key_dim, kv_width, bias=bias)
        self.value_projection = nn.Linear(value_dim, kv_width, bias=bias)
        output_dim = query_dim if output_dim is None else output_dim
        self.output_projection = nn.Linear(width, output_dim, bias=bias)
        for projection in (self.query_projection, self.key_projection, self.value_projection):
            nn.init.xavier_uniform_(projection.weight)

    def prepare(
        self,
        keys: Tensor,
        values: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        position: int = 0,
    ) -> Memory:
        """As `Attention.prepare`; `position` is that of the first key, for rotary positions."""
        memory = self._prepare(keys, values, mask, position)
        if self.shared:
            return memory._replace(prepared=self._first.score.keep(memory.prepared))
        kept = zip(self.heads, memory.prepared, strict=True)
        return memory._replace(prepared=tuple(head.score.keep(part) for head, part in kept))

    def _prepare(
        self, keys: Tensor, values: Tensor | None, mask: Tensor | None, position: int = 0
    ) -> Memory:
        windowed = any(head.window.reach != EVERYTHING for head in self.heads)
        keys, values, mask, broken = check_keys(keys, values, mask, windowed=windowed)
        check_width("keys", keys, self.key_projection.in_features)
        check_width("values", values, self.value_projection.in_features)
        projected = self._split(self.key_projection(keys))
        if self.rotary is not None:
            projected = self.rotary(projected, position)
        if self.shared:
            prepared: Any = self._first.score.prepare(projected)
        else:
            group = self.count // self.kv_heads
            prepared = tuple(
                head.score.prepare(projected[:, h // group]) for h, head in enumerate(self.heads)
            )
        values = self._split(self.value_projection(values))
        mask, broken = (None if each is None else each.unsqueeze(1) for each in (mask, broken))
        return Memory(prepared, values, mask, broken)

    def forward(
        self,
        query: Tensor,
        keys: Tensor | Memory,
        values: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        position: int = 0,
        state: Any = None,
        need_weights: bool = True,
    ) -> Attended:
        """Attend; parameters and errors as for `Attention`.

        Returns:
            `Attended`: context [B, Q, output_dim], weights [B, H, Q, K] or None.
        """
        memory = as_memory(keys, values, mask, self._prepare)
        check_query(query, *memory.values.shape[::2])
        check_width("query", query, self.query_projection.in_features)
        projected = self._split(self.query_projection(query))
        if self.rotary is not None:
            projected = self.rotary(projected, position)
        attend = self._all_at_once if self.shared else self._one_by_one
        how: Any = {"position": position, "state": state, "need_weights": need_weights}
        attended = attend(projected, memory, **how)
        context = self.output_projection(attended.context.transpose(1, 2).flatten(2))
        weights, log_prob = attended.weights, attended.log_prob
        return Attended(context, weights, log_prob, attended.entropy, attended.state)

    @property
    def _first(self) -> Attention:
        """The first head; `self.heads[0]` takes longer than many a product of a decoder's step."""
        return next(iter(self.heads))

    def _split(self, projected: Tensor) -> Tensor:
        """[B, L, heads * d] -> [B, heads, L, d]."""
        heads = projected.shape[2] // self.head_dim
        return projected.reshape(*projected.shape[:2], heads, self.head_dim).transpose(1, 2)

    def _all_at_once(self, query: Tensor, memory: Memory, **how: Any) -> Attended:
        group = self.count // self.kv_heads
        if group > 1:
            memory = memory._replace(
                prepared=memory.prepared.repeat_interleave(group, 1),
                values=memory.values.repeat_interleave(group, 1),
            )
        attended: Attended = self._first(query, memory, **how)
        return attended

    def _one_by_one(self, query: Tensor, memory: Memory, *, state: Any, **how: Any) -> Attended:
        group = self.count // self.kv_heads
        mask, broken = (
            None if each is None else each.squeeze(1) for each in (memory.mask, memory.broken)
        )
        results = [
            head(
                query[:, h],
                Memory(memory.prepared[h], memory.values[:, h // group], mask, broken),
                state=None if state is None else state[h],
                **how,
            )
            for h, head in enumerate(self.heads)
        ]
        return Attended(
            torch.stack([result.context for result in results], 1),
            _stack([result.weights for result in results]),
            _stack([result.log_prob for result in results]),
            _stack([result.entropy for result in results]),
            tuple(result.state for result in results),
        )

    @classmethod
    def from_torch(cls, module: nn.MultiheadAttention) -> Self:
        """The same attention with the same weights; its masks are inverted, see `regard.attention`.

        Raises:
            ConfigError: the module appends a bias or a zero to keys and values.
        """
        return exchange.from_torch(cls, module)

    def to_torch(self) -> nn.MultiheadAttention:
        """The same attention as a module of torch, `batch_first`, with the same weights.

        Raises:
            ConfigError: torch's module has no equivalent; the message says of what.
        """
        return exchange.to_torch(self)

    @classmethod
    def from_keras(cls, layer: Any) -> Self:
        """The same attention as a `keras.layers.MultiHeadAttention` or `GroupQueryAttention`.

        Keras takes values before keys, and its masks mean the same. `use_causal_mask` is the window
        `Causal()`, to be set on `heads[0].window`.

        Raises:
            ConfigError: the layer is not built, or its values are projected to another width.
        """
        return exchange.from_keras(cls, layer)


def _stack(parts: Sequence[Tensor | None]) -> Tensor | None:
    """[B, ...] of each head -> [B, H, ...]; zeros for heads that have None, None if all have."""
    present = [part for part in parts if part is not None]
    if not present:
        return None
    none = torch.zeros_like(present[0])  # without sampling, log-probability and entropy are 0
    return torch.stack([none if part is None else part for part in parts], 1)
