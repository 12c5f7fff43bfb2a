"""Which words of a sentence come up again later in its story."""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from regard.attention import General, masked_softmax

__all__ = ["Echo"]


class Echo(nn.Module):
    """The words that a sentence has in common with the later one that it attends to.

        echo_s = m_s * sum_(t > s) b_st m_t,
        b_s = softmax over t > s, and over nothing, of m_s W m_t + d_(t - s), for nothing 0

    A sentence says what was true when it was told. Its echo says whether a later one is about the
    same, so that a hop can tell the last word on something from those before it.

    Parameters:
        width: D of the vectors of the sentences.
        sentences: longest story.
    """

    def __init__(self, width: int, sentences: int) -> None:
        super().__init__()
        self.score = General(width, width)
        self.distance = nn.Parameter(torch.zeros(sentences))

    def forward(self, vectors: Tensor, mask: Tensor | None) -> Tensor:
        """[B, S, D] vectors m and mask [B, S] -> [B, S, D]."""
        place = torch.arange(vectors.shape[1], device=vectors.device)
        apart = place - place.unsqueeze(1)  # [S, S]
        later = (apart > 0).expand(len(vectors), -1, -1)
        if mask is not None:
            later = later & mask.unsqueeze(1)
        scores = self.score(vectors, vectors) + self.distance[apart.clamp(min=0)]
        # nothing, with a score of 0, stands after the last sentence
        scores, allowed = (
            pad(scores.masked_fill(~later, 0.0), (0, 1)),
            pad(later, (0, 1), value=True),
        )
        found: Tensor = masked_softmax(scores, allowed)[..., :-1] @ vectors
        return vectors * found
