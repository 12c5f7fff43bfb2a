"""What one pass of cases through a model returned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Inference"]


@dataclass(frozen=True, eq=False)
class Inference:
    """Everything that a model said of B cases; predictions, maps and pictures are views of it.

    Attributes:
        cases: that went through the model.
        encoded: the cases as the input encoded them: scaled, tokenised.
        values: [B, ...] what the model returned, or a list of arrays where shapes differ.
        maps: name to a map for each case, over the case's own steps or words; an empty array for
            a case whose maps were not asked for.
    """

    cases: Any
    encoded: Any
    values: Any
    maps: Mapping[str, list[NDArray[np.float64]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    def _repr_html_(self) -> str:
        maps = ", ".join(self.maps) or "none"
        return f"<div><b>Inference of {len(self)} cases</b>, maps: {escape(maps)}</div>"
