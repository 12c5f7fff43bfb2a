"""What every window has in common: which keys a query may see, and how strongly."""

from collections.abc import Callable, Iterable
from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor, nn

from regard.attention.kernels import Band, Reach

__all__ = ["Global", "View", "Window", "Windows", "distances"]


class View(NamedTuple):
    """What a window says of queries and keys; None says nothing.

    Attributes:
        mask: boolean, broadcast to [B, Q, K]; True means may be attended.
        bias: added to the scores.
        gain: factor on the weights.
        renormalise: whether the weights are divided by their sum after the gain.
    """

    mask: Tensor | None = None
    bias: Tensor | None = None
    gain: Tensor | None = None
    renormalise: bool = False

    def of_query(self, i: int) -> "View":
        """What it says of query i alone, with Q = 1."""

        def row(part: Tensor | None) -> Tensor | None:
            return part if part is None or part.shape[-2] == 1 else part[..., i : i + 1, :]

        return View(row(self.mask), row(self.bias), row(self.gain), self.renormalise)


class Window(nn.Module):
    """Which keys each query may see, and how strongly before it looks.

    Attributes:
        relative: whether it goes by the place of the query in its sequence, which a learned query
            does not have.
        has_gain: whether it multiplies the weights.
        reads_query: whether it goes by what the query is, and not by its place alone.
        reach: what it shows, where that is a range of places around the query's and nothing more;
            otherwise None.
    """

    relative: bool = False
    has_gain: bool = False
    reads_query: bool = False
    reach: Reach | None = None

    def forward(
        self, query: Tensor, keys: int, *, lengths: Tensor | None = None, position: int = 0
    ) -> View:
        """What each query may see.

        Parameters:
            query: [B, Q, Dq].
            keys: K.
            lengths: how many keys are true, broadcast to [B, Q]; None when all are.
            position: place of the first query in its sequence.
        """
        raise NotImplementedError

    def band(self, query: Tensor, keys: int, lengths: Tensor | None) -> tuple[Band, View] | None:
        """The few neighbouring keys that each query sees, and what the window says of those.

        Parameters: as for `forward`.

        Returns:
            The band and a view of [B, Q, W]; None where there is no such band, or where `reach`
            says it.
        """
        return None


class Global(Window):
    """Every key, all alike.

    Source: Luong, Pham and Manning, 2015, "Effective approaches to attention-based neural
    machine translation", section 3.1.
    """

    reach = Reach()

    def forward(
        self, query: Tensor, keys: int, *, lengths: Tensor | None = None, position: int = 0
    ) -> View:
        """Nothing to say."""
        return View()


class Windows(Window):
    """Several windows at once: seen is what all of them show; biases add, gains multiply.

    Parameters:
        windows: such as `Causal()` and `ALiBi(slope)`, for a causal ALiBi.
    """

    def __init__(self, *windows: Window) -> None:
        super().__init__()
        self.windows = nn.ModuleList(windows)
        self.relative = any(window.relative for window in windows)
        self.has_gain = any(window.has_gain for window in windows)
        self.reads_query = any(window.reads_query for window in windows)
        reaches = [window.reach for window in windows]
        if None not in reaches:
            self.reach = Reach(*(_least(sides) for sides in zip(*reaches, strict=True)))

    def forward(
        self, query: Tensor, keys: int, *, lengths: Tensor | None = None, position: int = 0
    ) -> View:
        """What all of them say together."""
        views = [w(query, keys, lengths=lengths, position=position) for w in self.windows]
        return View(
            _reduce(torch.logical_and, [view.mask for view in views]),
            _reduce(torch.add, [view.bias for view in views]),
            _reduce(torch.mul, [view.gain for view in views]),
            any(view.renormalise for view in views),
        )


def distances(query: Tensor, keys: int, position: int) -> Tensor:
    """[Q, K] places of the keys minus those of the queries, of which the first is `position`."""
    places = torch.arange(query.shape[-2], device=query.device) + position
    return torch.arange(keys, device=query.device) - places.unsqueeze(1)


def _least(sides: Iterable[int | None]) -> int | None:
    return min((side for side in sides if side is not None), default=None)


def _reduce(
    combine: Callable[[Tensor, Tensor], Tensor], parts: list[Tensor | None]
) -> Tensor | None:
    present = [part for part in parts if part is not None]
    return reduce(combine, present) if present else None
