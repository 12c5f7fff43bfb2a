"""Attention over any score, window and alignment."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from regard.attention.alignment import Alignment, Sampled, SequentialAlignment, check_align
from regard.attention.checks import check_object, check_vectors, check_width
from regard.attention.kernels import EVERYTHING, Band, band_weighted_sum
from regard.attention.memory import Memory, as_memory, check_keys, check_query
from regard.attention.score import RecurrentScore, Score
from regard.attention.softmax import masked_softmax
from regard.attention.window import Global, View, Window
from regard.errors import ConfigError

__all__ = ["Attended", "Attention"]


@dataclass(frozen=True)
class Attended:
    """What an attention returns; `context, weights = attention(...)` unpacks the first two.

    Attributes:
        context: [B, Q, Dv], the weighted sums of the values.
        weights: [B, Q, K], before dropout; None unless `need_weights`. Of a `MultiHead`,
            [B, H, Q, K].
        log_prob: [B, Q] (or [B, H, Q]), log-probability of the positions that `Hard` sampled in
            training with REINFORCE; otherwise None.
        entropy: of the distributions they were sampled from, of the same shape; otherwise None.
        state: pass it to the call for the next step, if the mechanism depends on the previous
            step: `LocationSensitive`, `Coverage`, `Monotonic`. Otherwise None.
    """

    context: Tensor
    weights: Tensor | None = None
    log_prob: Tensor | None = None
    entropy: Tensor | None = None
    state: Any = None

    def __iter__(self) -> Iterator[Tensor | None]:
        """The context and the weights."""
        yield self.context
        yield self.weights

    def __getitem__(self, index: int) -> Tensor | None:
        """The context of 0, the weights of 1, as a tuple of the two."""
        return (self.context, self.weights)[index]


torch.export.register_dataclass(Attended)  # so that an exported graph can return it


class Attention(nn.Module):
    """weights = align(score(query, keys)) where window and mask allow; context = weights @ values.

    Parameters:
        score: how well a query matches a key: `Additive`, `ScaledDot`, `Coverage`...
        window: which keys a query may attend to, and a bias or gain for each: `Causal()`,
            `LocalPredictive(...)`... None allows all keys.
        align: turns a row of scores into weights: `masked_softmax`, `sparsemax`, `entmax15`, any
            function `align(scores, mask) -> weights`, or an `Alignment` such as `Hard()`.
        dropout: rate of the weights in training; the returned weights are those before it.

    Raises:
        ConfigError: score, window and align cannot be combined; the message says why.

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
        window: Window | None = None,
        align: Callable[[Tensor, Tensor | None], Tensor | Sampled] = masked_softmax,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        for name, given in (("score", score), ("window", window), ("align", align)):
            check_object(name, given)
        if not isinstance(score, Score):
            raise ConfigError(f"score must be a Score, such as ScaledDot(), not {score!r}")
        if not isinstance(window, Window | None):
            raise ConfigError(f"window must be a Window, such as Causal(), not {window!r}")
        check_align(align)
        if not 0.0 <= dropout < 1.0:
            raise ConfigError(f"dropout must be at least 0 and below 1, not {dropout}")
        self.score = score
        self.window = Global() if window is None else window
        self.align = align
        self.dropout = dropout
        if isinstance(align, Alignment):
            align.check(self.score, self.window)

    @property
    def ordered(self) -> bool:
        """Whether the output depends on the position of a query in its sequence."""
        return self.window.relative or isinstance(self.score, RecurrentScore)

    @property
    def reads_query(self) -> bool:
        """Whether the output depends on the query."""
        return self.score.reads_query or self.window.reads_query

    def prepare(
        self, keys: Tensor, values: Tensor | None = None, mask: Tensor | None = None
    ) -> Memory:
        """Compute once what does not depend on the query.

        Parameters:
            keys: [B, K, Dk].
            values: [B, K, Dv]; the keys if None.
            mask: boolean [B, K] or [B, Q, K]; True means may be attended.
        """
        memory = self._prepare(keys, values, mask)
        return memory._replace(prepared=self.score.keep(memory.prepared))

    def forward(
        self,
        query: Tensor,
        keys: Tensor | Memory,
        values: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        position: int = 0,
        state: Tensor | None = None,
        need_weights: bool = True,
    ) -> Attended:
        """Attend.

        Parameters:
            query: [B, Q, Dq].
            keys: [B, K, Dk], or the `Memory` that `prepare` made of keys, values and mask.
            values: [B, K, Dv]; the keys if None.
            mask: boolean [B, K] or [B, Q, K]; True means may be attended. A query that may
                attend to nothing gets zero weights and a zero context.
            position: of the first query in its sequence, for windows.
            state: as the call for the previous step returned it; None at the first step.
            need_weights: False allows a faster kernel; the context is the same.

        Returns:
            `Attended`: context [B, Q, Dv], weights [B, Q, K] or None, and what else the mechanism
            returns.

        Raises:
            ConfigError: the shapes do not match.
        """
        memory = as_memory(keys, values, mask, self._prepare)
        self._check(query, memory, state)
        attended = self._attend(query, memory, position, state, need_weights)
        if memory.broken is None:
            return attended
        return self._spoiled(attended, query, memory, memory.broken, position)

    def _attend(
        self, query: Tensor, memory: Memory, position: int, state: Tensor | None, need_weights: bool
    ) -> Attended:
        drop = self.dropout if self.training else 0.0
        score, reach = self.score, self.window.reach
        softmax = self.align is masked_softmax and not self.window.has_gain
        if softmax and drop == 0.0 and reach is not None:
            how: Any = {"reach": reach, "position": position, "need_weights": need_weights}
            both = score.attend(query, memory, **how)
            if both is not None:
                return Attended(*both)
        if score.compares_bands and reach is None:
            band = self.window.band(query, memory.values.shape[-2], _lengths(memory))
            if band is not None:
                return self._in_band(query, memory, *band, drop, need_weights)
        # a reach goes by positions alone; finding the lengths takes time at each step of a decoder
        how = {"lengths": _lengths(memory) if reach is None else None, "position": position}
        view = self.window(query, memory.values.shape[-2], **how).masked(memory.mask)
        if softmax and not need_weights:
            context = score.attend_view(query, memory, view, dropout=drop)
            if context is not None:
                return Attended(context)
        aligned, state = self._align(query, memory.prepared, view, state)
        aligned = _narrow(aligned, query)
        context = dropout(aligned.weights, drop) @ memory.values
        weights = aligned.weights if need_weights else None
        return Attended(context, weights, aligned.log_prob, aligned.entropy, state)

    def _prepare(self, keys: Tensor, values: Tensor | None, mask: Tensor | None) -> Memory:
        windowed = self.window.reach != EVERYTHING
        keys, values, mask, broken = check_keys(keys, values, mask, windowed=windowed)
        check_width("keys", keys, self.score.key_dim)
        return Memory(self.score.prepare(keys), values, mask, broken)

    def _check(self, query: Tensor, memory: Memory, state: Tensor | None) -> None:
        """Raise a `ConfigError` unless the shapes match."""
        keys = memory.values.shape[-2]
        check_vectors("query", query)
        if query.dim() < 3 or query.shape[:-2] != memory.values.shape[:-2]:
            check_query(query, memory.values.shape[0], keys)
        check_width("query", query, self.score.query_width(memory.prepared))
        of = f"query_dim of the window {type(self.window).__name__}"
        check_width("query", query, self.window.query_dim, of)
        if state is not None and state.shape[-1] != keys:
            raise ConfigError(f"state must be of {keys} keys, not {state.shape[-1]}")
        if memory.mask is not None and memory.mask.shape[-2] not in (1, query.shape[-2]):
            raise ConfigError(
                f"mask must be [B, K] or [B, Q, K] with Q = {query.shape[-2]}, "
                f"not {[memory.mask.shape[0], *memory.mask.shape[-2:]]}"
            )

    def _spoiled(
        self, attended: Attended, query: Tensor, memory: Memory, broken: Tensor, position: int
    ) -> Attended:
        """NaN for the queries that may attend to a key that was not finite."""
        how: Any = {"lengths": _lengths(memory), "position": position}
        view = self.window(query, memory.values.shape[-2], **how).masked(memory.mask)
        seen = broken if view.mask is None else view.mask & broken
        nan = torch.where(seen.any(-1, keepdim=True), torch.nan, 0.0).to(attended.context.dtype)
        weights = None if attended.weights is None else attended.weights + nan
        return replace(attended, context=attended.context + nan, weights=weights)

    def _in_band(
        self, query: Tensor, memory: Memory, band: Band, view: View, drop: float, need_weights: bool
    ) -> Attended:
        """Attend to a band: the scores of other keys are not computed."""
        prepared, values, mask, _ = memory
        keys = values.shape[-2]
        places = band.places().clamp(0, keys - 1)  # [B, Q, W]
        if mask is not None:
            view = view.masked(mask.expand(*query.shape[:-1], keys).gather(-1, places))
        scores = self.score.compare_band(query, prepared, band, view.mask)
        weights = _narrow(self._weigh(scores, view), query).weights
        context = band_weighted_sum(
            dropout(weights, drop).flatten(0, -3), values.flatten(0, -3), band.first.flatten(0, -2)
        ).view(*query.shape[:-1], -1)
        if not need_weights:
            return Attended(context)
        return Attended(
            context, weights.new_zeros(*query.shape[:-1], keys).scatter_add(-1, places, weights)
        )

    def _align(
        self, query: Tensor, prepared: Tensor, view: View, state: Tensor | None
    ) -> tuple[Sampled, Tensor | None]:
        """The weights of all queries, and the state for the next one."""
        if isinstance(self.align, SequentialAlignment):
            state = self.align.start(prepared) if state is None else state
            weights = self.align.align(self.score, query, prepared, view.mask, state)
            return Sampled(weights), weights[..., -1, :] if weights.shape[-2] else state
        if isinstance(self.score, RecurrentScore):
            return self._one_by_one(query, prepared, view, state)
        return self._weigh(self.score.compare_where(query, prepared, view.mask), view), None

    def _one_by_one(
        self, query: Tensor, prepared: Tensor, view: View, state: Tensor | None
    ) -> tuple[Sampled, Tensor]:
        """One query after the other, since the scores of each depend on the weights before."""
        score = cast(RecurrentScore, self.score)
        state = score.start(prepared) if state is None else state
        steps = []
        for i in range(query.shape[-2]):
            scores = score.compare(query[..., i : i + 1, :], prepared, state)
            step = self._weigh(scores, view.of_query(i))
            state = score.update(state, step.weights.squeeze(-2))
            steps.append(step)
        if not steps:
            return self._weigh(query.new_zeros(*query.shape[:-1], prepared.shape[-2]), view), state
        weights, log_prob, entropy = (
            None if parts[0] is None else torch.cat(parts, dim)
            for parts, dim in zip(zip(*steps, strict=True), (-2, -1, -1), strict=True)
        )
        return Sampled(cast(Tensor, weights), log_prob, entropy), state

    def _weigh(self, scores: Tensor, view: View) -> Sampled:
        """[B, Q, K] scores -> weights, with the mask, bias and gain of a view."""
        if view.bias is not None:
            scores = scores + view.bias
        aligned: Tensor | Sampled = self.align(scores, view.mask)
        if not isinstance(aligned, Sampled):
            aligned = Sampled(aligned)
        if view.gain is None:
            return aligned
        weights = aligned.weights * view.gain
        if view.renormalise:
            total = weights.sum(-1, keepdim=True)
            weights = weights / torch.where(total > 0, total, 1.0)
        return aligned._replace(weights=weights)


def _narrow(aligned: Sampled, query: Tensor) -> Sampled:
    """Weights in float16 of queries in float16, whose dot products are float32."""
    if query.dtype != torch.float16:
        return aligned
    return aligned._replace(weights=aligned.weights.to(query.dtype))


def _lengths(memory: Memory) -> Tensor | None:
    """[B, 1 or Q]: number of keys up to the last one allowed; None for all."""
    mask, keys = memory.mask, memory.values.shape[-2]
    if mask is None or keys == 0:
        return None
    return (mask * torch.arange(1, keys + 1, device=mask.device)).amax(-1)
