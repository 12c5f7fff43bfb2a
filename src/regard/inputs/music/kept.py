"""What a run folder keeps of pieces."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from regard.inputs.music.pieces import Kind
from regard.kept import Kept, Positive

__all__ = ["PiecesKept"]


class PiecesKept(Kept):
    """The events by number, and what pieces and voices are."""

    events: Annotated[list[str], Field(min_length=1)]
    kind: Kind
    voices: list[str]
    given: Annotated[list[bool], Field(min_length=1)]
    per_quarter: Positive

    @model_validator(mode="after")
    def _no_event_twice(self) -> Self:
        if len(set(self.events)) < len(self.events):
            raise ValueError("events: one is there twice")
        return self
