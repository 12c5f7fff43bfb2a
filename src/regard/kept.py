"""What a run folder keeps of a fitted input or output, described field by field.

An input and an output each have a class of what their part of `preprocess.json` holds (`keeps`), by
which it is checked before anything is made of it.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from regard.bounded import one_line, shown

__all__ = ["Kept", "Positive", "ScalerKept", "Size", "check_kept"]

Size = Annotated[int, Field(ge=1, le=10**9)]
"""A number of things."""
Positive = Annotated[float, Field(gt=0)]


class Kept(BaseModel):
    """Strict; what other versions keep beside it is ignored."""

    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)


class ScalerKept(Kept):
    """A `Scaler`, which knows the rest."""

    kind: str
    mean: Annotated[list[float], Field(min_length=1)] | None = None
    std: Annotated[list[Positive], Field(min_length=1)] | None = None


def check_kept(keeps: type[Kept] | None, kept: Mapping[str, Any]) -> None:
    """Hold what was kept against its description; None describes nothing.

    Raises:
        ValueError: names the first field that is wrong, in one line.

    >>> check_kept(ScalerKept, {"kind": "channel", "mean": [0.5], "std": [-1.0]})
    Traceback (most recent call last):
    ValueError: std.0: wanted greater than 0, not -1.0
    """
    if keeps is None:
        return
    try:
        keeps.model_validate(dict(kept))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        # Pydantic names the choices of a union as if they were levels.
        levels = [
            each for each in map(str, problem["loc"]) if each.isidentifier() or each.isdigit()
        ]
        field = ".".join(levels)
        if problem["type"] == "missing":
            raise ValueError(f"it has no {field!r}") from None
        if problem["type"] == "value_error":
            message = str(problem["ctx"]["error"])
        else:
            wanted = problem["msg"].removeprefix("Input should be ").removeprefix("a valid ")
            if problem["type"] in ("model_type", "model_attributes_type"):  # which name our classes
                wanted = "a table"
            message = f"wanted {wanted}, not {shown(problem['input'])}"
        raise ValueError(one_line(f"{field}: {message}" if field else message)) from None
