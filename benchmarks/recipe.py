"""The published recipe, as its author trains it: the peer on the sine waves.

A bidirectional LSTM of 32 over the 500 steps, a scorer of 64 with tanh, softmax over time, one
logit (PieroPaialungaAI/TimeSeriesAttention, model.py), on series as they are, in batches of 32 from
a DataLoader that stacks single cases, with Adam at 1e-3 and binary cross entropy, for up to 50
epochs, and no more than 5 without a lower validation loss. The weights of the best epoch are kept.
"""

from copy import deepcopy
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from regard.data import Cases

__all__ = ["Recipe", "attend", "predict", "train"]

_PATIENCE = 5


class Recipe(nn.Module):
    """The published model."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 32, batch_first=True, bidirectional=True)
        self.scorer = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
        self.classifier = nn.Sequential(nn.Linear(64, 1), nn.Sigmoid())

    def forward(self, series: Tensor) -> tuple[Tensor, Tensor]:
        """[B, T, 1] -> probability [B, 1], weights [B, T]."""
        states, _ = self.lstm(series)
        weights = torch.softmax(self.scorer(states).squeeze(-1), 1)
        return self.classifier((weights.unsqueeze(-1) * states).sum(1)), weights


def _tensors(cases: Cases) -> TensorDataset:
    assert cases.labels is not None
    series = torch.tensor(cases.values[:, 0, :, None], dtype=torch.float32)
    return TensorDataset(series, torch.tensor(cases.labels, dtype=torch.float32).unsqueeze(-1))


def train(
    cases: Cases, validation: Cases | None = None, *, epochs: int = 50, seed: int
) -> tuple[Recipe, list[float]]:
    """Train; returns the model and the seconds of each epoch, validation included."""
    torch.manual_seed(seed)
    model = Recipe().train()
    loader = DataLoader(_tensors(cases), batch_size=32, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    loss_of = nn.BCELoss()
    best, seconds, losses = deepcopy(model.state_dict()), [], []
    for _ in range(epochs):
        start = perf_counter()
        for series, target in loader:
            optimizer.zero_grad()
            loss = loss_of(model(series)[0], target)
            loss.backward()
            optimizer.step()
        if validation is not None:
            losses.append(_loss(model, validation))
            if losses[-1] == min(losses):
                best = deepcopy(model.state_dict())
        seconds.append(perf_counter() - start)
        if len(losses) - np.argmin(losses or [0]) > _PATIENCE:
            break
    if validation is not None:
        model.load_state_dict(best)
    return model, seconds


@torch.no_grad()
def _loss(model: Recipe, cases: Cases) -> float:
    model.eval()
    series, target = _tensors(cases).tensors
    found = torch.cat([model(x)[0] for x in torch.split(series, 256)])
    model.train()
    return float(nn.functional.binary_cross_entropy(found, target))


@torch.no_grad()
def predict(model: Recipe, cases: Cases) -> np.ndarray:
    """Label of each case."""
    model.eval()
    series, _ = _tensors(cases).tensors
    return np.concatenate(
        [(model(x)[0] > 0.5).int().numpy()[:, 0] for x in torch.split(series, 256)]
    )


@torch.no_grad()
def attend(model: Recipe, cases: Cases) -> np.ndarray:
    """Weights [cases, steps]."""
    model.eval()
    series, _ = _tensors(cases).tensors
    return np.concatenate([model(x)[1].numpy() for x in torch.split(series, 256)])
