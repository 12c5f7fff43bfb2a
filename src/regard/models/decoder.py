"""The contract of decoders: they write a sequence, one position after the other."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

__all__ = ["Decoder", "Written"]


@dataclass(frozen=True)
class Written:
    """What a decoder returns.

    Attributes:
        states: [B, L, D], from which the token that follows each position is told.
        cache: for the next positions.
        weights: [B, M, H, L, S], over the encoder's positions, of each of the M layers that attend
            and each of their heads; None unless `need_weights`.
        log_prob: [B, L], of all that hard attention sampled in training with REINFORCE and that the
            state of each position depends on; else None. So a position's own reward goes with it.
        entropy: [B, L], of the distributions that were sampled from at each position, likewise.
    """

    states: Tensor
    cache: Any
    weights: Tensor | None = None
    log_prob: Tensor | None = None
    entropy: Tensor | None = None


class Decoder(nn.Module):
    """Embedded tokens [B, L, E] and an encoder's states [B, S, Ds] -> states [B, L, D].

    It takes all positions at once, as in training with teacher forcing, or some at a time, with
    what it needs of the previous ones in an explicit cache; both give the same states. A cache is
    a nest of tuples whose tensors have the cases as their first dimension, so that
    `search.reorder` can select among them.

    Attributes:
        width: D.
    """

    width: int

    def start(self, states: Tensor, mask: Tensor | None = None) -> Any:
        """The cache before the first position; what depends on the encoder is computed once.

        Parameters:
            states: [B, S, Ds], of the encoder.
            mask: boolean [B, S], True at the true positions; None when all are.
        """
        raise NotImplementedError

    def forward(self, tokens: Tensor, cache: Any, *, need_weights: bool = False) -> Written:
        """The next positions.

        Parameters:
            tokens: [B, L, E], the embedded tokens before each position.
            cache: from `start`, or from the call for the previous positions.
            need_weights: whether to return the attention.
        """
        raise NotImplementedError
