"""Sentences of the Hansards with word alignments by hand, English and French.

They lie in `translation/alignment_gold_en_fr` in `REGARD_DATA`, 447 pairs with 4,038 sure links and
13,400 that are only possible. `enfr.src-tgt` has the words, `english ||| french`; `enfr.gold` the
links, counted from 1: `2-3` is sure, `2p3` possible.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Gold", "alignment_gold", "over_words"]

_LINK = re.compile(r"(\d+)([-p])(\d+)")


class Gold(NamedTuple):
    """Aligned sentences.

    Attributes:
        sources: the words of each English sentence.
        targets: the words of each French sentence.
        sure: links (source word, target word) of each pair, counted from 0.
        possible: those that are right or may be, the sure ones among them.
    """

    sources: list[list[str]]
    targets: list[list[str]]
    sure: list[set[tuple[int, int]]]
    possible: list[set[tuple[int, int]]]


def alignment_gold() -> Gold:
    """The 447 pairs.

    Source: Och and Ney, 2003; Mihalcea and Pedersen, 2003, "An evaluation exercise for word
    alignment".
    """
    folder = Path(os.environ["REGARD_DATA"]) / "translation" / "alignment_gold_en_fr"
    gold = Gold([], [], [], [])
    for line in (folder / "enfr.src-tgt").read_text(encoding="utf-8").splitlines():
        source, target = line.split("|||")
        gold.sources.append(source.split())
        gold.targets.append(target.split())
    for line in (folder / "enfr.gold").read_text(encoding="utf-8").splitlines():
        links = [(int(i) - 1, int(j) - 1, kind) for i, kind, j in _LINK.findall(line)]
        gold.sure.append({(i, j) for i, j, kind in links if kind == "-"})
        gold.possible.append({(i, j) for i, j, _ in links})
    if len(gold.sources) != len(gold.sure):
        raise ValueError(f"{len(gold.sources)} sentence pairs, {len(gold.sure)} lines of links")
    return gold


def over_words(
    weights: NDArray[np.floating],
    source_spans: NDArray[np.integer],
    target_spans: NDArray[np.integer],
    source: list[str],
    target: list[str],
) -> NDArray[np.float64]:
    """A map over a model's own tokens of `" ".join(words)`, laid over the words.

    Weights of source tokens are divided among words by characters; a target word has the mean of
    its tokens. Tokens without characters, as the end, are left out.

    Parameters:
        weights: [T, S].
        source_spans: [S, 2] start and stop of the source's tokens, in characters.
        target_spans: [T, 2] the same of the target.
        source: W words.
        target: V words.

    Returns:
        [V, W].
    """
    of_source = _overlap(source_spans, source)
    of_source /= np.maximum(of_source.sum(1), 1)[:, None]
    of_target = _overlap(target_spans, target)
    of_target /= np.maximum(of_target.sum(0), 1)
    return np.asarray(of_target.T @ weights @ of_source)


def _overlap(spans: NDArray[np.integer], words: list[str]) -> NDArray[np.float64]:
    """[T, W] characters that a token shares with a word of `" ".join(words)`."""
    lengths = np.array([len(word) for word in words])
    starts = np.cumsum(lengths + 1) - lengths - 1
    first = np.maximum(spans[:, :1], starts)
    last = np.minimum(spans[:, 1:], starts + lengths)
    return np.asarray(np.maximum(last - first, 0), np.float64)
