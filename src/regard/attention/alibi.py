"""ALiBi: a bias on the scores that is linear in the distance."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from regard.attention.window import View, Window, distances
from regard.errors import ConfigError

__all__ = ["ALiBi", "alibi_slopes"]


class ALiBi(Window):
    """score - slope |p - j| for the key j and the query at position p.

    The models of the paper are causal: `Windows(Causal(), ALiBi(slope))`.

    Parameters:
        slopes: a number, or one for each head of a `MultiHead` whose heads share an attention.

    Source: Press, Smith and Lewis, 2022, "Train short, test long: attention with linear biases
    enables input length extrapolation", section 3.

    >>> ALiBi(0.5)(torch.zeros(1, 2, 1), 3).bias
    tensor([[-0.0000, -0.5000, -1.0000],
            [-0.5000, -0.0000, -0.5000]])
    """

    relative = True

    def __init__(self, slopes: float | Sequence[float] = 2.0**-8) -> None:
        super().__init__()
        self.slopes = (slopes,) if isinstance(slopes, float | int) else tuple(slopes)
        if not self.slopes:
            raise ConfigError("slopes must be at least one number, not none")

    def extra_repr(self) -> str:
        return str(self.slopes)

    def forward(
        self, query: Tensor, keys: int, *, lengths: Tensor | None = None, position: int = 0
    ) -> View:
        heads = query.shape[-3] if query.dim() > 3 else 1
        if len(self.slopes) not in (1, heads):
            raise ConfigError(
                f"ALiBi with {len(self.slopes)} slopes must be shared by as many heads of a "
                f"MultiHead, not by {heads}"
            )
        distance = distances(query, keys, position).abs()
        slopes = torch.tensor(self.slopes, device=query.device, dtype=query.dtype)
        bias = -slopes[:, None, None] * distance.to(query.dtype)
        return View(bias=bias[0] if len(self.slopes) == 1 else bias)


def alibi_slopes(heads: int) -> list[float]:
    """The slopes of the paper: 2^(-8 h / H) for h = 1..H.

    If H is not a power of two, those of the power of two below it, then every other one of the
    power of two above it, as in the authors' implementation.

    >>> alibi_slopes(2), alibi_slopes(3)
    ([0.0625, 0.00390625], [0.0625, 0.00390625, 0.25])
    """
    if heads < 1:
        raise ConfigError(f"heads must be at least 1, not {heads}")
    power = 2 ** int(math.log2(heads))
    slopes = [2.0 ** (-8 * h / power) for h in range(1, power + 1)]
    between = [2.0 ** (-8 * h / (2 * power)) for h in range(1, 2 * power + 1, 2)]
    return slopes + between[: heads - power]
