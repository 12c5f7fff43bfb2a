"""The loss of spans."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from regard.models import best_spans
from regard.training import Objective

__all__ = ["SpanLoss"]


class SpanLoss(Objective):
    """- log sum_n p(i_n) p'(j_n), over all n places where the answer stands.

    p are the probabilities of the start, p' those of the end. Values are their logarithms
    [B, 2, S], targets [B, 2 N] are the first and last position of each place in turn, counted from
    1, padded with zeros.

    Parameters:
        longest: positions of a span at most.

    Source: Kadlec et al., 2016, "Text understanding with the attention sum reader network", ACL,
    equation 3, for the sum over places, there of one word; Wang and Jiang, 2017, equation 10, for
    one place.
    """

    def __init__(self, longest: int) -> None:
        super().__init__()
        self.longest = longest

    def losses(self, values: Tensor, targets: Tensor) -> Tensor:
        """[B]."""
        places = _places(targets).transpose(1, 2)  # [B, 2, N]
        each = values.gather(2, (places - 1).clamp(min=0)).sum(1)
        none = torch.finfo(each.dtype).min
        return -each.masked_fill(places[:, 0] == 0, none).logsumexp(1)

    def ignorant(self, model: nn.Module, values: Tensor) -> Tensor:
        """Equal probabilities of all words."""
        least = torch.finfo(values.dtype).tiny
        true = values > torch.tensor(least).log().to(values)
        return torch.where(true, -true.sum(2, keepdim=True).clamp(min=1).to(values).log(), values)

    def figures(self, batches: Sequence[tuple[Tensor, Tensor]]) -> dict[str, float]:
        """The loss, and the share of cases whose most probable span is the answer."""
        right = [self._right(values, targets) for values, targets in batches]
        return super().figures(batches) | {"exact": float(torch.cat(right).float().mean())}

    def _right(self, values: Tensor, targets: Tensor) -> Tensor:
        """[B]."""
        found, _ = best_spans(values, self.longest)
        right: Tensor = (_places(targets) == found.unsqueeze(1) + 1).all(2).any(1)
        return right


def _places(targets: Tensor) -> Tensor:
    """[B, 2 N] -> [B, N, 2]."""
    return targets.reshape(len(targets), -1, 2)
