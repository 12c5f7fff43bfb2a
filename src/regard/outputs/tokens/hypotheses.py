"""The texts of a batch: those that a search finds, or one that is given."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

    from regard.models import Guide, Hypotheses, Source, TokenHead

__all__ = ["Hypothesis", "hypothesis_of", "limits_of", "score_given", "search"]

_MORE = 10  # tokens that may be written beside those for each position of the source


class Hypothesis(NamedTuple):
    """A text that the search found.

    Attributes:
        score: what hypotheses are ranked by.
        log_prob: sum of the log-probabilities of its tokens.
        ids: [L] int64 numbers of its tokens, with the end.
        beyond: texts of those beyond the vocabulary, which were copied.
    """

    score: float
    log_prob: float
    ids: NDArray[np.int64]
    beyond: tuple[str, ...] = ()

    @property
    def per_token(self) -> float:
        """Log-probability for each token, with the end."""
        return self.log_prob / max(1, len(self.ids))


def hypothesis_of(values: NDArray[np.float64], beyond: tuple[str, ...] = ()) -> Hypothesis:
    """From [2 + L]: score, log-probability and tokens, padded with zeros."""
    ids = values[2:].astype(np.int64)
    return Hypothesis(float(values[0]), float(values[1]), ids[ids != 0], beyond)


def search(head: TokenHead, source: Source, config: Any, *, beam: int, nbest: int) -> Hypotheses:
    """Search with the penalties, lengths, rules and weight of CTC of the section `model`.

    Parameters:
        source: of B cases.
        config: the section.
        beam, nbest: as of `beam_search`; a beam of 1 is greedy search.
    """
    from regard.models import beam_search, greedy_search

    how: Any = {"limits": limits_of(source, config), "length_penalty": config.length_penalty}
    how["guide"] = _guide(head, source, config, beam)
    cache, penalty = head.start(source), config.coverage_penalty
    if beam == 1 and not penalty:
        return greedy_search(head.step, cache, **how)
    return beam_search(
        partial(head.step, need_weights=penalty > 0),
        cache,
        mask=source.mask,
        beam=beam,
        nbest=nbest,
        coverage_penalty=penalty,
        **how,
    )


def _guide(head: TokenHead, source: Source, config: Any, beam: int) -> Guide | None:
    """CTC, the least length and forbidden repetitions, where the section `model` has them."""
    from regard.models import CtcGuide, Rules

    guide: Guide | None = None
    if head.ctc is not None:
        spelt, weight = head.spell(source.states), config.ctc_weight
        guide = CtcGuide(spelt, source.mask, weight=weight, beam=beam)
    if not config.min_length and not config.no_repeat:
        return guide
    return Rules(
        len(source.states),
        least=config.min_length,
        no_repeat=config.no_repeat,
        then=guide,
        device=source.states.device,
    )


def limits_of(source: Source, config: Any) -> Tensor:
    """[B] the most tokens of a text, by the section `model`."""
    states, mask, _ = source
    positions = states.new_full((len(states),), states.shape[1]) if mask is None else mask.sum(1)
    limits: Tensor = (config.longest * positions + _MORE).long()
    most = None if config.max_length is None else config.max_length + 1  # with the end
    return limits.clamp(config.min_length + 1, most)


def score_given(head: TokenHead, source: Source, ids: NDArray[np.int64]) -> Hypotheses:
    """A text [B, L], with its end, as the only hypothesis of each case.

    Its score is its log-probability.
    """
    import torch

    from regard.models import Hypotheses

    tokens = torch.from_numpy(ids).to(source.states.device)
    every = torch.ones_like(tokens, dtype=torch.bool)
    each = head.log_probs(head.teach(source, tokens), source, every)
    chosen = each.gather(1, tokens.reshape(-1, 1)).view_as(tokens)
    log_probs = chosen.sum(1, keepdim=True)
    return Hypotheses(tokens.unsqueeze(1), log_probs, log_probs)
