"""Transformer layers: attention and a small network, with residuals and normalisations."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from regard.attention import Attended, Memory, MultiHead
from regard.errors import ConfigError, did_you_mean
from regard.models.dropout import Dropout
from regard.models.dropout import dropout as drop
from regard.models.heads import over_heads

__all__ = ["Decoded", "DecoderCache", "TransformerDecoderLayer", "TransformerEncoderLayer"]

_Norm = Literal["pre", "post"]
_Activation = Literal["relu", "gelu"]


class TransformerEncoderLayer(nn.Module):
    """x = x + attention(norm(x)), then x = x + network(norm(x)); or each as norm(x + f(x)).

    The network is W_2 activation(W_1 x + b_1) + b_2, applied to each position.

    Parameters:
        attention: self-attention with any score, window, alignment and heads.
        width: D, of queries, keys, values and context.
        hidden_dim: width of the network's hidden layer.
        norm: "pre", x + f(norm(x)), where a stack of layers normalises its output once more;
            or "post", norm(x + f(x)), as in the paper.
        dropout: rate on the outputs of attention and network and on the network's hidden layer;
            the attention has its own rate for its weights.
        activation: "gelu" or "relu"; the paper's is "relu".

    Raises:
        ConfigError: an unknown name, or an attention of another width.

    Source: Vaswani et al., 2017, "Attention is all you need", sections 3.1 and 3.3, for "post";
    Xiong et al., 2020, "On layer normalization in the Transformer architecture", table 1, for
    "pre". Dropout inside the network is that of the paper's release.

    >>> layer = TransformerEncoderLayer(MultiHead(2, 6), 6, 11)
    >>> states, weights = layer(torch.randn(3, 5, 6))
    >>> states.shape, weights.shape
    (torch.Size([3, 5, 6]), torch.Size([3, 2, 5, 5]))
    """

    def __init__(
        self,
        attention: MultiHead,
        width: int,
        hidden_dim: int,
        *,
        norm: _Norm = "pre",
        dropout: float = 0.0,
        activation: _Activation = "gelu",
    ) -> None:
        super().__init__()
        _check_widths("attention", attention, width, keys=width)
        self.attention = attention
        self.network = _network(width, hidden_dim, dropout, activation)
        self.around_attention = _Residual(width, norm, dropout)
        self.around_network = _Residual(width, norm, dropout)

    def forward(
        self, states: Tensor, mask: Tensor | None = None, *, need_weights: bool = True
    ) -> Attended:
        """Encode.

        Parameters:
            states: [B, L, D].
            mask: boolean [B, L] or [B, L, L]; True means may be attended.
            need_weights: False may take a faster kernel; the states are the same.

        Returns:
            `Attended`: the context is the layer's states [B, L, D]; weights [B, H, L, L] or None,
            log_prob and entropy are those of the attention.
        """
        query = self.around_attention.before(states)
        attended = self.attention(query, query, mask=mask, need_weights=need_weights)
        states = self.around_attention.after(states, attended.context)
        added = self.network(self.around_network.before(states))
        states = self.around_network.after(states, added)
        return Attended(states, attended.weights, attended.log_prob, attended.entropy)


class DecoderCache(NamedTuple):
    """What a decoder layer needs of the previous positions and of the encoder's states.

    It is immutable: a step returns a new one, and the old one can be continued differently.

    Attributes:
        past: keys and values of the positions so far; None before the first.
        memory: keys and values of the encoder's states.
        position: number of positions so far.
        self_state: of the self-attention's last step, if its mechanism reads the previous step.
        cross_state: the same of the cross-attention.
    """

    past: Memory | None
    memory: Memory
    position: int = 0
    self_state: Any = None
    cross_state: Any = None

    @property
    def shared(self) -> tuple[str, ...]:
        """Fields that the hypotheses of a case have in common, for `reorder`."""
        return ("memory",)


@dataclass(frozen=True)
class Decoded:
    """What a decoder layer returns; `states, cache = layer(...)` unpacks the first two.

    Attributes:
        states: [B, L, D].
        cache: for the next positions.
        self_weights: [B, H, L, past + L], None unless `need_weights`.
        cross_weights: [B, H, L, K], None unless `need_weights`.
        log_prob: [B, L], of the positions that `Hard` heads sampled in training with REINFORCE,
            summed over the heads of both attentions; None without such heads.
        entropy: of the distributions they were sampled from, summed in the same way.
    """

    states: Tensor
    cache: DecoderCache
    self_weights: Tensor | None = None
    cross_weights: Tensor | None = None
    log_prob: Tensor | None = None
    entropy: Tensor | None = None

    def __iter__(self) -> Iterator[Any]:
        """The states and the cache."""
        yield self.states
        yield self.cache


torch.export.register_dataclass(Decoded)  # so that an exported graph can return it


class TransformerDecoderLayer(nn.Module):
    """Residual self-attention, then attention to the encoder's states, then the network.

    It takes all target positions at once, as in training, or some at a time, with the keys and
    values of the previous ones in an explicit cache. Both give the same result if no position sees
    a later one: give every head of the self-attention a `Causal` window, which is not added here.

    Parameters:
        self_attention: from target positions to target positions.
        cross_attention: from target positions to the encoder's states, which are as wide as its
            `key_dim`.
        width: D, of the target's states.
        hidden_dim, norm, dropout, activation: as for `TransformerEncoderLayer`. The encoder's
            states are not normalised here.

    Raises:
        ConfigError: an unknown name, or an attention of another width.

    Source: Vaswani et al., 2017, "Attention is all you need", section 3.1; Xiong et al., 2020, "On
    layer normalization in the Transformer architecture", table 1.

    >>> from regard.attention import Attention, Causal, ScaledDot
    >>> causal = MultiHead([Attention(ScaledDot(), window=Causal())] * 2, 6)
    >>> layer = TransformerDecoderLayer(causal, MultiHead(2, 6, key_dim=4), 6, 11)
    >>> cache = layer.start(torch.randn(3, 7, 4))
    >>> states, cache = layer(torch.randn(3, 5, 6), cache)
    >>> decoded = layer(torch.randn(3, 1, 6), cache)
    >>> decoded.states.shape, decoded.self_weights.shape, decoded.cross_weights.shape
    (torch.Size([3, 1, 6]), torch.Size([3, 2, 1, 6]), torch.Size([3, 2, 1, 7]))
    """

    def __init__(
        self,
        self_attention: MultiHead,
        cross_attention: MultiHead,
        width: int,
        hidden_dim: int,
        *,
        norm: _Norm = "pre",
        dropout: float = 0.0,
        activation: _Activation = "gelu",
    ) -> None:
        super().__init__()
        _check_widths("self_attention", self_attention, width, keys=width)
        _check_widths("cross_attention", cross_attention, width)
        self.self_attention = self_attention
        self.cross_attention = cross_attention
        self.network = _network(width, hidden_dim, dropout, activation)
        self.around_self_attention = _Residual(width, norm, dropout)
        self.around_cross_attention = _Residual(width, norm, dropout)
        self.around_network = _Residual(width, norm, dropout)

    def start(self, encoder_states: Tensor, mask: Tensor | None = None) -> DecoderCache:
        """Compute what does not depend on the target.

        Parameters:
            encoder_states: [B, K, Dk].
            mask: boolean [B, K]; True means may be attended.

        Returns:
            The cache before the first position.
        """
        _check_mask(mask, encoder_states)
        return DecoderCache(None, self.cross_attention.prepare(encoder_states, mask=mask))

    def forward(
        self,
        states: Tensor,
        cache: DecoderCache,
        mask: Tensor | None = None,
        *,
        need_weights: bool = True,
    ) -> Decoded:
        """Decode the next positions.

        Parameters:
            states: [B, L, D], of the positions from `cache.position` on.
            cache: from `start`, or from the call for the previous positions.
            mask: boolean [B, L], True where a position may be attended, in this call and later
                ones; for padded targets.
            need_weights: False may take a faster kernel; the states are the same.
        """
        _check_mask(mask, states)
        query = self.around_self_attention.before(states)
        past = self.self_attention.prepare(query, mask=mask, position=cache.position)
        past = past if cache.past is None else cache.past.extend(past)
        looked = self.self_attention(
            query,
            past,
            position=cache.position,
            state=_lengthen(cache.self_state, states.shape[1]),
            need_weights=need_weights,
        )
        states = self.around_self_attention.after(states, looked.context)
        read = self.cross_attention(
            self.around_cross_attention.before(states),
            cache.memory,
            position=cache.position,
            state=cache.cross_state,
            need_weights=need_weights,
        )
        states = self.around_cross_attention.after(states, read.context)
        added = self.network(self.around_network.before(states))
        position = cache.position + states.shape[1]
        return Decoded(
            self.around_network.after(states, added),
            DecoderCache(past, cache.memory, position, looked.state, read.state),
            looked.weights,
            read.weights,
            over_heads(looked.log_prob, read.log_prob),
            over_heads(looked.entropy, read.entropy),
        )


class _Residual(nn.Module):
    """The residual connection around f: x + dropout(f(norm(x))), or norm(x + dropout(f(x)))."""

    def __init__(self, width: int, norm: _Norm, dropout: float) -> None:
        super().__init__()
        _check_name("norm", "order", norm, get_args(_Norm))
        self.first = norm == "pre"
        self.norm = nn.LayerNorm(width)
        self.dropout = dropout

    def before(self, states: Tensor) -> Tensor:
        """The input of f."""
        normal: Tensor = self.norm(states) if self.first else states
        return normal

    def after(self, states: Tensor, added: Tensor) -> Tensor:
        """The sum of the states and the output of f."""
        total: Tensor = states + drop(added, self.dropout, self.training)
        return total if self.first else self.norm(total)


def _network(width: int, hidden_dim: int, dropout: float, activation: _Activation) -> nn.Module:
    if not 0.0 <= dropout < 1.0:
        raise ConfigError(f"dropout must be at least 0 and below 1, not {dropout}")
    _check_name("activation", "function", activation, get_args(_Activation))
    return nn.Sequential(
        nn.Linear(width, hidden_dim),
        nn.ReLU() if activation == "relu" else nn.GELU(),
        Dropout(dropout),
        nn.Linear(hidden_dim, width),
    )


def _check_name(parameter: str, kind: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise ConfigError(f"{parameter}: unknown {kind} {given!r}{did_you_mean(given, known)}")


def _check_widths(name: str, attention: MultiHead, width: int, *, keys: int | None = None) -> None:
    """Check the widths of an attention; `keys` None allows any width of keys and values."""
    key_dim = attention.key_projection.in_features
    keys = key_dim if keys is None else keys
    for dim, given, wanted in (
        ("query_dim", attention.query_projection.in_features, width),
        ("key_dim", key_dim, keys),
        ("value_dim", attention.value_projection.in_features, keys),
        ("output_dim", attention.output_projection.out_features, width),
    ):
        if given != wanted:
            raise ConfigError(
                f"{name}: {dim} must be {wanted}, in a layer of width {width}, not {given}"
            )


def _check_mask(mask: Tensor | None, states: Tensor) -> None:
    """Only a mask of keys fits a target that comes some positions at a time."""
    if mask is not None and mask.shape != states.shape[:2]:
        raise ConfigError(
            f"mask must be [B, L] = {list(states.shape[:2])}, as the states it goes with, "
            f"not {list(mask.shape)}"
        )


def _lengthen(state: Any, more: int) -> Any:
    """A state [..., K] of each head, padded with zeros for new keys."""
    if isinstance(state, tuple):
        return tuple(_lengthen(each, more) for each in state)
    return None if state is None else pad(state, (0, more))
