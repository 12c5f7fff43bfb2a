"""Configuration of spans."""

from typing import Literal

from pydantic import Field

from regard.config.section import Length, Section
from regard.config.sections import Sections

__all__ = ["sections"]


class _Model(Section):
    """Model fields of spans."""

    longest: Length | None = Field(
        None,
        description="most words of an answer; null takes those of the longest to train on",
    )


class _Training(Section):
    """Training fields of spans."""

    absent: Literal["refuse", "skip"] = Field(
        "refuse",
        description="what to do with answers that are not in what is read, in training: refuse the "
        "data, or leave the cases out, with a note; in the test part they count as wrong",
    )


def sections() -> Sections:
    """The sections of spans."""
    return Sections(model=_Model, training=_Training, target="span")
