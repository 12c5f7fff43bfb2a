"""Attention over attention: words to sentences to a document, or a second look after a first."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from regard.attention.attention import Attention
from regard.attention.last_state import LastStatePooling, take_states
from regard.attention.multi_head import MultiHead
from regard.attention.pooling import AttentionPooling, Pooled, SelfAttentionPooling

__all__ = ["Hierarchical", "HierarchicalPooling", "Stacked", "StackedPooling"]

_Encode = Callable[[Tensor, Tensor | None], Tensor]
_Pool = AttentionPooling | LastStatePooling | SelfAttentionPooling


@dataclass(frozen=True, kw_only=True)
class Hierarchical(Pooled):
    """What hierarchical pooling returns: a `Pooled` whose weights are over all words.

    Attributes:
        context: [B, D] of the document.
        weights: [B, L, W], of each word in the document, its weight times that of its sentence;
            they sum to one where those of both levels do.
        head_weights: [B, H, Q, L, W], the same of each head and query of the sentences.
        log_prob: [B], of all that `Hard` has drawn in training by REINFORCE, on both levels;
            otherwise None.
        entropy: [B], of the distributions that it was drawn from, likewise.
        sentence_weights: [B, L], of each sentence in the document.
        word_weights: [B, L, W], of each word in its sentence; zero in sentences of no word.
    """

    sentence_weights: Tensor
    word_weights: Tensor


torch.export.register_dataclass(Hierarchical)


class HierarchicalPooling(nn.Module):
    """Words are pooled to sentences, and these to a document, each level with an attention.

    Parameters:
        pool_words: words of a sentence to its vector.
        pool_sentences: sentences to the document's vector.
        encode_words: `encode(states [N, S, D], mask [N, S]) -> [N, S, D']`, such as a bidirectional
            GRU, before the words are pooled; None leaves them as they are. It gets the true words
            first, in their order, wherever the mask leaves some out.
        encode_sentences: the same before the sentences are.

    Source: Yang et al., 2016, "Hierarchical attention networks for document classification",
    section 2.2.

    >>> from regard.attention import Additive, Attention
    >>> words = AttentionPooling([Attention(Additive(None, 5, 7))], 7)
    >>> sentences = AttentionPooling([Attention(Additive(None, 5, 11))], 11)
    >>> pooled = HierarchicalPooling(words, sentences)(torch.randn(2, 3, 13, 5))
    >>> pooled.context.shape, pooled.weights.shape, pooled.sentence_weights.shape
    (torch.Size([2, 5]), torch.Size([2, 3, 13]), torch.Size([2, 3]))
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

        A sentence without a word is padding, wherever it stands.
        """
        if mask is None:
            mask = torch.ones(words.shape[:3], dtype=torch.bool, device=words.device)
        states, allowed = words.flatten(0, 1), mask.flatten(0, 1)  # [B L, W, D], [B L, W]
        if self.encode_words is not None:
            states = _encode(self.encode_words, states, allowed)
        pooled = self.pool_words(states, allowed)
        sentences = pooled.context.reshape(*mask.shape[:2], -1)  # [B, L, D]
        present = mask.any(2)
        if self.encode_sentences is not None:
            sentences = _encode(self.encode_sentences, sentences, present)
        document = self.pool_sentences(sentences, present)
        of_words = pooled.weights.reshape(mask.shape)
        return Hierarchical(
            document.context,
            document.weights.unsqueeze(2) * of_words,
            document.head_weights.unsqueeze(4) * of_words[:, None, None],
            _both(_per_document(pooled.log_prob, present), document.log_prob),
            _both(_per_document(pooled.entropy, present), document.entropy),
            sentence_weights=document.weights,
            word_weights=of_words,
        )


@dataclass(frozen=True, kw_only=True)
class Stacked(Pooled):
    """What stacked pooling returns: a `Pooled` whose weights are over the input of the first look.

    Attributes:
        context: [B, D].
        weights: [B, S], of the states that were given, second_weights @ first_weights with the
            heads of the first averaged: where in the input it looked, as far as attention says.
            They sum to one where those of both looks do. What the encoder between the looks
            carries from one position to others is not in them.
        head_weights: [B, H, Q, S], the same of each head and query of the second look.
        log_prob: [B], of all that `Hard` has drawn in training by REINFORCE, in both looks;
            otherwise None.
        entropy: [B], of the distributions that it was drawn from, likewise.
        first_weights: [B, S, S] of the first look, or [B, H, S, S]; queries before keys.
        second_weights: [B, S] of the second, over what was encoded after the first.
    """

    first_weights: Tensor
    second_weights: Tensor


torch.export.register_dataclass(Stacked)


class StackedPooling(nn.Module):
    """Attend, encode again, attend again: the states attend to each other before they are pooled.

    Parameters:
        attend: the first look, of the states at each other.
        encode: `encode(states [B, S, D], mask [B, S]) -> [B, S, D']`, such as an LSTM. It gets the
            true states first, in their order, wherever the mask leaves some out.
        pool: the second look.

    Source: the stacked form of hierarchical attention, after Yang et al., 2016, for sequences that
    are not divided into sentences.

    >>> from regard.attention import ScaledDot
    >>> pooling = StackedPooling(
    ...     Attention(ScaledDot()), lambda states, mask: states.cumsum(1),
    ...     SelfAttentionPooling([Attention(ScaledDot())]),
    ... )
    >>> pooled = pooling(torch.randn(2, 11, 5))
    >>> pooled.context.shape, pooled.weights.shape, pooled.first_weights.shape
    (torch.Size([2, 5]), torch.Size([2, 11]), torch.Size([2, 11, 11]))
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
        pooled = self.pool(_encode(self.encode, first.context, mask), mask)
        looked = first.weights if first.weights.dim() == 3 else first.weights.mean(1)  # [B, S, S]
        return Stacked(
            pooled.context,
            (pooled.weights.unsqueeze(1) @ looked).squeeze(1),
            pooled.head_weights @ looked.unsqueeze(1),
            _both(_over_queries(first.log_prob, mask), pooled.log_prob),
            _both(_over_queries(first.entropy, mask), pooled.entropy),
            first_weights=first.weights,
            second_weights=pooled.weights,
        )


def _encode(encode: _Encode, states: Tensor, mask: Tensor) -> Tensor:
    """What the encoder reads of states [N, S, D], each in its place; the true ones go first.

    An encoder that is told true lengths would otherwise stop before a true state that stands
    behind one that is not. Of an empty row it gets the first, for it needs something to read.
    """
    positions = torch.arange(mask.shape[1], device=mask.device)
    order = (positions + mask.shape[1] * ~mask).argsort(1)  # no two alike
    read = positions < mask.sum(1, keepdim=True).clamp(min=1)
    return take_states(encode(take_states(states, order), read), order.argsort(1))


def _per_document(drawn: Tensor | None, present: Tensor) -> Tensor | None:
    """[B L] of each sentence, zero where there was nothing to draw from -> [B]."""
    return None if drawn is None else drawn.reshape(present.shape).sum(1)


def _over_queries(drawn: Tensor | None, mask: Tensor) -> Tensor | None:
    """[B, S], or [B, H, S] of heads -> [B], over the queries that mask [B, S] allows."""
    if drawn is None:
        return None
    return ((drawn if drawn.dim() == 2 else drawn.sum(1)) * mask).sum(1)


def _both(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    """What was drawn by both, or by the one that drew."""
    if first is None or second is None:
        return second if first is None else first
    return first + second
