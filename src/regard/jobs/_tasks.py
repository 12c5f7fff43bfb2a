"""The tasks by the names of the configuration."""

from collections.abc import Mapping
from typing import Any

from regard.config import Config
from regard.jobs._classify import Classify
from regard.jobs._forecast import ForecastTask
from regard.jobs._regress import Regress
from regard.jobs._task import Task
from regard.jobs._text import ClassifyText

__all__ = ["TASKS", "split_parts"]

TASKS: Mapping[str, Task] = {
    "classify": Classify(),
    "classify-text": ClassifyText(),
    "regress": Regress(),
    "forecast": ForecastTask(),
}


def split_parts(config: Config) -> tuple[Any, Any | None, Any]:
    """The training, validation (or None) and test part of what a configuration names."""
    train, validation, test, _ = TASKS[config.task].parts(config)
    return train, validation, test
