"""Divergence: losses and weights that are not finite, and models that have learned nothing."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from regard.config import TrainingConfig
from regard.errors import DataError, RegardError
from regard.models import not_finite
from regard.training.batches import Batch, Part
from regard.training.objectives import Objective

__all__ = ["diverged", "judge", "refuse_inputs", "refuse_weights"]

_FAR = 10.0  # times the loss of zeros: the training has diverged
_POOR = 2.0  # times the loss of zeros; few epochs give up to once and a half
_SAME = 1e-6  # relative to the largest value
_JUDGED = 64  # cases


def diverged(what: str, settings: TrainingConfig) -> RegardError:
    """The error of a training that has diverged, with what to change."""
    usual = TrainingConfig()
    rate = float(f"{min(usual.learning_rate, settings.learning_rate / 10):.1g}")
    fixes: list[tuple[str, float]] = [("training.learning_rate", rate)]
    if not settings.gradient_clip:
        fixes.append(("training.gradient_clip", usual.gradient_clip))
    return RegardError(f"training diverged: {what}", fixes=tuple(fixes))


def refuse_inputs(batch: Batch) -> None:
    """Refuse NaN and infinity in what a model is given: no training parameter helps.

    Raises:
        DataError: there are some.
    """
    targets = [] if batch.targets is None else [("a target", batch.targets)]
    for name, values in [*(("an input", each) for each in batch.inputs), *targets]:
        if not torch.isfinite(values).all():
            raise DataError(
                f"training: {name} is not finite in single precision: look for missing values, "
                "and for values far from all others"
            )


def refuse_weights(model: nn.Module, when: str, settings: TrainingConfig) -> None:
    """Refuse weights that are not finite.

    Raises:
        RegardError: names one of them.
    """
    name = not_finite(model)
    if name:
        raise diverged(f"the weights {name} are not finite {when}", settings)


def judge(
    model: nn.Module,
    part: Part,
    objective: Objective,
    settings: TrainingConfig,
    history: Sequence[Mapping[str, float]],
) -> list[str]:
    """Hold a trained model against the answer zero, on some of the cases it was trained on.

    Zero for every value is the answer of a model that knows nothing: equal probabilities, or the
    mean of the targets, which are scaled to unit variance.

    Returns:
        A note if the model answers the same for every case, or its loss is much higher.

    Raises:
        RegardError: the loss is not finite, or far higher, or was so on the way to a model that
            answers the same for every case.
    """
    some = np.unique(np.linspace(0, len(part) - 1, _JUDGED).astype(np.int64))
    batch = part[some]
    assert batch.targets is not None
    with torch.no_grad():
        values = model(*batch.inputs, mask=batch.mask).values
        loss = float(objective(values, batch.targets))
        zero = float(objective(torch.zeros_like(values), batch.targets))
    if not math.isfinite(loss):
        raise diverged(f"the loss is {loss} after training", settings)
    same = bool(((values - values[0]).abs() <= _SAME * values.abs().max()).all())
    unit = max(zero, 1.0)  # few cases, or those of a constant, may happen to have a lower one
    highest = max(row["loss"] for row in history)
    compared = f"{zero:.4g} if every case gets the same answer"
    if loss > _FAR * unit:
        raise diverged(f"the loss is {loss:.4g} on the training part, and {compared}", settings)
    if same and highest > _FAR * unit:
        raise diverged(
            f"the loss rose to {highest:.4g}, and the model now gives every case the same answer",
            settings,
        )
    if same and len(some) > 1 and zero:
        return ["the model has learned nothing: it gives every case the same answer"]
    if loss > _POOR * unit:
        return [
            f"the model has learned nothing: its loss is {loss:.4g} on the training part, and "
            f"{compared}; a lower learning_rate may help"
        ]
    return []
