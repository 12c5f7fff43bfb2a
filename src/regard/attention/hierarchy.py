"""Attention over attention: words to sentences to a document, or a second look after a first."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from regard.attention.attention import Attention
from regard.attention.multi_head import MultiHead
from regard.attention.pooling import AttentionPooling, SelfAttentionPooling

__all__ = ["Hierarchical", "HierarchicalPooling", "Stacked", "StackedPooling"]

_Encode = Callable[[Tensor, Tensor | None], Tensor]
_Pool = AttentionPooling | SelfAttentionPooling


class Hierarchical(NamedTuple):
    """What hierarchical pooling returns.

    Attributes:
        context: [B, D] of the document.
        sentence_weights: [B, L], of each sentence in the document.
        word_weights: [B, L, W], of each word in its sentence; zero in sentences of no word.
    """

    context: Tensor
    sentence_weights: Tensor
    word_weights: Tensor


class HierarchicalPooling(nn.Module):
    """Words are pooled to sentences, and these to a document, each level with an attention.

    Parameters:
        pool_words: words of a sentence to its vector.
        pool_sentences: sentences to the document's vector.
        encode_words: `encode(states [N, S, D], mask [N, S]) -> [N, S, D']`, such as a bidirectional
            GRU, before the words are pooled; None leaves them as they are.
        encode_sentences: the same before the sentences are.

    Source: Yang et al., 2016, "Hierarchical attention networks for document classification",
    section 2.2.

    >>> from regard.attention import Additive, Attention
    >>> words = AttentionPooling([Attention(Additive(None, 5, 7))], 7)
    >>> sentences = AttentionPooling([Attention(Additive(None, 5, 11))], 11)
    >>> pooled = HierarchicalPooling(words, sentences)(torch.randn(2, 3, 13, 5))
    >>> [list(part.shape) for part in pooled]
    [[2, 5], [2, 3], [2, 3, 13]]
    """

    def __init__(
        self,
        pool_words: _Pool,
        pool_sentences: _Pool,
        *,
        encode_words: _Encode | None = None,
        encode_sentences: _Encode | None = None,
    ) -> None:
        super().__init__()
        self.pool_words = pool_words
        self.pool_sentences = pool_sentences
        self.encode_words = encode_words
        self.encode_sentences = encode_sentences

    def forward(self, words: Tensor, mask: Tensor | None = None) -> Hierarchical:
        """Pool words [B, L, W, D] over those that mask [B, L, W] allows.

        A sentence without a word is padding.
        """
        if mask is None:
            mask = torch.ones(words.shape[:3], dtype=torch.bool, device=words.device)
        states, allowed = words.flatten(0, 1), mask.flatten(0, 1)  # [B L, W, D], [B L, W]
        if self.encode_words is not None:
            states = self.encode_words(states, _not_empty(allowed))
        pooled = self.pool_words(states, allowed)
        sentences = pooled.context.reshape(*mask.shape[:2], -1)  # [B, L, D]
        present = mask.any(2)
        if self.encode_sentences is not None:
            sentences = self.encode_sentences(sentences, _not_empty(present))
        document = self.pool_sentences(sentences, present)
        weights = pooled.weights.reshape(mask.shape)
        return Hierarchical(document.context, document.weights, weights)


class Stacked(NamedTuple):
    """What stacked pooling returns.

    Attributes:
        context: [B, D].
        weights: [B, S], of the second look.
        first_weights: [B, S, S] of the first, or [B, H, S, S]; queries before keys.
    """

    context: Tensor
    weights: Tensor
    first_weights: Tensor


class StackedPooling(nn.Module):
    """Attend, encode again, attend again: the states attend to each other before they are pooled.

    Parameters:
        attend: the first look, of the states at each other.
        encode: `encode(states [B, S, D], mask [B, S]) -> [B, S, D']`, such as an LSTM.
        pool: the second look.

    Source: the stacked form of hierarchical attention, after Yang et al., 2016, for sequences that
    are not divided into sentences.

    >>> from regard.attention import ScaledDot
    >>> pooling = StackedPooling(
    ...     Attention(ScaledDot()), lambda states, mask: states.cumsum(1),
    ...     SelfAttentionPooling([Attention(ScaledDot())]),
    ... )
    >>> [list(part.shape) for part in pooling(torch.randn(2, 11, 5))]
    [[2, 5], [2, 11], [2, 11, 11]]
    """

    def __init__(self, attend: Attention | MultiHead, encode: _Encode, pool: _Pool) -> None:
        super().__init__()
        self.attend = attend
        self.encode = encode
        self.pool = pool

    def forward(self, states: Tensor, mask: Tensor | None = None) -> Stacked:
        """Pool states [B, S, D] over the positions that mask [B, S] allows."""
        if mask is None:
            mask = torch.ones(states.shape[:2], dtype=torch.bool, device=states.device)
        first = self.attend(states, states, mask=mask)
        pooled = self.pool(self.encode(first.context, _not_empty(mask)), mask)
        return Stacked(pooled.context, pooled.weights, first.weights)


def _not_empty(mask: Tensor) -> Tensor:
    """The mask with the first place of empty rows let in: encoders need something to read."""
    first = torch.arange(mask.shape[1], device=mask.device) == 0
    return mask | (first & ~mask.any(1, keepdim=True))
