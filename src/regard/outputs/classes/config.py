"""Configuration of classes."""

import json
import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from regard.config.section import Section, Share
from regard.config.sections import Sections

__all__ = ["sections"]


def _check_weights(given: Any) -> Any:
    if isinstance(given, dict):
        for label, weight in given.items():
            number = isinstance(weight, int | float) and not isinstance(weight, bool)
            if not (number and 0 < weight < math.inf):
                raise ValueError(f"wanted a number above 0 for {label}, not {json.dumps(weight)}")
    elif given not in ("balanced", None):
        raise ValueError(f"wanted balanced or a weight for each label, not {json.dumps(given)}")
    return given


class _Training(Section):
    """Training fields of classes."""

    class_weight: Annotated[
        Literal["balanced"] | dict[str, float] | None, BeforeValidator(_check_weights)
    ] = Field(
        None,
        description="balanced weights classes inversely to their frequency; or weights by label, "
        "1 where one is left out",
    )
    label_smoothing: Share = Field(
        0.1, description="share of the target distribution spread over all classes"
    )
    calibration: Literal["validation", "refit", "none"] = Field(
        "validation",
        description="of the probabilities, by a temperature: on the validation part, if there is "
        "one; refit: without one, on a tenth of at least 100 cases, by a first training on the "
        "others, before one on all; none",
    )
    rare_classes: Literal["refuse", "drop", "merge"] = Field(
        "refuse",
        description="what to do with classes of one case, which cannot be in two parts: refuse; "
        "drop leaves them out; merge makes them the class other",
    )
    positive: str | Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = Field(
        None,
        description="of two classes, the one that precision, recall and F1 are of; by default the "
        "one with fewer cases in the training part",
    )


def sections() -> Sections:
    """The sections of classes."""
    return Sections(training=_Training, target="class")
