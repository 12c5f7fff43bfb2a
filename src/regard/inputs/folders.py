"""The files in a folder, without those that systems leave there."""

from os import walk
from pathlib import Path

__all__ = ["files_in"]

_SYSTEM = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})


def files_in(folder: Path) -> list[Path]:
    """The files in a folder and below, relative to it, in order of their paths.

    Hidden files, those in hidden folders, and files that systems keep about a folder, such as
    `Thumbs.db`, are left out.
    """
    found = (
        Path(inside, name).relative_to(folder)
        for inside, _, names in walk(folder)
        for name in names
    )
    return sorted(
        file
        for file in found
        if file.name.lower() not in _SYSTEM and not any(part.startswith(".") for part in file.parts)
    )
