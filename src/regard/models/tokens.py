"""Tokens before an encoder and after a decoder: embeddings, and the projection to a vocabulary."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from regard.models.cross_entropy import projected_cross_entropy
from regard.models.decoder import Decoder, Written
from regard.models.dropout import dropout as drop
from regard.models.encoder import Encoder
from regard.models.heads import SeriesModel

__all__ = ["Source", "TokenEncoder", "TokenHead", "embed_tokens", "head_of", "read_source"]

_UNKNOWN = 1
_BEGIN = 2


def embed_tokens(tokens: int, width: int) -> nn.Embedding:
    """An embedding of V tokens, token 0 padding, so that `TokenHead` can use it as a projection.

    Its numbers have the variance 1 / width: times sqrt(width) they are inputs of unit variance,
    and the dot products with an output of unit variance have unit variance, too.
    """
    embedding = nn.Embedding(tokens, width, padding_idx=0)
    nn.init.normal_(embedding.weight, std=width**-0.5)
    with torch.no_grad():
        embedding.weight[0] = 0.0
    return embedding


def _embedded(embedding: nn.Embedding, tokens: Tensor) -> Tensor:
    scaled: Tensor = embedding(tokens) * embedding.embedding_dim**0.5
    return scaled


class Source(NamedTuple):
    """What a decoder attends to.

    Attributes:
        states: [B, S, Ds], of the encoder.
        mask: boolean [B, S], True at the true positions; None when all are.
        read: what the encoder has read, [B, S] where it is tokens.
    """

    states: Tensor
    mask: Tensor | None = None
    read: Tensor | None = None

    def of(self, cases: Tensor) -> "Source":
        """The sources of some cases [M], which may occur several times."""
        mask, read = (None if each is None else each[cases] for each in (self.mask, self.read))
        return Source(self.states[cases], mask, read)


def read_source(model: Any, inputs: Sequence[Tensor], mask: Tensor | None) -> Source:
    """Run the encoder of a model that writes tokens; inputs and mask as its `encode` takes them."""
    states, positions = model.encode(*inputs, mask)
    return Source(states, positions, inputs[0])


class TokenEncoder(Encoder):
    """Tokens [B, T] -> sqrt(E) embedding -> an encoder's states [B, S, D].

    Tokens from V on, which can only be copied, are read as the unknown token.

    Parameters:
        encoder: of sequences of E channels.
        tokens: V of its own embedding; None if it borrows that of the head.
        width: E.
        dropout: rate on the embedded tokens, in training.
        unknown: share of the tokens replaced by the unknown token, in training.
    """

    summary = "ends"

    def __init__(
        self,
        encoder: Encoder,
        tokens: int | None,
        width: int,
        *,
        dropout: float,
        unknown: float,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.width, self.stride = encoder.width, encoder.stride
        self.embedding = None if tokens is None else embed_tokens(tokens, width)
        self._borrowed: tuple[nn.Embedding, ...] = ()  # not a part of this module
        self.dropout, self.unknown = dropout, unknown

    def borrow(self, embedding: nn.Embedding) -> None:
        """Use the embedding of the head, whose parameters stay with the head."""
        self._borrowed = (embedding,)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        embedding = self.embedding if self.embedding is not None else self._borrowed[0]
        tokens = tokens.masked_fill(tokens >= embedding.num_embeddings, _UNKNOWN)
        if self.training and self.unknown:
            lost = torch.rand(tokens.shape, device=tokens.device) < self.unknown
            tokens = tokens.masked_fill(lost & (tokens != 0), _UNKNOWN)
        states = drop(_embedded(embedding, tokens), self.dropout, self.training)
        encoded: Tensor = self.encoder(states.transpose(1, 2), mask)
        return encoded

    def position_mask(self, mask: Tensor) -> Tensor:
        return self.encoder.position_mask(mask)


class TokenHead(nn.Module):
    """A decoder that writes tokens: embedding, decoder, projection to the vocabulary.

    Parameters:
        decoder: embedded tokens and an encoder's states to states.
        tokens: V.
        width: E, of the embedding.
        tied: whether the projection to the vocabulary is the embedding; D must be E.
        dropout: rate on the embedded tokens, in training.
        state_dim: Ds of the encoder's states, for a second projection of these to the vocabulary,
            which is trained by CTC; None is without.

    Attributes:
        ctc: that projection, or None; token 0 is the blank.

    Source of tied embeddings: Press and Wolf, 2017, "Using the output embedding to improve language
    models".
    """

    def __init__(
        self,
        decoder: Decoder,
        tokens: int,
        width: int,
        *,
        tied: bool,
        dropout: float,
        state_dim: int | None = None,
    ) -> None:
        super().__init__()
        self.decoder = decoder
        self.embedding = embed_tokens(tokens, width)
        self.ctc = None if state_dim is None else nn.Linear(state_dim, tokens)
        self.projection = None if tied else nn.Linear(decoder.width, tokens, bias=False)
        self.bias = nn.Parameter(torch.zeros(tokens))
        self.dropout = dropout

    @property
    def weight(self) -> Tensor:
        """[V, D] of the projection."""
        of = self.embedding if self.projection is None else self.projection
        weight: Tensor = of.weight
        return weight

    def project(self, states: Tensor) -> Tensor:
        """Decoder states [..., D] -> logits [..., V]."""
        return linear(states, self.weight, self.bias)

    def losses(
        self, written: Written, source: Source, targets: Tensor, *, smoothing: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The losses of the n tokens of the targets [B, L]; see `projected_cross_entropy`.

        Parameters:
            written: of these targets, by `teach`.
            source: they are written for.
            targets: padded with zeros.
            smoothing: share of the target that is spread over the vocabulary.
        """
        true = targets != 0
        return projected_cross_entropy(
            written.states[true], self.weight, self.bias, targets[true], smoothing=smoothing
        )

    def told(self, written: Written, source: Source, targets: Tensor) -> Tensor:
        """[n] log-probabilities of the n tokens of the targets [B, L]; see `losses`."""
        _, plain, _ = self.losses(written, source, targets, smoothing=0.0)
        return -plain

    def log_probs(self, written: Written, source: Source, at: Tensor) -> Tensor:
        """[n, V] log-probabilities of all tokens, at the n places where `at` [B, L] is True."""
        logits = self.project(written.states[at])
        return logits.to(torch.promote_types(logits.dtype, torch.float32)).log_softmax(1)

    def maps(self, written: Written, source: Source, targets: Tensor) -> dict[str, Tensor]:
        """Maps [B, L, S] of the tokens of the targets [B, L], which were written with weights.

        "attention" is the mean over the heads of all layers.
        """
        assert written.weights is not None
        return {"attention": written.weights.mean((1, 2))}

    def spell(self, states: Tensor) -> Tensor:
        """[B, S, V] log-probabilities of the tokens at each position, under CTC.

        Parameters:
            states: [B, S, Ds] of the encoder.
        """
        assert self.ctc is not None
        log_probs: Tensor = self.ctc(states).log_softmax(2)
        return log_probs

    def start(self, source: Source) -> Any:
        """The decoder's cache before the first token."""
        return self.decoder.start(source.states, source.mask)

    def read(self, tokens: Tensor, cache: Any, *, need_weights: bool = False) -> Written:
        """Tokens [B, L] -> the decoder's states after each of them."""
        embedded = drop(_embedded(self.embedding, tokens), self.dropout, self.training)
        written: Written = self.decoder(embedded, cache, need_weights=need_weights)
        return written

    def teach(self, source: Source, targets: Tensor, *, need_weights: bool = False) -> Written:
        """Teacher forcing: the states from which each token of the targets [B, L] is told."""
        begin = torch.full_like(targets[:, :1], _BEGIN)
        given = torch.cat([begin, targets[:, :-1]], 1)
        return self.read(given, self.start(source), need_weights=need_weights)

    def step(
        self, tokens: Tensor, cache: Any, *, need_weights: bool = False
    ) -> tuple[Tensor, Any, Tensor | None]:
        """The last token [B] of each text -> logits [B, V] and the cache.

        With `need_weights` also weights [B, S], the mean over the heads of all layers.
        """
        written = self.read(tokens.unsqueeze(1), cache, need_weights=need_weights)
        weights = written.weights
        if weights is not None:
            weights = weights.mean((1, 2)).squeeze(1)
        return self.project(written.states[:, 0]), written.cache, weights


def head_of(model: SeriesModel) -> TokenHead:
    """The head of a model that writes tokens."""
    assert isinstance(model.head, TokenHead)
    return model.head
