"""The runs in a folder, by their figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from regard.errors import DataError, RegardError
from regard.outputs.sides import sides_of
from regard.runs import read_figures

__all__ = ["Listed", "list_runs"]


class Listed(NamedTuple):
    """A run folder.

    Attributes:
        path: of the folder.
        task: of the run.
        figure: title of the figure by which runs of the task are compared; "" without figures.
        value: of the figure, or None.
        attention: its score.
        cases: of the test part, or None.
        seconds: of the training, or None.
        fault: why it cannot be read; otherwise "".
    """

    path: str
    task: str = ""
    figure: str = ""
    value: float | None = None
    attention: str = ""
    cases: int | None = None
    seconds: float | None = None
    fault: str = ""


def list_runs(folder: str | Path) -> list[Listed]:
    """The runs in a folder and in folders of comparisons within, the best of each task first.

    Weights are not read. Those that cannot be read come last, with the reason.

    Raises:
        DataError: there is no such folder.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DataError(f"{folder}: {'is a file' if root.exists() else 'there is no such folder'}")
    found = sorted(
        each.parent
        for each in (
            *root.glob("config.json"),
            *root.glob("*/config.json"),
            *root.glob("*/*/config.json"),
        )
        if not any(part.startswith(".") for part in each.relative_to(root).parts)
    )
    rows = [(*_rank(path), path) for path in found]
    return [listed for _, listed, _ in sorted(rows, key=lambda row: (row[0], str(row[2])))]


def _rank(path: Path) -> tuple[tuple[Any, ...], Listed]:
    """What to sort a run by, and the run."""
    try:
        config, metrics = read_figures(path)
        output = sides_of(config)[1]
        first = output.compared(metrics)[0] if metrics else None
    except RegardError as error:
        return (1, "", "", 0.0), Listed(str(path), fault=error.message)
    value = None if first is None else float(metrics[first.name])
    sign = 0.0 if first is None else -1.0 if first.best == "highest" else 1.0
    listed = Listed(
        str(path),
        config.task,
        "" if first is None else first.title,
        value,
        getattr(getattr(config.model, "attention", None), "score", ""),
        metrics.get("cases"),
        metrics.get("fit_seconds"),
    )
    return (0, config.task, listed.figure, sign * (value or 0.0)), listed
