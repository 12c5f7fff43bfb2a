"""Models as their estimators build them, without fitting anything."""

from collections.abc import Mapping
from typing import Any

from regard.config import AttentionConfig, resolve_config
from regard.outputs.sides import sides_of

__all__ = ["built", "table"]


def built(
    task: str,
    *,
    model: Mapping[str, Any],
    data: Mapping[str, Any] | None = None,
    incoming: Mapping[str, Any],
    output: Mapping[str, Any] | None = None,
) -> Any:
    """The model of a task, with fresh weights.

    Parameters:
        task: its name.
        model: what is said in the section `model`.
        data: what is said in the section `data`.
        incoming: fitted attributes of the input that building needs.
        output: the same of the output.
    """
    content = {"task": task, "data": {"kind": "arrays", **(data or {})}, "model": dict(model)}
    sides = sides_of(resolve_config(content))
    for side, fitted in zip(sides, (incoming, output or {}), strict=True):
        for name, value in fitted.items():
            setattr(side, name, value)
    return sides[0].build(sides[1])


def table(attention: Any) -> dict[str, Any]:
    """An attention as the configuration resolves it."""
    return AttentionConfig.model_validate(attention).model_dump()
