"""The base class of windows, and those that are made of others."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor, nn

from regard.attention.kernels import Band, Reach
from regard.errors import ConfigError

__all__ = ["Global", "View", "Window", "Windows", "distances"]


class View(NamedTuple):
    """The mask, bias and gain of a window, each broadcast to [B, Q, K] or None.

    Attributes:
        mask: boolean; True means may be attended.
        bias: added to the scores.
        gain: multiplied with the weights.
        renormalise: whether the weights are divided by their sum after the gain.
    """

    mask: Tensor | None = None
    bias: Tensor | None = None
    gain: Tensor | None = None
    renormalise: bool = False

    def masked(self, mask: Tensor | None) -> "View":
        """The view with a further mask."""
        if mask is None:
            return self
        return self._replace(mask=mask if self.mask is None else mask & self.mask)

    def of_query(self, i: int) -> "View":
        """The view of query i, with Q = 1."""

        def row(part: Tensor | None) -> Tensor | None:
            return part if part is None or part.shape[-2] == 1 else part[..., i : i + 1, :]

        return View(row(self.mask), row(self.bias), row(self.gain), self.renormalise)


class Window(nn.Module):
    """Which keys each query may attend to, and a bias or gain for each.

    Attributes:
        relative: whether the view depends on the position of the query in its sequence; a learned
            query has none.
        has_gain: whether the view has a gain.
        reads_query: whether the view depends on the query vector, not just on its position.
        query_dim: Dq, or None for any width.
        reach: how far each query sees, if the view is a mask of a range around its position and
            nothing more; otherwise None, and the subclass defines `forward`.
    """

    relative: bool = False
    has_gain: bool = False
    reads_query: bool = False
    query_dim: int | None = None
    reach: Reach | None = None

    def forward(
        self, query: Tensor, keys: int, *, lengths: Tensor | None = None, position: int = 0
    ) -> View:
        """The view of each query; by default the mask [Q, K] of the reach.

        Parameters:
            query: [B, Q, Dq].
            keys: K.
            lengths: number of true keys, broadcast to [B, Q]; None if all are.
            position: of the first query in its sequence.
        """
        if self.reach is None:
            raise NotImplementedError
        if self.reach.covers(query.shape[-2], keys, position):
            return View()
        return View(self.reach.mask(distances(query, keys, position)))

    def band(self, query: Tensor, keys: int, lengths: Tensor | None) -> tuple[Band, View] | None:
        """The band of consecutive keys that each query sees, if it is narrow.

        Parameters: as for `forward`.

        Returns:
            The band and its view [B, Q, W]; None if there is no narrow band, or if `reach`
            describes it.
        """
        return None


class Global(Window):
    """No restriction: every query may attend to every key.

    Source: Luong, Pham and Manning, 2015, "Effective approaches to attention-based neural
    machine translation", section 3.1.

    >>> Global()(torch.zeros(1, 2, 1), 3)
    View(mask=None, bias=None, gain=None, renormalise=False)
    """

    reach = Reach()


class Windows(Window):
    """Several windows combined: masks intersect, biases add, gains multiply.

    Parameters:
        windows: such as `Causal()` and `ALiBi(slope)`, for a causal ALiBi.

    >>> from regard.attention import ALiBi, Causal
    >>> Windows(Causal(), ALiBi(0.5))(torch.zeros(1, 2, 1), 2)[:2]
    (tensor([[ True, False],
            [ True,  True]]), tensor([[-0.0000, -0.5000],
            [-0.5000, -0.0000]]))
    """

    def __init__(self, *windows: Window) -> None:
        super().__init__()
        self.windows = nn.ModuleList(windows)
        self.relative = any(window.relative for window in windows)
        self.has_gain = any(window.has_gain for window in windows)
        self.reads_query = any(window.reads_query for window in windows)
        self.query_dim = _one_width(windows)
        reaches = [window.reach for window in windows]
        if None not in reaches:
            sides = zip(*reaches, strict=True)
            least = (min((n for n in side if n is not None), default=None) for side in sides)
            self.reach = Reach(*least)

    def forward(
        self, query: Tensor, keys: int, *, lengths: Tensor | None = None, position: int = 0
    ) -> View:
        views = [w(query, keys, lengths=lengths, position=position) for w in self.windows]
        return View(
            _reduce(torch.logical_and, [view.mask for view in views]),
            _reduce(torch.add, [view.bias for view in views]),
            _reduce(torch.mul, [view.gain for view in views]),
            any(view.renormalise for view in views),
        )


def _one_width(windows: Sequence[Window]) -> int | None:
    """The width Dq that these windows have in common, None for any."""
    widths = {window.query_dim for window in windows} - {None}
    if len(widths) > 1:
        given = ", ".join(str(width) for width in sorted(width for width in widths if width))
        raise ConfigError(f"query_dim of the windows must be one width, not {given}")
    return next(iter(widths), None)


def distances(query: Tensor, keys: int, position: int) -> Tensor:
    """[Q, K] positions of the keys minus those of the queries; the first query is at `position`."""
    places = torch.arange(query.shape[-2], device=query.device) + position
    return torch.arange(keys, device=query.device) - places.unsqueeze(1)


def _reduce(
    combine: Callable[[Tensor, Tensor], Tensor], parts: list[Tensor | None]
) -> Tensor | None:
    present = [part for part in parts if part is not None]
    return reduce(combine, present) if present else None
