"""Two translators of torch's own modules, as a careful tutorial has them: the peers in speed.

Tokens are numbered 0 padding, 1 unknown, 2 begin, 3 end. Sources and targets end with the end.
"""

import math
from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

__all__ = ["GRUTranslator", "Memory", "Seq2Seq", "TransformerTranslator"]

Memory = tuple[Tensor, ...]
"""What a decoder needs of the sources, and it does not change; each [B, ...]."""


class Seq2Seq(nn.Module):
    """An encoder and a decoder, target embedding and output tied."""

    def __init__(self, source_tokens: int, target_tokens: int, width: int, dropout: float) -> None:
        super().__init__()
        self.width = width
        self.source_embedding = nn.Embedding(source_tokens, width, padding_idx=0)
        self.target_embedding = nn.Embedding(target_tokens, width, padding_idx=0)
        for embedding in (self.source_embedding, self.target_embedding):
            nn.init.normal_(embedding.weight, std=width**-0.5)
        self.output = nn.Linear(width, target_tokens)
        self.output.weight = self.target_embedding.weight
        self.dropout = nn.Dropout(dropout)

    @abstractmethod
    def encode(self, sources: Tensor) -> tuple[Memory, Memory]:
        """[B, S] -> the memory, and the decoder's first state, each tensor [B, ...]."""

    @abstractmethod
    def step(self, memory: Memory, state: Memory, prefixes: Tensor) -> tuple[Tensor, Memory]:
        """Prefixes [B, L] -> logits [B, V] of the next token, and the next state."""


class GRUTranslator(Seq2Seq):
    """Bidirectional `nn.GRU`; a decoder of `nn.GRU` with additive attention, Bahdanau's order.

    Keys are projected once for a sentence, and in training the output once for all steps.

    Parameters:
        source_tokens, target_tokens: sizes of the vocabularies.
        width: of the embeddings.
        hidden: width of each direction of the encoder; the decoder is as wide as both together.
        layers: of both.
        attention_dim: width in which the scores compare.
        dropout: on embeddings, between layers and before the output.
    """

    def __init__(
        self,
        source_tokens: int,
        target_tokens: int,
        *,
        width: int,
        hidden: int,
        layers: int,
        attention_dim: int,
        dropout: float,
    ) -> None:
        super().__init__(source_tokens, target_tokens, width, dropout)
        between = dropout if layers > 1 else 0.0
        self.encoder = nn.GRU(
            width, hidden, layers, batch_first=True, bidirectional=True, dropout=between
        )
        self.bridge = nn.Linear(2 * hidden, layers * 2 * hidden)
        self.keys = nn.Linear(2 * hidden, attention_dim, bias=False)
        self.query = nn.Linear(2 * hidden, attention_dim)
        self.energy = nn.Linear(attention_dim, 1, bias=False)
        self.decoder = nn.GRU(
            width + 2 * hidden, 2 * hidden, layers, batch_first=True, dropout=between
        )
        self.readout = nn.Linear(4 * hidden + width, width)

    def encode(self, sources: Tensor) -> tuple[Memory, Memory]:
        """Memory: states [B, S, 2H], keys [B, S, A], mask [B, S]; state: [B, layers, 2H]."""
        mask = sources != 0
        packed = pack_padded_sequence(
            self._embed(self.source_embedding, sources),
            mask.sum(1).cpu(),
            batch_first=True,
            enforce_sorted=False,
        )
        outputs, last = self.encoder(packed)
        states, _ = pad_packed_sequence(outputs, batch_first=True, total_length=sources.shape[1])
        ends = torch.cat([last[-2], last[-1]], 1)  # both directions of the top layer
        hidden = torch.tanh(self.bridge(ends)).view(len(sources), self.decoder.num_layers, -1)
        return (states, self.keys(states), mask), (hidden,)

    def step(self, memory: Memory, state: Memory, prefixes: Tensor) -> tuple[Tensor, Memory]:
        embedded = self._embed(self.target_embedding, prefixes[:, -1:])
        output, context, hidden = self._advance(memory, embedded, state[0])
        return self._logits(output, context, embedded)[:, 0], (hidden,)

    def forward(self, sources: Tensor, given: Tensor) -> Tensor:
        """Teacher forcing: sources [B, S], given [B, T] from the begin on -> logits [B, T, V]."""
        memory, (hidden,) = self.encode(sources)
        embedded = self._embed(self.target_embedding, given)
        outputs, contexts = [], []
        for token in torch.split(embedded, 1, dim=1):
            output, context, hidden = self._advance(memory, token, hidden)
            outputs.append(output)
            contexts.append(context)
        return self._logits(torch.cat(outputs, 1), torch.cat(contexts, 1), embedded)

    def _embed(self, embedding: nn.Embedding, tokens: Tensor) -> Tensor:
        embedded: Tensor = self.dropout(embedding(tokens) * math.sqrt(self.width))
        return embedded

    def _advance(
        self, memory: Memory, embedded: Tensor, hidden: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """One step: [B, 1, E] -> output [B, 1, 2H], context [B, 1, 2H], hidden as it was."""
        states, keys, mask = memory
        scores = self.energy(torch.tanh(self.query(hidden[:, -1:]) + keys)).squeeze(2)  # [B, S]
        weights = scores.masked_fill(~mask, -math.inf).softmax(1)
        context = torch.bmm(weights.unsqueeze(1), states)
        before = hidden.transpose(0, 1).contiguous()
        output, after = self.decoder(torch.cat([embedded, context], 2), before)
        return output, context, after.transpose(0, 1)

    def _logits(self, output: Tensor, context: Tensor, embedded: Tensor) -> Tensor:
        read = torch.tanh(self.readout(torch.cat([output, context, embedded], 2)))
        logits: Tensor = self.output(self.dropout(read))
        return logits


class TransformerTranslator(Seq2Seq):
    """`nn.Transformer`, normalisation first, sinusoidal positions.

    It has no cache: a step runs the decoder over the whole prefix.

    Parameters:
        source_tokens, target_tokens: sizes of the vocabularies.
        width: of embeddings and layers.
        layers: of the encoder, and of the decoder.
        heads: of each attention.
        feed_forward: width between the two linear maps of a layer.
        dropout: on embeddings and in layers.
        longest: largest number of tokens of a sentence.
    """

    positions: Tensor

    def __init__(
        self,
        source_tokens: int,
        target_tokens: int,
        *,
        width: int,
        layers: int,
        heads: int,
        feed_forward: int,
        dropout: float,
        longest: int = 512,
    ) -> None:
        super().__init__(source_tokens, target_tokens, width, dropout)
        layer = nn.TransformerEncoderLayer(
            width, heads, feed_forward, dropout, batch_first=True, norm_first=True
        )
        norm = nn.LayerNorm(width)
        self.transformer = nn.Transformer(
            width,
            heads,
            num_decoder_layers=layers,
            dim_feedforward=feed_forward,
            dropout=dropout,
            # torch's own would warn that nested tensors need the normalisation last
            custom_encoder=nn.TransformerEncoder(layer, layers, norm, enable_nested_tensor=False),
            batch_first=True,
            norm_first=True,
        )
        self.register_buffer("positions", _sinusoids(longest, width), persistent=False)

    def encode(self, sources: Tensor) -> tuple[Memory, Memory]:
        """Memory: states [B, S, D] and padding [B, S]; no state."""
        padding = sources == 0
        embedded = self._embed(self.source_embedding, sources)
        return (self.transformer.encoder(embedded, src_key_padding_mask=padding), padding), ()

    def step(self, memory: Memory, state: Memory, prefixes: Tensor) -> tuple[Tensor, Memory]:
        return self.output(self._decode(memory, prefixes)[:, -1]), state

    def forward(self, sources: Tensor, given: Tensor) -> Tensor:
        """Teacher forcing: sources [B, S], given [B, T] from the begin on -> logits [B, T, V]."""
        memory, _ = self.encode(sources)
        logits: Tensor = self.output(self._decode(memory, given))
        return logits

    def _decode(self, memory: Memory, given: Tensor) -> Tensor:
        states, padding = memory
        length = given.shape[1]
        later = torch.ones(length, length, dtype=torch.bool, device=given.device).triu(1)
        decoded: Tensor = self.transformer.decoder(
            self._embed(self.target_embedding, given),
            states,
            tgt_mask=later,
            memory_key_padding_mask=padding,
            tgt_is_causal=True,
        )
        return decoded

    def _embed(self, embedding: nn.Embedding, tokens: Tensor) -> Tensor:
        scaled = embedding(tokens) * math.sqrt(self.width)
        embedded: Tensor = self.dropout(scaled + self.positions[: tokens.shape[1]])
        return embedded


def _sinusoids(length: int, width: int) -> Tensor:
    """[length, width] of Vaswani et al., 2017, section 3.5."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    angles = torch.arange(length).unsqueeze(1) * rates
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)
