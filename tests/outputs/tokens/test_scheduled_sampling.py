"""Scheduled sampling: how many inputs are replaced, by what, and what the loss is then."""

from typing import Any

import pytest
import torch
from toy_writer import toy_batch, toy_writer

from regard.models import read_source
from regard.outputs.tokens.objective import TokenLoss, sampled_share

V = 9
SCHEDULES = ["linear", "exponential", "inverse-sigmoid"]
TARGETS = [[4, 5, 6, 7, 8, 4, 5], [6, 4, 4], [8]]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_grows_from_zero_to_its_end(schedule: str) -> None:
    shares = [sampled_share(schedule, at / 50, 0.3) for at in range(51)]
    assert shares[0] == 0
    assert shares[-1] == pytest.approx(0.3)
    assert shares == sorted(shares)
    assert shares[10] > 0
    assert sampled_share("none", 0.7, 0.3) == 0


def test_the_curves() -> None:
    """At half of the training: a straight line, an early rise, and a curve that is symmetric."""
    assert sampled_share("linear", 0.5, 1) == 0.5
    assert sampled_share("exponential", 0.5, 1) == pytest.approx(0.924142, abs=1e-6)
    assert sampled_share("inverse-sigmoid", 0.5, 1) == pytest.approx(0.5)
    early, late = (sampled_share("inverse-sigmoid", p, 1) for p in (0.2, 0.8))
    assert early == pytest.approx(1 - late)
    assert early < 0.05


def _mixed(share: float, *, seed: int = 0) -> tuple[Any, Any, Any]:
    """The targets of many cases, what they are mixed to, and what the model would write."""
    model, batch = toy_writer(V).train(), toy_batch(*TARGETS * 100)
    source = read_source(model, batch.inputs, batch.mask)
    torch.manual_seed(seed)
    mixed = TokenLoss._mixed(model.head, source, batch.targets, share)
    logits = model.head.project(model.head.teach(source, batch.targets).states)
    return batch.targets, mixed, logits[..., 3:].argmax(-1) + 3


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999999])
def test_a_share_of_the_true_tokens_is_replaced_by_predictions(share: float) -> None:
    targets, mixed, predicted = _mixed(share)
    true = targets != 0
    assert not mixed[~true].any()  # padding stays
    assert (mixed[true] >= 3).all()
    changed = mixed != targets
    assert torch.equal(mixed[changed], predicted[changed])
    could = true & (predicted != targets)
    spread = (share * (1 - share) / int(could.sum())) ** 0.5
    assert float(changed[could].double().mean()) == pytest.approx(share, abs=4 * spread + 1e-6)


def test_a_model_that_is_sure_of_padding_writes_something_else() -> None:
    model, batch = toy_writer(V).train(), toy_batch(*TARGETS)
    with torch.no_grad():
        model.head.bias[:3] = 99.0
    source = read_source(model, batch.inputs, batch.mask)
    mixed = TokenLoss._mixed(model.head, source, batch.targets, 0.9)
    assert torch.equal(mixed != 0, batch.targets != 0)
    assert (mixed[batch.targets != 0] >= 3).all()


def test_the_loss_is_of_the_true_tokens_after_mixed_inputs() -> None:
    model, batch = toy_writer(V).train(), toy_batch(*TARGETS)
    objective = TokenLoss(schedule="linear", last=0.8)
    plain = TokenLoss().run(model, batch).values
    assert torch.equal(objective.run(model, batch).values, plain)  # at the start
    objective.progress = 1.0
    torch.manual_seed(0)
    values = objective.run(model, batch).values
    source = read_source(model, batch.inputs, batch.mask)
    torch.manual_seed(0)
    mixed = TokenLoss._mixed(model.head, source, batch.targets, 0.8)
    assert not torch.equal(mixed, batch.targets)
    logits = model.head.project(model.head.teach(source, mixed).states)
    true = batch.targets != 0
    wanted = torch.nn.functional.cross_entropy(logits[true], batch.targets[true], reduction="none")
    torch.testing.assert_close(values[:, 1], wanted.float())
    assert torch.equal(objective.run(model.eval(), batch).values, plain)  # in evaluation


def test_no_gradient_goes_through_the_predictions() -> None:
    model, batch = toy_writer(V).train(), toy_batch(*TARGETS)
    source = read_source(model, batch.inputs, batch.mask)
    mixed = TokenLoss._mixed(model.head, source, batch.targets, 0.9)
    assert not mixed.requires_grad
    assert mixed.dtype == torch.int64
