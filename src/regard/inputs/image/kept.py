"""What a run folder keeps of pictures."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from regard.kept import Kept, Positive

__all__ = ["PicturesKept"]


class PicturesKept(Kept):
    """Rows and columns, and the scaling of each channel."""

    size: Annotated[int, Field(ge=1, le=1024)]
    channels: Annotated[int, Field(ge=1, le=64)]
    mean: list[float]
    deviation: list[Positive]

    @model_validator(mode="after")
    def _one_for_each_channel(self) -> Self:
        if not len(self.mean) == len(self.deviation) == self.channels:
            raise ValueError("its channels differ in number")
        return self
