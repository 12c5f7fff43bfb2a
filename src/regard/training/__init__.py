"""Training: batches, objectives, augmentation and the Lightning trainer."""

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
from regard.training.device import check_device
from regard.training.divergence import refuse_weights
from regard.training.fit import ONE_FIT, Fitted, fit, seeded
from regard.training.objectives import AbsoluteError, CrossEntropy, Objective, SquaredError
from regard.training.picture_augment import shift, shift_flip

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
