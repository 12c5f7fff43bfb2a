"""A decoder whose next token depends on all before it, in no way that a search could exploit."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

V, KEYS, BEGIN, END = 5, 3, 2, 3


class Toy:
    """Random logits and weights for each case and start of a sequence.

    Its cache holds the tokens so far and the number of the case.

    Parameters:
        levels: 0, or how many different logits there are, so that sequences tie.
    """

    def __init__(self, seed: int, *, levels: int = 0) -> None:
        self.seed = seed
        self.levels = levels

    def at(self, case: int, start: tuple[int, ...]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Logits [V] and weights [KEYS] after the tokens `start` of a case."""
        rng = np.random.default_rng([self.seed, case, *start])
        logits = rng.integers(self.levels, size=V) if self.levels else 1.5 * rng.normal(size=V)
        return logits.astype(np.float64), rng.dirichlet(np.ones(KEYS))

    def start(self, cases: int) -> Any:
        numbers = torch.arange(cases)
        return (numbers.new_zeros(cases, 0), numbers), None, 0

    def step(self, tokens: Tensor, cache: Any) -> tuple[Tensor, Any, Tensor]:
        (before, cases), nothing, length = cache
        assert length == before.shape[1]
        before = torch.cat([before, tokens.unsqueeze(1)], 1)
        assert (before[:, 0] == BEGIN).all()
        rows = zip(cases.tolist(), before[:, 1:].tolist(), strict=True)
        each = [self.at(case, tuple(start)) for case, start in rows]
        logits, weights = (torch.tensor(np.stack(part)) for part in zip(*each, strict=True))
        return logits, ((before, cases), nothing, length + 1), weights
