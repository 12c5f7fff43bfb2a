"""What the jobs need to know of a task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from regard.config import Config
from regard.errors import ConfigError, DataError
from regard.estimators import AttentionEstimator
from regard.plots import Report
from regard.runs import Run

__all__ = [
    "Figure",
    "Parts",
    "Picture",
    "Predictions",
    "Task",
    "choose",
    "need_file",
]


class Parts(NamedTuple):
    """What a configuration's data is divided into.

    Attributes:
        train: to learn from.
        validation: to stop by, or None.
        test: for the figures.
        notes: what the user should know of the data.
    """

    train: Any
    validation: Any | None
    test: Any
    notes: tuple[str, ...] = ()


class Figure(NamedTuple):
    """A figure by which attentions are compared.

    Attributes:
        title: at the head of its column.
        name: in `metrics.json`.
        best: "highest" or "lowest".
    """

    title: str
    name: str
    best: str = "highest"

    @property
    def worst(self) -> str:
        """The other end."""
        return "lowest" if self.best == "highest" else "highest"


class Predictions(NamedTuple):
    """A table of predictions.

    Attributes:
        columns: by name, each as long as the others.
        said: of them, in a few words.
    """

    columns: Mapping[str, Sequence[Any]]
    said: str


class Picture(NamedTuple):
    """A case, ready to be drawn.

    Attributes:
        save: writes it to a path that ends in .png, .svg or .html.
        said: of the case, in a few words.
    """

    save: Callable[[Path], None]
    said: str


class Task(ABC):
    """From files to parts, from an estimator to figures, predictions and pictures."""

    estimator: ClassVar[type[AttentionEstimator]]

    @abstractmethod
    def parts(self, config: Config) -> Parts:
        """The training, validation and test part of what a configuration names."""

    @abstractmethod
    def evaluate(
        self, estimator: Any, config: Config, test: Any, *, title: str
    ) -> tuple[dict[str, Any], Report]:
        """The figures on the test part, and the report."""

    @abstractmethod
    def figures(self, metrics: Mapping[str, Any]) -> list[Figure]:
        """What of the metrics attentions are compared by, the most important first."""

    @abstractmethod
    def read(self, run: Run, estimator: Any, source: Path | None, **options: Any) -> Any:
        """New cases in the form of those that the run was trained on.

        Parameters:
            run: what its folder holds.
            estimator: made of it.
            source: a file; None where the task can do without.
            options: of the command line, those that the task knows.
        """

    @abstractmethod
    def predictions(self, estimator: Any, cases: Any) -> Predictions:
        """What is predicted of cases, as a table."""

    @abstractmethod
    def picture(self, estimator: Any, cases: Any, case: str | None, source: str) -> Picture:
        """One case with the attention along it."""


def choose(ids: Sequence[Any], case: str | None, source: str) -> int:
    """The position of the case that is called this; the first where none is named.

    Raises:
        DataError: none is.
    """
    if case is None:
        return 0
    names = [str(name) for name in ids]
    if case not in names:
        some = ", ".join(names if len(names) < 6 else [*names[:3], "...", names[-1]])
        raise DataError(f"{source}: has no case {case}; its cases are {some}")
    return names.index(case)


def need_file(source: Path | None) -> Path:
    """The file, where a task cannot do without.

    Raises:
        ConfigError: none was named.
    """
    if source is None:
        raise ConfigError("source: name the file to predict, after the run")
    return source
