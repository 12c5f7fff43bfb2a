"""Vectors of words, some of which are in no vocabulary."""

import torch
from torch import Tensor, nn

__all__ = ["WordVectors"]

_UNKNOWN = 1  # the token for those not in the vocabulary
_STD = 0.3


class WordVectors(nn.Module):
    """Vectors of words; one that is not in the vocabulary has the vector of a name.

    Which name stands for which word differs from case to case. In training it is drawn, and words
    of the vocabulary get names too. So a model learns what follows from two words being the same,
    whatever the word.

    Parameters:
        tokens: V; token 0 is padding, token 1 is for words that are not in the vocabulary.
        names: how many there are; a case with more words to name has several of one name.
        width: E.
        named: share of the different words of a case that get names in training.

    Source: Hermann et al., 2015, "Teaching machines to read and comprehend", NeurIPS, section 3.2,
    where entities have names that are permuted from case to case.
    """

    def __init__(self, tokens: int, names: int, width: int, *, named: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens + names, width, padding_idx=0)
        nn.init.normal_(self.embedding.weight, std=_STD)
        with torch.no_grad():
            self.embedding.weight[0] = 0.0
        self.tokens, self.names, self.width, self.named = tokens, names, width, named

    def forward(self, words: Tensor, kinds: Tensor) -> Tensor:
        """Vectors [B, T, E].

        Parameters:
            words: [B, T] tokens, 0 at the end.
            kinds: [B, T] which of a case's different words each is, from 1, those that are not in
                the vocabulary first; 0 at the end.
        """
        named, numbers = words == _UNKNOWN, kinds - 1
        if self.training:
            named, numbers = self._drawn(named, words, kinds)
        names = self.tokens + numbers.clamp(min=0) % self.names
        vectors: Tensor = self.embedding(torch.where(named, names, words))
        return vectors

    def _drawn(self, named: Tensor, words: Tensor, kinds: Tensor) -> tuple[Tensor, Tensor]:
        """Which words [B, T] have a name, and its number: in a random order, from a random one."""
        shape, device = (len(kinds), int(kinds.max()) + 1), kinds.device
        chosen = torch.rand(shape, device=device) < self.named
        named = named | (chosen.gather(1, kinds) & (words != 0))
        of_kind = torch.zeros(shape, dtype=torch.long, device=device)
        of_kind.scatter_(1, kinds, named.long())
        order = torch.rand(shape, device=device).argsort(1)
        places = of_kind.gather(1, order).cumsum(1) - 1
        numbers = torch.zeros_like(of_kind).scatter(1, order, places)
        first = torch.randint(self.names, (len(kinds), 1), device=device)
        return named, numbers.gather(1, kinds) + first
