"""A trained model held against one that knows nothing."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from regard.config import TrainingConfig
from regard.training.batches import Part
from regard.training.divergence import diverged
from regard.training.objectives import Objective

__all__ = ["judge"]

_FAR = 10.0  # times the loss of zeros: the training has diverged
_POOR = 2.0  # times the loss of zeros; few epochs give up to once and a half
_SAME = 1e-6  # relative to the largest value
_JUDGED = 64  # cases


def judge(
    model: nn.Module,
    part: Part,
    objective: Objective,
    settings: TrainingConfig,
    history: Sequence[Mapping[str, float]],
) -> list[str]:
    """Hold a trained model against one that knows nothing, on some of the cases of its training.

    What that one answers the objective says (`Objective.ignorant`).

    Returns:
        A note if the model answers the same for every case, or its loss is much higher.

    Raises:
        RegardError: the loss is not finite, or far higher, or was so on the way to a model that
            answers the same for every case.
    """
    number = _JUDGED
    tokens: int | None = getattr(settings, "batch_tokens", None)
    if tokens is not None and part.sizes is not None:
        number = min(number, max(1, tokens // int(part.sizes.max())))
    some = np.unique(np.linspace(0, len(part) - 1, number).astype(np.int64))
    part.set_pass(0)
    batch = part[some]
    assert batch.targets is not None
    with torch.no_grad():
        values = objective.run(model, batch).values
        loss = float(objective(values, batch.targets))
        zero = float(objective(objective.ignorant(model, values), batch.targets))
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
