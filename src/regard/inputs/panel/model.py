"""The model of panels: a network and a linear model of the window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from regard.inputs.panel.linear import LinearModel
from regard.models import Forecaster, LinearForecast, make_encoder
from regard.training import Part

__all__ = ["build_forecaster", "solve_linear"]

_Floats = NDArray[np.float64]

_POSITIONS = 14  # of a strided encoder; fewer than for classes, since the shape matters
_AT_ONCE = 512  # windows in memory at once
_RIDGES = (1e-6, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1000.0)


def build_forecaster(
    config: Any, output: Any, *, targets: int, others: int, known: int, steps: int
) -> Forecaster:
    """A forecaster with fresh weights.

    Parameters:
        config: the section `model`.
        output: builds the head.
        targets: M.
        others: number of past-only and known columns.
        known: F, number of known columns.
        steps: T of a window.
    """
    encoder = make_encoder(
        config.encoder,
        channels=1 + others,
        hidden=config.hidden,
        layers=config.layers,
        dropout=config.dropout,
        steps=steps,
        positions=_POSITIONS,
    )
    head = output.head(encoder, steps=steps, targets=targets, known=known)
    linear, horizon = None, output.horizon
    if config.linear:
        shapes = (targets, steps, horizon), (targets, known, horizon), (targets, horizon)
        linear = LinearForecast(*map(torch.zeros, shapes))
    return Forecaster(encoder, head, targets=targets, linear=linear, dropout=config.dropout)


def solve_linear(model: nn.Module, parts: Sequence[Part], *, refit: bool) -> None:
    """Set the linear model of a forecaster, if it has one, to its least-squares solution.

    Parameters:
        model: with the attribute `linear`.
        parts: the training part and optionally the validation part, which selects the ridge.
        refit: whether to solve again for all windows with the selected ridge.
    """
    term: Any = model.linear
    if term is None:
        return
    M, F = term.weights.shape[0], term.known_weights.shape[1]
    options: dict[str, Any] = {"count": sum(map(len, parts)), "refit": refit}
    if len(parts) > 1:
        options["held_out"] = len(parts[1]) / options["count"]

    def batches() -> Iterator[tuple[_Floats, _Floats, _Floats | None]]:
        for part in parts:
            for at in range(0, len(part), _AT_ONCE):
                (past, known), _, future, _ = part[np.arange(at, min(at + _AT_ONCE, len(part)))]
                assert future is not None
                ahead: Any = known.double().numpy() if F else None
                yield past[:, :M].double().numpy(), future.double().numpy(), ahead

    solved = LinearModel(_RIDGES, pooled=True).fit(batches(), **options)
    with torch.no_grad():
        term.weights.copy_(torch.from_numpy(solved.weights))
        term.bias.copy_(torch.from_numpy(solved.bias))
        if F:
            term.known_weights.copy_(torch.from_numpy(solved.known_weights))
