"""What a shell offers while a command is typed."""

from collections.abc import Iterable

__all__ = ["field_names", "mechanism_names", "task_names"]


def task_names(incomplete: str) -> list[str]:
    """Tasks that begin so."""
    from regard.tasks import TASKS

    return _beginning(TASKS, incomplete)


def mechanism_names(incomplete: str) -> list[str]:
    """Scores, windows and alignments that begin so, after a comma too."""
    from regard.catalogue import ALIGNMENTS, SCORES, WINDOWS

    before, comma, last = incomplete.rpartition(",")
    found = _beginning([*SCORES, *WINDOWS, *ALIGNMENTS], last)
    return [f"{before}{comma}{name}" for name in found]


def field_names(incomplete: str) -> list[str]:
    """Fields of the configurations of all tasks that begin so, with their equals sign."""
    from regard.config import config_of
    from regard.tasks import TASKS

    names = ["seed=", "task="]
    for task in TASKS:
        fields = config_of(task).model_fields
        for section in ("model", "training"):
            names += [f"{section}.{name}=" for name in _fields(fields[section].annotation)]
    return sorted(set(_beginning(names, incomplete)))


def _fields(section: object) -> Iterable[str]:
    return getattr(section, "model_fields", {})


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
