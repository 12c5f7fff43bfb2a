"""Damages of files that several tests do."""

from collections.abc import Callable
from pathlib import Path

__all__ = ["instead"]


def instead(make: Callable[[Path], object]) -> Callable[[Path], None]:
    """A damage: something else has the name of the file."""

    def damage(file: Path) -> None:
        file.unlink()
        make(file)

    return damage
