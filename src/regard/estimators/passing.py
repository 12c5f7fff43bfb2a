"""One pass of a batch through a model, for predictions that are finite."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from regard.errors import ConfigError, DataError
from regard.models import Predicted
from regard.outputs.output import Output
from regard.training import Batch

__all__ = ["answer", "inner", "on", "refuse_lost"]

_SHOWN = 3


def answer(
    output: Output, model: nn.Module, batch: Batch, device: torch.device, **options: Any
) -> tuple[Predicted, NDArray[np.bool_]]:
    """Run a batch through a model.

    Returns:
        What the model predicts, and [B] whether a case's values are finite.
    """
    predicted = output.answer(model, on(batch, device), **options)
    values = predicted.values.cpu().numpy()
    return predicted, np.isfinite(values).reshape(len(values), -1).all(1)


def inner(
    model: nn.Module, batch: Batch, device: torch.device, wanted: Collection[str]
) -> dict[str, Tensor]:
    """The maps inside a model, by a pass of their own: a prediction does not need them.

    Raises:
        ConfigError: the model has none.
    """
    inside = getattr(model, "inner", None)
    if inside is None:
        raise ConfigError(f"{', '.join(wanted)}: this model averages its heads and has no layers")
    batch = on(batch, device)
    maps: dict[str, Tensor] = inside(*batch.inputs, mask=batch.mask, wanted=wanted)
    return maps


def refuse_lost(lost: Sequence[int], ids: NDArray[Any]) -> None:
    """Refuse cases whose prediction is not finite.

    Raises:
        DataError: there are some; names the first.
    """
    if not lost:
        return
    names = [str(ids[n]) for n in sorted(lost)]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    raise DataError(
        f"case {', '.join(names[:_SHOWN])}{more}: the prediction is not finite: look for values "
        "far from all that the model was trained on"
    )


def on(batch: Batch, device: torch.device) -> Batch:
    """A batch on a device."""
    if device.type == "cpu":
        return batch
    mask = None if batch.mask is None else batch.mask.to(device)
    inputs = tuple(each.to(device) for each in batch.inputs)
    targets = None if batch.targets is None else batch.targets.to(device)
    return batch._replace(inputs=inputs, mask=mask, targets=targets)
