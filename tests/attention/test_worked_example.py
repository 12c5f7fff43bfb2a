"""Scaled dot-product self-attention of four words, worked by hand, by every way to compute it."""

from functools import partial

import numpy as np
import torch

from regard import reference
from regard.attention import Attention, MultiHead, ScaledDot

WORDS = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=float)
W_Q = np.array([[2, 0, 2], [2, 0, 0], [2, 1, 2]], dtype=float)
W_K = np.array([[2, 2, 2], [0, 2, 1], [0, 1, 1]], dtype=float)
W_V = np.array([[1, 1, 0], [0, 1, 1], [0, 0, 0]], dtype=float)
SCORES = np.array([[8, 2, 10, 2], [4, 0, 4, 0], [12, 2, 14, 2], [10, 4, 14, 3]], dtype=float)
OUTPUT = np.array(
    [
        [0.98522025, 1.74174051, 0.75652026],
        [0.90965265, 1.40965265, 0.5],
        [0.99851226, 1.75849334, 0.75998108],
        [0.99560386, 1.90407309, 0.90846923],
    ]
)
assert_close = partial(np.testing.assert_allclose, rtol=0.0, atol=1e-8)


def _tensor(matrix: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(matrix)


def test_one_word_at_a_time() -> None:
    keys = [word @ W_K for word in WORDS]
    values = [word @ W_V for word in WORDS]
    for i, word in enumerate(WORDS):
        query = word @ W_Q
        scores = [query @ key for key in keys]
        np.testing.assert_array_equal(scores, SCORES[i])
        exponentials = [np.exp(score / np.sqrt(3)) for score in scores]
        weights = [exponential / sum(exponentials) for exponential in exponentials]
        attended = sum(weight * value for weight, value in zip(weights, values, strict=True))
        assert_close(attended, OUTPUT[i])


def test_as_matrices() -> None:
    scores = (WORDS @ W_Q) @ (WORDS @ W_K).T
    np.testing.assert_array_equal(scores, SCORES)
    exponentials = np.exp(scores / np.sqrt(3))
    weights = exponentials / exponentials.sum(axis=1, keepdims=True)
    assert_close(weights @ (WORDS @ W_V), OUTPUT)


def test_by_the_reference() -> None:
    query, keys, values = WORDS @ W_Q, WORDS @ W_K, WORDS @ W_V
    np.testing.assert_array_equal(reference.dot_score(query, keys), SCORES)
    context, _ = reference.attend(reference.scaled_dot_score(query, keys), values)
    assert_close(context, OUTPUT)


def test_by_attention() -> None:
    query, keys, values = (_tensor(WORDS @ matrix)[None] for matrix in (W_Q, W_K, W_V))
    context, weights = Attention(ScaledDot())(query, keys, values)
    assert_close(context[0].numpy(), OUTPUT)
    assert_close((weights @ values)[0].numpy(), OUTPUT)
    context, _ = Attention(ScaledDot())(query, keys, values, need_weights=False)
    assert_close(context[0].numpy(), OUTPUT)


def test_by_one_head_of_multi_head_attention() -> None:
    module = MultiHead(1, 3, bias=False).double()
    module.load_state_dict(
        {
            "query_projection.weight": _tensor(W_Q.T),
            "key_projection.weight": _tensor(W_K.T),
            "value_projection.weight": _tensor(W_V.T),
            "output_projection.weight": torch.eye(3),
        }
    )
    words = _tensor(WORDS)[None]
    context, weights = module(words, words)
    assert_close(context[0].detach().numpy(), OUTPUT)
    assert weights.shape == (1, 1, 4, 4)
