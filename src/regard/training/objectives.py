"""Losses, and the figures of the validation part."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from regard.models import Predicted
from regard.training.batches import Batch

__all__ = ["AbsoluteError", "CrossEntropy", "Objective", "SquaredError"]


class Objective(nn.Module):
    """A loss of what a model predicts against targets.

    Values and targets of different batches may differ in shape.
    """

    def run(self, model: nn.Module, batch: Batch) -> Predicted:
        """One forward pass in training; a decoder is given the targets as well."""
        predicted: Predicted = model(*batch.inputs, mask=batch.mask)
        return predicted

    def losses(self, values: Tensor, targets: Tensor) -> Tensor:
        """[B], of each case by itself."""
        raise NotImplementedError

    def forward(self, values: Tensor, targets: Tensor) -> Tensor:
        """The loss of a batch."""
        return self.losses(values, targets).mean()

    def figures(self, batches: Sequence[tuple[Tensor, Tensor]]) -> dict[str, float]:
        """The figures of a validation part; early stopping watches `loss`.

        Parameters:
            batches: values and targets of each batch.
        """
        losses = torch.cat([self.losses(values, targets) for values, targets in batches])
        return {"loss": float(losses.mean())}


def _joined(batches: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """The values and the targets of all batches, where they are of one shape."""
    values, targets = zip(*batches, strict=True)
    return torch.cat(values), torch.cat(targets)


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

    def figures(self, batches: Sequence[tuple[Tensor, Tensor]]) -> dict[str, float]:
        """The weighted loss, not smoothed, and the accuracy."""
        values, targets = _joined(batches)
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

    def figures(self, batches: Sequence[tuple[Tensor, Tensor]]) -> dict[str, float]:
        """The loss, and the RMSE in the units of the data, on the mean over the targets."""
        values, targets = _joined(batches)
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

    def figures(self, batches: Sequence[tuple[Tensor, Tensor]]) -> dict[str, float]:
        """The loss, and the mean absolute error of the forecast, both of what is scaled."""
        values, targets = _joined(batches)
        mae = (targets - values[..., 0]).abs().mean()
        return {"loss": float(self.losses(values, targets).mean()), "mae": float(mae)}
