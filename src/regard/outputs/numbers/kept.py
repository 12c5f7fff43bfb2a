"""What a run folder keeps of numbers to predict."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from regard.kept import Kept, ScalerKept

__all__ = ["NumbersKept"]


class NumbersKept(Kept):
    """Names and scaling of the targets, and the errors on the validation part."""

    targets: Annotated[list[str], Field(min_length=1)]
    flat: bool
    target_scaler: ScalerKept
    errors: list[list[float]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_for_each_target(self) -> Self:
        scaler, M = self.target_scaler, len(self.targets)
        if scaler.mean is None or len(scaler.mean) != M:
            raise ValueError(f"target_scaler: wanted mean and std of {M} targets")
        if any(len(row) != M for row in self.errors):
            raise ValueError(f"errors: wanted rows of {M} numbers")
        return self
