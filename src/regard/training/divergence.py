"""Divergence: losses and weights that are not finite, and models that have learned nothing."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from regard.config import TrainingConfig
from regard.errors import DataError, RegardError
from regard.models import Predicted, not_finite, overflowing
from regard.training.batches import Batch, Part
from regard.training.objectives import Objective

__all__ = ["diverged", "judge", "refuse_inputs", "refuse_weights", "run_or_tell"]

_FAR = 10.0  # times the loss of zeros: the training has diverged
_POOR = 2.0  # times the loss of zeros; few epochs give up to once and a half
_SAME = 1e-6  # relative to the largest value
_JUDGED = 256  # cases


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
    targets = [] if batch.targets is None else [batch.targets]
    for name, values in [("an input", x) for x in batch.inputs] + [
        ("a target", x) for x in targets
    ]:
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


def run_or_tell(model: nn.Module, batch: Batch, when: str, settings: TrainingConfig) -> Predicted:
    """The model on a batch; where it fails because something is not finite, that is the error.

    Raises:
        RegardError: an input, a weight or what a module computes is not finite.
    """

    def run() -> Predicted:
        predicted: Predicted = model(*batch.inputs, mask=batch.mask)
        return predicted

    try:
        return run()
    except RuntimeError as error:  # sparsemax and sampling fail at NaN
        failure = error
    refuse_inputs(batch)
    refuse_weights(model, when, settings)
    module = overflowing(model, run)
    if module:
        raise diverged(f"the values of {module} are too large {when}", settings)
    raise failure


def judge(
    model: nn.Module,
    part: Part,
    objective: Objective,
    settings: TrainingConfig,
    history: Sequence[Mapping[str, float]],
) -> list[str]:
    """Hold a trained model against the answer zero, on some of the cases it was trained on.

    Zero for every value is the answer of a model that knows nothing: equal probabilities, or the
    mean of the targets, which are scaled.

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
        values = run_or_tell(model, batch, "after training", settings).values
        loss = float(objective(values, batch.targets))
        zero = float(objective(torch.zeros_like(values), batch.targets))
    if not math.isfinite(loss):
        raise diverged(f"the loss is {loss} after training", settings)
    same = bool(((values - values[0]).abs() <= _SAME * values.abs().max()).all())
    highest = max(row["loss"] for row in history)
    compared = f"{zero:.4g} if every case gets the same answer"
    if loss > _FAR * zero > 0:
        raise diverged(f"the loss is {loss:.4g} on the training part, and {compared}", settings)
    if same and highest > _FAR * zero > 0:
        raise diverged(
            f"the loss rose to {highest:.4g}, and the model now gives every case the same answer",
            settings,
        )
    if same and len(some) > 1:
        return ["the model has learned nothing: it gives every case the same answer"]
    if loss > _POOR * zero > 0:
        return [
            f"the model has learned nothing: its loss is {loss:.4g} on the training part, and "
            f"{compared}; a lower learning_rate may help"
        ]
    return []
