"""Cross-entropy of a projection to a large vocabulary, without holding its logits."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

__all__ = ["projected_cross_entropy"]

_LOGITS = 1 << 21  # held at once: they stay in a processor's cache


def projected_cross_entropy(
    states: Tensor,
    weight: Tensor,
    bias: Tensor,
    targets: Tensor,
    *,
    smoothing: float = 0.0,
    alike: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    """- log p(target), p = softmax(states @ weight.T + bias), block by block of the rows.

    The gradient is computed in the forward pass, while the logits of a block are at hand, for
    losses that all count the same, as in a mean; where they do not, it is computed again. Under
    autocast the products are of its narrow numbers, and all else is at least of float32.

    Parameters:
        states: [n, D].
        weight: [V, D].
        bias: [V].
        targets: int64 [n].
        smoothing: e, the share of the target that is spread over the vocabulary.
        alike: whether the losses are expected to count the same; False computes the gradient
            backwards alone, and not twice.

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
    given = (states, weight, bias, targets, smoothing, narrow)
    learning = alike and torch.is_grad_enabled() and any(each.requires_grad for each in given[:3])
    smoothed, plain, right = _Projected.apply(*given, learning)  # type: ignore[no-untyped-call]
    return smoothed, plain, right


class _Projected(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *given: Any) -> tuple[Tensor, Tensor, Tensor]:
        *sides, learning = given
        found, gradients = _by_blocks(*sides, factors=1.0 if learning else None)
        ctx.save_for_backward(*given[:4], *gradients)
        ctx.rest = given[4:6]
        ctx.mark_non_differentiable(*found[1:])
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, factors: Tensor, *_: Any) -> tuple[Any, ...]:
        states, weight, bias, targets, *gradients = ctx.saved_tensors
        if gradients and len(factors) and bool((factors == factors[0]).all()):
            gradients = [each * factors[0] for each in gradients]
        else:
            _, gradients = _by_blocks(
                states, weight, bias, targets, *ctx.rest, factors=factors.unsqueeze(1)
            )
        return (*gradients, None, None, None, None)


def _by_blocks(
    states: Tensor,
    weight: Tensor,
    bias: Tensor,
    targets: Tensor,
    smoothing: float,
    narrow: torch.dtype | None,
    *,
    factors: Any,
) -> tuple[tuple[Tensor, Tensor, Tensor], list[Tensor]]:
    """Losses, and the gradient of their sum with factors [n, 1], one for all or None for none."""
    with torch.autocast(states.device.type, enabled=False):
        states = states.to(torch.promote_types(states.dtype, torch.float32))
        sides = weight if narrow is None else weight.to(narrow)
        gradients = []
        if factors is not None:
            gradients = [torch.empty_like(states), torch.zeros_like(weight), torch.zeros_like(bias)]
        found = []
        step = max(1, _LOGITS // len(bias))
        for start in range(0, max(len(states), 1), step):
            rows = slice(start, start + step)
            given = states[rows] if narrow is None else states[rows].to(narrow)
            logits = (given @ sides.T).to(states.dtype).add_(bias)
            own = targets[rows].unsqueeze(1)
            highest = logits.amax(1)
            true = logits.gather(1, own).squeeze(1)
            mean = logits.mean(1) if smoothing else true
            share = logits.sub_(highest.unsqueeze(1)).exp_()
            sums = share.sum(1)
            total = highest + sums.log()
            smoothed = total - (1 - smoothing) * true - smoothing * mean
            found.append((smoothed, total - true, true >= highest))
            if not gradients:
                continue
            share.div_(sums.unsqueeze(1))
            if smoothing:
                share -= smoothing / len(bias)
            share.scatter_add_(1, own, share.new_full(own.shape, smoothing - 1))
            if isinstance(factors, Tensor):
                share *= factors[rows]
            gradients[2] += share.sum(0)
            share = share if narrow is None else share.to(narrow)
            gradients[0][rows] = share @ sides
            gradients[1] += share.T @ given
        smoothed, plain, right = (torch.cat(each) for each in zip(*found, strict=True))
        return (smoothed, plain, right), gradients
