"""Attention pooling with the last state as the query."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from regard.attention.attention import Attention
from regard.attention.pooling import Pooled, average_heads, check_pooled_mask, refuse_ordered
from regard.errors import ConfigError

__all__ = ["LastStatePooling", "take_states"]


class LastStatePooling(nn.Module):
    """context = [c; h_last], c = sum over s of weights_s h_s, weights = align(score(h_last, h_s)).

    The last true state of each case is the query, and is concatenated to the context. It is also
    one of the keys.

    Parameters:
        heads: one or more `Attention` for queries and keys as wide as the states, none that
            depends on the position of the query; their contexts are averaged.

    Raises:
        ConfigError: no heads, or one that depends on the position of the query.

    Source: after Bahdanau, Cho and Bengio, 2015, "Neural machine translation by jointly learning
    to align and translate", where the query is the state of a decoder; Luong, Pham and Manning,
    2015, "Effective approaches to attention-based neural machine translation", equation 5,
    concatenates context and query.

    >>> from regard.attention import Additive
    >>> pooling = LastStatePooling([Attention(Additive(5, 5, 7))])
    >>> context, weights = pooling(torch.randn(2, 11, 5))
    >>> context.shape, weights.shape
    (torch.Size([2, 10]), torch.Size([2, 11]))
    """

    def __init__(self, heads: Sequence[Attention]) -> None:
        super().__init__()
        if not heads:
            raise ConfigError("heads must be at least 1, not 0")
        refuse_ordered(heads, "the last state is the only query")
        self.heads = nn.ModuleList(heads)

    def forward(self, states: Tensor, mask: Tensor | None = None) -> Pooled:
        """Pool states [B, S, D] over the positions that mask [B, S] allows -> context [B, 2 D].

        The last state is that at the last True position; zeros where nothing is True.
        """
        check_pooled_mask(mask, states)
        last = _last_true(states, mask)  # [B, 1, D]
        pooled = average_heads([head(last, states, mask=mask) for head in self.heads], None)
        return replace(pooled, context=torch.cat([pooled.context, last.squeeze(1)], 1))


def _last_true(states: Tensor, mask: Tensor | None) -> Tensor:
    """[B, S, D] -> [B, 1, D], the state at the last True position; zeros if there is none."""
    if mask is None:
        return states[:, -1:]
    places = torch.arange(1, mask.shape[1] + 1, device=mask.device)
    last = (mask * places).amax(1).clamp(min=1) - 1  # [B]
    state = take_states(states, last.unsqueeze(1))
    return state.masked_fill(~mask.any(1)[:, None, None], 0.0)


def take_states(states: Tensor, places: Tensor) -> Tensor:
    """[B, S, D] states at positions [B, P] -> [B, P, D]."""
    # not take_along_dim, which fixes the sizes in an exported graph
    return states.gather(1, places.unsqueeze(2).expand(-1, -1, states.shape[2]))
