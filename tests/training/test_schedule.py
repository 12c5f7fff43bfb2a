"""The learning rate of every update, against torch's schedulers and the formula of the paper."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from regard.config import TrainingConfig
from regard.models import Predicted
from regard.training import CrossEntropy, SequencePart, epochs_again, fit

UPDATES = 40


class _Toy(nn.Module):
    """A linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Predicted:
        return Predicted(self.linear(series.mean(2)), {})


def _rates(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> NDArray[np.float64]:
    """The learning rate of each update."""
    rates: list[float] = []
    step = torch.optim.AdamW.step

    def noted(self: torch.optim.AdamW, *args: Any, **options: Any) -> Any:
        rates.append(self.param_groups[0]["lr"])
        return step(self, *args, **options)

    monkeypatch.setattr(torch.optim.AdamW, "step", noted)
    fixed: dict[str, Any] = {"epochs": 4, "updates_per_epoch": 10, "batch_size": 6, "device": "cpu"}
    part = SequencePart([torch.randn(6, 2, 3)], torch.full((6,), 3), torch.arange(6) % 2)
    settings = TrainingConfig(**fixed | {"learning_rate": 0.01} | changes)
    fit(_Toy(), part, None, CrossEntropy(), settings, seed=0)
    return np.array(rates)


def test_the_inverse_square_root_is_that_of_the_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = _rates(monkeypatch, schedule="inverse-sqrt", warmup=0.2)
    step, warmup = np.arange(1, UPDATES + 1), 8
    paper = 512**-0.5 * np.minimum(step**-0.5, step * warmup**-1.5)  # equation 3
    np.testing.assert_allclose(rates, 0.01 * paper / paper.max(), rtol=1e-9)


def test_cosine_is_torchs_after_the_warmup(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = _rates(monkeypatch, warmup=0.1)
    np.testing.assert_allclose(rates[:4], [0.0025, 0.005, 0.0075, 0.01], rtol=1e-9)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 0.01)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, UPDATES - 4)
    for rate in rates[4:]:
        assert rate == pytest.approx(cosine.get_last_lr()[0], rel=1e-6)
        optimizer.step()
        cosine.step()


def test_a_quarter_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = _rates(monkeypatch)
    np.testing.assert_allclose(rates[:10], 0.001 * np.arange(1, 11), rtol=1e-9)
    assert rates[10:].argmax() == 0


@pytest.mark.parametrize("schedule", ["cosine", "inverse-sqrt"])
def test_without_warmup_the_first_update_has_the_peak(
    monkeypatch: pytest.MonkeyPatch, schedule: str
) -> None:
    rates = _rates(monkeypatch, schedule=schedule, warmup=0.0)
    assert rates[0] == pytest.approx(0.01)
    assert (np.diff(rates) < 0).all()


@pytest.mark.parametrize("schedule", ["cosine", "inverse-sqrt", "constant"])
def test_a_training_again_has_the_sum_of_the_learning_rates(schedule: Any) -> None:
    settings = TrainingConfig(schedule=schedule, warmup=0.2)
    time = np.linspace(0, 1, 20_001)
    falling = {
        "cosine": (1 + np.cos(np.pi * (time - 0.2) / 0.8)) / 2,
        "inverse-sqrt": np.sqrt(0.2 / np.maximum(time, 0.2)),
    }
    rates = np.where(time < 0.2, time / 0.2, falling.get(schedule, 1.0))
    if schedule == "constant":
        rates[:] = 1
    learned = np.concatenate([[0], np.cumsum(rates[1:] + rates[:-1])])
    for best in (1, 3, 6, 9, 10):
        share = learned[best * 2000] / learned[-1]
        assert epochs_again(settings, best, 10) == max(1, round(10 * share)), best
