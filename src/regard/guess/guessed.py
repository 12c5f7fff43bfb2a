"""A guess at a configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from regard.errors import DataError

__all__ = ["Guess", "refuse"]


@dataclass(frozen=True)
class Guess:
    """A task and its data.

    Attributes:
        task: its name.
        data: the fields of the section `data` that are not left at their defaults.
        doubts: what may be otherwise, each with the field that changes it.
    """

    task: str
    data: dict[str, Any]
    doubts: list[str] = field(default_factory=list)


def refuse(path: object, what: str) -> DataError:
    """The error of a file that nothing is known to do with."""
    return DataError(f"{path}: {what}; write a configuration, as docs/data.md shows")
