"""What every section of the configuration has in common."""

import json
import os
import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from regard.errors import did_you_mean

__all__ = ["FilePath", "Range", "Section", "Share", "choices", "near", "one_of"]


class Section(BaseModel):
    """Strict, immutable, without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def one_of(given: Any, known: Iterable[str]) -> Any:
    """The given name, where it is a known one.

    Raises:
        ValueError: it is not; names the nearest.
    """
    names = list(known)
    if given not in names:
        raise ValueError(
            f"{json.dumps(given)} is not one of {', '.join(names)}{near(str(given), names)}"
        )
    return given


def choices(known: Iterable[str]) -> Callable[[dict[str, Any]], None]:
    """Adds the names of a table, as they are when it is asked for, to a field's JSON schema."""
    return lambda schema: schema.update(enum=[*known])


def near(given: str, known: Iterable[str]) -> str:
    """The nearest known name as a closing phrase, or nothing."""
    phrase = did_you_mean(given, known)
    return phrase if phrase.startswith("; did") else ""


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
