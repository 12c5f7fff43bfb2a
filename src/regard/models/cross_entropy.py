"""Cross-entropy of a projection to a large vocabulary, without holding its logits."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

__all__ = ["projected_cross_entropy"]

_ROWS = 256  # whose logits fit into a processor's cache


def projected_cross_entropy(
    states: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, *, smoothing: float = 0.0
) -> tuple[Tensor, Tensor, Tensor]:
    """- log p(target), p = softmax(states @ weight.T + bias), block by block of the rows.

    Logits are computed once more in the backward pass, so that at no time more than a block of
    them is held. Under autocast the products are of its narrow numbers, and all else of float32.

    Parameters:
        states: [n, D].
        weight: [V, D].
        bias: [V].
        targets: int64 [n].
        smoothing: e, the share of the target that is spread over the vocabulary.

    Returns:
        - [n] the smoothed losses, - (1 - e) log p[target] - e / V sum over v of log p[v], with
          their gradient to states, weight and bias;
        - [n] the losses without smoothing, without a gradient;
        - boolean [n], whether the target is the most probable token.

    >>> states, weight = torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [0.0]])
    >>> losses, _, right = projected_cross_entropy(
    ...     states, weight, torch.zeros(2), torch.tensor([0, 0])
    ... )
    >>> losses, right
    (tensor([0.6931, 0.1269]), tensor([True, True]))
    """
    device = states.device.type
    narrow = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
    smoothed, plain, right = _Projected.apply(states, weight, bias, targets, smoothing, narrow)
    return smoothed, plain, right


class _Projected(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any,
        states: Tensor,
        weight: Tensor,
        bias: Tensor,
        targets: Tensor,
        smoothing: float,
        narrow: torch.dtype | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        with torch.autocast(states.device.type, enabled=False):
            states, sides = states.float(), _sides(weight, narrow)
            parts = []
            for rows in _blocks(len(states)):
                logits = _logits(states[rows], sides, bias, narrow)
                total = logits.logsumexp(1)
                own = logits.gather(1, targets[rows].unsqueeze(1)).squeeze(1)
                spread = total - logits.mean(1) if smoothing else total
                plain = total - own
                smoothed = (1 - smoothing) * plain + smoothing * spread
                parts.append((smoothed, plain, own >= logits.amax(1)))
            ctx.save_for_backward(states, weight, bias, targets)
            ctx.smoothing, ctx.narrow = smoothing, narrow
            smoothed, plain, right = (torch.cat(each) for each in zip(*parts, strict=True))
            ctx.mark_non_differentiable(plain, right)
            return smoothed, plain, right

    @staticmethod
    @once_differentiable  # type: ignore[misc]
    def backward(ctx: Any, gradient: Tensor, *_: Any) -> tuple[Any, ...]:
        states, weight, bias, targets = ctx.saved_tensors
        smoothing, narrow = ctx.smoothing, ctx.narrow
        with torch.autocast(states.device.type, enabled=False):
            sides = _sides(weight, narrow)
            to_states = torch.empty_like(states)
            to_weight, to_bias = torch.zeros_like(weight), torch.zeros_like(bias)
            for rows in _blocks(len(states)):
                logits = _logits(states[rows], sides, bias, narrow)
                share = torch.softmax(logits, 1)
                if smoothing:
                    share -= smoothing / len(bias)
                own = targets[rows].unsqueeze(1)
                share.scatter_add_(1, own, share.new_full(own.shape, smoothing - 1))
                share *= gradient[rows].unsqueeze(1)
                to_bias += share.sum(0)
                given = states[rows]
                if narrow is not None:
                    share, given = share.to(narrow), given.to(narrow)
                to_states[rows] = (share @ sides).float()
                to_weight += (share.T @ given).float()
            return to_states, to_weight, to_bias, None, None, None


def _blocks(rows: int) -> list[slice]:
    return [slice(start, start + _ROWS) for start in range(0, max(rows, 1), _ROWS)]


def _sides(weight: Tensor, narrow: torch.dtype | None) -> Tensor:
    return weight if narrow is None else weight.to(narrow)


def _logits(states: Tensor, weight: Tensor, bias: Tensor, narrow: torch.dtype | None) -> Tensor:
    """[rows, V] in float32."""
    if narrow is None:
        return torch.addmm(bias, states, weight.T)
    return (states.to(narrow) @ weight.T).float() + bias
