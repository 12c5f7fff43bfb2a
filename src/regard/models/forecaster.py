"""Forecasters: a linear model of the window plus a network with attention."""

from collections.abc import Collection, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout as drop
from torch.nn.functional import gelu

from regard.attention import Attention
from regard.errors import ConfigError
from regard.models.encoder import Encoder
from regard.models.heads import Predicted, drop_columns, over_heads, shares

__all__ = ["ContextForecast", "Forecaster", "HorizonForecast", "LinearForecast"]


class LinearForecast(nn.Module):
    """y[h] = x[T-1] + b[h] + sum_t W[t, h] (x[t] - x[T-1]) + sum_f V[f, h] k[f, h].

    It is solved, not trained, so its parameters are buffers.

    Parameters:
        weights: [M, T, horizon] W of each target.
        known_weights: [M, F, horizon] V.
        bias: [M, horizon] b.

    Source: Zeng et al., 2023, "Are Transformers effective for time series forecasting?", section 4
    (NLinear).
    """

    def __init__(self, weights: Tensor, known_weights: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weights = nn.Buffer(weights)
        self.known_weights = nn.Buffer(known_weights)
        self.bias = nn.Buffer(bias)

    def forward(self, past: Tensor, known: Tensor) -> Tensor:
        """[B, M, T] targets' windows, [B, F, horizon] known columns -> [B, M, horizon]."""
        last = past[..., -1:]
        forecast = last + self.bias + torch.einsum("bmt,mth->bmh", past - last, self.weights)
        if not known.shape[1]:
            return forecast
        return forecast + torch.einsum("bfh,mfh->bmh", known, self.known_weights)


class HorizonForecast(nn.Module):
    """Attend to the states with a query for each step of the horizon.

        c[h] = sum over s of weights[h, s] states[s]
        y[h] = w . gelu(U c[h] + step[h] + target + K k[h]) + bias

    Parameters:
        attentions: of learned queries to states; their contexts are averaged.
        query_dim: Dq.
        state_dim: D.
        horizon: steps to forecast.
        targets: M, each with its own vector.
        known: F, columns whose future is known.
        outputs: for each step: the forecast, then quantiles.
        dropout: rate on the hidden layer, in training.
    """

    def __init__(
        self,
        attentions: Sequence[Attention],
        *,
        query_dim: int,
        state_dim: int,
        horizon: int,
        targets: int,
        known: int,
        outputs: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.attentions = nn.ModuleList(attentions)
        queries = torch.empty(len(attentions), horizon, query_dim)
        self.queries = nn.Parameter(nn.init.normal_(queries, std=0.5))
        self.mix = nn.Linear(state_dim, state_dim)
        self.steps = nn.Parameter(torch.zeros(horizon, state_dim))
        self.target = nn.Parameter(torch.zeros(targets, 1, state_dim))
        self.known = nn.Linear(known, state_dim, bias=False) if known else None
        self.out = nn.Linear(state_dim, outputs)
        self.dropout = dropout

    def forward(self, states: Tensor, known: Tensor) -> Predicted:
        """[B M, S, D] states, [B M, F, horizon] -> values [B M, horizon, outputs], and weights."""
        each = self._attend(states)
        context = torch.stack([one.context for one in each]).mean(0)  # [B, horizon, D]
        weights = torch.stack([one.weights for one in each]).mean(0)  # [B, horizon, S]
        of_target = self.target.repeat(states.shape[0] // len(self.target), 1, 1)  # [B M, 1, D]
        mixed = self.mix(context) + self.steps + of_target
        if self.known is not None:
            mixed = mixed + self.known(known.transpose(1, 2))
        values = self.out(drop(gelu(mixed), self.dropout, self.training))
        maps = {"attention": shares(weights.flatten(0, 1), None).reshape(weights.shape)}
        log_prob = over_heads(*(one.log_prob for one in each))
        return Predicted(values, maps, log_prob, over_heads(*(one.entropy for one in each)))

    def heads(self, states: Tensor) -> Tensor:
        """[B, H, horizon, S] the weights of each head, summing to one."""
        weights = torch.stack([one.weights for one in self._attend(states)], 1)
        return shares(weights.flatten(0, 2), None).view(weights.shape)

    def _attend(self, states: Tensor) -> list[Any]:
        return [
            attention(query.expand(states.shape[0], -1, -1), states)
            for attention, query in zip(self.attentions, self.queries, strict=True)
        ]


class ContextForecast(nn.Module):
    """One context for the whole horizon, then a linear layer: the published forms.

    Parameters:
        head: states to values [B, horizon * outputs] and a map [B, S].
        horizon, known, outputs: as for `HorizonForecast`.
    """

    def __init__(self, head: nn.Module, *, horizon: int, known: int, outputs: int) -> None:
        super().__init__()
        self.head = head
        self.horizon = horizon
        self.known = nn.Linear(known, outputs, bias=False) if known else None
        if self.known is not None:
            nn.init.zeros_(self.known.weight)  # starts at zero: the linear model has them already

    def forward(self, states: Tensor, known: Tensor) -> Predicted:
        """[B, S, D] states, [B, F, horizon] -> values [B, horizon, outputs], weights by step."""
        predicted: Predicted = self.head(states, None)
        values = predicted.values.reshape(states.shape[0], self.horizon, -1)
        if self.known is not None:
            values = values + self.known(known.transpose(1, 2))
        weights = predicted.maps["attention"].unsqueeze(1).expand(-1, self.horizon, -1)
        return Predicted(values, {"attention": weights}, predicted.log_prob, predicted.entropy)

    def heads(self, states: Tensor) -> Tensor:
        """[B, H, horizon, S] the weights of each head, the same for every step."""
        head: Any = self.head
        weights: Tensor = head.heads(states, None)
        return weights.unsqueeze(2).expand(-1, -1, self.horizon, -1)


class Forecaster(nn.Module):
    """Encoder and head for each target's window, with the other columns; plus a linear model.

    The last value is subtracted from a window, which is then divided by its standard deviation;
    the network's output is scaled back. So one network serves all targets and series.

    Parameters:
        encoder: of 1 + P + F channels: the target's window, the past-only and the known columns.
        head: states to values and weights of each step of the horizon.
        targets: M.
        linear: model of the window; None for the last value.
        dropout: rate on the columns of each case's states.
    """

    def __init__(
        self,
        encoder: Encoder,
        head: HorizonForecast | ContextForecast,
        *,
        targets: int,
        linear: LinearForecast | None,
        dropout: float,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head
        self.targets = targets
        self.linear = linear
        self.dropout = dropout

    def forward(self, past: Tensor, known: Tensor, *, mask: Tensor | None = None) -> Predicted:
        """Forecast.

        Parameters:
            past: [B, C, T] windows of all columns, the targets first.
            known: [B, F, horizon] the known columns of the future steps.
            mask: None, since windows are equally long.

        Returns:
            Values [B, M, horizon, outputs], and the map "attention" [B, M, horizon, S].
        """
        columns, last, spread = self._columns(past)
        windows = past[:, : self.targets]  # [B, M, T]
        cases, targets, _ = windows.shape
        states = self.encoder(columns, None)
        states = drop_columns(states, self.dropout, self.training)
        said: Predicted = self.head(states, known.repeat_interleave(targets, 0))
        base = last if self.linear is None else self.linear(windows, known)
        values = torch.unflatten(said.values, 0, (cases, targets)) * spread.unsqueeze(3)
        weights = torch.unflatten(said.maps["attention"], 0, (cases, targets))
        drawn = [
            None if each is None else each.reshape(cases, targets).sum(1)
            for each in (said.log_prob, said.entropy)
        ]
        return Predicted(base.unsqueeze(3) + values, {"attention": weights}, *drawn)

    def inner(
        self, past: Tensor, _: Tensor, *, mask: Tensor | None, wanted: Collection[str]
    ) -> dict[str, Tensor]:
        """Maps inside the model, see `SeriesModel.inner`: "heads", [B, M, H, horizon, S].

        Raises:
            ConfigError: others are wanted.
        """
        if set(wanted) != {"heads"}:
            raise ConfigError("layers: a forecast has those of its heads alone, maps=('heads',)")
        heads = self.head.heads(self.encoder(self._columns(past)[0], None))
        return {"heads": torch.unflatten(heads, 0, (len(past), self.targets))}

    def _columns(self, past: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[B M, 1 + O, T] each target's window beside the others; its last value and spread."""
        windows, others = past[:, : self.targets], past[:, self.targets :]  # [B, M, T], [B, O, T]
        cases, targets, steps = windows.shape
        last = windows[..., -1:]
        spread = windows.std(2, correction=0, keepdim=True) + 0.1  # [B, M, 1]
        own = ((windows - last) / spread).reshape(cases * targets, 1, steps)
        beside = others.repeat_interleave(targets, 0)  # [B M, O, T]
        return torch.cat([own, beside], 1), last, spread
