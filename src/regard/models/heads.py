"""Heads: a pooling of the states and a linear layer."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout as drop
from torch.nn.functional import linear

from regard.attention import ConjunctivePooling, Pooled
from regard.errors import ConfigError
from regard.models.encoder import Encoder

__all__ = [
    "AttentionHead",
    "ConjunctiveHead",
    "ContextHead",
    "Ensemble",
    "Predicted",
    "SeriesModel",
    "drop_columns",
    "over_heads",
    "shares",
    "two_sided_logits",
]

_WEIGHTS = ("attention", "heads", "layers")  # maps that are no part of the values


@dataclass(frozen=True)
class Predicted:
    """What a model returns; `values, maps = model(...)` unpacks the first two.

    Attributes:
        values: [B, N] logits of a classifier; [B, M] numbers of a regressor.
        maps: "attention" [B, S], each row sums to one, and, where the pooling is linear in the
            states, "evidence" [B, N, S], signed, which sums over the positions to the values.
        log_prob: [B], log-probability of what hard attention sampled in training, or None.
        entropy: [B], of the distributions it was sampled from, or None.
        baseline: [B], to compare the reward of the sample with; None for its moving average.
    """

    values: Tensor
    maps: dict[str, Tensor]
    log_prob: Tensor | None = None
    entropy: Tensor | None = None
    baseline: Tensor | None = None

    def __iter__(self) -> Iterator[Any]:
        """The values and the maps."""
        yield self.values
        yield self.maps

    def divided(self, by: float) -> "Predicted":
        """Values, and the maps that sum to them, divided by a number; weights stay."""
        maps = {name: m if name in _WEIGHTS else m / by for name, m in self.maps.items()}
        return replace(self, values=self.values / by, maps=maps)

    def two_sided(self) -> "Predicted":
        """The scores [B, 1] of a binary problem, and their evidence, as logits of two classes."""
        maps = {k: two_sided_logits(m) if k == "evidence" else m for k, m in self.maps.items()}
        return replace(self, values=two_sided_logits(self.values), maps=maps)


torch.export.register_dataclass(Predicted)  # so that an exported graph can return it


def two_sided_logits(scores: Tensor) -> Tensor:
    """[B, 1, ...] score z of a binary problem -> (-z / 2, z / 2), with softmax the sigmoid of z."""
    return torch.cat([-scores / 2, scores / 2], 1)


def drop_columns(states: Tensor, rate: float, training: bool) -> Tensor:
    """[B, S, D] states with columns dropped in training, the same at every position of a case."""
    if not training or not rate:
        return states
    return states * drop(states.new_ones(len(states), 1, states.shape[2]), rate)


def over_heads(*parts: Tensor | None) -> Tensor | None:
    """[B, H, L] of each attention -> [B, L], their sum; None if no attention samples."""
    present = [part.sum(1) for part in parts if part is not None]
    return torch.stack(present).sum(0) if present else None


def shares(weights: Tensor, mask: Tensor | None) -> Tensor:
    """Weights [B, S] scaled to sum to one; even over the true positions where all are zero."""
    total = weights.sum(1, keepdim=True)
    even = torch.ones_like(weights) if mask is None else mask.to(weights.dtype)
    even = even / even.sum(1, keepdim=True).clamp(min=1)
    return torch.where(total > 0, weights / torch.where(total > 0, total, 1.0), even)


class ContextHead(nn.Module):
    """A linear layer on a context that is not a weighted sum of the states: no evidence.

    Parameters:
        pool: states to a context and weights [B, S].
        context_dim: width of the context.
        outputs: N.
        two_sided: whether a single output z becomes the logits (-z / 2, z / 2) of two classes.
    """

    def __init__(
        self, pool: nn.Module, *, context_dim: int, outputs: int, two_sided: bool = False
    ) -> None:
        super().__init__()
        self.pool = pool
        self.classify = nn.Linear(context_dim, outputs)
        self.two_sided = two_sided

    def forward(self, states: Tensor, mask: Tensor | None) -> Predicted:
        """[B, S, D] states and mask [B, S] -> values and maps."""
        pooled: Pooled = self.pool(states, mask)
        weights = shares(pooled.weights, mask)  # [B, S]
        maps = {"attention": weights, **self.evidence(states, pooled.weights, weights)}
        values = self.classify(pooled.context)
        predicted = Predicted(values, maps, pooled.log_prob, pooled.entropy)
        return predicted.two_sided() if self.two_sided else predicted

    def evidence(self, states: Tensor, weights: Tensor, shared: Tensor) -> dict[str, Tensor]:
        """The map "evidence" [B, N, S], from the weights and their shares [B, S]; here none."""
        return {}

    def heads(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """[B, H, S] the weights of each head, summing to one, averaged over the queries."""
        pooled: Pooled = self.pool(states, mask)
        weights = pooled.head_weights  # [B, H, Q, S]
        if mask is not None and weights.shape[2] > 1:
            weights = weights * mask[:, None, :, None]
        weights = weights.sum(2)
        each = None if mask is None else mask.repeat_interleave(weights.shape[1], 0)
        return shares(weights.flatten(0, 1), each).view(weights.shape)


class AttentionHead(ContextHead):
    """A linear layer on a context that is a weighted sum of the states; with evidence."""

    def evidence(self, states: Tensor, weights: Tensor, shared: Tensor) -> dict[str, Tensor]:
        """The layer is linear, so values are a sum over positions; `shared` divides the bias."""
        parts = linear(states, self.classify.weight) * weights.unsqueeze(-1)
        bias = self.classify.bias * shared.unsqueeze(-1)
        return {"evidence": (parts + bias).transpose(1, 2)}


class ConjunctiveHead(nn.Module):
    """Values of every position, gated by attention and averaged.

    Parameters:
        pool: states to values and evidence.
        two_sided: as for `ContextHead`.
    """

    def __init__(self, pool: ConjunctivePooling, *, two_sided: bool = False) -> None:
        super().__init__()
        self.pool = pool
        self.two_sided = two_sided

    def forward(self, states: Tensor, mask: Tensor | None) -> Predicted:
        """[B, S, D] states and mask [B, S] -> values and maps."""
        gated = self.pool(states, mask)
        maps = {"attention": gated.weights, "evidence": gated.evidence}
        predicted = Predicted(gated.logits, maps)
        return predicted.two_sided() if self.two_sided else predicted


class SeriesModel(nn.Module):
    """Encoder, dropout on its states, head.

    Parameters:
        encoder: series to states.
        head: states to values and maps.
        dropout: rate on the columns of each case's states.
    """

    def __init__(self, encoder: Encoder, head: nn.Module, *, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head
        self.dropout = dropout

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Predicted:
        """Predict.

        Parameters:
            series: [B, C, T], or what else the encoder takes: tokens [B, T], pictures
                [B, C, rows, columns].
            mask: boolean [B, T], True at the true steps, which come first; None when all are.
        """
        predicted: Predicted = self.head(*self.encode(series, mask))
        return predicted

    def inner(
        self, series: Tensor, mask: Tensor | None, *, wanted: Collection[str]
    ) -> dict[str, Tensor]:
        """Maps inside the model, which a prediction does not need.

        Parameters:
            series, mask: as of `forward`.
            wanted: "heads", [B, H, S] of each head of the pooling; "layers", [B, L, H, S, S] of
                each layer and head of the encoder, queries before keys.

        Raises:
            ConfigError: the model has none.
        """
        maps = {}
        if "layers" in wanted:
            attend = getattr(self.encoder, "attend", None)
            if attend is None:
                raise ConfigError(
                    f"layers: the encoder {type(self.encoder).__name__} has no attention",
                    fixes=(("model.encoder", "transformer"),),
                )
            maps["layers"] = attend(series, mask)
        if "heads" in wanted:
            if not isinstance(self.head, ContextHead):
                raise ConfigError(
                    "heads: those of this pooling are no weights of the states",
                    fixes=(("model.pooling", "attention"),),
                )
            maps["heads"] = self.head.heads(*self.encode(series, mask))
        return maps

    def encode(self, series: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """What the head takes: the states [B, S, D], and the mask [B, S] of their positions."""
        states = self.encoder(series, mask)
        wanted = series.shape[0], self.encoder.positions(series.shape), self.encoder.width
        if not torch.compiler.is_exporting() and states.shape != wanted:
            raise ConfigError(
                f"encoder {type(self.encoder).__name__}: wanted states {list(wanted)}, cases by "
                f"positions by width, given {list(states.shape)}"
            )
        states = drop_columns(states, self.dropout, self.training)
        return states, None if mask is None else self.encoder.position_mask(mask)


class Ensemble(nn.Module):
    """Models that are trained together, each with its own loss, and averaged.

    Parameters:
        members: K models with different initial weights.
    """

    def __init__(self, members: Sequence[SeriesModel]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    @property
    def encoder(self) -> Encoder:
        """The first member's: all have the same positions."""
        encoder: Encoder = self.members[0].encoder  # type: ignore[assignment]
        return encoder

    def inner(
        self, series: Tensor, mask: Tensor | None, *, wanted: Collection[str]
    ) -> dict[str, Tensor]:
        """As of `SeriesModel`, with the heads of all members one after the other."""
        each = [member.inner(series, mask, wanted=wanted) for member in self._models()]
        sides = {"heads": 1, "layers": 2}
        return {name: torch.cat([one[name] for one in each], sides[name]) for name in each[0]}

    def _models(self) -> list[SeriesModel]:
        return [member for member in self.members if isinstance(member, SeriesModel)]

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Predicted:
        """The means of values [B, N] and maps; in training each member's values [B, K, N], no maps.

        Parameters are those of `SeriesModel.forward`.
        """
        each: list[Predicted] = [member(series, mask) for member in self.members]
        values = torch.stack([one.values for one in each], 1)
        if self.training:
            drawn = [
                None if each[0].log_prob is None else sum(getattr(one, name) for one in each)
                for name in ("log_prob", "entropy")
            ]
            return Predicted(values, {}, *drawn)
        maps = {key: torch.stack([one.maps[key] for one in each]).mean(0) for key in each[0].maps}
        return Predicted(values.mean(1), maps)
