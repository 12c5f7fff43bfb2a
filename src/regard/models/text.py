"""Texts -> values: tokens are embedded, then a model of sequences takes over."""

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout as drop

from regard.models.heads import Predicted, SeriesModel

__all__ = ["TextModel"]

_UNKNOWN = 1  # the token that stands for those that the vocabulary lacks


class TextModel(nn.Module):
    """Embedding, dropout on words and on embeddings, then encoder and head.

    Parameters:
        tokens: V; token 0 is padding, 1 is unknown.
        width: of the embedding.
        model: of sequences of `width` channels.
        word_dropout: share of the tokens that are taken for unknown in training.
        embedding_dropout: share of each text's embedding columns that are dropped in training.
    """

    def __init__(
        self,
        tokens: int,
        width: int,
        model: SeriesModel,
        *,
        word_dropout: float,
        embedding_dropout: float,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, width, padding_idx=0)
        self.model = model
        self.word_dropout = word_dropout
        self.embedding_dropout = embedding_dropout

    @property
    def encoder(self) -> nn.Module:
        """Of the model of sequences; its positions cover tokens."""
        return self.model.encoder

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Predicted:
        """Predict.

        Parameters:
            tokens: [B, T] numbers of tokens, 0 after a text's end.
            mask: boolean [B, T], True at the true tokens, which come first; None when all are.
        """
        if self.training and self.word_dropout:
            dropped = torch.rand(tokens.shape, device=tokens.device) < self.word_dropout
            tokens = tokens.masked_fill(dropped & (tokens != 0), _UNKNOWN)
        states = self.embedding(tokens)  # [B, T, E]
        if self.training and self.embedding_dropout:
            kept = states.new_ones(len(states), 1, states.shape[2])
            states = states * drop(kept, self.embedding_dropout)
        predicted: Predicted = self.model(states.transpose(1, 2), mask)
        return predicted
