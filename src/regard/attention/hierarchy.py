"""Two levels of attention: words to sentences to a document, or one attention after another."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from regard.attention.attention import Attention
from regard.attention.checks import check_positions
from regard.attention.masking import finite_where_masked
from regard.attention.multi_head import MultiHead
from regard.attention.pooling import Pooled, take_states

__all__ = ["Hierarchical", "HierarchicalPooling", "Stacked", "StackedPooling"]

_Encode = Callable[[Tensor, Tensor | None], Tensor]
_Pool = Callable[[Tensor, Tensor], Pooled]  # a pooling of states [N, S, D] and a mask [N, S]


@dataclass(frozen=True, kw_only=True)
class Hierarchical(Pooled):
    """What hierarchical pooling returns: a `Pooled` whose weights are over all words.

    Attributes:
        context, log_prob, entropy: as of `Pooled`, for the document and the samples of both levels.
        weights: [B, L, W], of each word in the document: its weight in the sentence times that of
            the sentence. They sum to one if those of both levels do.
        head_weights: [B, H, Q, L, W], the same for each head and query of the sentences.
        sentence_weights: [B, L], of each sentence in the document.
        word_weights: [B, L, W], of each word in its sentence; zero in empty sentences.
    """

    sentence_weights: Tensor
    word_weights: Tensor


torch.export.register_dataclass(Hierarchical)


class HierarchicalPooling(nn.Module):
    """Pools words to sentences and sentences to a document, each with an attention pooling.

    Parameters:
        pool_words: pools the words of a sentence.
        pool_sentences: pools the sentences of the document.
        encode_words: `encode(states [N, S, D], mask [N, S]) -> [N, S, D']`, such as a bidirectional
            GRU, applied before the words are pooled; None is the identity. It gets the allowed
            words first, in order.
        encode_sentences: the same, applied before the sentences are pooled.

    Source: Yang et al., 2016, "Hierarchical attention networks for document classification",
    section 2.2.

    >>> from regard.attention import Additive, Attention, AttentionPooling
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

        A sentence without words is padding, at any position.
        """
        check_positions(mask, words)
        words = finite_where_masked(words, mask)
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
    """What stacked pooling returns: a `Pooled` whose weights are over the input states.

    Attributes:
        context, log_prob, entropy: as of `Pooled`, for the samples of both attentions.
        weights: [B, S], of the input states: second_weights @ first_weights, with the heads of the
            first attention averaged. They sum to one if those of both attentions do. They leave
            out what the encoder in between carries from one position to others.
        head_weights: [B, H, Q, S], the same for each head and query of the pooling.
        first_weights: [B, S, S] of the first attention, or [B, H, S, S]; queries before keys.
        second_weights: [B, S] of the pooling, over the encoded states.
    """

    first_weights: Tensor
    second_weights: Tensor


torch.export.register_dataclass(Stacked)


class StackedPooling(nn.Module):
    """Self-attention, an encoder, and attention pooling, one after the other.

    Parameters:
        attend: the self-attention of the states.
        encode: `encode(states [B, S, D], mask [B, S]) -> [B, S, D']`, such as an LSTM. It gets the
            allowed states first, in order.
        pool: pools the encoded states.

    Source: the stacked form of hierarchical attention, after Yang et al., 2016, for sequences that
    are not divided into sentences.

    >>> from regard.attention import ScaledDot, SelfAttentionPooling
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
        check_positions(mask, states)
        states = finite_where_masked(states, mask)
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
    """The encoded states [N, S, D'] of states [N, S, D], with the allowed ones moved to the front.

    An encoder that takes lengths would otherwise miss allowed states behind masked ones. A row
    that is masked entirely has length one, since lengths of zero are refused.
    """
    positions = torch.arange(mask.shape[1], device=mask.device)
    order = (positions + mask.shape[1] * ~mask).argsort(1)  # no two alike
    read = positions < mask.sum(1, keepdim=True).clamp(min=1)
    return take_states(encode(take_states(states, order), read), order.argsort(1))


def _per_document(drawn: Tensor | None, present: Tensor) -> Tensor | None:
    """[B L] of each sentence, zero if it is empty -> [B]."""
    return None if drawn is None else drawn.reshape(present.shape).sum(1)


def _over_queries(drawn: Tensor | None, mask: Tensor) -> Tensor | None:
    """[B, S], or [B, H, S] of heads -> [B], over the queries that mask [B, S] allows."""
    if drawn is None:
        return None
    return ((drawn if drawn.dim() == 2 else drawn.sum(1)) * mask).sum(1)


def _both(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    """The sum; None counts as zero unless both are."""
    if first is None or second is None:
        return second if first is None else first
    return first + second
