"""Losses, and metrics of the validation part."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from regard.models import Predicted
from regard.training.batches import Batch
from regard.training.divergence import refuse_inputs

__all__ = ["AbsoluteError", "CrossEntropy", "Objective", "SquaredError"]


class Objective(nn.Module):
    """A loss of a model's values against targets, and how the model is run to get them.

    Values and targets of different batches may differ in shape.

    Attributes:
        watched: the figure of the validation part by which early stopping and the best weights go,
            and whether a lower ("min") or a higher one ("max") is better.
        progress: the share of the updates of the training that are done, set before each of them.
    """

    watched: tuple[str, Literal["min", "max"]] = ("loss", "min")
    progress: float = 0.0

    def run(self, model: nn.Module, batch: Batch) -> Predicted:
        """Run the model on a batch, in training (`model.training`) and in validation."""
        predicted: Predicted = model(*batch.inputs, mask=batch.mask)
        return predicted

    def losses(self, values: Tensor, targets: Tensor) -> Tensor:
        """The loss of each case, [B], or whatever else `Predicted.log_prob` is given for."""
        raise NotImplementedError

    def forward(self, values: Tensor, targets: Tensor) -> Tensor:
        """The loss of a batch."""
        return self.losses(values, targets).mean()

    def validated(self, model: nn.Module, batch: Batch) -> Any:
        """What `figures` gets of a batch of the validation part.

        Called without gradients, with the model in evaluation. An objective whose metrics need
        more than the values, such as a decoded text, extends it.

        Raises:
            DataError: an input or target is not finite.
        """
        assert batch.targets is not None
        values = self.run(model, batch).values
        if not torch.isfinite(values).all():
            refuse_inputs(batch)
        return self.summary(values, batch.targets)

    def ignorant(self, model: nn.Module, values: Tensor) -> Tensor:
        """What a model that knows nothing would return in place of these values.

        Zeros: equal probabilities, or the mean of the targets, which are scaled to unit variance.
        """
        return torch.zeros_like(values)

    def summary(self, values: Tensor, targets: Tensor) -> Any:
        """What is kept of the values and targets of a batch: both; large values override it."""
        return values, targets

    def figures(self, batches: Sequence[Any]) -> dict[str, float]:
        """Loss and metrics of a validation part, with `loss` and the figure `watched` among them.

        Parameters:
            batches: what `validated` returns for each batch.
        """
        losses = torch.cat([self.losses(values, targets) for values, targets in batches])
        return {"loss": float(losses.mean())}

    def floor(self, batches: Sequence[Any]) -> float | None:
        """The lowest loss that `figures` could return for a validation part; None if not known.

        Once the loss is nearly there, training has little left to learn, and ends soon.
        """
        return None


def _joined(batches: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Values and targets of all batches, which have the same shape."""
    values, targets = zip(*batches, strict=True)
    return torch.cat(values), torch.cat(targets)


class CrossEntropy(Objective):
    """- log p(target), p = softmax(values), of smoothed targets.

    A case has the weight of its own class, whatever the smoothing spreads over the others:

        w[y] (- (1 - e) log p[y] - e / N sum_k log p[k])

    torch weights each class's share of the smoothed target by that class instead, so that the
    weight of a rare class, times its share of all the other cases' targets, is most of the loss.
    The losses are averaged over the cases and not over their weights, which would let a batch
    without a rare case count as much as one with it.

    Parameters:
        weights: [N] factors on the loss of each class, or None.
        smoothing: label smoothing e, the share of the target that is spread over all classes.
    """

    def __init__(self, weights: Tensor | None = None, *, smoothing: float = 0.0) -> None:
        super().__init__()
        self.weights = None if weights is None else nn.Buffer(weights, persistent=False)
        self.smoothing = smoothing

    def losses(self, values: Tensor, targets: Tensor) -> Tensor:
        """Values [B, N], targets [B] -> [B], neither weighted nor smoothed."""
        return cross_entropy(values, targets, reduction="none")

    def forward(self, values: Tensor, targets: Tensor) -> Tensor:
        if self.weights is None:
            return cross_entropy(values, targets, label_smoothing=self.smoothing)
        each = cross_entropy(values, targets, reduction="none", label_smoothing=self.smoothing)
        return (self.weights[targets] * each).mean()

    def figures(self, batches: Sequence[tuple[Tensor, Tensor]]) -> dict[str, float]:
        """The loss that is trained, smoothed and weighted, and the accuracy.

        Without smoothing a model that answers as it is trained to, with 1 - e, would look worse
        than one in the middle of its training that happens to be more certain.
        """
        values, targets = _joined(batches)
        accuracy = (values.argmax(1) == targets).float().mean()
        return {"loss": float(self(values, targets)), "accuracy": float(accuracy)}

    def floor(self, batches: Sequence[tuple[Tensor, Tensor]]) -> float:
        """The entropy of the smoothed targets, weighted as the loss is."""
        values, targets = _joined(batches)
        classes = values.shape[1]
        wanted = (1 - self.smoothing) * one_hot(targets, classes) + self.smoothing / classes
        entropy = torch.special.entr(wanted).sum(1)
        return float((entropy if self.weights is None else self.weights[targets] * entropy).mean())


class SquaredError(Objective):
    """(values - targets)^2 of scaled targets, averaged over the targets of a case.

    Parameters:
        unit: [M] a scaled 1 in the units of the data, for the metrics.
    """

    def __init__(self, unit: Tensor) -> None:
        super().__init__()
        self.unit = nn.Buffer(unit, persistent=False)

    def losses(self, values: Tensor, targets: Tensor) -> Tensor:
        """Values [B, M], or [B, K, M] of K members of an ensemble, and targets [B, M] -> [B]."""
        wanted = targets.unsqueeze(1) if values.dim() == 3 else targets
        return (values - wanted).square().flatten(1).mean(1)

    def figures(self, batches: Sequence[tuple[Tensor, Tensor]]) -> dict[str, float]:
        """The loss, and the RMSE in the units of the data, averaged over the targets."""
        values, targets = _joined(batches)
        squares = (values - targets).square().mean(0)  # [M]
        rmse = (squares.sqrt() * self.unit).mean()
        return {"loss": float(squares.mean()), "rmse": float(rmse)}


class AbsoluteError(Objective):
    """|y - forecast|, and for each level the pinball loss max(level (y - q), (level - 1) (y - q)).

    Parameters:
        levels: of the quantiles, which follow the forecast in the values.
    """

    def __init__(self, levels: Sequence[float] = ()) -> None:
        super().__init__()
        self.levels = nn.Buffer(torch.tensor([0.5, *levels]), persistent=False)

    def losses(self, values: Tensor, targets: Tensor) -> Tensor:
        """Values [B, ..., 1 + levels], targets [B, ...] -> [B]."""
        error = targets.unsqueeze(-1) - values
        # The absolute error is twice the pinball loss of the median.
        pinball = torch.maximum(self.levels * error, (self.levels - 1) * error)
        return 2 * pinball.flatten(1).mean(1)

    def figures(self, batches: Sequence[tuple[Tensor, Tensor]]) -> dict[str, float]:
        """The loss, and the mean absolute error of the forecast, both in scaled units."""
        values, targets = _joined(batches)
        mae = (targets - values[..., 0]).abs().mean()
        return {"loss": float(self.losses(values, targets).mean()), "mae": float(mae)}
