"""Figures of answers that are short texts."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

from regard.errors import DataError

__all__ = ["answer_metrics", "exact_match", "normalised", "word_f1"]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_MARKS = str.maketrans("", "", string.punctuation)


def normalised(text: str) -> str:
    """Lowercased, without ASCII punctuation, English articles and surplus white space.

    >>> normalised("The  Hall, (an Annex)!")
    'hall annex'
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_MARKS)).split())


def exact_match(predicted: str, true: str) -> bool:
    """Whether two texts are equal once they are normalised.

    >>> exact_match("the hall.", "Hall"), exact_match("halls", "hall")
    (True, False)
    """
    return normalised(predicted) == normalised(true)


def word_f1(predicted: str, true: str) -> float:
    """Harmonic mean of precision and recall of the words of two normalised texts.

    A word counts as often as both have it. Of texts without words, of which at least one is, it is
    1 where both are, and otherwise 0.

    >>> word_f1("in the red hall", "the hall"), word_f1("attic", "hall")
    (0.5, 0.0)
    """
    own, wanted = normalised(predicted).split(), normalised(true).split()
    if not (own and wanted):
        return float(own == wanted)
    shared = (Counter(own) & Counter(wanted)).total()
    return 2 * shared / (len(own) + len(wanted))


def answer_metrics(predicted: Sequence[str], true: Sequence[str]) -> dict[str, float]:
    """Shares of exact matches and the mean F1 of words, over all cases.

    Source: Rajpurkar et al., 2016, "SQuAD: 100,000+ questions for machine comprehension of text",
    EMNLP, section 6.1, here with one true answer each; for answers without words, Rajpurkar, Jia
    and Liang, 2018, "Know what you don't know".

    Raises:
        DataError: there are no cases, or not equally many.

    >>> answer_metrics(["the hall", "red attic"], ["Hall", "attic"])
    {'exact_match': 0.5, 'f1': 0.8333333333333333}
    """
    if len(predicted) != len(true) or not len(true):
        raise DataError(
            f"predicted: wanted one answer for each of {len(true)} true ones, at least one, given "
            f"{len(predicted)}"
        )
    pairs = list(zip(predicted, true, strict=True))
    return {
        "exact_match": sum(exact_match(*pair) for pair in pairs) / len(pairs),
        "f1": sum(word_f1(*pair) for pair in pairs) / len(pairs),
    }
