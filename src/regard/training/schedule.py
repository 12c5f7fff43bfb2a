"""The learning rate over the updates of a training."""

import math
from typing import NamedTuple

from regard.config import TrainingConfig

__all__ = ["Ending", "epochs_again", "rate_factor"]

_PARTS = 100  # of an epoch


class Ending(NamedTuple):
    """The last updates of a training that ends before its planned epochs.

    Attributes:
        start: the first of these updates, from 0 on.
        updates: how many.
    """

    start: int
    updates: int


def rate_factor(
    settings: TrainingConfig, update: int, updates: int, ending: Ending | None = None
) -> float:
    """The factor on the peak learning rate at an update, from 0 on, of so many.

    With W updates of warm-up and U in all, update u = 1, 2, ... has the factor u / W up to W, then
    (1 + cos(pi (u - 1 - W) / (U - W))) / 2 for "cosine" and sqrt(W / u) for "inverse-sqrt", which
    is the schedule of Vaswani et al., 2017, equation 3, with a peak of 1; "constant" has 1.

    An ending's factors fall to zero from the one of its start, as half a cosine.
    """
    if ending is not None and update >= ending.start:
        first = rate_factor(settings, ending.start, updates)
        return first * _falling(min(1.0, (update - ending.start) / ending.updates))
    if settings.schedule == "constant":
        return 1.0
    warmup = int(settings.warmup * updates)
    if update < warmup:
        return (update + 1) / warmup
    if settings.schedule == "inverse-sqrt":
        return math.sqrt(max(1, warmup) / (update + 1))
    return _falling((update - warmup) / (updates - warmup))


def _falling(share: float) -> float:
    """Half a cosine, from 1 to 0 as the share rises from 0 to 1."""
    return 0.5 * (1 + math.cos(math.pi * share))


def epochs_again(settings: TrainingConfig, best: int, planned: int) -> int:
    """Epochs of a whole training that learns as much as one stopped early.

    It has the sum of the learning rates that a training planned for more epochs had by its best
    one. A schedule of its own ends at a rate of zero; with as many epochs it would learn less.

    >>> [epochs_again(TrainingConfig(), best, 8) for best in (1, 2, 3, 5, 8)]
    [1, 2, 4, 7, 8]
    """
    rates = [rate_factor(settings, part, planned * _PARTS) for part in range(planned * _PARTS)]
    return max(1, round(planned * sum(rates[: best * _PARTS]) / sum(rates)))
