"""The section `training`: how it is trained."""

from typing import Literal

from pydantic import Field

from regard.config.section import Section

__all__ = ["TrainingConfig"]


class TrainingConfig(Section):
    """How every task is trained."""

    epochs: int = Field(
        50, ge=1, description="number of epochs; with a validation part, the most there are"
    )
    patience: int = Field(
        5, ge=0, description="epochs without a lower validation loss after which training stops"
    )
    batch_size: int = Field(32, ge=1, description="largest number of cases in an update")
    learning_rate: float = Field(0.003, gt=0, description="peak learning rate of AdamW")
    weight_decay: float = Field(0.01, ge=0, description="weight decay of AdamW")
    schedule: Literal["cosine", "constant"] = Field(
        "cosine",
        description="of the learning rate: cosine to zero after a short warm-up, or constant",
    )
    gradient_clip: float = Field(
        1.0, ge=0, description="largest norm of an update's gradient; 0 does not clip"
    )
    updates_per_epoch: int = Field(
        10,
        ge=1,
        description="least number of updates in an epoch, which passes over a small training part "
        "several times",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="auto uses a GPU where there is one"
    )
