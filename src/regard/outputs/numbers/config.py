"""Configuration sections of regression."""

from pydantic import Field, ValidationInfo, field_validator

from regard.config.section import Depth, Section
from regard.config.sections import Sections

__all__ = ["sections"]


class _Model(Section):
    """Model options of regression."""

    members: Depth | None = Field(
        None,
        validate_default=True,
        description="size of the ensemble whose predictions are averaged; null takes 3, or 1 with "
        "a form",
    )

    @field_validator("members")
    @classmethod
    def _choose_members(cls, members: int | None, info: ValidationInfo) -> int:
        return members or (1 if info.data.get("form") else 3)


def sections() -> Sections:
    """The sections of regression."""
    return Sections(
        model=_Model,
        defaults={"model.dropout": 0.0, "training.learning_rate": 0.004},
        target="numbers",
    )
