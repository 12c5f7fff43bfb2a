"""How it is trained."""

from typing import Literal

from pydantic import Field

from regard.config.section import Section, Share

__all__ = ["ForecastTraining", "RegressionTraining", "SeriesTraining", "TextTraining", "Training"]


class Training(Section):
    """What training has in every task."""

    epochs: int = Field(50, ge=1, description="at the most; without a validation part, exactly")
    patience: int = Field(
        5, ge=0, description="epochs without a lower validation loss after which training stops"
    )
    batch_size: int = Field(32, ge=1, description="cases in an update, at the most")
    learning_rate: float = Field(0.003, gt=0, description="of AdamW, at its highest")
    weight_decay: float = Field(0.01, ge=0, description="of AdamW")
    schedule: Literal["cosine", "constant"] = Field(
        "cosine", description="of the learning rate: to zero after a short warm-up, or constant"
    )
    gradient_clip: float = Field(
        1.0, ge=0, description="largest norm of an update's gradient; 0 does not clip"
    )
    updates_per_epoch: int = Field(
        10, ge=1, description="at least; a small training part is passed over several times"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="auto takes a GPU if there is one; cpu and cuda insist"
    )


class _ClassTraining(Training):
    """What training has where the targets are classes."""

    class_weight: Literal["balanced"] | dict[str, float] | None = Field(
        None,
        description="balanced: inversely to the class's frequency; or factors by label, 1 if "
        "left out",
    )
    label_smoothing: Share = Field(
        0.1, description="share of the target that is spread over all classes"
    )


class SeriesTraining(_ClassTraining):
    """How a classifier of series is trained."""

    augmentation: Literal["warp", "none"] = Field(
        "warp", description="in training, vary each case's speed, start and scale a little"
    )


class TextTraining(_ClassTraining):
    """How a classifier of texts is trained."""

    epochs: int = Field(8, ge=1, description="at the most; without a validation part, exactly")
    batch_size: int = Field(64, ge=1, description="cases in an update, at the most")
    learning_rate: float = Field(0.004, gt=0, description="of AdamW, at its highest")
    weight_decay: float = Field(0.05, ge=0, description="of AdamW")


class RegressionTraining(Training):
    """How a regressor of series is trained."""

    learning_rate: float = Field(0.004, gt=0, description="of AdamW, at its highest")


class ForecastTraining(Training):
    """How a forecaster is trained."""

    epochs: int = Field(8, ge=1, description="at the most; without a validation part, exactly")
    patience: int = Field(
        3, ge=0, description="epochs without a lower validation loss after which training stops"
    )
    batch_size: int = Field(64, ge=1, description="windows in an update, at the most")
    learning_rate: float = Field(0.002, gt=0, description="of AdamW, at its highest")
    updates_per_epoch: int = Field(
        50, ge=1, description="at least; a small training part is passed over several times"
    )
