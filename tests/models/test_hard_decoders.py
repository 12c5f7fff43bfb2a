"""Hard attention in decoders: the gradient that REINFORCE expects is that of the expected loss."""

from itertools import product
from typing import Any

import pytest
import torch
from building import table
from torch import Tensor

from regard.attention import Sampled, masked_log_softmax
from regard.attention import hard as module
from regard.models import Decoder, RecurrentDecoder, TransformerDecoder

S, D, L = 2, 4, 3
ORDERS = ["bahdanau", "luong", "luong, feeding", "transformer", "transformer of two layers"]


def _decoder(order: str) -> Decoder:
    torch.manual_seed(1)
    shared: dict[str, Any] = {
        "heads": 1,
        "attention": table({"score": "general", "align": "hard", "query": "states"}),
        "attention_dim": 3,
        "positions": S,
        "dropout": 0.0,
    }
    decoder: Decoder
    if order.startswith("transformer"):
        layers = 2 if "two" in order else 1
        decoder = TransformerDecoder(D, D, layers, **shared)
    else:
        name, *feeding = order.split(", ")
        cell: Any = {"cell": "gru", "order": name, "feeding": bool(feeding)}
        decoder = RecurrentDecoder(D, D, D, layers=1, **cell, **shared)
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.8)
    return decoder.double().train()


class _Choose:
    """Takes the place of sampling: position by position as told, with the true probability."""

    def __init__(self, chosen: tuple[int, ...]) -> None:
        self.chosen = iter(chosen)
        self.log_probs: list[Tensor] = []

    def __call__(self, scores: Tensor, mask: Tensor | None = None, **_: Any) -> Sampled:
        logs = masked_log_softmax(scores, mask)
        shape = scores.shape[:-1]
        count = int(torch.tensor(shape).prod())
        taken = torch.tensor([next(self.chosen) for _ in range(count)]).view(shape)
        log_prob = logs.gather(-1, taken.unsqueeze(-1)).squeeze(-1)
        self.log_probs.append(log_prob.sum())
        weights = torch.nn.functional.one_hot(taken, S).to(scores.dtype)
        return Sampled(weights, log_prob, torch.zeros_like(log_prob))


@pytest.mark.parametrize("order", ORDERS)
def test_the_expected_gradient_is_that_of_the_expected_loss(
    order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = _decoder(order)
    parameters = [p for name, p in decoder.named_parameters() if "norm" not in name]
    states = torch.randn(1, S, D, dtype=torch.float64)
    tokens = torch.randn(1, L, D, dtype=torch.float64)
    weights = torch.randn(L, D, dtype=torch.float64)
    draws = 2 * L if "two" in order else L
    exact: Any = 0.0
    expected = [torch.zeros_like(p) for p in parameters]
    for chosen in product(range(S), repeat=draws):
        choose = _Choose(chosen)
        monkeypatch.setattr(module, "sample_one", choose)
        written = decoder(tokens, decoder.start(states))
        assert written.log_prob is not None
        losses = (written.states[0] * weights).sum(1).square()  # [L]
        probability = torch.stack(choose.log_probs).sum().exp()
        exact = exact + probability * losses.mean()
        # what the training minimises, with any baseline: here 0.3
        surrogate = losses.mean() + ((losses.detach() - 0.3) * written.log_prob[0]).mean()
        for total, one in zip(
            expected,
            torch.autograd.grad(surrogate, parameters, retain_graph=True, materialize_grads=True),
            strict=True,
        ):
            total += probability.detach() * one
    wanted = torch.autograd.grad(exact, parameters, materialize_grads=True)
    for one, other in zip(expected, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-10)
    assert max(float(each.abs().max()) for each in wanted) > 1e-3
