"""The loss of events."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from regard.models import Predicted
from regard.training import Batch, Objective

__all__ = ["EventLoss"]

_FIRST = 3  # number of the first event, after padding, unknown and begin


class EventLoss(Objective):
    """- log p of each event that is to be written, averaged over them.

    Values are [B, L, 2]: the log-probability of the true event, and whether it is the likeliest.
    Targets are [B, L], 0 where nothing is to be written.
    """

    def run(self, model: nn.Module, batch: Batch) -> Predicted:
        assert batch.targets is not None
        log_probs = model(*batch.inputs, mask=batch.mask).log_probs
        own = log_probs.gather(2, batch.targets.unsqueeze(2))
        own = own.masked_fill(batch.targets.unsqueeze(2) < _FIRST, 0.0)
        right = log_probs.argmax(2, keepdim=True) == batch.targets.unsqueeze(2)
        return Predicted(torch.cat([own, right.to(own.dtype)], 2), {})

    def losses(self, values: Tensor, targets: Tensor) -> Tensor:
        """[n] of the n events to write that are known."""
        return -values[..., 0][targets >= _FIRST]

    def ignorant(self, model: nn.Module, values: Tensor) -> Tensor:
        """All events alike."""
        return torch.full_like(values, -math.log(model.get_parameter("bias").shape[1]))

    def summary(self, values: Tensor, targets: Tensor) -> tuple[float, float, int]:
        """Sums of the losses and of the right ones, and the number of events."""
        true = targets >= _FIRST
        return (
            float(self.losses(values, targets).sum()),
            float(values[..., 1][true].sum()),
            int(true.sum()),
        )

    def figures(self, batches: Sequence[tuple[float, float, int]]) -> dict[str, float]:
        """The loss of an event, and the share of events that are the likeliest."""
        loss, right, events = (sum(each) for each in zip(*batches, strict=True))
        return {"loss": loss / max(1, events), "accuracy": right / max(1, events)}
