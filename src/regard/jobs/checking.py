"""What a configuration would train, without training it: parts, model, time."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from regard.config import Config, TrainingConfig
from regard.errors import in_configuration, spoken
from regard.jobs.parts import load_parts
from regard.jobs.starting import about
from regard.outputs.sides import sides_of

if TYPE_CHECKING:
    from regard.training import Part

__all__ = ["Checked", "check"]

_FEW, _MORE = 2, 10  # updates that are timed
_BATCHES = 2  # of cases that they are taken from


class Checked(NamedTuple):
    """What is known before training.

    Attributes:
        found: the data, line by line.
        notes: what the user should know of them.
        parameters: of the model.
        updates: planned; fewer where training stops early.
        seconds: an estimate of these updates, from some real ones.
    """

    found: list[str]
    notes: list[str]
    parameters: int
    updates: int
    seconds: float


@spoken(in_configuration)
def check(config: Config) -> Checked:
    """Read the data of a configuration, build its model, and time some updates. Writes nothing.

    Raises:
        RegardError: it cannot be trained.
    """
    parts = load_parts(config)
    from regard.training import check_device

    check_device(config.training)
    incoming, output = sides_of(config)
    cases = incoming.take(parts.train, fitting=True)
    output.fit(cases)
    incoming.fit(cases)
    sample = _sampled(config, cases)
    encoded = incoming.encode(sample)
    targets = output.targets(sample, encoded)
    part = incoming.training_part(sample, encoded, targets=targets, output=output)

    from regard.training import ONE_FIT, fit, seeded

    with ONE_FIT, seeded(config.seed):
        model = incoming.build(output)
        incoming.begin(model, encoded, None, targets, output)
        objective = output.objective(cases)
        parameters = sum(each.numel() for each in model.parameters())
        updates, seconds = 0, 0.0
        if parameters:
            updates = _planned(config, part, len(cases) / len(sample))
            seconds = updates * _seconds(
                config, part, lambda own: fit(model, part, None, objective, own, seed=config.seed)
            )
    notes = [*parts.notes, *incoming.notes]
    return Checked(about(config, parts), notes, parameters, updates, seconds)


def _sampled(config: Config, cases: Any) -> Any:
    """Some training cases, of all lengths."""
    count = min(len(cases), config.training.batch_size * _BATCHES)
    chosen = np.random.default_rng(config.seed).permutation(len(cases))[:count]
    return cases.take(np.sort(chosen))


def _planned(config: Config, part: Part, times: float) -> int:
    """The updates of all epochs; the training part is so many times as large as the sample."""
    settings: TrainingConfig = config.training
    cases = round(len(part) * times)
    if getattr(settings, "batch_tokens", None) is None:
        batches = settings.updates_of(cases)
    else:
        batches = max(settings.updates_per_epoch, round(_count(config, part, 1) * times))
    return settings.epochs_of(cases) * batches


def _count(config: Config, part: Part, at_least: int) -> int:
    """The updates of an epoch over a part."""
    from regard.training import load_batches

    tokens = getattr(config.training, "batch_tokens", None)
    size = config.training.batch_size
    batches = load_batches(part, batch_size=size, batch_tokens=tokens, seed=0, at_least=at_least)
    return len(batches)


def _seconds(config: Config, part: Part, train: Callable[[Any], object]) -> float:
    """Of an update, from two short trainings after one that warms up."""
    taken, counts = [], []
    for updates in (_FEW, _FEW, _MORE * _count(config, part, 1)):
        short = {"epochs": 1, "updates_per_epoch": updates, "average": 1}
        start = perf_counter()
        train(config.training.model_copy(update=short))
        taken.append(perf_counter() - start)
        counts.append(_count(config, part, updates))
    return max(0.0, taken[2] - taken[1]) / (counts[2] - counts[1])
