"""Attention over attention, against the reference, one document at a time."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from regard import reference
from regard.attention import (
    Additive,
    Attention,
    AttentionPooling,
    Causal,
    General,
    HierarchicalPooling,
    MultiHead,
    ScaledDot,
    SelfAttentionPooling,
    StackedPooling,
)
from regard.reference import Array

D, WORD, SENTENCE, A = 3, 5, 7, 2
# Words of every sentence of every document; padded to [3, 4, 6].
DOCUMENTS = [[6, 2, 1, 3], [4], [5, 3]]
B, L, W = 3, 4, 6


class _Gru(nn.Module):
    """Reads from left to right, and so what comes after the end does not matter."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gru = nn.GRU(width, hidden, batch_first=True)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is None or mask.any(1).all()  # there is something to read
        read: Tensor = self.gru(states)[0]
        return read


def _array(tensor: Tensor) -> Array:
    return np.asarray(tensor.detach().numpy(), dtype=float)


def _words() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    words = torch.randn(B, L, W, D, generator=generator, dtype=torch.float64)
    mask = torch.zeros(B, L, W, dtype=torch.bool)
    for b, sentences in enumerate(DOCUMENTS):
        for s, length in enumerate(sentences):
            mask[b, s, :length] = True
    return words, mask


def _pooling(width: int) -> AttentionPooling:
    pooling = AttentionPooling([Attention(Additive(None, width, A, bias=True))], A)
    nn.init.normal_(pooling.queries)
    return pooling


def _pooled(pooling: AttentionPooling, states: Array) -> tuple[Array, Array]:
    """Equations 5 to 7: the scores of one learned query, and its weighted sum."""
    score = pooling.heads[0].score
    assert isinstance(score, Additive)
    scores = reference.additive_score(
        _array(pooling.queries),
        states,
        np.eye(A),
        _array(score.key_projection.weight),
        _array(score.vector),
        _array(score.key_projection.bias),
    )
    return reference.attention_pooling(states, scores[0])


def _encoded(encoder: _Gru, states: Array) -> Array:
    return _array(encoder(torch.from_numpy(states)[None], None)[0])


@pytest.mark.parametrize("encoded", [True, False])
def test_hierarchical_pooling_is_the_papers(encoded: bool) -> None:
    torch.manual_seed(0)
    words, mask = _words()
    encode_words = _Gru(D, WORD).double() if encoded else None
    encode_sentences = _Gru(WORD, SENTENCE).double() if encoded else None
    pool_words = _pooling(WORD if encoded else D).double()
    pool_sentences = _pooling(SENTENCE if encoded else D).double()
    pooling = HierarchicalPooling(
        pool_words, pool_sentences, encode_words=encode_words, encode_sentences=encode_sentences
    )
    context, sentence_weights, word_weights = pooling(words, mask)
    assert context.shape == (B, SENTENCE if encoded else D)
    assert sentence_weights.shape == (B, L)
    assert word_weights.shape == (B, L, W)
    assert (word_weights[~mask] == 0).all()
    for b, sentences in enumerate(DOCUMENTS):
        document = [_array(words[b, s, :length]) for s, length in enumerate(sentences)]
        vector, of_words, of_sentences = reference.hierarchical_pooling(
            document,
            partial(_pooled, pool_words),
            partial(_pooled, pool_sentences),
            partial(_encoded, encode_words) if encode_words else None,
            partial(_encoded, encode_sentences) if encode_sentences else None,
        )
        np.testing.assert_allclose(_array(context[b]), vector)
        np.testing.assert_allclose(_array(sentence_weights[b, : len(document)]), of_sentences)
        assert (sentence_weights[b, len(document) :] == 0).all()
        for s, length in enumerate(sentences):
            np.testing.assert_allclose(_array(word_weights[b, s, :length]), of_words[s])


def test_a_document_without_words() -> None:
    words, mask = _words()
    mask[1] = False
    mask[0, 2] = False  # an empty sentence in the middle
    words.requires_grad_()
    pooling = HierarchicalPooling(
        _pooling(WORD),
        _pooling(SENTENCE),
        encode_words=_Gru(D, WORD),
        encode_sentences=_Gru(WORD, SENTENCE),
    ).double()
    context, sentence_weights, word_weights = pooling(words, mask)
    assert (context[1] == 0).all()
    assert (sentence_weights[1] == 0).all()
    assert (word_weights[1] == 0).all()
    assert sentence_weights[0, 2] == 0
    present = torch.tensor([1.0, 0, 1], dtype=torch.float64)
    torch.testing.assert_close(sentence_weights.sum(1), present)
    torch.testing.assert_close(word_weights.sum(2), mask.any(2).double())
    context.square().sum().backward()
    assert words.grad is not None
    assert words.grad.isfinite().all()
    assert (words.grad[~mask] == 0).all()


def test_without_a_mask_all_words_count() -> None:
    words, mask = _words()
    pooling = HierarchicalPooling(_pooling(D), _pooling(D)).double()
    for actual, expected in zip(pooling(words), pooling(words, torch.ones_like(mask)), strict=True):
        torch.testing.assert_close(actual, expected)


@pytest.mark.parametrize("heads", [None, 2])
def test_stacked_pooling_is_a_look_after_a_look(heads: int | None) -> None:
    torch.manual_seed(0)
    S, lengths, width = 5, [5, 2, 3], 6
    states = torch.randn(3, S, width, dtype=torch.float64)
    mask = torch.arange(S) < torch.tensor(lengths)[:, None]
    attend = MultiHead(heads, width) if heads else Attention(General(width, width), window=Causal())
    encode, pool = _Gru(width, SENTENCE), _pooling(SENTENCE)
    pooled = StackedPooling(attend, encode, pool).double()(states, mask)
    assert pooled.first_weights.shape == (3, *([heads] if heads else []), S, S)
    for b, length in enumerate(lengths):
        own = states[b : b + 1, :length]
        first = attend(own, own)
        context, weights = _pooled(pool, _encoded(encode, _array(first.context[0])))
        np.testing.assert_allclose(_array(pooled.context[b]), context)
        np.testing.assert_allclose(_array(pooled.weights[b, :length]), weights)
        assert (pooled.weights[b, length:] == 0).all()
        shown = pooled.first_weights[b, ..., :length, :length]
        torch.testing.assert_close(shown, first.weights[0])
        assert (pooled.first_weights[b, ..., length:] == 0).all()


def test_both_levels_may_ask_by_themselves() -> None:
    words, mask = _words()
    look = SelfAttentionPooling([Attention(ScaledDot())])
    context, sentence_weights, word_weights = HierarchicalPooling(look, look)(words, mask)
    torch.testing.assert_close(sentence_weights.sum(1), torch.ones(B, dtype=torch.float64))
    for b, sentences in enumerate(DOCUMENTS):
        vectors = []
        for s, length in enumerate(sentences):
            own = _array(words[b, s, :length])
            each, weights = reference.attend(reference.scaled_dot_score(own, own), own)
            np.testing.assert_allclose(_array(word_weights[b, s, :length]), weights.mean(0))
            vectors.append(each.mean(0))
        rows = np.array(vectors)
        each, _ = reference.attend(reference.scaled_dot_score(rows, rows), rows)
        np.testing.assert_allclose(_array(context[b]), each.mean(0))


def test_a_stacked_encoder_always_has_a_mask_and_something_to_read() -> None:
    masks = []

    def encode(states: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        masks.append(mask)
        return states

    pool = StackedPooling(
        Attention(ScaledDot()), encode, SelfAttentionPooling([Attention(ScaledDot())])
    )
    states = torch.randn(2, 5, 3)
    pool(states)
    assert masks[0].all()
    empty = torch.arange(5) < torch.tensor([[0], [5]])
    assert (pool(states, empty).context[0] == 0).all()
    assert masks[1].any(1).all()
