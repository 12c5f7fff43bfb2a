"""The end of a panel as a run folder keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Self, get_args, get_type_hints

import numpy as np
from pydantic import Field, model_validator

from regard.inputs.panel.calendar import Step
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.zones import check_zone
from regard.kept import Kept, Size

__all__ = ["PanelKept", "kept_panel", "panel_as_kept"]

_LONGEST_STEP = 10**16  # microseconds; three hundred years
_LATEST_TIME = 10**18  # microseconds; thirty thousand years


def _no_zones() -> list[str | None]:
    return [None, None]


class _Latest(Kept):
    ids: Annotated[list[str] | list[int] | list[float], Field(min_length=1)]
    dates: bool
    times: list[list[int]]
    values: list[list[list[float]]]


class PanelKept(Kept):
    """The window, the step between times, the scales of the series, and their latest steps."""

    window: Size
    season: Size
    step: Annotated[list[int | str], Field(min_length=3, max_length=3)]
    scales: dict[str, Annotated[list[list[float]], Field(min_length=2, max_length=2)]]
    targets: Annotated[list[str], Field(min_length=1)]
    past: list[str]
    known: list[str]
    zones: Annotated[list[str | None], Field(min_length=2, max_length=2)] = Field(
        default_factory=_no_zones
    )
    latest: _Latest
    day_first: bool | None = None

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        count, unit, day = self.step
        if not (
            isinstance(count, int)
            and isinstance(day, int)
            and unit in get_args(get_type_hints(Step)["unit"])
            and 1 <= count <= _LONGEST_STEP
            and 1 <= day <= 31
        ):
            raise ValueError(f"step: wanted a count, a unit and a day, not {self.step}")
        if self.latest.dates == (unit == "number"):
            raise ValueError("step: has another unit than the times")
        for zone in self.zones:
            if zone is not None:
                check_zone("zones", zone)
        columns = len(self.targets) + len(self.past) + len(self.known)
        for name, (mean, std) in self.scales.items():
            if not len(mean) == len(std) == columns or min(std) <= 0:
                raise ValueError(f"scales: wanted mean and std of {columns} columns for {name!r}")
        for each, times in zip(self.latest.ids, self.latest.times, strict=False):
            if any(a >= b for a, b in pairwise(times)):
                raise ValueError(f"latest: the times of {each!r} are not in ascending order")
            if times and max(-times[0], times[-1]) > _LATEST_TIME:
                raise ValueError(f"latest: the times of {each!r} are too far away")
        return self


def panel_as_kept(panel: Panel, *, zone_of_steps: str | None) -> dict[str, Any]:
    """A panel for JSON, with the zone whose calendar its steps follow."""
    kept = {
        "targets": list(panel.targets),
        "past": list(panel.past),
        "known": list(panel.known),
        "zones": [panel.zone, zone_of_steps],
        "latest": {
            "ids": panel.ids.tolist(),
            "dates": panel.times[0].dtype.kind == "M",
            "times": [own.astype(np.int64).tolist() for own in panel.times],
            "values": [own.tolist() for own in panel.values],
        },
    }
    return kept if panel.day_first is None else {**kept, "day_first": panel.day_first}


def kept_panel(kept: Mapping[str, Any]) -> tuple[Panel, str | None]:
    """The panel, and the zone whose calendar its steps follow."""
    zone, zone_of_steps = kept.get("zones", (None, None))
    end = kept["latest"]
    kind = "datetime64[us]" if end["dates"] else np.int64
    panel = Panel(
        tuple(np.array(own, dtype=np.float64) for own in end["values"]),
        tuple(np.array(own, dtype=np.int64).astype(kind) for own in end["times"]),
        np.array(end["ids"]),
        tuple(kept["targets"]),
        tuple(kept["past"]),
        tuple(kept["known"]),
        zone,
        day_first=kept.get("day_first"),
    )
    return panel, zone_of_steps
