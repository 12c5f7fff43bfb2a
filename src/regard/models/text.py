"""Models of texts: an embedding, then a model of sequences or of sentences."""

from collections.abc import Collection

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout as drop

from regard.attention import HierarchicalPooling
from regard.errors import ConfigError
from regard.models.encoder import Encoder
from regard.models.heads import Predicted, SeriesModel, drop_columns, shares, two_sided_logits
from regard.models.ngrams import NgramTerm

__all__ = ["SentenceModel", "StateReader", "TextModel"]

_EMBEDDING_STD = 0.3
_UNKNOWN = 1  # the token for those not in the vocabulary


class TextModel(nn.Module):
    """Embedding, dropout on words and on embeddings, then a model of sequences or of sentences.

    Parameters:
        tokens: V; token 0 is padding, 1 is unknown.
        width: of the embedding.
        model: of sequences of `width` channels.
        ngrams: a linear model of the n-grams to add, or None.
        word_dropout: share of the tokens replaced by the unknown token in training.
        embedding_dropout: dropout rate on the embedding's columns, the same for a whole text.
    """

    def __init__(
        self,
        tokens: int,
        width: int,
        model: "SeriesModel | SentenceModel",
        *,
        ngrams: NgramTerm | None,
        word_dropout: float,
        embedding_dropout: float,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, width, padding_idx=0)
        nn.init.normal_(self.embedding.weight, std=_EMBEDDING_STD)
        with torch.no_grad():
            self.embedding.weight[0] = 0.0
        self.model = model
        self.ngrams = ngrams
        self.word_dropout = word_dropout
        self.embedding_dropout = embedding_dropout

    @property
    def stride(self) -> int:
        """Tokens that a position of the maps covers."""
        return 1 if isinstance(self.model, SentenceModel) else self.model.encoder.stride

    def forward(
        self,
        tokens: Tensor,
        sentences: Tensor,
        columns: Tensor,
        values: Tensor,
        *,
        mask: Tensor | None = None,
    ) -> Predicted:
        """Predict.

        Parameters:
            tokens: [B, T] numbers of tokens, 0 after a text's end.
            sentences: [B, T] number of the sentence of each token; used by models of sentences.
            columns: [B, T, G] the n-grams at each token, for `NgramTerm`. G = 0 leaves them out, as
                in training, so that the network learns all it can by itself.
            values: [B, T, G] of the n-grams.
            mask: boolean [B, T], True at the true tokens, which come first; None when all are.

        Returns:
            What the model of sequences or sentences returns; with n-grams the values are the sum
            of both, and the map "ngrams" [B, N, T] is what the n-grams of each token added.
        """
        if self.training and self.word_dropout:
            dropped = torch.rand(tokens.shape, device=tokens.device) < self.word_dropout
            tokens = tokens.masked_fill(dropped & (tokens != 0), _UNKNOWN)
        states = drop_columns(self.embedding(tokens), self.embedding_dropout, self.training)
        predicted: Predicted
        if isinstance(self.model, SentenceModel):
            predicted = self.model(states, sentences, mask)
        else:
            predicted = self.model(states.transpose(1, 2), mask)
        if self.ngrams is None or not columns.shape[2]:
            return predicted
        added = self.ngrams(columns, values, mask).transpose(1, 2)  # [B, N, T]
        if added.shape[1] == 1:
            added = two_sided_logits(added)
        return Predicted(predicted.values + added.sum(2), {**predicted.maps, "ngrams": added})

    def inner(
        self, tokens: Tensor, *_: Tensor, mask: Tensor | None, wanted: Collection[str]
    ) -> dict[str, Tensor]:
        """Maps of the model of sequences, see `SeriesModel.inner`."""
        if isinstance(self.model, SentenceModel):
            raise ConfigError(
                f"{', '.join(wanted)}: not of hierarchical pooling",
                fixes=(("model.pooling", "attention"),),
            )
        states: Tensor = self.embedding(tokens)
        maps: dict[str, Tensor] = self.model.inner(states.transpose(1, 2), mask, wanted=wanted)
        return maps


class SentenceModel(nn.Module):
    """Words to sentences to the text, each with an encoder and an attention; then a linear layer.

    Parameters:
        pool: words to sentences to the text.
        context_dim: width of the text's context.
        outputs, two_sided: as for `ContextHead`.
        dropout: rate on the columns of the text's context.

    Source: Yang et al., 2016, "Hierarchical attention networks for document classification".
    """

    def __init__(
        self,
        pool: HierarchicalPooling,
        *,
        context_dim: int,
        outputs: int,
        two_sided: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        self.pool = pool
        self.classify = nn.Linear(context_dim, outputs)
        self.two_sided = two_sided
        self.dropout = dropout

    def forward(self, words: Tensor, sentences: Tensor, mask: Tensor | None) -> Predicted:
        """[B, T, E] words, [B, T] sentences -> values, and the map "attention" [B, T]."""
        grid, row, column = _grid(words, sentences, mask)
        pooled = self.pool(*grid)
        cases = torch.arange(words.shape[0], device=words.device).unsqueeze(1)
        weights = pooled.weights[cases, row, column]  # [B, T]
        if mask is not None:
            weights = weights * mask
        values = self.classify(drop(pooled.context, self.dropout, self.training))
        maps = {"attention": shares(weights, mask)}
        predicted = Predicted(values, maps, pooled.log_prob, pooled.entropy)
        return predicted.two_sided() if self.two_sided else predicted


def _grid(
    words: Tensor, sentences: Tensor, mask: Tensor | None
) -> tuple[tuple[Tensor, Tensor], Tensor, Tensor]:
    """[B, T, E] words -> ([B, L, W, E], mask [B, L, W]), and the indices [B, T] of each word."""
    cases, steps, width = words.shape
    true = torch.ones_like(sentences, dtype=torch.bool) if mask is None else mask
    row = sentences * true
    places = torch.arange(steps, device=words.device).expand(cases, steps)
    first = torch.ones_like(true)
    first[:, 1:] = row[:, 1:] != row[:, :-1]
    start = torch.where(first, places, 0).cummax(1).values
    column = (places - start) * true
    size = (cases, int(row.max()) + 1, int(column.max()) + 1)
    grid, allowed = words.new_zeros(*size, width), true.new_zeros(size)
    case = torch.arange(cases, device=words.device).unsqueeze(1).expand(cases, steps)[true]
    at = (case, row[true], column[true])
    return (grid.index_put(at, words[true]), allowed.index_put(at, true[true])), row, column


class StateReader(nn.Module):
    """An encoder of stride 1, called with states [B, T, C] instead of series [B, C, T]."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, states: Tensor, mask: Tensor | None = None) -> Tensor:
        encoded: Tensor = self.encoder(states.transpose(1, 2), mask)
        return encoded
