"""Batches of pieces."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from regard.inputs.music.encoded import EncodedPieces
from regard.training import Batch, Part, Targets, targets_at

__all__ = ["PiecePart"]

_OPEN = 3  # numbers from which on events are


class PiecePart(Part):
    """Pieces as tensors [b, L], the V events of a step side by side; the mask is [b, L].

    Parameters:
        encoded: B pieces.
        targets: B arrays [L_b], or None.
        moved: [intervals, E] numbers of all events transposed by several intervals, of which one
            is drawn for each piece and pass; None transposes nothing.
        seed: of that.
    """

    def __init__(
        self,
        encoded: EncodedPieces,
        targets: Targets = None,
        *,
        moved: NDArray[np.int64] | None = None,
        seed: int = 0,
    ) -> None:
        self._pieces = [piece.ravel() for piece in encoded.pieces]
        self.lengths = torch.tensor([len(piece) for piece in self._pieces])
        self._targets, self._moved, self._seed = targets, moved, seed
        self._intervals = None if moved is None else [_possible(p, moved) for p in self._pieces]
        self._rows = np.zeros(len(encoded), np.int64)
        self.set_pass(0)

    def set_pass(self, number: int) -> None:
        if self._intervals is None:
            return
        rng = np.random.default_rng([self._seed, number])
        drawn = rng.random(len(self._rows))
        each = zip(self._intervals, drawn.tolist(), strict=True)
        self._rows = np.array([rows[int(share * len(rows))] for rows, share in each])

    def __getitem__(self, index: NDArray[np.int64]) -> Batch:
        """The pieces at these positions, padded to the longest of them."""
        steps, mask = self._cut(torch.from_numpy(index))
        events = torch.zeros(len(index), steps, dtype=torch.int64)
        targets = targets_at(self._targets, index)
        for row, at in enumerate(index.tolist()):
            piece = torch.from_numpy(self._pieces[at])
            if self._moved is not None:
                table = torch.from_numpy(self._moved[self._rows[at]])
                piece = table[piece]
                if targets is not None:
                    targets[row] = table[targets[row]]
            events[row, : len(piece)] = piece
        return Batch((events,), mask, targets)


def _possible(piece: NDArray[np.int64], moved: NDArray[np.int64]) -> NDArray[np.int64]:
    """The intervals by which all events of a piece can be transposed; that of none is always."""
    own = np.unique(piece[piece >= _OPEN])
    return np.flatnonzero((moved[:, own] != 0).all(1))
