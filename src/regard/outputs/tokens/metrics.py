"""Test metrics of generated texts, of all cases, by length of the source and of single cases."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError

__all__ = ["bleu", "by_length", "length_bins", "sentence_scores", "translation_metrics"]

_BINS, _LEAST = 5, 30  # bins at most, cases in a bin at least


def translation_metrics(predicted: Sequence[str], references: Sequence[str]) -> dict[str, Any]:
    """BLEU, chrF and exact match of predicted texts, for JSON.

    Parameters:
        predicted: [B] detokenised texts.
        references: [B] one reference for each.

    Returns:
        - bleu: corpus BLEU of the texts as they are, in percent;
        - bleu_lowercase: the same of lowercased texts;
        - chrf: corpus chrF, in percent;
        - sentence_chrf: mean of the `sentence_scores`, in percent;
        - exact_match: share of the predictions that equal the reference, up to white space;
        - cases: B;
        - length_ratio: tokens of the predictions to tokens of the references; None if the
          references have no token;
        - signatures: `bleu`, `bleu_lowercase` and `chrf` to sacreBLEU's signature, which names all
          that the score depends on.

    Raises:
        DataError: no cases, or unequal numbers of texts.

    Source: Papineni et al., 2002, "BLEU: a method for automatic evaluation of machine translation";
    Popović, 2015, "chrF: character n-gram F-score for automatic MT evaluation"; both as computed by
    Post, 2018, "A call for clarity in reporting BLEU scores" (sacreBLEU), tokenised by 13a.

    >>> figures = translation_metrics(["A dog runs.", "Two men"], ["A dog runs.", "Two women"])
    >>> figures["exact_match"], figures["length_ratio"]
    (0.5, 1.0)
    """
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    _check(predicted, references)
    measures = {
        "bleu": BLEU(force=True),
        "bleu_lowercase": BLEU(force=True, lowercase=True),
        "chrf": CHRF(),
    }
    scores = {
        name: each.corpus_score(list(predicted), [list(references)])
        for name, each in measures.items()
    }
    lengths = scores["bleu"]
    return {
        **{name: float(score.score) for name, score in scores.items()},
        "sentence_chrf": 100 * float(sentence_scores(predicted, references).mean()),
        "exact_match": float(sentence_scores(predicted, references, "exact").mean()),
        "cases": len(predicted),
        "length_ratio": lengths.sys_len / lengths.ref_len if lengths.ref_len else None,
        "signatures": {name: str(each.get_signature()) for name, each in measures.items()},
    }


def bleu(predicted: Sequence[str], references: Sequence[str], *, lowercase: bool = False) -> float:
    """Corpus BLEU in percent, as in `translation_metrics`.

    >>> round(bleu(["the cat sat on the mat"], ["the cat sat on the red mat"]), 1)
    67.3
    """
    from sacrebleu.metrics.bleu import BLEU

    _check(predicted, references)
    measure = BLEU(force=True, lowercase=lowercase)  # force: no warning of tokenised periods
    return float(measure.corpus_score(list(predicted), [list(references)]).score)


def by_length(
    predicted: Sequence[str], references: Sequence[str], lengths: ArrayLike
) -> list[dict[str, Any]]:
    """BLEU and exact match of cases whose sources are similarly long.

    The bins hold about as many cases each, at least 30 of them where there are more than one bin,
    and there are five at most. Cases of one length are in one bin.

    Parameters:
        predicted: [B] texts.
        references: [B] texts.
        lengths: [B] whole numbers, the length of each source.

    Returns:
        Rows for JSON in ascending order: from and to, the least and greatest length among the
        cases, cases, bleu in percent, exact_match.

    >>> by_length(["a", "b"], ["a", "c"], [3, 7])
    [{'from': 3, 'to': 7, 'cases': 2, 'bleu': 0.0, 'exact_match': 0.5}]
    """
    _check(predicted, references)
    lengths = np.asarray(lengths)
    if lengths.shape != (len(predicted),):
        raise DataError(
            f"lengths: wanted one for each of {len(predicted)} cases, given {list(lengths.shape)}"
        )
    exact = sentence_scores(predicted, references, "exact")
    rows = []
    for cases in length_bins(lengths):
        own, wanted = ([texts[n] for n in cases] for texts in (predicted, references))
        row = {"from": int(lengths[cases].min()), "to": int(lengths[cases].max())}
        figures = {"bleu": bleu(own, wanted), "exact_match": float(exact[cases].mean())}
        rows.append({**row, "cases": len(cases), **figures})
    return rows


def sentence_scores(
    predicted: Sequence[str],
    references: Sequence[str],
    metric: Literal["bleu", "chrf", "exact"] = "chrf",
) -> NDArray[np.float64]:
    """The score of each text, between 0 and 1.

    `chrf` is sacreBLEU's sentence chrF. Two models are compared by it: it needs no smoothing, is
    as well defined for one word as for forty, and its mean is close to the corpus score. `bleu` is
    sacreBLEU's sentence BLEU, smoothed exponentially, over the orders that the text is long enough
    for; in short texts the smoothing decides much of it. `exact` is 1 where both texts are equal up
    to white space.

    Parameters:
        predicted: [B] texts.
        references: [B] texts.
        metric: which one.

    Returns:
        [B] scores.

    >>> sentence_scores(["1979-05-03", "1979-05-30"], ["1979-05-03"] * 2, "exact")
    array([1., 0.])
    """
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    _check(predicted, references)
    pairs = zip(predicted, references, strict=True)
    if metric == "exact":
        return np.array([own.split() == wanted.split() for own, wanted in pairs], np.float64)
    measure = CHRF() if metric == "chrf" else BLEU(effective_order=True, force=True)
    scores = [measure.sentence_score(own, [wanted]).score / 100 for own, wanted in pairs]
    return np.clip(scores, 0, 1)  # rounding errors leave 1 otherwise


def length_bins(lengths: NDArray[Any]) -> list[NDArray[np.int64]]:
    """Positions of the cases in each bin, by quantiles of the length; see `by_length`."""
    count = max(1, min(_BINS, len(lengths) // _LEAST))
    edges = np.quantile(lengths, np.arange(1, count) / count, method="inverted_cdf")
    at = np.searchsorted(np.unique(edges), lengths)  # an edge belongs to the bin below
    bins: list[NDArray[np.int64]] = []
    for number in np.unique(at):
        cases = np.flatnonzero(at == number)
        if bins and min(len(cases), len(bins[-1])) < _LEAST:
            cases = np.sort(np.concatenate([bins.pop(), cases]))
        bins.append(cases)
    return bins


def _check(predicted: Sequence[str], references: Sequence[str]) -> None:
    if len(predicted) != len(references) or not len(predicted):
        raise DataError(
            "predicted: wanted one text for each reference and at least one, given "
            f"{len(predicted)} for {len(references)} references"
        )
