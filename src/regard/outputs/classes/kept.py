"""What a run folder keeps of classes."""

from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from regard.kept import Kept, Positive

__all__ = ["ClassesKept"]


class _Calibration(Kept):
    temperature: Positive
    cases: Annotated[int, Field(ge=0)]


class ClassesKept(Kept):
    """The classes in ascending order, the number of the positive one, the calibration."""

    classes: Annotated[list[str] | list[bool] | list[int] | list[float], Field(min_length=2)]
    positive: Annotated[int, Field(ge=0)] = 1
    calibration: _Calibration | None = None

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        classes: list[Any] = self.classes
        if any(a >= b for a, b in pairwise(classes)):
            raise ValueError("the classes are not in ascending order")
        if self.positive >= len(self.classes):
            raise ValueError(f"positive: there is no class {self.positive}")
        return self
