"""The section `training`: how it is trained."""

from math import ceil
from typing import Literal, Self

from pydantic import Field, model_validator

from regard.config.section import MOST_COUNT, Count, Section, Share

__all__ = ["TrainingConfig"]

_UPDATES, _EPOCHS = 2000, 50


class TrainingConfig(Section):
    """How every task is trained."""

    epochs: Count | None = Field(
        50,
        description="number of epochs; with a validation part, the most there are; null: as many "
        f"as make {_UPDATES:,} updates, and no more than {_EPOCHS}",
    )
    patience: int = Field(
        5,
        ge=0,
        le=MOST_COUNT,
        description="epochs without a lower validation loss after which training stops",
    )
    batch_size: Count = Field(32, description="largest number of cases in an update")
    learning_rate: float = Field(0.003, gt=0, description="peak learning rate of AdamW")
    weight_decay: float = Field(0.01, ge=0, description="weight decay of AdamW")
    schedule: Literal["cosine", "inverse-sqrt", "constant"] = Field(
        "cosine",
        description="of the learning rate after the warm-up: cosine to zero; inverse-sqrt falls "
        "with one over the square root of the update; both fall to zero over a third of the epochs "
        "once the validation loss of classes is nearly the lowest there is; constant, without a "
        "warm-up",
    )
    warmup: Share = Field(
        0.25,
        description="share of the updates over which the learning rate rises linearly to its peak",
    )
    gradient_clip: float = Field(
        1.0, ge=0, description="largest norm of an update's gradient; 0 does not clip"
    )
    updates_per_epoch: int = Field(
        10,
        ge=1,
        le=MOST_COUNT,
        description="least number of updates in an epoch, which passes over a small training part "
        "several times",
    )
    average: int = Field(
        1,
        ge=1,
        le=MOST_COUNT,
        description="number of epochs whose weights are averaged at the end: with a validation "
        "part the best ones, otherwise the last; 1 does not average",
    )
    precision: Literal["float32", "bf16", "auto"] = Field(
        "float32",
        description="of the products of matrices in training; bf16 needs a processor that has "
        "bfloat16, auto takes it where it is there; losses, weights and predictions stay in "
        "float32",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="auto uses a GPU where there is one"
    )

    @model_validator(mode="after")
    def _decay_less_than_all(self) -> Self:
        """An update multiplies the weights by 1 - learning_rate * weight_decay."""
        taken = self.learning_rate * self.weight_decay
        if taken >= 1:
            fault = "learning_rate" if self.learning_rate > 1 else "weight_decay"
            raise ValueError(
                f"{fault} is too high: learning_rate {self.learning_rate:g} times weight_decay "
                f"{self.weight_decay:g} is what an update takes away of every weight, wanted below "
                f"1, not {taken:g}"
            )
        return self

    def epochs_of(self, cases: int) -> int:
        """The number of epochs with so many training cases.

        >>> TrainingConfig(epochs=None).epochs_of(100), TrainingConfig(epochs=None).epochs_of(8000)
        (50, 8)
        """
        return self.epochs or min(_EPOCHS, ceil(_UPDATES / self.updates_of(cases)))

    def updates_of(self, cases: int) -> int:
        """The number of updates in an epoch of so many training cases."""
        batches = ceil(cases / self.batch_size)
        return batches * ceil(self.updates_per_epoch / batches)
