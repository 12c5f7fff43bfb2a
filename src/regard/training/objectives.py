"""What training lowers, and the figures of the part that it is stopped by."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

__all__ = ["AbsoluteError", "CrossEntropy", "Objective", "SquaredError"]


class Objective(nn.Module):
    """A loss of a model's values against targets."""

    def losses(self, values: Tensor, targets: Tensor) -> Tensor:
        """[B], of each case by itself."""
        raise NotImplementedError

    def forward(self, values: Tensor, targets: Tensor) -> Tensor:
        """What training lowers: one number."""
        return self.losses(values, targets).mean()

    def figures(self, values: Tensor, targets: Tensor) -> dict[str, float]:
        """Of the whole validation part; `loss` is what training is stopped by."""
        return {"loss": float(self.losses(values, targets).mean())}


class CrossEntropy(Objective):
    """- log p(target), p = softmax(values), with the targets smoothed in training.

    Parameters:
        weights: [N] factors on the loss of each class, or None.
        smoothing: share of the target that is spread over all classes, in training.
    """

    def __init__(self, weights: Tensor | None = None, *, smoothing: float = 0.0) -> None:
        super().__init__()
        self.weights: Tensor | None
        self.register_buffer("weights", weights, persistent=False)
        self.smoothing = smoothing

    def losses(self, values: Tensor, targets: Tensor) -> Tensor:
        """Values [B, N], targets [B] -> [B], neither weighted nor smoothed."""
        return cross_entropy(values, targets, reduction="none")

    def forward(self, values: Tensor, targets: Tensor) -> Tensor:
        """Weighted and smoothed."""
        return cross_entropy(values, targets, self.weights, label_smoothing=self.smoothing)

    def figures(self, values: Tensor, targets: Tensor) -> dict[str, float]:
        """The weighted loss, not smoothed, and the accuracy."""
        accuracy = (values.argmax(1) == targets).float().mean()
        loss = cross_entropy(values, targets, self.weights)
        return {"loss": float(loss), "accuracy": float(accuracy)}


class SquaredError(Objective):
    """(values - targets)^2, both scaled, on the mean over the numbers of a case.

    Parameters:
        unit: [M] what a scaled 1 is in the units of the data, for the figures.
    """

    def __init__(self, unit: Tensor) -> None:
        super().__init__()
        self.unit: Tensor
        self.register_buffer("unit", unit, persistent=False)

    def losses(self, values: Tensor, targets: Tensor) -> Tensor:
        """Values [B, M], or [B, K, M] of K members of an ensemble, and targets [B, M] -> [B]."""
        wanted = targets.unsqueeze(1) if values.dim() == 3 else targets
        return (values - wanted).square().flatten(1).mean(1)

    def figures(self, values: Tensor, targets: Tensor) -> dict[str, float]:
        """The loss, and the RMSE in the units of the data, on the mean over the targets."""
        squares = (values - targets).square().mean(0)  # [M]
        rmse = (squares.sqrt() * self.unit).mean()
        return {"loss": float(squares.mean()), "rmse": float(rmse)}


class AbsoluteError(Objective):
    """|y - forecast|, and for each level the pinball loss max(level (y - q), (level - 1) (y - q)).

    Parameters:
        levels: of the quantiles that stand behind the forecast.
    """

    def __init__(self, levels: Sequence[float] = ()) -> None:
        super().__init__()
        self.levels: Tensor
        self.register_buffer("levels", torch.tensor([0.5, *levels]), persistent=False)

    def losses(self, values: Tensor, targets: Tensor) -> Tensor:
        """Values [B, ..., 1 + levels], targets [B, ...] -> [B]."""
        error = targets.unsqueeze(-1) - values
        # Twice the pinball loss of the middle is the absolute error.
        pinball = torch.maximum(self.levels * error, (self.levels - 1) * error)
        return 2 * pinball.flatten(1).mean(1)

    def figures(self, values: Tensor, targets: Tensor) -> dict[str, float]:
        """The loss, and the mean absolute error of the forecast, both of what is scaled."""
        mae = (targets - values[..., 0]).abs().mean()
        return {"loss": float(self.losses(values, targets).mean()), "mae": float(mae)}
