"""Training: batches, objectives, augmentation and the Lightning trainer."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from regard.training.augment import specaugment, warp
from regard.training.batches import (
    Batch,
    BatchOrder,
    Part,
    SequencePart,
    Targets,
    batch_indices,
    load_batches,
    targets_at,
)
from regard.training.device import check_device, check_device_name
from regard.training.divergence import refuse_weights
from regard.training.objectives import AbsoluteError, CrossEntropy, Objective, SquaredError
from regard.training.picture_augment import shift, shift_flip
from regard.training.schedule import epochs_again
from regard.training.seeds import ONE_FIT, seeded

if TYPE_CHECKING:
    from regard.training.trainer import Fitted, fit

__all__ = [
    "ONE_FIT",
    "AbsoluteError",
    "Batch",
    "BatchOrder",
    "CrossEntropy",
    "Fitted",
    "Objective",
    "Part",
    "SequencePart",
    "SquaredError",
    "Targets",
    "batch_indices",
    "check_device",
    "check_device_name",
    "epochs_again",
    "fit",
    "load_batches",
    "refuse_weights",
    "seeded",
    "shift",
    "shift_flip",
    "specaugment",
    "targets_at",
    "warp",
]


def __getattr__(name: str) -> Any:
    """`fit` and `Fitted`, whose Lightning takes seconds to import, which no prediction needs."""
    if name not in ("Fitted", "fit"):
        raise AttributeError(f"module 'regard.training' has no attribute '{name}'")
    return getattr(import_module("regard.training.trainer"), name)
