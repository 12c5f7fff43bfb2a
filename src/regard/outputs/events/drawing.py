"""Writing events: one after the other, drawn from what the model says."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from regard.models import EventModel

__all__ = ["How", "among_likeliest", "write_events"]


class How(NamedTuple):
    """How events are drawn; see the section `model` of the configuration."""

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0


def among_likeliest(log_probs: Tensor, how: How) -> Tensor:
    """[B, E] log-probabilities -> probabilities to draw from.

    The temperature comes first, then `top_k`, then `top_p`: the fewest of the likeliest events
    that have this share together, at least one.

    Source of top-p: Holtzman et al., 2020, "The curious case of neural text degeneration", section
    3.1.

    >>> log_probs = torch.tensor([[0.5, 0.3, 0.2]]).log()
    >>> among_likeliest(log_probs, How(top_k=2))
    tensor([[0.6250, 0.3750, 0.0000]])
    >>> among_likeliest(log_probs, How(top_p=0.5))
    tensor([[1., 0., 0.]])
    """
    double = log_probs.double()
    below = double - double.amax(1, keepdim=True)  # 0 at the likeliest, however low it is
    scaled = (below / how.temperature).log_softmax(1)
    ranked, order = scaled.sort(dim=1, descending=True, stable=True)
    probs = ranked.exp()
    before = probs.cumsum(1) - probs
    kept = before < how.top_p - 1e-9
    if how.top_k is not None:
        kept &= torch.arange(probs.shape[1], device=probs.device) < how.top_k
    kept[:, 0] = True
    probs = probs * kept
    drawn = torch.zeros_like(probs).scatter(1, order, probs / probs.sum(1, keepdim=True))
    return drawn.to(log_probs.dtype)


def write_events(
    model: EventModel,
    events: Tensor,
    known: Tensor,
    mask: Tensor | None,
    how: How,
    numbers: Tensor,
    watch: Callable[[int, int], None] | None = None,
) -> Tensor:
    """[B, L] events, those that are not known drawn from the first to the last.

    Parameters:
        model: in evaluation.
        events: [B, L], of which those of the voices that are given are known in every step.
        known: boolean [B, L], True where an event stands, such as a primer's.
        mask: boolean [B, L], True at the places of the piece; None when all are.
        how: to draw.
        numbers: [B, L] from 0 up to 1, which decide what is drawn at each place.
        watch: called before each step and at the end, with how many of how many are done.
    """
    cache, events = model.start(events, mask), events.clone()
    voices = len(model.given)
    for place in range(events.shape[1]):
        if watch is not None and place % voices == 0:
            watch(place // voices, events.shape[1] // voices)
        if model.given[place % voices]:
            continue
        log_probs = model.step(cache, place, mask)
        among = among_likeliest(log_probs, how).double().cumsum(1)
        least = numbers[:, place : place + 1] * among[:, -1:]
        drawn = (among <= least).sum(1).clamp(max=among.shape[1] - 1)
        last = torch.where(known[:, place], events[:, place], drawn)
        events[:, place] = last
        cache = cache._replace(last=last)
    if watch is not None:
        watch(events.shape[1] // voices, events.shape[1] // voices)
    return events
