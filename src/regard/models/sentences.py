"""Readers of sentences: the words of each as a few vectors."""

from typing import Any

import torch
from torch import Tensor, nn

from regard.models.build import make_encoder
from regard.models.encoder import summary_of

__all__ = ["EncoderReader", "LayerReader", "WordSum", "make_reader"]

_PADDING = 0
_STD = 0.1  # of word vectors, whose products are then small at first
_WIDER = 0.3  # of those that go through a layer


def make_reader(
    encoder: str, *, tokens: int, vectors: int, hidden: int, layers: int, dropout: float
) -> "WordSum | LayerReader | EncoderReader":
    """A reader by the name of its encoder, see `catalogue.SENTENCE_ENCODERS`.

    Parameters:
        encoder: its name.
        tokens: V; token 0 is padding.
        vectors: how many vectors a sentence has.
        hidden: D of each.
        layers: of the encoder.
        dropout: rate between its layers.
    """
    if encoder in ("position", "bag"):
        return WordSum(tokens, hidden, vectors, positions=encoder == "position")
    if encoder == "mlp":
        return LayerReader(tokens, hidden, vectors)
    return EncoderReader(encoder, tokens, hidden, vectors, layers=layers, dropout=dropout)


class WordSum(nn.Module):
    """The sum of the embeddings of a sentence's words, each weighted by its place.

        vector = sum_j l_j * E word_j,   l_jd = (1 - j / J) - (d / D) (1 - 2 j / J)

    for word j = 1 ... J and column d = 1 ... D, so that the order of the words counts.

    Parameters:
        tokens: V; token 0 is padding.
        width: D.
        vectors: how many embeddings there are, each with a vector of its own.
        positions: whether words have these weights; otherwise all have one.
        std: standard deviation of the embeddings at first.

    Source: Sukhbaatar et al., 2015, "End-to-end memory networks", section 4.1.
    """

    def __init__(
        self, tokens: int, width: int, vectors: int, *, positions: bool, std: float = _STD
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, width * vectors, padding_idx=_PADDING)
        nn.init.normal_(self.embedding.weight, std=std)
        with torch.no_grad():
            self.embedding.weight[_PADDING] = 0.0
        self.width, self.vectors, self.positions = width, vectors, positions

    def forward(self, words: Tensor) -> Tensor:
        """[N, W] words, 0 after a sentence's end -> [N, vectors, D]."""
        shape = self.vectors, self.width
        found = torch.unflatten(self.embedding(words), 2, shape)  # [N, W, vectors, D]
        if self.positions:
            found = found * self._weights(words).unsqueeze(2)
        total: Tensor = found.sum(1)
        return total

    def _weights(self, words: Tensor) -> Tensor:
        """[N, W, D]."""
        dtype = self.embedding.weight.dtype
        place = torch.arange(1, words.shape[1] + 1, device=words.device, dtype=dtype)
        length = (words != _PADDING).sum(1, keepdim=True).clamp(min=1)
        share = (place / length).unsqueeze(2)  # j / J
        column = torch.arange(1, self.width + 1, device=words.device, dtype=dtype) / self.width
        return (1 - share) - column * (1 - 2 * share)


class LayerReader(nn.Module):
    """The weighted sum of a sentence's words, and what a hidden layer makes of another one.

        vector = WordSum words + W_2 relu(W_1 WordSum' words + b)

    The sums hold for words in an order that was never trained on; the layer adds who did what.

    Parameters:
        tokens: V; token 0 is padding.
        width: D of each vector; the layer has twice as many units.
        vectors: how many vectors a sentence has.
    """

    def __init__(self, tokens: int, width: int, vectors: int) -> None:
        super().__init__()
        self.sum = WordSum(tokens, width, vectors, positions=True)
        self.other = WordSum(tokens, width, 1, positions=True, std=_WIDER)
        self.layer = nn.Sequential(
            nn.Linear(width, 2 * width),
            nn.ReLU(),
            nn.Linear(2 * width, width * vectors, bias=False),
        )
        self.width, self.vectors = width, vectors

    def forward(self, words: Tensor) -> Tensor:
        """[N, W] words, 0 after a sentence's end -> [N, vectors, D]."""
        made = self.layer(self.other(words).squeeze(1))
        vectors: Tensor = self.sum(words) + torch.unflatten(made, 1, (self.vectors, self.width))
        return vectors


class EncoderReader(nn.Module):
    """The sum of the words' embeddings, and the projection of what an encoder makes of them.

    The sum holds for words in an order that was never trained on; the encoder adds who did what.

    Parameters:
        encoder: name of the encoder.
        tokens: V; token 0 is padding.
        width: D of each vector, and of the encoder and its embedding.
        vectors: how many vectors a sentence has.
        layers: of the encoder.
        dropout: rate between its layers.
    """

    def __init__(
        self, encoder: str, tokens: int, width: int, vectors: int, *, layers: int, dropout: float
    ) -> None:
        super().__init__()
        sizes: dict[str, Any] = {"channels": width, "hidden": width, "layers": layers}
        self.embedding = nn.Embedding(tokens, width, padding_idx=_PADDING)
        self.encoder = make_encoder(encoder, **sizes, dropout=dropout, steps=1)
        ends = self.encoder.summary == "ends"
        self.project = nn.Linear((1 + ends) * self.encoder.width, width * vectors)
        self.sum = WordSum(tokens, width, vectors, positions=False)
        self.width, self.vectors = width, vectors

    def forward(self, words: Tensor) -> Tensor:
        """[N, W] words, 0 after a sentence's end -> [N, vectors, D]."""
        mask = words != _PADDING
        states = self.encoder(self.embedding(words).transpose(1, 2), mask)
        summary = summary_of(self.encoder.summary, states, self.encoder.position_mask(mask))
        found = torch.unflatten(self.project(summary), 1, (self.vectors, self.width))
        vectors: Tensor = self.sum(words) + found
        return vectors
