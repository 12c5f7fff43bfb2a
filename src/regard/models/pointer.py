"""The answer pointer: attention whose weights say where an answer starts, and where it ends."""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from regard.attention import Attention
from regard.models.heads import Predicted, drop_columns

__all__ = ["AnswerPointer", "best_spans"]


class AnswerPointer(nn.Module):
    """Points at the first and at the last position of an answer.

        p = attention_start(u, h),   p' = attention_end(GRU(sum_s p_s h_s, u), h)

    u is the question and h are the states. The weights are probabilities: p_s of the start at s,
    p'_s of the end at s, which is asked for with the state that has read the start.

    Parameters:
        start, end: attentions by softmax, without a window, from states to states of one width.
        width: D.
        dropout: rate on the columns of the states.

    Source: Wang and Jiang, 2017, "Machine comprehension using match-LSTM and answer pointer", ICLR,
    equations 7 to 9, the boundary model: there u is zero, both attentions have the same weights,
    and the recurrent network is an LSTM.
    """

    def __init__(self, start: Attention, end: Attention, width: int, *, dropout: float) -> None:
        super().__init__()
        self.start, self.end = start, end
        self.cell = nn.GRUCell(width, width)
        self.dropout = dropout

    def forward(self, states: Tensor, asked: Tensor, mask: Tensor | None) -> Predicted:
        """Point.

        Parameters:
            states: [B, S, D].
            asked: [B, D], of the question.
            mask: boolean [B, S], True at the true positions, which come first; None when all are.

        Returns:
            Log-probabilities [B, 2, S] of the start and of the end, and the map "attention", the
            probabilities. One of zero has the logarithm of the smallest normal number.
        """
        states = drop_columns(states, self.dropout, self.training)
        first = self.start(asked.unsqueeze(1), states, mask=mask)
        read = self.cell(first.context.squeeze(1), asked)
        last = self.end(read.unsqueeze(1), states, mask=mask, state=first.state)
        weights = torch.cat([first.weights, last.weights], 1)
        least = torch.finfo(weights.dtype).tiny
        return Predicted(weights.clamp(min=least).log(), {"attention": weights})


def best_spans(log_probs: Tensor, longest: int) -> tuple[Tensor, Tensor]:
    """The most probable spans: argmax over i <= j < i + longest of log p(i) + log p'(j).

    Parameters:
        log_probs: [B, 2, S], of the start i and of the end j.
        longest: positions of a span at most.

    Returns:
        Start and end [B, 2], both inside the span, and its log-probability [B].

    >>> probabilities = torch.tensor([[[0.1, 0.2, 0.7], [0.6, 0.3, 0.1]]])
    >>> best_spans(probabilities.log(), 2)[0].tolist()  # not 2 to 0, which ends before it starts
    [[2, 2]]
    """
    starts, ends = log_probs.unbind(1)
    reach = min(longest, starts.shape[1])
    after = pad(ends, (0, reach - 1), value=-torch.inf).unfold(1, reach, 1)  # [B, S, reach]
    best, at = (starts.unsqueeze(2) + after).flatten(1).max(1)
    first = at // reach
    return torch.stack([first, first + at % reach], 1), best
