"""Rotary positions: queries and keys are turned by their place, so that scores see distances."""

import torch
from torch import Tensor, nn

from regard.errors import ConfigError

__all__ = ["Rotary", "rotate"]


def rotate(vectors: Tensor, *, position: int = 0, base: float = 10000.0) -> Tensor:
    """Columns 2i and 2i + 1 of the vector at place p turned by the angle p * base^(-2i / D).

    Parameters:
        vectors: [..., L, D], D even.
        position: place of the first.
        base: of the angles.

    Returns:
        [..., L, D], as long as before.

    Source: Su et al., 2021, "RoFormer: enhanced Transformer with rotary position embedding",
    equation 34.

    >>> rotate(torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
    tensor([[1.0000, 0.0000],
            [0.5403, 0.8415]])
    """
    width = vectors.shape[-1]
    if width % 2:
        raise ConfigError(f"rotary positions turn pairs of columns: D must be even, not {width}")
    # In float32 at least: angles are large numbers of which only the remainder counts.
    exact = torch.float64 if vectors.dtype == torch.float64 else torch.float32
    place = torch.arange(vectors.shape[-2], device=vectors.device, dtype=exact) + position
    column = torch.arange(0, width, 2, device=vectors.device, dtype=exact)
    angle = place.unsqueeze(-1) * base ** (-column / width)  # [L, D / 2]
    cos, sin = angle.cos().to(vectors.dtype), angle.sin().to(vectors.dtype)
    even, odd = vectors[..., 0::2], vectors[..., 1::2]
    turned = torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1)
    return turned.flatten(-2)


class Rotary(nn.Module):
    """Turns vectors by their place; nothing to learn.

    Parameters:
        base: of the angles.

    Source: Su et al., 2021, "RoFormer: enhanced Transformer with rotary position embedding".
    """

    def __init__(self, base: float = 10000.0) -> None:
        super().__init__()
        self.base = base

    def extra_repr(self) -> str:
        """The base."""
        return str(self.base)

    def forward(self, vectors: Tensor, position: int = 0) -> Tensor:
        """[..., L, D] -> [..., L, D]; `position` is the place of the first."""
        return rotate(vectors, position=position, base=self.base)
