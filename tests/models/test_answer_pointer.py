"""The answer pointer against its loops in NumPy, the search against enumeration."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from regard import reference
from regard.attention import Additive, Attention, Dot, General
from regard.models import AnswerPointer, best_spans

B, S, D, A = 3, 11, 7, 5


def _array(tensor: torch.Tensor) -> Any:
    return tensor.detach().numpy()


def _scores(kind: str, attention: Attention) -> Any:
    score = attention.score
    if kind == "dot":
        return reference.dot_score
    assert isinstance(score, General)
    weight = _array(score.weight)
    return lambda query, keys: reference.general_score(query, keys, weight)


@pytest.mark.parametrize("kind", ["dot", "general"])
@pytest.mark.parametrize("length", [1, 4, S])
def test_it_is_the_published_pointer(kind: str, length: int) -> None:
    torch.manual_seed(1)
    start, end = (Attention(Dot() if kind == "dot" else General(D, D)) for _ in range(2))
    pointer = AnswerPointer(start, end, D, dropout=0.0).double().eval()
    states, asked = torch.randn(B, S, D).double(), torch.randn(B, D).double()
    mask = torch.arange(S).expand(B, S) < torch.tensor([length, S, 2]).unsqueeze(1)
    values, maps = pointer(states, asked, mask)
    cell = [
        _array(getattr(pointer.cell, f"{name}_{side}"))
        for name in ("weight", "bias")
        for side in ("ih", "hh")
    ]
    weights = reference.answer_pointer(
        _array(states[0, :length]),
        _array(asked[0]),
        scores=[_scores(kind, each) for each in (start, end)],
        cell=(cell[0], cell[1], cell[2], cell[3]),
    )
    np.testing.assert_allclose(_array(maps["attention"][0, :, :length]), weights, atol=1e-12)
    assert not maps["attention"][0, :, length:].any()
    np.testing.assert_allclose(_array(values[0, :, :length]), np.log(weights), atol=1e-9)
    assert torch.isfinite(values).all()


def test_the_end_is_asked_for_with_what_the_start_has_read() -> None:
    torch.manual_seed(1)
    pointer = AnswerPointer(Attention(Dot()), Attention(Dot()), D, dropout=0.0).eval()
    states, asked = torch.randn(1, S, D), torch.randn(1, D)
    before = pointer(states, asked, None).values
    with torch.no_grad():
        pointer.cell.weight_ih.zero_()
    after = pointer(states, asked, None).values
    torch.testing.assert_close(before[:, 0], after[:, 0])
    assert not torch.allclose(before[:, 1], after[:, 1])


def test_scores_that_read_the_weights_before_read_those_of_the_start() -> None:
    from regard.attention import Coverage

    torch.manual_seed(1)
    looks = [Attention(Coverage(D, D, A)) for _ in range(2)]
    pointer = AnswerPointer(looks[0], looks[1], D, dropout=0.0).eval()
    states, asked = torch.randn(B, S, D), torch.randn(B, D)
    given = pointer(states, asked, None).maps["attention"][:, 1]
    first = looks[0](asked.unsqueeze(1), states)
    read = pointer.cell(first.context.squeeze(1), asked).unsqueeze(1)
    torch.testing.assert_close(given, looks[1](read, states, state=first.state).weights.squeeze(1))
    assert not torch.allclose(given, looks[1](read, states).weights.squeeze(1))


@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 12))
def test_the_best_span_is_that_of_enumeration(seed: int, steps: int, longest: int) -> None:
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(steps), (5, 2))
    found, log_prob = best_spans(torch.from_numpy(np.log(probabilities)), longest)
    for (start, end), (first, last), total in zip(
        probabilities, found.tolist(), log_prob.tolist(), strict=True
    ):
        assert (first, last) == reference.best_span(start, end, longest)
        assert total == pytest.approx(np.log(start[first] * end[last]))


def test_gradients_reach_the_question_and_every_state() -> None:
    torch.manual_seed(1)
    looks = [Attention(Additive(D, D, A)) for _ in range(2)]
    pointer = AnswerPointer(looks[0], looks[1], D, dropout=0.0).double()
    states = torch.randn(2, 3, D, dtype=torch.double, requires_grad=True)
    asked = torch.randn(2, D, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda *each: pointer(*each, None).values, (states, asked))
