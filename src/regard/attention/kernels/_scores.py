"""Scores of blocks of queries and keys, and their gradients, summed over the blocks."""

from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from regard.attention.kernels._factors import Block, factors, filled
from regard.attention.kernels._operators import flat

__all__ = ["AdditiveScores", "DotScores"]

_PARTIAL = 1 << 21  # numbers in the partial sums of all threads

_Gradients = tuple[Tensor, Tensor, Tensor]


class AdditiveScores:
    """v . tanh(q + k), by one of the kernels that compute a block at a time.

    Parameters:
        query: [..., Q, A].
        keys: [..., K, A].
        vector: [A].
        keys_exp: `exponentials(keys)`, or None.
        kernel: "numba"; any other is "blocked".
    """

    def __init__(
        self, query: Tensor, keys: Tensor, vector: Tensor, keys_exp: Tensor | None, kernel: str
    ) -> None:
        # "plain" is "blocked" here: autograd does not see inside an operator.
        wide = torch.float64 in (query.dtype, keys.dtype)
        self.dtype = torch.float64 if wide else torch.float32
        engine = "_numba" if kernel == "numba" and not wide else "_blocked"
        self.engine = import_module(f"regard.attention.kernels.{engine}")
        self.query, self.keys, self.vector = query, keys, vector
        if keys_exp is not None and keys_exp.dtype != self.dtype:
            keys_exp = None  # clamped to the range of another dtype
        lanes = self.engine.WIDTH
        self.factors = factors(
            flat(query.to(self.dtype)),
            flat(keys.to(self.dtype)),
            None if keys_exp is None else flat(keys_exp),
            lanes,
            self.engine.exponentials_of,
        )
        self.filled = filled(vector.to(self.dtype), lanes)

    def score(
        self,
        rows: slice,
        columns: slice,
        mask: Tensor | None,
        out: Tensor | None = None,
        *,
        first: Tensor | None = None,
        softmax: bool = False,
    ) -> Tensor:
        """[N, q, w] scores of a block, or their softmax, written to `out` if given."""
        if out is None:
            sizes = (rows.stop - rows.start, columns.stop - columns.start)
            out = self.filled.new_empty(self.factors.query.shape[0], *sizes)
        if out.numel():
            block = self._block(out, mask, first, rows.start, columns.start)
            self.engine.score(block, self.filled, out, softmax=softmax)
        return out

    def weights(
        self, rows: slice, columns: slice, mask: Tensor | None, out: Tensor | None
    ) -> Tensor:
        """[N, q, w] softmax of the scores of a block, written to `out` if given."""
        return self.score(rows, columns, mask, out, softmax=True)

    def start_gradients(self) -> None:
        """Set the sums of `add_gradients` to zero."""
        self._of_query = self._sums_of_query()
        self._of_keys = torch.zeros_like(self.factors.keys)
        self._of_vector = torch.zeros_like(self.filled)

    def add_gradients(self, grad: Tensor, mask: Tensor | None, rows: slice, columns: slice) -> None:
        """Add the gradients of a block, where `grad` is [N, q, w]."""
        block = self._block(grad, mask, None, rows.start, columns.start)
        sums = (self._of_query, self._of_keys)
        self._of_vector += self.engine.add_gradients(block, grad, *sums)

    def gradients(self) -> _Gradients:
        """Of query, keys and vector: the sums over all blocks added."""
        return self._finished(self._of_query, self._of_keys.mul_(4 * self.filled), self._of_vector)

    def gradients_of(
        self, grad: Tensor, mask: Tensor | None, first: Tensor | None = None
    ) -> _Gradients:
        """Of query, keys and vector, for a single block [N, Q, K or W] of all queries and keys."""
        if not grad.numel():
            self.start_gradients()
            return self.gradients()
        sums = self._sums_of_query(), torch.empty_like(self.factors.keys)
        grad, block = grad.to(self.dtype).contiguous(), self._block(grad, mask, first)
        of_vector = self.engine.add_gradients(block, grad, *sums, alone=4 * self.filled)
        return self._finished(*sums, of_vector)

    def _block(self, whole: Tensor, mask: Tensor | None, *where: Any) -> Block:
        return Block(self.factors, None if mask is None else mask.expand(whole.shape), *where)

    def _sums_of_query(self) -> Tensor:
        N, Q, width = self.factors.query.shape
        # Threads share the keys of a case; each has its own partial sums of the query gradients.
        parts = 1 if N == 0 or self.engine.WIDTH == 1 else -(-2 * torch.get_num_threads() // N)
        parts = max(1, min(parts, _PARTIAL // max(1, N * Q * width)))
        return self.filled.new_zeros(parts, N, Q, width)

    def _finished(self, of_query: Tensor, of_keys: Tensor, of_vector: Tensor) -> _Gradients:
        """The gradients in the shapes and dtypes of the inputs."""
        A = self.vector.shape[0]
        of_query = (of_query[0] if len(of_query) == 1 else of_query.sum(0)).mul_(4 * self.filled)
        of_query, of_keys = (
            sums[..., :A].to(side.dtype).contiguous().view(side.shape)
            for sums, side in ((of_query, self.query), (of_keys, self.keys))
        )
        return of_query, of_keys, of_vector[:A].to(self.vector.dtype)


class DotScores:
    """q . k, for queries [N, Q, D] and keys [N, K, D]; methods as of `AdditiveScores`."""

    def __init__(self, query: Tensor, keys: Tensor) -> None:
        self.query, self.keys = query, keys

    def weights(
        self, rows: slice, columns: slice, mask: Tensor | None, out: Tensor | None
    ) -> Tensor:
        query, keys = self.query[:, rows], self.keys[:, columns].mT
        if mask is None:
            scores = torch.bmm(query, keys)
            return torch.softmax(scores, -1, out=scores)
        # Half of the lowest number, so that its sum with a score stays finite.
        lowest = torch.finfo(query.dtype).min / 2
        bias = query.new_zeros(mask.shape).masked_fill_(~mask, lowest)
        scores = torch.baddbmm(bias.expand(*query.shape[:2], keys.shape[2]), query, keys)
        weights = torch.softmax(scores, -1, out=scores)
        some = mask.any(-1, keepdim=True)
        return weights if some.all() else weights.mul_(some)

    def start_gradients(self) -> None:
        self._of_query, self._of_keys = torch.zeros_like(self.query), torch.zeros_like(self.keys)

    def add_gradients(self, grad: Tensor, mask: Tensor | None, rows: slice, columns: slice) -> None:
        self._of_query[:, rows] = torch.bmm(grad, self.keys[:, columns])
        self._of_keys[:, columns].baddbmm_(grad.mT, self.query[:, rows])

    def gradients(self) -> tuple[Tensor, Tensor, None]:
        return self._of_query, self._of_keys, None

    def gradients_of(self, grad: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, None]:
        return torch.bmm(grad, self.keys), torch.bmm(grad.mT, self.query), None
