"""The end of a panel as a run folder keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from regard.inputs.panel.panel import Panel

__all__ = ["kept_panel", "panel_as_kept"]


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
