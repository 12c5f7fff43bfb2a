"""What every section of the configuration has in common."""

import os
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = ["FilePath", "Range", "Section", "Share"]


class Section(BaseModel):
    """Strict, unchangeable, without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _expand(path: str) -> str:
    """The path with ${NAME} replaced by the environment's value."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise ValueError(f"the environment variable {found[1]} is not set")
        return os.environ[found[1]]

    return re.sub(r"\$\{(\w+)\}", value, path)


FilePath = Annotated[str, AfterValidator(_expand)]
Range = tuple[float, float]
Share = Annotated[float, Field(ge=0, lt=1)]
