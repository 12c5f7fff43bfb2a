"""DLinear, the linear model that forecasts are compared with, as its authors train it.

The window is split into a moving average over 25 steps and the rest; each has a linear layer from
window to horizon, which all columns share. Windows of 336 steps, Adam with a learning rate halved
every epoch, batches of 32, at most 10 epochs, no more than 3 without a lower validation error.

Source: Zeng, Chen, Zhang and Xu, 2023, "Are Transformers effective for time series forecasting?".
"""

from copy import deepcopy
from itertools import pairwise
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, pad

__all__ = ["dlinear"]

_WINDOW, _AVERAGE = 336, 25
_RATE, _BATCH, _EPOCHS, _PATIENCE = 5e-3, 32, 10, 3


class _DLinear(nn.Module):
    def __init__(self, horizon: int) -> None:
        super().__init__()
        self.trend, self.rest = nn.Linear(_WINDOW, horizon), nn.Linear(_WINDOW, horizon)
        for layer in (self.trend, self.rest):
            nn.init.constant_(layer.weight, 1 / _WINDOW)

    def forward(self, past: Tensor) -> Tensor:
        """[B, C, window] -> [B, C, horizon]."""
        ends = (_AVERAGE - 1) // 2, _AVERAGE // 2
        trend = avg_pool1d(pad(past, ends, mode="replicate"), _AVERAGE, 1)
        forecast: Tensor = self.trend(trend) + self.rest(past - trend)
        return forecast


def dlinear(
    values: NDArray[np.float64], horizon: int, *, shares: tuple[float, float, float], seed: int
) -> tuple[float, float]:
    """Train on values [T, C] and forecast the last part.

    Parameters:
        values: scaled.
        horizon: steps.
        shares: of training, validation and test part.
        seed: random seed.

    Returns:
        Mean absolute error over all windows of the test part, and the seconds of the training.
    """
    torch.manual_seed(seed)
    series = torch.tensor(values.T, dtype=torch.float32)
    ends = np.round(np.cumsum((0.0, *shares)) * len(values)).astype(int)
    origins = [
        torch.arange(max(start, _WINDOW), stop - horizon + 1) for start, stop in pairwise(ends)
    ]

    def windows(at: Tensor) -> tuple[Tensor, Tensor]:
        steps = at[:, None] + torch.arange(-_WINDOW, horizon)
        both = series[:, steps].transpose(0, 1)
        return both[..., :_WINDOW], both[..., _WINDOW:]

    @torch.no_grad()
    def error(of: Tensor, *, power: int) -> float:
        total = 0.0
        for at in torch.split(of, 256):
            past, future = windows(at)
            total += float((model(past) - future).abs().pow(power).mean()) * len(at)
        return total / len(of)

    start = perf_counter()
    model = _DLinear(horizon)
    optimizer = torch.optim.Adam(model.parameters(), lr=_RATE)
    best, losses = deepcopy(model.state_dict()), list[float]()
    for epoch in range(_EPOCHS):
        optimizer.param_groups[0]["lr"] = _RATE * 0.5**epoch
        order = origins[0][torch.randperm(len(origins[0]))]
        for at in torch.split(order, _BATCH):
            past, future = windows(at)
            optimizer.zero_grad()
            torch.autograd.backward(nn.functional.mse_loss(model(past), future))
            optimizer.step()
        losses.append(error(origins[1], power=2))
        if losses[-1] == min(losses):
            best = deepcopy(model.state_dict())
        if len(losses) - 1 - int(np.argmin(losses)) >= _PATIENCE:
            break
    model.load_state_dict(best)
    seconds = perf_counter() - start
    return error(origins[2], power=1), seconds
