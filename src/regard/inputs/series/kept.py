"""What a run folder keeps of series."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from regard.kept import Kept, ScalerKept, Size

__all__ = ["SeriesKept"]


_Pair = Annotated[list[float], Field(min_length=2, max_length=2)]


class _Columns(Kept):
    values: list[str]
    labels: list[str]


class SeriesKept(Kept):
    """Channels, shortest and longest series, scaling, and what was chosen by the training cases."""

    channels: Annotated[list[str], Field(min_length=1)]
    steps: Annotated[list[Size], Field(min_length=2, max_length=2)]
    scaler: ScalerKept
    range: list[Annotated[list[float], Field(min_length=2, max_length=2)]] = Field(
        default_factory=list
    )
    convolved: bool | Literal["only"] = False
    stride: Size | None = None
    columns: _Columns | None = None

    @model_validator(mode="after")
    def _one_for_each_channel(self) -> Self:
        C, mean, std = len(self.channels), self.scaler.mean, self.scaler.std
        if any(each is not None and len(each) != C for each in (mean, std)):
            raise ValueError(f"scaler: wanted mean and std of {C} channels")
        if self.range and len(self.range) != C:
            raise ValueError(f"range: wanted that of {C} channels, given {len(self.range)}")
        if self.steps[0] > self.steps[1]:
            raise ValueError(f"steps: wanted the fewest and the most, given {self.steps}")
        return self
