"""Local attention: a window around the position of the query, or around a predicted one."""

from math import inf

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from regard.attention.checks import check_sizes, check_width
from regard.attention.kernels import Band, Reach, is_narrow, is_transformed
from regard.attention.window import View, Window
from regard.errors import ConfigError

__all__ = ["LocalMonotonic", "LocalPredictive"]


class LocalMonotonic(Window):
    """Local-m: the query at position p attends to the keys from p - radius to p + radius.

    Parameters:
        radius: number of keys on each side; D in the paper.

    Source: Luong, Pham and Manning, 2015, "Effective approaches to attention-based neural
    machine translation", section 3.2, monotonic alignment.

    >>> LocalMonotonic(1)(torch.zeros(1, 2, 1), 4).mask
    tensor([[ True,  True, False, False],
            [ True,  True,  True, False]])
    """

    relative = True

    def __init__(self, radius: float) -> None:
        super().__init__()
        if not radius >= 0:
            raise ConfigError(f"radius must be at least 0, not {radius}")
        self.radius = radius
        keys = None if radius == inf else int(radius)
        self.reach = Reach(keys, keys)

    def extra_repr(self) -> str:
        return str(self.radius)


class LocalPredictive(Window):
    """Local-p: a Gaussian window around a position p that the query predicts.

    p = S sigmoid(v . tanh(W q)), where S is the true number of keys. A query attends to the keys
    from p - radius to p + radius, with weights multiplied by exp(-(j - p)^2 / (2 sigma^2)),
    sigma = radius / 2. As in the paper, the weights are not renormalised after that, so that those
    of a row sum to less than one.

    Parameters:
        radius: D in the paper; at least 1, so that every window contains a key.
        query_dim: Dq.
        hidden_dim: width of the tanh.
        renormalise: whether to divide the weights by their sum; the paper does not.

    Source: Luong, Pham and Manning, 2015, "Effective approaches to attention-based neural
    machine translation", section 3.2, equations 9 and 10. Positions count from 0 here.

    >>> window = LocalPredictive(2, query_dim=3, hidden_dim=5)
    >>> window(torch.randn(2, 4, 3), 7).gain.shape
    torch.Size([2, 4, 7])
    """

    has_gain = True
    reads_query = True

    def __init__(
        self, radius: float, *, query_dim: int, hidden_dim: int, renormalise: bool = False
    ) -> None:
        super().__init__()
        if not radius >= 1:
            raise ConfigError(f"radius must be at least 1, not {radius}")
        check_sizes(query_dim=query_dim, hidden_dim=hidden_dim)
        self.radius = radius
        self.renormalise = renormalise
        self.query_dim = query_dim
        self.projection = nn.Linear(query_dim, hidden_dim, bias=False)
        self.vector = nn.Parameter(torch.empty(hidden_dim))
        nn.init.uniform_(self.vector, -(hidden_dim**-0.5), hidden_dim**-0.5)

    def extra_repr(self) -> str:
        return f"{self.radius}, renormalise={self.renormalise}"

    def centres(self, query: Tensor, lengths: Tensor | int) -> Tensor:
        """p: [B, Q, Dq] queries, and S, broadcast to [B, Q] -> [B, Q] positions."""
        check_width("query", query, self.query_dim, "query_dim of LocalPredictive")
        # In float32 at least: narrower numbers cannot tell positions in a long sequence apart.
        exact = torch.promote_types(query.dtype, torch.float32)
        with torch.autocast(query.device.type, enabled=False):
            hidden = torch.tanh(linear(query.to(exact), self.projection.weight.to(exact)))
            return lengths * torch.sigmoid(hidden @ self.vector.to(exact))

    def forward(
        self, query: Tensor, keys: int, *, lengths: Tensor | None = None, position: int = 0
    ) -> View:
        centres = self.centres(query, keys if lengths is None else lengths)
        return self._view(query, torch.arange(keys, device=query.device), centres)

    def band(self, query: Tensor, keys: int, lengths: Tensor | None) -> tuple[Band, View] | None:
        if self.radius == inf or not is_narrow(width := int(2 * self.radius) + 1, keys):
            return None
        if not torch.compiler.is_compiling() and is_transformed():
            return None
        centres = self.centres(query, keys if lengths is None else lengths)
        band = Band(torch.ceil(centres - self.radius).long(), width)
        places = band.places()
        view = self._view(query, places, centres)
        inside = (places >= 0) & (places < keys)
        return band, view._replace(mask=inside if view.mask is None else view.mask & inside)

    def _view(self, query: Tensor, places: Tensor, centres: Tensor) -> View:
        distance = places - centres.unsqueeze(-1)
        gain = torch.exp(-distance.square() / (2 * (self.radius / 2) ** 2))
        return View(distance.abs() <= self.radius, None, gain.to(query.dtype), self.renormalise)
