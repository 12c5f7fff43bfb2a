"""What was read or written of a piece."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from regard.plots.outcome import Outcome

__all__ = ["EventsOutcome", "PieceRead"]


@dataclass(frozen=True, eq=False)
class PieceRead:
    """What the model says of a piece, of V events in each of T steps.

    Attributes:
        events: [T, V] their numbers.
        log_probs: [T, V] of each on condition of those before it and of the voices that are given;
            0 where it is given.
        likeliest: [T, V] the likeliest event at each place, on the same condition.
        written: boolean [T, V], True where the model has written the event.
        drafted: [T, V] the events that the model writes to the voices that are given alone; None
            of pieces that are continued.
    """

    events: NDArray[np.int64]
    log_probs: NDArray[np.float64]
    likeliest: NDArray[np.int64]
    written: NDArray[np.bool_]
    drafted: NDArray[np.int64] | None


@dataclass(frozen=True, eq=False, kw_only=True)
class EventsOutcome(Outcome):
    """A piece that was read or written.

    Attributes:
        events: [T, V] numbers.
        written: boolean [T, V].
        probabilities: [T, V] of each event; 1 where it is given.
        text: what was written, in its text form; empty of a piece that was read.
        nll: - log-probability of a step.
        warning: a reason to doubt it; may be empty.
    """

    events: NDArray[np.int64]
    written: NDArray[np.bool_]
    probabilities: NDArray[np.float64]
    text: str
    nll: float
    warning: str = ""

    @property
    def answer(self) -> str:
        if self.text:
            return self.text
        return f"read with {self.nll:.2f} nats a step"

    @property
    def title(self) -> str:
        steps = int(self.written.any(1).sum())
        return f"{steps} steps written" if steps else self.answer

    @property
    def headline(self) -> str:
        return self.title

    def caption(self) -> Markup:
        return Markup(": {}").format(self.title)
