"""Minimum risk training against the expectation over all texts, told one by one."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor
from toy_writer import toy_batch, toy_writer

from regard.models import Source, greedy_search, read_source, sample
from regard.outputs.tokens.objective import TokenLoss
from regard.outputs.tokens.risk import MinimumRisk, sentence_metric
from regard.outputs.tokens.sentence_bleu import token_bleu
from regard.tokens import Vocabulary

V, LIMIT = 6, 3
TARGETS = [[4], [5, 4], [4, 4]]
EVERY = [
    (*start, 3) for length in range(LIMIT) for start in product((4, 5), repeat=length)
]  # of at most three tokens with the end


def _overlap(ids: Sequence[int], reference: Sequence[int]) -> float:
    """Some metric that is different for most texts."""
    same = sum(one == other for one, other in zip(ids, reference, strict=False))
    return (same + 0.1 * len(ids)) / (1 + max(len(ids), len(reference)))


def _objective(samples: int, *, sharpness: float, limit: int = LIMIT) -> MinimumRisk:
    def limits(source: Source) -> Tensor:
        return torch.full((len(source.states),), limit)

    return MinimumRisk(_overlap, limits, samples=samples, sharpness=sharpness)


def _log_probs(model: Any, case: int, texts: Sequence[tuple[int, ...]]) -> Tensor:
    """Of texts of one case, alone and one token after the other."""
    batch = toy_batch(*TARGETS)
    own = batch.inputs[0][case : case + 1]
    source = read_source(model, [own[:, own[0] != 0]], None)
    found = []
    for ids in texts:
        cache, total, last = model.head.start(source), torch.zeros(()).double(), 2
        for token in ids:
            logits, cache, _ = model.head.step(torch.tensor([last]), cache)
            total, last = total + logits[0].log_softmax(0)[token], token
        found.append(total)
    return torch.stack(found)


@pytest.mark.parametrize("sharpness", [1.0, 0.3])
def test_with_all_texts_the_gradient_is_that_of_the_expected_cost(sharpness: float) -> None:
    model = toy_writer(V).train()
    parameters = list(model.parameters())
    objective, batch = _objective(2_000, sharpness=sharpness), toy_batch(*TARGETS)
    torch.manual_seed(0)
    texts, *_ = objective._texts(model, batch)
    assert len(texts) == len(TARGETS) * len(EVERY)  # all have been drawn
    values = objective.run(model, batch).values
    loss = objective(values, batch.targets)
    found = torch.autograd.grad(loss, parameters, materialize_grads=True)

    exact: Any = 0.0
    for case, target in enumerate(TARGETS):
        weighed = (sharpness * _log_probs(model, case, EVERY)).exp()
        costs = torch.tensor([1 - _overlap(ids[:-1], target) for ids in EVERY]).double()
        exact = exact + (weighed * costs).sum() / weighed.sum() / len(TARGETS)
    torch.testing.assert_close(loss, exact, rtol=0, atol=1e-6)  # costs are in single precision
    wanted = torch.autograd.grad(exact, parameters, materialize_grads=True)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)
    assert max(float(each.abs().max()) for each in wanted) > 1e-2


def test_the_risk_is_the_mean_cost_of_what_the_model_draws() -> None:
    """Texts that are not among them hardly count: score-function gradients by Monte Carlo."""
    model, draws, limit = toy_writer(V), 4_000, 9
    with torch.no_grad():
        model.head.bias[:3] = -30.0  # padding, unknown and begin are never drawn
        model.head.bias[3] += 1.5
    batch = toy_batch(TARGETS[1])
    torch.manual_seed(0)
    objective = _objective(draws, sharpness=1.0, limit=limit)
    risk = objective(objective.run(model.train(), batch).values, batch.targets)
    (found,) = torch.autograd.grad(risk, model.head.bias)

    source = read_source(model, batch.inputs, batch.mask)
    drawn = sample(
        model.head.step,
        model.head.start(source),
        limits=torch.tensor([limit]),
        generator=torch.Generator().manual_seed(1),
        samples=draws,
    )
    costs = torch.tensor(
        [
            1 - _overlap([token for token in ids if token > 3], TARGETS[1])
            for ids in drawn.tokens[0].tolist()
        ]
    ).double()
    spread = float(costs.std()) / draws**0.5
    assert float(risk.detach()) == pytest.approx(float(costs.mean()), abs=5 * spread + 0.01)
    surrogate = ((costs - costs.mean()) * drawn.log_probs[0]).mean()
    (wanted,) = torch.autograd.grad(surrogate, model.head.bias)
    torch.testing.assert_close(found[3:], wanted[3:], rtol=0, atol=0.02)
    assert float(wanted.abs().max()) > 0.05


def test_each_text_counts_once_and_the_reference_is_among_them() -> None:
    model, batch = toy_writer(V).train(), toy_batch(*TARGETS)
    torch.manual_seed(0)
    texts, cases, costs = _objective(5, sharpness=1.0)._texts(model, batch)
    assert cases.tolist() == sorted(cases.tolist())
    for case, target in enumerate(TARGETS):
        own = [tuple(t for t in ids if t) for ids in texts[cases == case].tolist()]
        assert own[0] == (*target, 3)
        assert len(own) == len(set(own)) <= 6
        for ids, cost in zip(own, costs[cases == case].tolist(), strict=True):
            assert ids[-1] == 3
            assert cost == pytest.approx(1 - _overlap(ids[:-1], target))
    assert model.training


def test_texts_are_drawn_without_dropout_and_by_the_seed() -> None:
    batch = toy_batch(*TARGETS)
    drawn = []
    for dropout, seed in ((0.0, 0), (0.9, 0), (0.9, 1)):
        model = toy_writer(V, dropout=dropout).train()
        torch.manual_seed(seed)
        drawn.append(_objective(3, sharpness=1.0)._drawn(model, batch))
    assert drawn[0] == drawn[1]
    assert drawn[1] != drawn[2]


@torch.no_grad()
def test_validation_is_that_of_teacher_forcing() -> None:
    model, batch = toy_writer(V).eval(), toy_batch(*TARGETS)
    risk, plain = _objective(3, sharpness=1.0), TokenLoss()
    assert torch.equal(risk.run(model, batch).values, plain.run(model, batch).values)
    assert risk.figures([risk.validated(model, batch)]) == plain.figures(
        [plain.validated(model, batch)]
    )


@pytest.mark.parametrize("align", ["hard", "monotonic", "sparsemax"])
def test_every_alignment_has_finite_gradients(align: str) -> None:
    model, batch = toy_writer(V, align=align).train(), toy_batch(*TARGETS)
    objective = _objective(4, sharpness=0.005)
    torch.manual_seed(0)
    predicted = objective.run(model, batch)
    assert predicted.log_prob is None
    objective(predicted.values, batch.targets).backward()
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    assert all(grad.isfinite().all() for grad in grads)
    assert any(grad.any() for grad in grads)


def test_training_raises_the_metric() -> None:
    model, batch = toy_writer(V).train(), toy_batch(*TARGETS)
    # with a sharpness of 1 a text that is certain leaves the others no gradient
    objective = _objective(8, sharpness=0.3, limit=8)
    optimizer = torch.optim.Adam(model.parameters(), 0.05)
    before = _greedy(model, batch)
    torch.manual_seed(0)
    risks = []
    for _ in range(60):
        loss = objective(objective.run(model, batch).values, batch.targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        risks.append(float(loss.detach()))
    best = sum(map(_overlap, TARGETS, TARGETS)) / len(TARGETS)
    assert risks[0] > 1 - best + 0.3
    assert sum(risks[-5:]) / 5 < 1 - best + 0.05
    assert _greedy(model, batch) > max(before, best - 0.1)


@torch.no_grad()
def _greedy(model: Any, batch: Any) -> float:
    """The mean metric of what greedy search writes."""
    source = read_source(model, batch.inputs, batch.mask)
    limits = torch.full((len(TARGETS),), 8)
    found = greedy_search(model.head.step, model.head.start(source), limits=limits)
    written = [[t for t in ids if t > 3] for ids in found.tokens[:, 0].tolist()]
    return sum(map(_overlap, written, TARGETS)) / len(TARGETS)


def test_metrics_by_name() -> None:
    vocabulary = Vocabulary.train(["a cat sat down", "a dog sat"], kind="word")
    one, other = (each.ids.tolist() for each in vocabulary.encode(["a cat sat", "a dog sat"]))
    assert sentence_metric("bleu", vocabulary)(one, other) == token_bleu(one, other)
    exact = sentence_metric("exact", vocabulary)
    assert (exact(one, other), exact(one, one)) == (0.0, 1.0)
    chrf = sentence_metric("chrf", vocabulary)
    assert chrf(one, one) == 1.0
    assert 0 < chrf(one, other) < 1
