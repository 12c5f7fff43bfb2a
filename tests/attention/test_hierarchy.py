"""Attention over attention, against the reference, one document at a time."""

from functools import partial

import numpy as np
import pytest
import torch
from mechanisms import assert_same
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from regard import reference
from regard.attention import (
    Additive,
    Attention,
    AttentionPooling,
    Causal,
    Dot,
    General,
    Hard,
    HierarchicalPooling,
    MultiHead,
    Reinforce,
    ScaledDot,
    Score,
    SelfAttentionPooling,
    StackedPooling,
    masked_softmax,
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
    pooled = pooling(words, mask)
    context, weights = pooled
    sentence_weights, word_weights = pooled.sentence_weights, pooled.word_weights
    assert context.shape == (B, SENTENCE if encoded else D)
    assert weights.shape == (B, L, W)
    assert pooled.head_weights.shape == (B, 1, 1, L, W)
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
            whole = of_sentences[s] * of_words[s]
            np.testing.assert_allclose(_array(weights[b, s, :length]), whole)
            np.testing.assert_allclose(_array(pooled.head_weights[b, 0, 0, s, :length]), whole)
    assert (weights[~mask] == 0).all()
    torch.testing.assert_close(weights.sum((1, 2)), torch.ones(B, dtype=torch.float64))


class _PackedGru(nn.Module):
    """Both directions, told true lengths: it reads as many states as are True, from the first."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gru = nn.GRU(width, hidden, batch_first=True, bidirectional=True)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        packed = pack_padded_sequence(states, mask.sum(1), batch_first=True, enforce_sorted=False)
        read: Tensor = pad_packed_sequence(
            self.gru(packed)[0], batch_first=True, total_length=states.shape[1]
        )[0]
        return read


@pytest.mark.parametrize("empty", [[0], [1], [0, 2], [3], [1, 2]])
def test_an_empty_sentence_anywhere_is_as_if_it_were_not_there(empty: list[int]) -> None:
    torch.manual_seed(0)
    words, mask = _words()
    mask[0, empty] = False
    pooling = HierarchicalPooling(
        _pooling(2 * WORD),
        _pooling(2 * SENTENCE),
        encode_words=_PackedGru(D, WORD),
        encode_sentences=_PackedGru(2 * WORD, SENTENCE),
    ).double()
    pooled = pooling(words, mask)
    kept = [s for s in range(L) if s not in empty]
    alone = pooling(words[:1, kept], mask[:1, kept])
    torch.testing.assert_close(pooled.context[0], alone.context[0])
    torch.testing.assert_close(pooled.weights[0, kept], alone.weights[0])
    torch.testing.assert_close(pooled.sentence_weights[0, kept], alone.sentence_weights[0])
    assert (pooled.weights[0, empty] == 0).all()
    words, mask = _words()  # those of the others are as before
    torch.testing.assert_close(pooled.context[1:], pooling(words, mask).context[1:])


def test_words_left_out_between_others_are_as_if_they_were_not_there() -> None:
    torch.manual_seed(0)
    words, mask = _words()
    mask[0, 0, [0, 3]] = False
    pooling = HierarchicalPooling(
        _pooling(2 * WORD), _pooling(2 * WORD), encode_words=_PackedGru(D, WORD)
    ).double()
    pooled = pooling(words, mask)
    alone = pooling(words[:1, :1, [1, 2, 4, 5]])
    torch.testing.assert_close(pooled.word_weights[0, 0, [1, 2, 4, 5]], alone.word_weights[0, 0])
    assert (pooled.word_weights[0, 0, [0, 3]] == 0).all()


def test_states_left_out_between_others_of_a_stack_are_as_if_they_were_not_there() -> None:
    torch.manual_seed(0)
    states = torch.randn(2, 7, D, dtype=torch.float64)
    mask = torch.ones(2, 7, dtype=torch.bool)
    mask[0, [0, 3, 4]] = False
    attend, encode = Attention(General(D, D)), _PackedGru(D, WORD)
    pooling = StackedPooling(attend, encode, _pooling(2 * WORD)).double()
    pooled = pooling(states, mask)
    alone = pooling(states[:1, [1, 2, 5, 6]])
    torch.testing.assert_close(pooled.context[0], alone.context[0])
    torch.testing.assert_close(pooled.weights[0, [1, 2, 5, 6]], alone.weights[0])
    torch.testing.assert_close(pooled.context[1:], pooling(states[1:]).context)


def _hard(width: int) -> AttentionPooling:
    pooling = AttentionPooling([Attention(Dot(), align=Hard())], width)
    nn.init.normal_(pooling.queries)
    return pooling


def _draw(query: Tensor, states: Tensor, drawn: Tensor) -> tuple[float, float]:
    """Log-probability of what was drawn from one learned query's scores, and their entropy."""
    scores = reference.dot_score(_array(query), _array(states))
    logarithms = reference.hard_log_probabilities(scores)[0]
    return logarithms @ _array(drawn), reference.hard_entropy(scores)[0]


def test_what_both_levels_draw_adds_up() -> None:
    torch.manual_seed(0)
    words, mask = _words()
    mask[2] = False  # a document without words
    pool_words, pool_sentences = _hard(D), _hard(D)
    pooling = HierarchicalPooling(pool_words, pool_sentences).double().train()
    pooled = pooling(words, mask)
    assert set(pooled.weights.flatten().tolist()) == {0.0, 1.0}
    for b, sentences in enumerate(DOCUMENTS[:2]):
        own = [words[b, s, :length] for s, length in enumerate(sentences)]
        drawn = [pooled.word_weights[b, s, :length] for s, length in enumerate(sentences)]
        parts = [_draw(pool_words.queries, *pair) for pair in zip(own, drawn, strict=True)]
        vectors = torch.stack([one @ rows for one, rows in zip(drawn, own, strict=True)])
        chosen = pooled.sentence_weights[b, : len(sentences)]
        parts.append(_draw(pool_sentences.queries, vectors, chosen))
        assert pooled.log_prob[b].item() == pytest.approx(sum(part[0] for part in parts))
        assert pooled.entropy[b].item() == pytest.approx(sum(part[1] for part in parts))
    assert pooled.log_prob[2] == 0
    assert pooled.entropy[2] == 0
    Reinforce()(pooled.log_prob, pooled.entropy, torch.randn(B)).backward()
    for level in (pool_words, pool_sentences):
        assert level.queries.grad is not None
        assert (level.queries.grad != 0).any()
    assert pooling.eval()(words, mask).log_prob is None


@pytest.mark.parametrize("hard", ["words", "sentences"])
def test_what_one_level_draws_is_handed_over(hard: str) -> None:
    torch.manual_seed(0)
    words, mask = _words()
    levels = (_hard(D), _pooling(D)) if hard == "words" else (_pooling(D), _hard(D))
    pooled = HierarchicalPooling(*levels).double().train()(words, mask)
    if hard == "words":
        torch.manual_seed(1)
        alone = levels[0](words.flatten(0, 1), mask.flatten(0, 1))
        torch.testing.assert_close(pooled.entropy, alone.entropy.reshape(B, L).sum(1))
    else:
        vectors = torch.stack([levels[0](words[:, s], mask[:, s]).context for s in range(L)], 1)
        alone = levels[1](vectors, mask.any(2))
        torch.testing.assert_close(pooled.entropy, alone.entropy)
    assert (pooled.log_prob <= 0).all()


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("hard", ["first", "second", "both"])
def test_what_both_looks_draw_adds_up(heads: int, hard: str) -> None:
    torch.manual_seed(0)
    S, lengths, width = 5, [5, 2, 0], 6
    states = torch.randn(3, S, width, dtype=torch.float64)
    mask = torch.arange(S) < torch.tensor(lengths)[:, None]
    drawing = Hard() if hard != "second" else masked_softmax
    attention = Attention(ScaledDot(), align=drawing)
    attend = MultiHead([attention] * heads, width) if heads > 1 else attention
    pool = _pooling(width) if hard == "first" else _hard(width)
    pooling = StackedPooling(attend, lambda contexts, mask: 2 * contexts, pool).double().train()
    torch.manual_seed(1)
    pooled = pooling(states, mask)
    torch.manual_seed(1)
    first = attend(states, states, mask=mask)
    second = pool(2 * first.context, mask)
    for name in ("log_prob", "entropy"):
        for b, length in enumerate(lengths):
            expected = 0.0
            if hard != "second":
                expected += getattr(first, name)[b, ..., :length].sum().item()
            if hard != "first":
                expected += getattr(second, name)[b].item()
            assert getattr(pooled, name)[b].item() == pytest.approx(expected)
            assert (expected != 0) == (length > 0)
    assert pooling.eval()(states, mask).log_prob is None


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
    pooled = pooling(words, mask)
    context, weights = pooled
    sentence_weights, word_weights = pooled.sentence_weights, pooled.word_weights
    assert (context[1] == 0).all()
    assert (weights[1] == 0).all()
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
    assert_same(pooling(words), pooling(words, torch.ones_like(mask)))


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
        looked = _array(first.weights[0].reshape(-1, length, length)).mean(0)
        found = _array(first.context[0]), looked
        context, weights, _, second = reference.stacked_pooling(
            _array(own[0]),
            lambda _, found=found: found,  # type: ignore[misc]
            partial(_encoded, encode),
            partial(_pooled, pool),
        )
        np.testing.assert_allclose(_array(pooled.context[b]), context)
        for actual, expected in (
            (pooled.weights, weights),
            (pooled.second_weights, second),
            (pooled.head_weights[:, 0, 0], weights),
        ):
            np.testing.assert_allclose(_array(actual[b, :length]), expected)
            assert (actual[b, length:] == 0).all()
        assert pooled.weights[b].sum().item() == pytest.approx(1)
        shown = pooled.first_weights[b, ..., :length, :length]
        torch.testing.assert_close(shown, first.weights[0])
        assert (pooled.first_weights[b, ..., length:] == 0).all()


def test_where_a_stack_looked_by_hand() -> None:
    """The second look is at the second position alone, that was made of the first and third."""
    first = torch.tensor([[[1.0, 0, 0], [0.25, 0, 0.75], [0, 1, 0]]])

    def encode(contexts: Tensor, mask: Tensor | None) -> Tensor:
        return torch.tensor([[[0.0], [1e9], [0.0]]])

    class Given(Score):
        def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
            return first.log()

    pool = AttentionPooling([Attention(Dot())], 1)
    nn.init.ones_(pool.queries)
    pooled = StackedPooling(Attention(Given()), encode, pool)(torch.zeros(1, 3, 2))
    assert pooled.second_weights.tolist() == [[0, 1, 0]]
    torch.testing.assert_close(pooled.weights, torch.tensor([[0.25, 0, 0.75]]))
    assert pooled.log_prob is None


def test_both_levels_may_ask_by_themselves() -> None:
    words, mask = _words()
    look = SelfAttentionPooling([Attention(ScaledDot())])
    pooled = HierarchicalPooling(look, look)(words, mask)
    context, sentence_weights, word_weights = (
        pooled.context,
        pooled.sentence_weights,
        pooled.word_weights,
    )
    assert pooled.head_weights.shape == (B, 1, L, L, W)
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
