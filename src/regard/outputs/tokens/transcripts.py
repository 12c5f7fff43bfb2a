"""Test metrics of transcripts: error rates of words and characters, and what is confused."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.outputs.tokens.metrics import length_bins
from regard.tokens import align_sequences, count_edits

__all__ = ["transcript_metrics", "utterance_errors", "word_error_rate", "words_by_length"]

_SHOWN = 10  # confusions


def transcript_metrics(predicted: Sequence[str], references: Sequence[str]) -> dict[str, Any]:
    """Error rates of predicted transcripts, for JSON.

    Words are what white space separates, as they are written: letter case and punctuation count.

    Parameters:
        predicted: [B] texts.
        references: [B] texts.

    Returns:
        - wer: word error rate, substitutions, deletions and insertions of words for each word of
          the references; above 1 where there are more insertions than right words;
        - cer: the same of characters, with the blanks between words;
        - utterance_wer: mean of the `utterance_errors`;
        - exact_match: share of the transcripts without an error;
        - substitutions, deletions, insertions: of words, those of a shortest way;
        - words: of the references;
        - cases: B;
        - confusions: rows of reference, predicted and count: words that were taken for another,
          the most frequent first, ten at most;
        - by_length: see `words_by_length`.

    Raises:
        DataError: no cases, unequal numbers of texts, or no word in any reference.

    Source: the rates are those of jiwer, and of NIST's sclite with equal costs.

    >>> figures = transcript_metrics(["one too", "six"], ["one two", "six six"])
    >>> figures["wer"], figures["substitutions"], figures["deletions"], figures["exact_match"]
    (0.5, 1, 1, 0.0)
    """
    _check(predicted, references)
    pairs = [
        (wanted.split(), own.split()) for own, wanted in zip(predicted, references, strict=True)
    ]
    words = sum(len(wanted) for wanted, _ in pairs)
    counted = [count_edits(*pair) for pair in pairs]
    substitutions, deletions, insertions = (sum(each) for each in zip(*counted, strict=True))
    joined = [(" ".join(wanted), " ".join(own)) for wanted, own in pairs]
    characters = sum(len(wanted) for wanted, _ in joined)
    wrong = sum(count_edits(*pair).total for pair in joined)
    return {
        "wer": (substitutions + deletions + insertions) / words,
        "cer": wrong / characters,
        "utterance_wer": float(utterance_errors(predicted, references).mean()),
        "exact_match": float(np.mean([each.total == 0 for each in counted])),
        "substitutions": substitutions,
        "deletions": deletions,
        "insertions": insertions,
        "words": words,
        "cases": len(pairs),
        "confusions": _confusions(pairs),
        "by_length": words_by_length(predicted, references),
    }


def word_error_rate(predicted: Sequence[str], references: Sequence[str]) -> float:
    """Word error rate of all texts together, as in `transcript_metrics`.

    >>> word_error_rate(["one too", "six"], ["one two", "six"])
    0.3333333333333333
    """
    _check(predicted, references)
    pairs = list(zip(references, predicted, strict=True))
    wrong = sum(count_edits(wanted.split(), own.split()).total for wanted, own in pairs)
    return wrong / sum(len(wanted.split()) for wanted, _ in pairs)


def utterance_errors(predicted: Sequence[str], references: Sequence[str]) -> NDArray[np.float64]:
    """[B] the word error rate of each text by itself; of a reference without words, the insertions.

    >>> utterance_errors(["one too", "a b c"], ["one two", "six"])
    array([0.5, 3. ])
    """
    found = []
    for own, wanted in zip(predicted, references, strict=True):
        words = wanted.split()
        found.append(count_edits(words, own.split()).total / max(1, len(words)))
    return np.array(found)


def words_by_length(predicted: Sequence[str], references: Sequence[str]) -> list[dict[str, Any]]:
    """Error rates of transcripts of similarly many words, in ranges as those of `by_length`.

    Returns:
        Rows for JSON in ascending order: from and to, the fewest and the most words of a reference
        among the cases, cases, wer, exact_match.

    >>> words_by_length(["one", "a b"], ["one", "a c"])
    [{'from': 1, 'to': 2, 'cases': 2, 'wer': 0.3333333333333333, 'exact_match': 0.5}]
    """
    lengths = np.array([len(each.split()) for each in references])
    known = np.flatnonzero(lengths)
    rows = []
    for cases in length_bins(lengths[known]):
        at = known[cases]
        own, wanted = ([texts[n] for n in at] for texts in (predicted, references))
        exact = [a.split() == b.split() for a, b in zip(own, wanted, strict=True)]
        row = {"from": int(lengths[at].min()), "to": int(lengths[at].max()), "cases": len(at)}
        figures = {"wer": word_error_rate(own, wanted), "exact_match": float(np.mean(exact))}
        rows.append({**row, **figures})
    return rows


def _confusions(pairs: Sequence[tuple[list[str], list[str]]]) -> list[dict[str, Any]]:
    counts: Counter[tuple[str, str]] = Counter()
    for wanted, own in pairs:
        for a, b in align_sequences(wanted, own):
            if a is not None and b is not None and wanted[a] != own[b]:
                counts[wanted[a], own[b]] += 1
    return [
        {"reference": a, "predicted": b, "count": count}
        for (a, b), count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:_SHOWN]
    ]


def _check(predicted: Sequence[str], references: Sequence[str]) -> None:
    if len(predicted) != len(references) or not any(each.split() for each in references):
        raise DataError(
            "predicted: wanted one text for each reference, and a word in one of them, given "
            f"{len(predicted)} for {len(references)} references"
        )
