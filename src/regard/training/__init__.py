"""Training on Lightning: from a model and its data to the trained model and its history."""

from regard.training.augment import warp
from regard.training.batches import Batch, BatchOrder, Part, SequencePart, load_batches
from regard.training.fit import check_device, fit, seeded
from regard.training.objectives import AbsoluteError, CrossEntropy, Objective, SquaredError
from regard.training.order import batch_indices

__all__ = [
    "AbsoluteError",
    "Batch",
    "BatchOrder",
    "CrossEntropy",
    "Objective",
    "Part",
    "SequencePart",
    "SquaredError",
    "batch_indices",
    "check_device",
    "fit",
    "load_batches",
    "seeded",
    "warp",
]
