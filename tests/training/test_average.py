"""Averages of the weights of several epochs, against fits that end at each of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from regard.config import TrainingConfig
from regard.models import Predicted
from regard.training import CrossEntropy, SequencePart, fit, seeded

EPOCHS = 7
# At a constant rate, the fits of 1, 2, ... epochs are the beginnings of the same training.
SETTINGS = TrainingConfig(
    epochs=EPOCHS, patience=99, batch_size=5, learning_rate=0.4, schedule="constant", device="cpu"
)


class _Toy(nn.Module):
    """Batch normalisation, which has floating point and whole numbers beside the weights."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(2)
        self.linear = nn.Linear(2, 2)

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Predicted:
        features = nn.functional.dropout(self.norm(series.mean(2)), 0.3, self.training)
        return Predicted(self.linear(features), {})


def _part(cases: int, seed: int) -> SequencePart:
    targets = torch.arange(cases) % 2
    series = torch.randn(cases, 2, 11, generator=torch.Generator().manual_seed(seed))
    return SequencePart([series + targets[:, None, None]], torch.full((cases,), 11), targets)


def _fit(validation: SequencePart | None, **changes: Any) -> tuple[dict[str, Tensor], list[float]]:
    path = changes.pop("checkpoint", None)
    with seeded(3):
        model = _Toy()
    settings = TrainingConfig(**SETTINGS.model_dump() | changes)
    options: Any = {"seed": 0, "checkpoint": path}
    history = fit(model, _part(23, 0), validation, CrossEntropy(), settings, **options).history
    return dict(model.state_dict()), [row.get("validation_loss", 0.0) for row in history]


@pytest.fixture(scope="module")
def ends() -> list[dict[str, Tensor]]:
    """The weights at the end of each epoch."""
    return [_fit(None, epochs=number)[0] for number in range(1, EPOCHS + 1)]


def _assert_mean(weights: dict[str, Tensor], states: list[dict[str, Tensor]]) -> None:
    """The means of the states, and the whole numbers of the first."""
    for name, found in weights.items():
        each = [state[name].numpy() for state in states]
        if found.is_floating_point():
            np.testing.assert_allclose(found.numpy(), np.mean(each, 0), rtol=1e-6, atol=1e-7)
        else:
            assert found == each[0]


@pytest.mark.parametrize(("average", "first"), [(1, 6), (3, 4), (99, 0)])
def test_without_validation_the_last_epochs_are_averaged(
    ends: list[dict[str, Tensor]], average: int, first: int
) -> None:
    weights, _ = _fit(None, average=average)
    _assert_mean(weights, ends[first:][::-1])
    assert (average == 1) == torch.equal(weights["linear.weight"], ends[-1]["linear.weight"])


@pytest.mark.parametrize("average", [1, 3])
def test_with_validation_the_best_epochs_are_averaged(
    ends: list[dict[str, Tensor]], average: int
) -> None:
    weights, losses = _fit(_part(13, 1), average=average)
    best = np.argsort(losses, kind="stable")[:average]
    assert set(best) != set(range(EPOCHS - average, EPOCHS))  # not merely the last
    _assert_mean(weights, [ends[epoch] for epoch in best])


@pytest.mark.parametrize("validated", [False, True])
@pytest.mark.parametrize("stopped_after", [1, 4])
def test_a_resumed_training_averages_the_epochs_before_the_interruption_too(
    tmp_path: Path, stopped_after: int, validated: bool, updates_before: list[int]
) -> None:
    held = _part(13, 1) if validated else None
    path = tmp_path / "last.ckpt"
    whole, _ = _fit(held, average=3)
    _fit(held, average=3, epochs=stopped_after, checkpoint=path)
    resumed, _ = _fit(held, average=3, checkpoint=path)
    assert updates_before[-1] > 0
    torch.testing.assert_close(resumed, whole, rtol=0, atol=0)
