"""BLEU of one sequence of tokens, for training on thousands of samples per update."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

__all__ = ["token_bleu"]

_ORDERS = 4


def token_bleu(ids: Sequence[int], reference_ids: Sequence[int]) -> float:
    """Smoothed BLEU of a sequence of tokens, between 0 and 1.

        brevity · (p_1 p_2 p_3 p_4)^(1/4)
        p_1 = matches_1 / total_1,   p_n = (matches_n + 1) / (total_n + 1) for n > 1
        brevity = exp(min(0, 1 - reference length / length))

    Matches are clipped: an n-gram counts as often as it occurs in the reference. 0 where no token
    of the reference is there.

    Parameters:
        ids: numbers of the tokens, without padding; lists are faster than arrays.
        reference_ids: those of the reference.

    Source: Lin and Och, 2004, "ORANGE: a method for evaluating automatic evaluation metrics for
    machine translation" (COLING), section 4, where it is called BLEUS.

    >>> round(token_bleu([5, 6, 7, 8], [5, 6, 7, 9]), 3)  # (3/4 · 3/4 · 2/3 · 1/2)^(1/4)
    0.658
    """
    length = len(ids)
    product = 1.0
    for n in range(1, _ORDERS + 1):
        own, wanted = _ngrams(ids, n), _ngrams(reference_ids, n)
        matches = sum(min(times, wanted[ngram]) for ngram, times in own.items() if ngram in wanted)
        if n == 1:
            if not matches:
                return 0.0
            product = matches / length
        else:
            product *= (matches + 1) / (max(length - n + 1, 0) + 1)
    brevity = math.exp(min(0.0, 1 - len(reference_ids) / length))
    return brevity * math.sqrt(math.sqrt(product))


def _ngrams(ids: Sequence[int], n: int) -> Counter[Any]:
    return Counter(ids) if n == 1 else Counter(zip(*(ids[k:] for k in range(n)), strict=False))
