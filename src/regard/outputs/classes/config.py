"""Configuration of classes."""

from typing import Literal

from pydantic import Field

from regard.config.section import Section, Share
from regard.config.sections import Sections

__all__ = ["sections"]


class _Training(Section):
    """Training fields of classes."""

    class_weight: Literal["balanced"] | dict[str, float] | None = Field(
        None,
        description="balanced weights classes inversely to their frequency; or weights by label, "
        "1 where one is left out",
    )
    label_smoothing: Share = Field(
        0.1, description="share of the target distribution spread over all classes"
    )


def sections() -> Sections:
    """The sections of classes."""
    return Sections(training=_Training, target="class")
