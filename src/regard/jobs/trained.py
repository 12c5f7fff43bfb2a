"""One training of a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["Trained"]


class Trained(NamedTuple):
    """One training of a comparison.

    Attributes:
        attention: its name in the table.
        seed: random seed.
        metrics: on the test part, as in the run's `metrics.json`; empty if it failed.
        failure: the error message if it failed, otherwise empty.
        figure: title and value of the most important metric.
    """

    attention: str
    seed: int
    metrics: Mapping[str, Any]
    failure: str = ""
    figure: str = ""
