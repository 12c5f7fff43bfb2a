"""Divergence: inputs, losses and weights that are not finite."""

import torch
from torch import nn

from regard.config import TrainingConfig
from regard.errors import DataError, RegardError
from regard.models import not_finite
from regard.training.batches import Batch

__all__ = ["diverged", "refuse_inputs", "refuse_weights"]


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
