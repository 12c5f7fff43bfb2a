"""What a training run is told."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to train; the configuration's `training` section says what each means."""

    epochs: int
    patience: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    schedule: Literal["cosine", "constant"]
    gradient_clip: float
    updates_per_epoch: int
    device: str
