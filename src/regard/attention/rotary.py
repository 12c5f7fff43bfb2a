"""Rotary position embedding: scores of rotated queries and keys depend on their distance."""

import torch
from torch import Tensor, nn

from regard.errors import ConfigError

__all__ = ["Rotary", "rotate"]


def rotate(vectors: Tensor, *, position: int = 0, base: float = 10000.0) -> Tensor:
    """Rotate columns 2i and 2i + 1 of the vector at position p by the angle p * base^(-2i / D).

    Parameters:
        vectors: [..., L, D], D even.
        position: of the first vector.
        base: of the angles.

    Returns:
        [..., L, D], of unchanged norm.

    Source: Su et al., 2021, "RoFormer: enhanced Transformer with rotary position embedding",
    equation 34.

    >>> rotate(torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
    tensor([[1.0000, 0.0000],
            [0.5403, 0.8415]])
    """
    width = vectors.shape[-1]
    if width % 2:
        raise ConfigError(f"rotary positions rotate pairs of columns: D must be even, not {width}")
    # In float32 at least: angles are large numbers, of which only the remainder matters.
    exact = torch.float64 if vectors.dtype == torch.float64 else torch.float32
    place = torch.arange(vectors.shape[-2], device=vectors.device, dtype=exact) + position
    column = torch.arange(0, width, 2, device=vectors.device, dtype=exact)
    angle = place.unsqueeze(-1) * base ** (-column / width)  # [L, D / 2]
    cos, sin = angle.cos().to(vectors.dtype), angle.sin().to(vectors.dtype)
    even, odd = vectors[..., 0::2], vectors[..., 1::2]
    rotated = torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1)
    return rotated.flatten(-2)


class Rotary(nn.Module):
    """Rotates vectors by their positions, see `rotate`; has no parameters.

    Parameters:
        base: of the angles.

    Source: Su et al., 2021, "RoFormer: enhanced Transformer with rotary position embedding".

    >>> Rotary()(torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
    tensor([[1.0000, 0.0000],
            [0.5403, 0.8415]])
    """

    def __init__(self, base: float = 10000.0) -> None:
        super().__init__()
        self.base = base

    def extra_repr(self) -> str:
        return str(self.base)

    def forward(self, vectors: Tensor, position: int = 0) -> Tensor:
        """[..., L, D] -> [..., L, D]; `position` is that of the first vector."""
        return rotate(vectors, position=position, base=self.base)
