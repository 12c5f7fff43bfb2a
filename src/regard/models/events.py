"""A Transformer over the events of a piece: some voices are given, the others are written."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from regard.attention import Memory, MultiHead
from regard.models.build import make_shared_attention
from regard.models.dropout import dropout as drop
from regard.models.tokens import embed_tokens
from regard.models.transformer_layers import TransformerEncoderLayer

__all__ = ["EventCache", "EventModel", "EventsRead"]

_UNKNOWN = 1
_BEGIN = 2
_MOST = 2.0  # of half of the pieces all written events are hidden


class EventsRead(NamedTuple):
    """What the model says of events.

    Attributes:
        log_probs: [B, n, E], of every event at n places.
        weights: [B, n, L], the mean over layers and heads, over the places; None unless asked for.
            That on the place of an event to be written is on the event written before it, which is
            what stands there.
    """

    log_probs: Tensor
    weights: Tensor | None


class EventCache(NamedTuple):
    """What is written so far.

    Attributes:
        memories: of each layer, the keys and values of all L places.
        last: [B], the event written last.
    """

    memories: tuple[Memory, ...]
    last: Tensor


class EventModel(nn.Module):
    """Events [B, L], V in each step, to the probabilities of each of them.

    Place i holds the event of voice i mod V. What is said of an event depends on all events of the
    voices that are given, before and after it, and on those before it of the voices that are
    written. At the place of an event to be written stands the one written before it. The whole is
    one self-attention: with no voice given it is a causal language model, with some given it is a
    model of the others on condition of these.

    Those before an event tell more of it than the voices that are given do, as long as they are the
    true ones. So where voices are given, written ones are hidden in training: all of them in half
    of the pieces, in the others each with a probability from 0 to 1 that is drawn for the piece.

    Parameters:
        events: E, the number of different events, with padding (0), unknown (1) and begin (2).
        given: V flags.
        width: D.
        layers: number of stacked layers.
        heads: H.
        attention: score, window and align, as the configuration resolves them.
        attention_dim: A, over all heads.
        dropout: in every layer, in training.
        embedding_dropout: on the embedded events, in training.
        unknown: share of the events read as the unknown one, in training; of the voices that are
            given where there are some.

    Source: Vaswani et al., 2017, with the normalisation first as in Xiong et al., 2020; of causal
    self-attention to music with relative positions Huang et al., 2019, "Music Transformer".
    """

    given: Tensor

    def __init__(
        self,
        events: int,
        given: Sequence[bool],
        *,
        width: int,
        layers: int,
        heads: int,
        attention: Mapping[str, Any],
        attention_dim: int,
        dropout: float,
        embedding_dropout: float,
        unknown: float,
    ) -> None:
        super().__init__()
        self.given = nn.Buffer(torch.tensor(given), persistent=False)
        self.embedding = embed_tokens(events, width)
        self.voices = nn.Embedding(len(given), width)
        self.bias = nn.Parameter(torch.zeros(len(given), events))
        self.dropout, self.unknown = embedding_dropout, unknown

        def layer() -> TransformerEncoderLayer:
            shared = make_shared_attention(
                attention, heads=heads, width=width // heads, attention_dim=attention_dim
            )
            return TransformerEncoderLayer(
                MultiHead([shared] * heads, width), width, 4 * width, dropout=dropout
            )

        self.layers: Sequence[TransformerEncoderLayer]
        self.layers = nn.ModuleList(layer() for _ in range(layers))  # type: ignore[assignment]
        self.norm = nn.LayerNorm(width)

    def forward(
        self,
        events: Tensor,
        mask: Tensor | None = None,
        *,
        hidden: bool = False,
        need_weights: bool = False,
    ) -> EventsRead:
        """Read whole pieces.

        Parameters:
            events: [B, L], whole steps, padded with zeros.
            mask: boolean [B, L], True at the true events; None when all are.
            hidden: whether all events of the voices that are not given are read as the unknown one,
                so that what is said of an event depends on the others alone.
            need_weights: whether to return the attention.
        """
        places = torch.arange(events.shape[1], device=events.device)
        read = self._shifted(events)
        if self.training:
            lost = torch.rand(read.shape, device=read.device) < self._hidden(read, places)
            read = read.masked_fill(lost & (read >= _BEGIN), _UNKNOWN)
        if hidden:
            read = read.where(self.given[places % len(self.given)], _UNKNOWN)
        states = drop(self._embedded(read, places), self.dropout, self.training)
        seen = _of_each(self._seen(places, len(places)), mask, len(events))
        weights = []
        for layer in self.layers:
            attended = layer(states, seen, need_weights=need_weights)
            states = attended.context
            weights.append(attended.weights)
        return EventsRead(
            self._log_probs(states, places),
            torch.stack(weights, 1).mean((1, 2)) if need_weights else None,
        )

    def start(self, events: Tensor, mask: Tensor | None = None) -> EventCache:
        """The cache with the voices that are given.

        Parameters:
            events: [B, L], of which only the voices that are given are read.
            mask: boolean [B, L], True at the places of the piece; None when all are.
        """
        places = torch.arange(events.shape[1], device=events.device)
        known = self.given[places % len(self.given)]
        states = self._embedded(events * known, places)
        seen = _of_each(known.expand(len(places), -1), mask, len(events))
        memories = []
        for layer in self.layers:
            query = layer.around_attention.before(states)
            memories.append(layer.attention.prepare(query))
            if known.any():  # otherwise nothing of it is ever looked at
                states = layer(states, seen, need_weights=False).context
        return EventCache(tuple(memories), torch.full_like(events[:, 0], _BEGIN))

    def step(self, cache: EventCache, place: int, mask: Tensor | None = None) -> Tensor:
        """[B, E] log-probabilities of the event at a place, which is to be written next.

        The cache takes up the event written last, in place.

        Parameters:
            cache: of `start`, with the event written before this one as its `last`.
            place: of a voice that is not given; all of these before it are written.
            mask: as of `start`.
        """
        places = torch.tensor([place], device=cache.last.device)
        states = self._embedded(cache.last.unsqueeze(1), places)
        for layer, memory in zip(self.layers, cache.memories, strict=True):
            query = layer.around_attention.before(states)
            own = layer.attention.prepare(query)
            memory.prepared[..., place, :] = own.prepared[..., 0, :]
            memory.values[..., place, :] = own.values[..., 0, :]
            seen = _of_each(self._seen(places, memory.values.shape[-2]), mask, len(query))
            looked = layer.attention(
                query, memory._replace(mask=seen.unsqueeze(1)), position=place, need_weights=False
            )
            states = layer.around_attention.after(states, looked.context)
            added = layer.network(layer.around_network.before(states))
            states = layer.around_network.after(states, added)
        return self._log_probs(states, places)[:, 0]

    def _shifted(self, events: Tensor) -> Tensor:
        """[B, L] what stands at each place: a given event, or the one written before."""
        voices = len(self.given)
        written = ~self.given.repeat(events.shape[1] // voices)
        read = events.clone()
        own = events[:, written]
        read[:, written] = torch.cat([torch.full_like(own[:, :1], _BEGIN), own[:, :-1]], 1)
        return read

    def _hidden(self, read: Tensor, places: Tensor) -> Tensor:
        """[B, L] probability with which each event is read as the unknown one, in training."""
        given = self.given[places % len(self.given)]
        if not given.any():
            return torch.full_like(read, self.unknown, dtype=torch.float32)
        written = (_MOST * torch.rand(len(read), 1, device=read.device)).clamp(max=1.0)
        return torch.where(given, self.unknown, written)

    def _embedded(self, read: Tensor, places: Tensor) -> Tensor:
        scaled = self.embedding(read) * self.embedding.embedding_dim**0.5
        embedded: Tensor = scaled + self.voices(places % len(self.given))
        return embedded

    def _seen(self, places: Tensor, keys: int) -> Tensor:
        """[Q, L] which of the L places each of these may attend to."""
        every = torch.arange(keys, device=places.device)
        given = self.given[every % len(self.given)]
        own = self.given[places % len(self.given)].unsqueeze(1)
        return given | (~own & (every <= places.unsqueeze(1)))

    def _log_probs(self, states: Tensor, places: Tensor) -> Tensor:
        """Log-probabilities of all events that can be written."""
        bias = self.bias[places % len(self.given)]
        logits = linear(self.norm(states), self.embedding.weight) + bias
        logits[..., : _BEGIN + 1] = -torch.inf
        return logits.log_softmax(-1)


def _of_each(seen: Tensor, mask: Tensor | None, cases: int) -> Tensor:
    """[B, Q, L] what each query of each case may attend to, from [Q, L] and the mask [B, L]."""
    every = seen.expand(cases, -1, -1)
    return every if mask is None else every & mask.unsqueeze(1)
