"""Figures of another run of the same test part, to show beside those of a new one."""

from pathlib import Path
from typing import Any

from regard.config import Config
from regard.errors import ConfigError
from regard.outputs.sides import sides_of
from regard.runs import first_difference, read_run

__all__ = ["baseline_figures"]


def baseline_figures(config: Config, path: Path) -> dict[str, Any]:
    """`by_length_without` and `baseline`, the other run's rows by length and its name.

    Raises:
        ConfigError: the task has no figures by length, or the other run's are of other cases.
        RunError: it cannot be read.
    """
    fields = sides_of(config)[1].lengths
    if not fields:
        raise ConfigError(f"baseline: the task {config.task} has no figures by length")
    other = read_run(path)
    before, now = (
        {
            "task": each.task,
            "seed": each.seed,
            "data": each.data.model_dump(mode="json"),
            "model": {name: getattr(each.model, name, None) for name in fields},
        }
        for each in (other.config, config)
    )
    if field := first_difference(before, now):
        raise ConfigError(f"baseline: {path} has another {field}, so that its lengths differ")
    if not other.metrics:
        raise ConfigError(f"baseline: {path} has no figures; it was saved from Python")
    if "by_length" not in other.metrics:
        raise ConfigError(f"baseline: the task {config.task} has no figures by length")
    attends = other.config.model.attention.score != "none"
    return {
        "by_length_without": other.metrics["by_length"],
        "baseline": path.name if attends else "without attention",
    }
