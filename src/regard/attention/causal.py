"""Windows on past keys: all of them, or the most recent ones."""

from regard.attention.kernels import Reach
from regard.attention.window import Window
from regard.errors import ConfigError

__all__ = ["Causal", "Sliding"]


class Causal(Window):
    """The query at position p attends to the keys j <= p.

    Source: Vaswani et al., 2017, "Attention is all you need", section 3.2.3.

    >>> import torch
    >>> Causal()(torch.zeros(1, 2, 1), 3).mask
    tensor([[ True, False, False],
            [ True,  True, False]])
    """

    relative = True
    reach = Reach(None, 0)


class Sliding(Window):
    """The query at position p attends to the keys p - size < j <= p.

    `LocalMonotonic` is the symmetric sliding window.

    Parameters:
        size: number of keys, including the one at the query's position.

    Source: Beltagy, Peters and Cohan, 2020, "Longformer: the long-document transformer", section
    3.1, and, as here one-sided, Jiang et al., 2023, "Mistral 7B", section 2.

    >>> import torch
    >>> Sliding(2)(torch.zeros(1, 3, 1), 3).mask
    tensor([[ True, False, False],
            [ True,  True, False],
            [False,  True,  True]])
    """

    relative = True

    def __init__(self, size: int) -> None:
        super().__init__()
        if size < 1:
            raise ConfigError(f"size must be at least 1, not {size}")
        self.size = size
        self.reach = Reach(size - 1, 0)

    def extra_repr(self) -> str:
        return str(self.size)
