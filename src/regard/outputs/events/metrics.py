"""Figures of events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.outputs.events.baseline import Trigram
from regard.outputs.events.outcome import PieceRead

__all__ = ["event_metrics"]


def event_metrics(
    read: Sequence[PieceRead],
    given: NDArray[np.bool_],
    voices: Sequence[str],
    trigram: Trigram | None,
    *,
    unknown: int,
) -> dict[str, Any]:
    """The figures of pieces that were read.

    Parameters:
        read: the pieces.
        given: [V] which voices are given.
        voices: their names, in figures; () of other kinds of pieces.
        trigram: the baseline; None leaves it out.
        unknown: number of the unknown event.

    Returns:
        `nll_per_step`, the mean of - log p of all events of a step; `perplexity`, the exponential
        of the mean of an event; `next_right`, the share of events that are the likeliest on
        condition of those before them; `unseen`, how many events the training part lacks; with
        voices that are given `right`, the share of events that the model writes as they are in
        the piece, and that of each voice. What begins with `trigram_` is of counting.
    """
    own = ~given
    pieces = [piece.events for piece in read]
    events = np.concatenate([piece[:, own].ravel() for piece in pieces])
    logs = np.concatenate([each.log_probs[:, own].ravel() for each in read])
    likeliest = np.concatenate([each.likeliest[:, own].ravel() for each in read])
    steps = sum(map(len, pieces))
    figures: dict[str, Any] = {"cases": len(read), "steps": steps}
    right = {}
    if all(each.drafted is not None for each in read) and given.any():
        drafted = np.concatenate([np.asarray(each.drafted)[:, own] for each in read])
        true = np.concatenate([piece[:, own] for piece in pieces])
        right = _shares("right", drafted == true, given, voices)
    figures |= right
    figures |= {
        "nll_per_step": float(-logs.sum() / steps),
        "perplexity": float(np.exp(-logs.mean())),
        "next_right": float((likeliest == events).mean()),
        "unseen": int((events == unknown).sum()),
    }
    if trigram is None:
        return figures
    counted = np.concatenate([trigram.log_prob(piece) for piece in pieces])
    best = np.concatenate([trigram.likeliest(piece) for piece in pieces])
    if right:
        figures |= _shares("trigram_right", best.reshape(-1, int(own.sum())) == true, given, voices)
    return figures | {
        "trigram_nll_per_step": float(-counted.sum() / steps),
        "trigram_perplexity": float(np.exp(-counted.mean())),
        "trigram_next_right": float((best == events).mean()),
    }


def _shares(
    name: str, right: NDArray[np.bool_], given: NDArray[np.bool_], voices: Sequence[str]
) -> dict[str, float]:
    """The share of what is right, of all and of each voice."""
    names = [voice for voice, known in zip(voices, given, strict=True) if not known]
    each = {f"{name}_{voice}": float(right[:, at].mean()) for at, voice in enumerate(names)}
    return {name: float(right.mean()), **each}
