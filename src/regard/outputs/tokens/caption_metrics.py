"""Test metrics of captions."""

import re
from collections.abc import Sequence

from regard.errors import DataError

__all__ = ["caption_metrics", "rouge_l"]

_ORDERS = 4


def caption_metrics(predicted: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """What papers on captions report, in percent; texts are lowercased.

    Parameters:
        predicted: [B] texts.
        references: [B] one reference for each.

    Returns:
        - bleu_1 to bleu_4: corpus BLEU of n-grams of up to so many words, tokenised by 13a, as
          sacreBLEU computes it;
        - rouge_l: see `rouge_l`.

    Raises:
        DataError: no cases, or unequal numbers of texts.

    >>> figures = caption_metrics(["A red ring", "a red cross"], ["a red ring", "a blue cross"])
    >>> {name: round(figure, 1) for name, figure in figures.items() if name != "bleu_4"}
    {'bleu_1': 83.3, 'bleu_2': 64.5, 'bleu_3': 59.3, 'rouge_l': 83.3}
    """
    from sacrebleu.metrics.bleu import BLEU

    found = {"rouge_l": rouge_l(predicted, references)}
    for order in range(_ORDERS, 0, -1):
        measure = BLEU(lowercase=True, max_ngram_order=order, force=True)
        score = measure.corpus_score(list(predicted), [list(references)]).score
        found[f"bleu_{order}"] = float(score)
    return dict(reversed(found.items()))


def rouge_l(predicted: Sequence[str], references: Sequence[str]) -> float:
    """The mean over texts of 2 L / (words of the text + words of the reference), in percent.

    L is the length of the longest sequence of words, not necessarily neighbours, that both have.
    Words are letters and digits in lower case; two texts without words agree.

    Parameters:
        predicted: [B] texts.
        references: [B] one reference for each.

    Raises:
        DataError: no cases, or unequal numbers of texts.

    Source: Lin, 2004, "ROUGE: a package for automatic evaluation of summaries", section 3.1, with
    precision and recall weighted alike.

    >>> rouge_l(["police kill the gunman"], ["police killed the gunman"])
    75.0
    """
    if len(predicted) != len(references) or not len(predicted):
        raise DataError(
            "predicted: wanted one text for each reference and at least one, given "
            f"{len(predicted)} for {len(references)} references"
        )
    total = 0.0
    for pair in zip(predicted, references, strict=True):
        own, wanted = (re.findall(r"\w+", text.lower()) for text in pair)
        words = len(own) + len(wanted)
        total += 2 * _common(own, wanted) / words if words else 1.0
    return 100 * total / len(predicted)


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for word in first:
        before = 0  # of the row above, one to the left
        for at, other in enumerate(second, 1):
            above = row[at]
            row[at] = before + 1 if word == other else max(above, row[at - 1])
            before = above
    return row[-1]
