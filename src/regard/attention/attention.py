"""The one contract of every mechanism: score, align, and average the values."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, scaled_dot_product_attention

from regard.attention.additive import AdditiveScore
from regard.attention.causal import Causal
from regard.attention.dot import Dot
from regard.attention.hard import Hard, Sampled
from regard.attention.kernels import Band, band_weighted_sum, dot_attention, is_narrow
from regard.attention.monotonic import Monotonic
from regard.attention.score import RecurrentScore, Score
from regard.attention.softmax import masked_softmax
from regard.attention.window import Global, View, Window
from regard.errors import ConfigError

__all__ = ["Attended", "Attention", "Memory", "check_keys", "check_width"]


@dataclass(frozen=True)
class Attended:
    """What an attention returns; `context, weights = attention(...)` takes the first two.

    Attributes:
        context: [B, Q, Dv], the weighted sums of the values.
        weights: [B, Q, K], those that made the context, before dropout; None when not asked for.
            Of a `MultiHead`, [B, H, Q, K].
        log_prob: [B, Q] (or [B, H, Q]), of the positions that `Hard` has drawn in training by
            REINFORCE; otherwise None.
        entropy: of the distributions that they were drawn from, likewise.
        state: what the next step needs of this one, where the mechanism reads the step before:
            `LocationSensitive`, `Coverage`, `Monotonic`. Give it to the next call.
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


torch.export.register_dataclass(Attended)  # so that it may leave an exported graph


class Memory(NamedTuple):
    """Keys and values as `prepare` leaves them, to be attended to again and again.

    Attributes:
        prepared: what the score wants of the keys, [B, K, width]; of a `MultiHead`
            [B, H, K, width], or one for each of the heads that have a score of their own.
        values: [B, K, Dv] or [B, H, K, Dv].
        mask: boolean [B, 1, K] or [B, Q, K] (or with heads), True means may be attended; None
            allows all.
    """

    prepared: Any
    values: Tensor
    mask: Tensor | None

    def extend(self, more: "Memory") -> "Memory":
        """These keys, then more of them: the key-value cache of a decoder, one step longer."""
        pairs: Any = (self.prepared, more.prepared)
        if isinstance(self.prepared, tuple):
            prepared: Any = tuple(torch.cat(pair, -2) for pair in zip(*pairs, strict=True))
        else:
            prepared = torch.cat(pairs, -2)
        mask = None
        if self.mask is not None or more.mask is not None:
            masks = [_mask_of(self), _mask_of(more)]
            queries = max(each.shape[-2] for each in masks)  # [B, 1, K] goes with [B, Q, K]
            mask = torch.cat(
                [each.expand(*each.shape[:-2], queries, each.shape[-1]) for each in masks], -1
            )
        return Memory(prepared, torch.cat([self.values, more.values], -2), mask)


class Attention(nn.Module):
    """weights = align(score(query, keys)) where window and mask allow; context = weights @ values.

    Parameters:
        score: how well a query matches a key: `Additive`, `ScaledDot`, `Coverage`...
        window: which keys a query may see and how strongly: `Causal()`, `LocalPredictive(...)`...
            Everything when None.
        align: how a row of scores becomes weights: `masked_softmax`, `sparsemax`, `entmax15`, any
            other `align(scores, mask) -> weights`, or a `Hard` or `Monotonic`.
        dropout: share of weights dropped in training; the returned weights are those before it.

    Raises:
        ConfigError: what does not go together, and why.

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
        align: Callable[[Tensor, Tensor | None], Tensor | Sampled] | Monotonic = masked_softmax,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if not isinstance(score, Score):
            raise ConfigError(f"score must be a Score, such as ScaledDot(), not {score!r}")
        if not isinstance(window, Window | None):
            raise ConfigError(f"window must be a Window, such as Causal(), not {window!r}")
        if not callable(align) and not isinstance(align, Monotonic):
            raise ConfigError(
                f"align must be a function or module, such as sparsemax, not {align!r}"
            )
        if not 0.0 <= dropout < 1.0:
            raise ConfigError(f"dropout must be at least 0 and below 1, not {dropout}")
        self.score = score
        self.window = Global() if window is None else window
        self.align = align
        self.dropout = dropout
        if isinstance(align, Monotonic) and not isinstance(self.window, Global):
            raise ConfigError(
                "Monotonic says itself which keys may be seen, those from the last stop on: "
                "it takes no window but Global"
            )
        if isinstance(align, Monotonic) and isinstance(score, RecurrentScore):
            raise ConfigError(
                f"Monotonic looks at one key at a time, and {type(score).__name__} needs the "
                "weights of all: align by softmax, sparsemax, entmax15 or Hard"
            )
        if isinstance(align, Hard) and self.window.has_gain:
            raise ConfigError(
                "Hard looks at one position, which the Gaussian of LocalPredictive would only "
                "scale: align by softmax, sparsemax or entmax15, or take another window"
            )

    @property
    def ordered(self) -> bool:
        """Whether it goes by the place of each query in a sequence of them."""
        return self.window.relative or isinstance(self.score, RecurrentScore)

    @property
    def reads_query(self) -> bool:
        """Whether the query makes any difference."""
        return self.score.reads_query or self.window.reads_query

    def prepare(
        self, keys: Tensor, values: Tensor | None = None, mask: Tensor | None = None
    ) -> Memory:
        """Do once what does not depend on the query.

        Parameters:
            keys: [B, K, Dk].
            values: [B, K, Dv]; the keys themselves when None.
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
            keys: [B, K, Dk], or the `Memory` made of keys, values and mask by `prepare`.
            values: [B, K, Dv]; the keys themselves when None.
            mask: boolean [B, K] or [B, Q, K]; True means may be attended. A query that may
                attend to nothing gets zero weights and a zero context.
            position: place of the first query in its sequence, by which windows go.
            state: of the call for the step before, as it was handed back; None at the first.
            need_weights: False may take a faster kernel; the context is the same.

        Returns:
            `Attended`: context [B, Q, Dv], weights [B, Q, K] or None, and what the mechanism has
            to hand back.

        Raises:
            ConfigError: shapes that do not go together.
        """
        if isinstance(keys, Memory):
            if values is not None or mask is not None:
                raise ConfigError("values and mask are part of the memory; give them to prepare()")
            memory = keys
        else:
            memory = self._prepare(keys, values, mask)
        if query.shape[:-2] != memory.values.shape[:-2]:
            raise ConfigError(
                f"query must be [B, Q, Dq] with B = {len(memory.values)}, not {list(query.shape)}"
            )
        wanted = memory.prepared.shape[-1] if isinstance(self.score, Dot) else self.score.query_dim
        check_width("query", query, wanted)
        if state is not None and state.shape[-1] != memory.values.shape[-2]:
            raise ConfigError(
                f"state must be of {memory.values.shape[-2]} keys, not {state.shape[-1]}"
            )
        if memory.mask is not None and memory.mask.shape[-2] not in (1, query.shape[-2]):
            raise ConfigError(
                f"mask must be [B, K] or [B, Q, K] with Q = {query.shape[-2]}, "
                f"not {memory.mask.shape[-2]}"
            )
        drop = self.dropout if self.training else 0.0
        plain = self.align is masked_softmax and not self.window.has_gain
        if plain and drop == 0.0:
            attended = self._by_reach(query, memory, position, need_weights)
            if attended is not None:
                return attended
        if isinstance(self.score, Dot | AdditiveScore):
            band = self.window.band(query, memory.values.shape[-2], self._lengths(memory))
            if band is not None:
                return self._in_band(self.score, query, memory, *band, drop, need_weights)
        view = self._view(query, memory, position)
        if plain and not need_weights and isinstance(self.score, Dot):
            return Attended(_fused(self.score, query, memory, view, drop))
        if isinstance(self.align, Monotonic):
            aligned, state = self._monotonic(self.align, query, memory, state)
        elif isinstance(self.score, RecurrentScore):
            aligned, state = self._in_turn(self.score, query, memory, view, state)
        else:
            aligned = self._weigh(self._compare(query, memory, view), view)
            state = None
        context = dropout(aligned.weights, drop) @ memory.values
        weights = aligned.weights if need_weights else None
        return Attended(context, weights, aligned.log_prob, aligned.entropy, state)

    def _prepare(self, keys: Tensor, values: Tensor | None, mask: Tensor | None) -> Memory:
        values, mask = check_keys(keys, values, mask)
        check_width("keys", keys, self.score.key_dim)
        return Memory(self.score.prepare(keys), values, mask)

    def _by_reach(
        self, query: Tensor, memory: Memory, position: int, need_weights: bool
    ) -> Attended | None:
        """By a kernel that computes what the window shows alone; None where there is none."""
        reach = self.window.reach
        if reach is None:
            return None
        if isinstance(self.score, AdditiveScore):
            how: Any = {"reach": reach, "position": position, "need_weights": need_weights}
            return Attended(*self.score.attend(query, *memory, **how))
        if (
            isinstance(self.score, Dot)
            and not need_weights
            and reach == Causal.reach
            and memory.mask is None
            and position == 0
            and not torch.compiler.is_compiling()  # for whom a mask goes with every length
            and query.shape[-2] == memory.values.shape[-2]
        ):
            sides = (self.score.query_side(query), memory.prepared, memory.values)
            # the kernels are for four dimensions
            four = [side.unsqueeze(1) if side.dim() == 3 else side for side in sides]
            context = scaled_dot_product_attention(
                four[0], four[1], four[2], is_causal=True, scale=1.0
            )
            return Attended(context.reshape(*query.shape[:-1], -1))
        narrow = reach.width is not None and is_narrow(reach.width, memory.values.shape[-2])
        if isinstance(self.score, Dot) and narrow and not need_weights:
            turned = self.score.query_side(query)
            return Attended(dot_attention(turned, *memory, reach=reach, position=position))
        return None

    def _compare(self, query: Tensor, memory: Memory, view: View) -> Tensor:
        """[B, Q, K] scores; of additive ones, those that the window shows."""
        if isinstance(self.score, AdditiveScore):
            return self.score.compare(query, memory.prepared, view.mask)
        return self.score.compare(query, memory.prepared)

    def _view(self, query: Tensor, memory: Memory, position: int) -> View:
        """What the window says, with the mask of the memory in its own."""
        mask, keys = memory.mask, memory.values.shape[-2]
        view: View = self.window(query, keys, lengths=self._lengths(memory), position=position)
        if mask is not None:
            view = view._replace(mask=mask if view.mask is None else mask & view.mask)
        return view

    def _lengths(self, memory: Memory) -> Tensor | None:
        """[B, 1 or Q]: keys up to the last that may be attended; None for all."""
        mask, keys = memory.mask, memory.values.shape[-2]
        if mask is None or keys == 0:
            return None
        return (mask * torch.arange(1, keys + 1, device=mask.device)).amax(-1)

    def _in_band(
        self,
        score: Dot | AdditiveScore,
        query: Tensor,
        memory: Memory,
        band: Band,
        view: View,
        drop: float,
        need_weights: bool,
    ) -> Attended:
        """Attend to the few neighbouring keys that each query sees, whatever else there is."""
        keys = memory.values.shape[-2]
        places = band.places().clamp(0, keys - 1)  # [B, Q, W]
        if memory.mask is not None:
            given = memory.mask.expand(*query.shape[:-1], keys).gather(-1, places)
            view = view._replace(mask=given if view.mask is None else given & view.mask)
        weights = self._weigh(
            score.compare_band(query, memory.prepared, band, view.mask), view
        ).weights
        context = band_weighted_sum(
            dropout(weights, drop).flatten(0, -3),
            memory.values.flatten(0, -3),
            band.first.flatten(0, -2),
        ).view(*query.shape[:-1], -1)
        if not need_weights:
            return Attended(context)
        return Attended(
            context, weights.new_zeros(*query.shape[:-1], keys).scatter_add(-1, places, weights)
        )

    def _weigh(self, scores: Tensor, view: View) -> Sampled:
        """[B, Q, K] scores, seen as the window says -> weights."""
        if view.bias is not None:
            scores = scores + view.bias
        aligned: Tensor | Sampled = self.align(scores, view.mask)
        if not isinstance(aligned, Sampled):
            aligned = Sampled(aligned, None, None)
        if view.gain is None:
            return aligned
        weights = aligned.weights * view.gain
        if view.renormalise:
            total = weights.sum(-1, keepdim=True)
            weights = weights / torch.where(total > 0, total, 1.0)
        return aligned._replace(weights=weights)

    def _in_turn(
        self,
        score: RecurrentScore,
        query: Tensor,
        memory: Memory,
        view: View,
        state: Tensor | None,
    ) -> tuple[Sampled, Tensor]:
        """One query after the other, each reading what those before it looked at."""
        prepared: Tensor = memory.prepared
        state = score.start(prepared) if state is None else state
        steps = []
        for i in range(query.shape[-2]):
            scores = score.compare(query[..., i : i + 1, :], prepared, state)
            step = self._weigh(scores, view.of_query(i))
            state = score.update(state, step.weights.squeeze(-2))
            steps.append(step)
        if not steps:
            return self._weigh(query.new_zeros(*query.shape[:-1], prepared.shape[-2]), view), state
        joined = [
            None if parts[0] is None else torch.cat(parts, dim)
            for parts, dim in zip(zip(*steps, strict=True), (-2, -1, -1), strict=True)
        ]
        weights, log_prob, entropy = joined
        return Sampled(cast(Tensor, weights), log_prob, entropy), state

    def _monotonic(
        self, align: Monotonic, query: Tensor, memory: Memory, state: Tensor | None
    ) -> tuple[Sampled, Tensor]:
        prepared: Tensor = memory.prepared
        state = align.start(prepared) if state is None else state
        if self.training:
            scores = self.score.compare(query, prepared)
            weights = align.expected(scores, memory.mask, state)
        else:
            weights = align.decode(self.score, query, prepared, memory.mask, state)
        last = weights[..., -1, :] if weights.shape[-2] else state
        return Sampled(weights, None, None), last


def check_keys(
    keys: Tensor, values: Tensor | None, mask: Tensor | None
) -> tuple[Tensor, Tensor | None]:
    """The values [B, K, Dv] and the mask, [B, 1, K] or [B, Q, K], that go with keys [B, K, Dk].

    Raises:
        ConfigError: shapes that do not go together, or a mask that is not boolean.
    """
    values = keys if values is None else values
    if keys.dim() != 3 or values.dim() != 3 or keys.shape[:2] != values.shape[:2]:
        raise ConfigError(
            "keys and values must be [B, K, Dk] and [B, K, Dv], "
            f"not {list(keys.shape)} and {list(values.shape)}"
        )
    if mask is None:
        return values, None
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
    return values, mask


def check_width(name: str, vectors: Tensor, width: int | None) -> None:
    """Refuse vectors [..., D] of another width than this; None takes any."""
    if width is not None and vectors.shape[-1] != width:
        raise ConfigError(f"{name} must be {width} wide, not {vectors.shape[-1]}")


def _mask_of(memory: Memory) -> Tensor:
    """The mask of a memory, all True where it has none."""
    if memory.mask is not None:
        return memory.mask
    batch, *between = memory.values.shape[:-2]
    shape = (batch, *[1] * len(between), 1, memory.values.shape[-2])
    return torch.ones(shape, dtype=torch.bool, device=memory.values.device)


def _fused(score: Dot, query: Tensor, memory: Memory, view: View, drop: float) -> Tensor:
    """The context by torch's own kernel, which does not say what the weights were."""
    allowed = view.mask
    given = allowed
    if view.bias is not None:
        given = view.bias
        if allowed is not None:
            # the lowest finite number, not -inf, of which a whole row would be NaN
            given = given.masked_fill(~allowed, torch.finfo(given.dtype).min)
    turned, keys, values = score.query_side(query), memory.prepared, memory.values
    if query.dim() == 3:  # the kernels are for four dimensions
        turned, keys, values = (side.unsqueeze(1) for side in (turned, keys, values))
        given = given.unsqueeze(1) if given is not None and given.dim() == 3 else given
    context = scaled_dot_product_attention(turned, keys, values, given, dropout_p=drop, scale=1.0)
    context = context.squeeze(1) if query.dim() == 3 else context
    if allowed is not None:  # some kernels answer NaN where nothing may be attended
        context = context.masked_fill(~allowed.any(-1, keepdim=True), 0.0)
    return context
