"""Objectives, against their formulas and torch's losses."""

import numpy as np
import pytest
import torch
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, mean_squared_error
from torch import Tensor
from torch.nn.functional import cross_entropy

from regard.training import AbsoluteError, CrossEntropy, Objective, SquaredError

B, M, N = 7, 3, 5


def _numbers() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(B, M, generator=generator), torch.randn(B, M, generator=generator)


def _logits() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(B, N, generator=generator), torch.arange(B) % N


def _in_two(values: Tensor, targets: Tensor) -> list[tuple[Tensor, Tensor]]:
    """A validation part in two batches that differ in size."""
    return [(values[:3], targets[:3]), (values[3:], targets[3:])]


def test_squared_error_is_the_mean_over_cases_and_targets() -> None:
    values, targets = _numbers()
    objective = SquaredError(torch.ones(M))
    expected = mean_squared_error(targets, values)
    assert float(objective(values, targets)) == pytest.approx(expected, rel=1e-6)
    losses = objective.losses(values, targets)
    assert losses.shape == (B,)
    np.testing.assert_allclose(losses, ((values - targets) ** 2).mean(1), rtol=1e-6)


def test_members_of_an_ensemble_have_the_same_targets() -> None:
    values, targets = _numbers()
    both = torch.stack([values, values + 1], 1)  # [B, K, M]
    each = [mean_squared_error(targets, values), mean_squared_error(targets, values + 1)]
    objective = SquaredError(torch.ones(M))
    assert float(objective(both, targets)) == pytest.approx(np.mean(each), rel=1e-6)
    assert objective.losses(both, targets).shape == (B,)


def test_the_metrics_of_squared_error_are_in_the_units_of_the_data() -> None:
    values, targets = _numbers()
    unit = torch.tensor([1.0, 1000.0, 0.5])
    figures = SquaredError(unit).figures(_in_two(values, targets))
    each = [mean_squared_error(targets[:, m] * unit[m], values[:, m] * unit[m]) for m in range(M)]
    assert figures["rmse"] == pytest.approx(np.sqrt(each).mean(), rel=1e-6)
    assert figures["loss"] == pytest.approx(mean_squared_error(targets, values), rel=1e-6)


def test_cross_entropy_is_smoothed_and_weighted_in_training_and_in_validation() -> None:
    values, targets = _logits()
    weights = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0])
    objective = CrossEntropy(weights, smoothing=0.2)
    # By hand: for each case the mix of its own class and all classes, times its class's weight.
    logs = values.log_softmax(1)
    own = -logs[torch.arange(B), targets] * 0.8
    rest = -logs.sum(1) * 0.2 / N
    expected = float((weights[targets] * (own + rest)).mean())
    assert float(objective(values, targets)) == pytest.approx(expected, rel=1e-5)
    plain = -logs[torch.arange(B), targets]
    torch.testing.assert_close(objective.losses(values, targets), plain)
    figures = objective.figures(_in_two(values, targets))
    assert figures["loss"] == pytest.approx(expected, rel=1e-5)
    assert figures["accuracy"] == pytest.approx(float((values.argmax(1) == targets).float().mean()))


def test_without_weights_and_smoothing_it_is_torchs_cross_entropy() -> None:
    values, targets = _logits()
    torch.testing.assert_close(CrossEntropy()(values, targets), cross_entropy(values, targets))


def test_absolute_error_with_and_without_quantiles() -> None:
    values, targets = _numbers()
    plain = AbsoluteError()(values.unsqueeze(-1), targets)
    assert float(plain) == pytest.approx(mean_absolute_error(targets, values), rel=1e-6)
    levels = (0.1, 0.9)
    generator = torch.Generator().manual_seed(1)
    quantiles = torch.randn(B, M, 2, generator=generator)
    objective = AbsoluteError(levels)
    both = torch.cat([values.unsqueeze(-1), quantiles], 2)
    losses = [mean_absolute_error(targets, values)]
    losses += [
        2 * mean_pinball_loss(targets.flatten(), quantiles[..., n].flatten(), alpha=level)
        for n, level in enumerate(levels)
    ]
    assert float(objective(both, targets)) == pytest.approx(np.mean(losses), rel=1e-6)
    figures = objective.figures(_in_two(both, targets))
    assert figures["mae"] == pytest.approx(losses[0], rel=1e-6)
    assert figures["loss"] == pytest.approx(np.mean(losses), rel=1e-6)


def test_metrics_of_batches_with_different_shapes() -> None:
    class Absolute(Objective):
        def losses(self, values: Tensor, targets: Tensor) -> Tensor:
            return (values - targets).abs().sum(1)

    narrow, wide = (torch.ones(2, 3), torch.zeros(2, 3)), (torch.ones(1, 7), torch.zeros(1, 7))
    assert Absolute().figures([narrow, wide]) == {"loss": pytest.approx((3 + 3 + 7) / 3)}


@pytest.mark.parametrize(
    "objective", [SquaredError(torch.ones(M)), CrossEntropy(smoothing=0.1), AbsoluteError()]
)
def test_an_objective_has_no_parameters_and_no_state(objective: Objective) -> None:
    assert list(objective.parameters()) == []
    assert objective.state_dict() == {}


def test_the_loss_of_a_correct_answer() -> None:
    _, targets = _numbers()
    assert float(SquaredError(torch.ones(M))(targets, targets)) == 0
    assert float(AbsoluteError((0.3,))(targets.unsqueeze(-1).expand(-1, -1, 2), targets)) == 0


@pytest.mark.parametrize("weights", [None, torch.tensor([0.5, 1.0, 3.0])])
def test_the_floor_is_the_loss_of_the_smoothed_targets(weights: Tensor | None) -> None:
    targets = torch.tensor([0, 2, 2, 1])
    smoothed = torch.full((4, 3), 0.1).scatter(1, targets[:, None], 0.8)  # of .3 over 3 classes
    objective = CrossEntropy(weights, smoothing=0.3)
    best = float(objective(smoothed.log(), targets))
    assert objective.floor(_in_two(smoothed.log(), targets)) == pytest.approx(best, rel=1e-6)
    assert objective.floor(_in_two(torch.zeros(4, 3), targets)) == pytest.approx(best, rel=1e-6)
    other = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    assert best < objective.figures([(other, targets)])["loss"]
    assert CrossEntropy().floor([(other, targets)]) == 0
    assert SquaredError(torch.ones(3)).floor([(other, other)]) is None
