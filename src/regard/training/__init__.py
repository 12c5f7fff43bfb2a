"""Training on Lightning: from a model and its data to the trained model and its history."""

from regard.training.batches import Batch, BatchOrder, Part, load_batches
from regard.training.fit import check_device, fit, seeded
from regard.training.settings import Settings

__all__ = [
    "Batch",
    "BatchOrder",
    "Part",
    "Settings",
    "check_device",
    "fit",
    "load_batches",
    "seeded",
]
