"""What every score has in common: it compares queries with keys it may have prepared before."""

from torch import Tensor, nn

__all__ = ["Score"]


class Score(nn.Module):
    """How well each query matches each key: [B, Q, Dq], [B, K, Dk] -> [B, Q, K].

    A score splits into `prepare`, the part that looks at the keys alone and so is done once for
    all the steps of a decoder, and `compare`, the part that needs the query.
    """

    def prepare(self, keys: Tensor) -> Tensor:
        """[B, K, Dk] keys -> what `compare` wants of them; by default the keys themselves."""
        return keys

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        """[B, Q, Dq] query against prepared keys -> [B, Q, K] scores."""
        raise NotImplementedError

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        """[B, Q, Dq] query, [B, K, Dk] keys -> [B, Q, K] scores."""
        return self.compare(query, self.prepare(keys))
