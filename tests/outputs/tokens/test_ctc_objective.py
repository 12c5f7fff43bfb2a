"""The loss of tokens with a share of CTC: what it is the mean of, and what is left out."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import ctc_loss
from toy_writer import HIDDEN, toy_batch, toy_writer

from regard.config import resolve_config
from regard.errors import ConfigError
from regard.outputs.sides import sides_of
from regard.outputs.tokens.objective import TokenLoss

V, WEIGHT = 9, 0.3
TARGETS = [[4, 5], [6, 4, 4], [8]]  # the second needs four positions and has three


def _writer() -> Any:
    model = toy_writer(V)
    torch.manual_seed(3)
    model.head.ctc = nn.Linear(2 * HIDDEN, V).double()
    return model.eval()


def _ctc(model: Any, batch: Any) -> list[float]:
    """Of each case alone, without padding."""
    found = []
    for n, target in enumerate(TARGETS):
        length = int(batch.mask[n].sum())
        [states] = model.encode(batch.inputs[0][n : n + 1, :length], mask=None)[0]
        log_probs = model.head.ctc(states).log_softmax(1)
        lengths = torch.tensor(length), torch.tensor(len(target))
        loss = ctc_loss(log_probs, torch.tensor(target), *lengths, zero_infinity=True)
        found.append(loss.item() * len(target))  # the mean divides by the length of the target
    return found


def test_the_loss_is_the_weighted_mean_over_all_tokens() -> None:
    model, batch = _writer(), toy_batch(*TARGETS)
    plain, joint = TokenLoss(), TokenLoss(ctc_weight=WEIGHT)
    values = joint.run(model, batch).values
    tokens = sum(len(target) + 1 for target in TARGETS)
    assert values.shape == (tokens, 4)
    own = plain(plain.run(model, batch).values, batch.targets).item()
    each = _ctc(model, batch)
    assert each[1] == 0  # too few positions
    assert each[0] > 0 < each[2]
    wanted = (1 - WEIGHT) * own + WEIGHT * sum(each) / tokens
    assert joint(values, batch.targets).item() == pytest.approx(wanted, rel=1e-5)
    # of the validation part, too; and what hard attention is rewarded by stays the decoder's
    figures = joint.figures([(joint.summary(values.detach(), batch.targets), [])])
    assert figures["loss"] == pytest.approx(wanted, rel=1e-5)
    assert joint.losses(values, batch.targets).mean().item() == pytest.approx(own, rel=1e-5)
    assert joint.ignorant(model, values)[:, 3].tolist() == values[:, 3].tolist()


def test_the_states_learn_from_both() -> None:
    model, batch = _writer(), toy_batch(*TARGETS)
    joint = TokenLoss(ctc_weight=0.999)
    joint(joint.run(model, batch).values, batch.targets).backward()
    grads = {name: p.grad for name, p in model.named_parameters()}
    assert all(grad is not None and torch.isfinite(grad).all() for grad in grads.values())
    assert grads["head.ctc.weight"].abs().sum() > 0


def test_minimum_risk_is_of_the_decoder_alone() -> None:
    model = {"ctc_weight": 0.3}
    data = {"kind": "dates"}
    for training, refused in (({"risk_epochs": 1}, True), ({}, False)):
        config = resolve_config(
            {"task": "translate", "data": data, "model": model, "training": training}
        )
        if refused:
            with pytest.raises(ConfigError, match="risk_epochs: .* wanted 0, or ctc_weight 0"):
                sides_of(config)
        else:
            sides_of(config)
