"""What every section of the configuration has in common."""

import os
import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from regard.bounded import shown
from regard.errors import did_you_mean

__all__ = [
    "MOST_COUNT",
    "MOST_DEPTH",
    "MOST_LENGTH",
    "MOST_NUMBER",
    "MOST_WIDTH",
    "Count",
    "Depth",
    "FilePath",
    "Length",
    "Range",
    "Section",
    "Share",
    "Width",
    "choices",
    "near",
    "one_of",
]

_LONGEST_NAME, _LONGEST_PATH = 255, 4095  # of a file


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
            f"{shown(given)} is not one of {', '.join(names)}{near(str(given)[:99], names)}"
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
    """The path with ${NAME} replaced by the environment's value, if a file can have it."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise ValueError(f"the environment variable {found[1]} is not set")
        return os.environ[found[1]]

    path = re.sub(r"\$\{(\w+)\}", value, path)
    if "\0" in path:
        raise ValueError("a path has no zero byte")
    longest = max(path.split("/"), key=len)
    if len(longest) > _LONGEST_NAME or len(path) > _LONGEST_PATH:
        raise ValueError(
            f"wanted names of at most {_LONGEST_NAME} characters and {_LONGEST_PATH:,} in all, "
            f"given {len(longest)} and {len(path):,}"
        )
    return path


FilePath = Annotated[str, AfterValidator(_expand)]

MOST_WIDTH = 2**16
MOST_DEPTH = 1000
MOST_LENGTH = 10**6
MOST_COUNT = 10**9
MOST_NUMBER = 1e9

Width = Annotated[int, Field(ge=1, le=MOST_WIDTH)]
"""Numbers of a state, and of an embedding."""
Depth = Annotated[int, Field(ge=1, le=MOST_DEPTH)]
"""What there are several of in a model, one after or beside the other: layers, heads, members."""
Length = Annotated[int, Field(ge=1, le=MOST_LENGTH)]
"""Steps, tokens, sentences of a case."""
Count = Annotated[int, Field(ge=1, le=MOST_COUNT)]
"""Cases, occurrences, epochs."""
Range = tuple[float, float]
Share = Annotated[float, Field(ge=0, lt=1)]
