"""Test metrics of summaries."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError

__all__ = ["rouge", "rouge_metrics"]

_KINDS = {"rouge1": "rouge_1", "rouge2": "rouge_2", "rougeL": "rouge_l"}


def rouge(predicted: Sequence[str], references: Sequence[str]) -> NDArray[np.float64]:
    """[B, 3] ROUGE-1, ROUGE-2 and ROUGE-L of each text, F-measures in percent.

    Words are letters and digits in lower case, stemmed by Porter, as the package rouge-score counts
    them.

    Parameters:
        predicted: [B] texts.
        references: [B] one reference for each.

    Raises:
        DataError: unequal numbers of texts.

    Source: Lin, 2004, "ROUGE: a package for automatic evaluation of summaries".

    >>> rouge(["meeting at noon"], ["meetings at one"]).round(1).tolist()
    [[66.7, 50.0, 66.7]]
    """
    if len(predicted) != len(references):
        raise DataError(
            f"predicted: wanted one text for each of the {len(references)} references, given "
            f"{len(predicted)}"
        )
    from rouge_score.rouge_scorer import RougeScorer  # type: ignore[import-untyped]

    scorer = RougeScorer(list(_KINDS), use_stemmer=True)
    scores = [scorer.score(*pair) for pair in zip(references, predicted, strict=True)]
    found = [[100 * each[kind].fmeasure for kind in _KINDS] for each in scores]
    return np.array(found, np.float64).reshape(-1, len(_KINDS))


def rouge_metrics(predicted: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """`rouge_1`, `rouge_2` and `rouge_l`: the means of `rouge` over the texts, at least one."""
    means = rouge(predicted, references).mean(0).tolist()
    return dict(zip(_KINDS.values(), means, strict=True))
