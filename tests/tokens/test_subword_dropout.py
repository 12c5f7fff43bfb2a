"""BPE-dropout, against the algorithm of the paper written out, merge by merge."""

import gzip
import os
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import ConfigError
from regard.tokens import END, UNKNOWN, SubwordDropout, Vocabulary

CORPUS = [
    "A dog runs. The dog's small! Two dogs don't run, and the dogs' owner isn't here.",
    "L'homme à l'écharpe, le 3 mai 1979: Größe 1,85 m? aaaa baaaab aaa banana",
    "Le 14 juillet 1789, \u201cvive la nation\u201d; नमस्ते, 漢字 and 👍🏽!",
]
VOCABULARY = Vocabulary.train(CORPUS * 2, size=211, min_count=2)


def dropout(
    texts: list[str], vocabulary: Vocabulary = VOCABULARY, **changes: Any
) -> SubwordDropout:
    found = vocabulary.encode(texts)
    options = {"rate": 0.5, "longest": 10_000, "seed": 3, **changes}
    return SubwordDropout(
        vocabulary, [each.ids for each in found], [each.words for each in found], **options
    )


def drawn(texts: list[str], epoch: int = 0, **changes: Any) -> list[list[int]]:
    return [ids.tolist() for ids in dropout(texts, **changes).draw(epoch)]


def ordinary(texts: list[str], vocabulary: Vocabulary = VOCABULARY) -> list[list[int]]:
    return [tokens.ids.tolist() for tokens in vocabulary.encode(texts)]


@given(st.lists(st.text(st.sampled_from("aAbndogs' .,1é漢ж\u0301")), min_size=1))
def test_without_dropout_it_is_the_vocabularys_own_encoding(texts: list[str]) -> None:
    assert drawn(texts, rate=0.0) == ordinary(texts)


@pytest.mark.skipif(
    "REGARD_DATA" not in os.environ,
    reason="REGARD_DATA is unset: it names the folder of the published data sets",
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_real_words_without_dropout(language: str) -> None:
    path = Path(os.environ["REGARD_DATA"]) / "pairs" / "multi30k" / f"train.{language}.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        texts = [file.readline() for _ in range(600)]
    vocabulary = Vocabulary.train(texts[:400], size=4000, min_count=2)
    assert drawn(texts, vocabulary=vocabulary, rate=0.0) == ordinary(texts, vocabulary)
    for cut, own, text in zip(
        drawn(texts, vocabulary=vocabulary, rate=0.1),
        ordinary(texts, vocabulary),
        texts,
        strict=True,
    ):
        assert len(cut) >= len(own) - 1, text
        assert vocabulary.decode(cut) == vocabulary.decode(own)


@given(st.lists(st.text(st.sampled_from("aAbndogs' .,1é漢ж")), min_size=1), st.integers(0, 99))
def test_what_is_cut_decodes_to_the_same_text(texts: list[str], epoch: int) -> None:
    for ids, own in zip(drawn(texts, epoch), ordinary(texts), strict=True):
        assert VOCABULARY.decode(ids) == VOCABULARY.decode(own)


def test_a_draw_depends_on_seed_and_epoch_alone() -> None:
    one, other = dropout(CORPUS), dropout(CORPUS)
    other.draw(7)
    for epoch in (1, 0, 1):
        for first, second in zip(one.draw(epoch), other.draw(epoch), strict=True):
            np.testing.assert_array_equal(first, second)
    assert drawn(CORPUS, 0) != drawn(CORPUS, 1)
    assert drawn(CORPUS, 0) != drawn(CORPUS, 0, seed=4)


def test_every_occurrence_of_a_word_is_cut_on_its_own() -> None:
    [ids] = drawn([" ".join(["banana"] * 50)])
    cuts = set(" ".join(VOCABULARY.tokens[at] for at in ids).split(" \u2581"))
    assert len(cuts) > 5


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_cuts_have_the_probabilities_of_the_algorithm(rate: float) -> None:
    texts = ["banana"] * 8_000
    found = Counter(tuple(ids) for ids in drawn(texts, rate=rate))
    wanted = _probabilities(_letters("banana"), rate)
    assert sum(wanted.values()) == pytest.approx(1)
    assert set(found) <= set(wanted)
    for cut, probability in wanted.items():
        error = np.sqrt(probability * (1 - probability) / len(texts))
        assert abs(found[cut] / len(texts) - probability) <= 5 * error, cut


def _letters(word: str) -> tuple[int, ...]:
    return tuple(VOCABULARY.tokens.index(letter) for letter in f"\u2581{word}")


def _probabilities(cut: tuple[int, ...], rate: float) -> dict[tuple[int, ...], float]:
    """Of each cut in the end: all sets of possible merges that are left, the first is done."""
    order = list(VOCABULARY.merges)
    pairs = list(pairwise(cut))
    possible = sorted((order.index(pair), at) for at, pair in enumerate(pairs) if pair in order)
    ends: dict[tuple[int, ...], float] = defaultdict(float)
    for kept in range(2 ** len(possible)):
        left = [each for bit, each in enumerate(possible) if kept >> bit & 1]
        chance = (1 - rate) ** len(left) * rate ** (len(possible) - len(left))
        if not left:
            ends[cut] += chance
            continue
        _, at = left[0]
        made = VOCABULARY.merges[pairs[at]]
        for end, share in _probabilities((*cut[:at], made, *cut[at + 2 :]), rate).items():
            ends[end] += chance * share
    return ends


def test_special_and_unknown_tokens_stay() -> None:
    [tokens] = VOCABULARY.encode(["dogs ж dogs"])
    assert UNKNOWN in tokens.ids
    ids, words = np.append(tokens.ids, END), np.append(tokens.words, tokens.words[-1] + 1)
    made = SubwordDropout(VOCABULARY, [ids], [words], rate=0.9, longest=99, seed=0)
    [cut] = made.draw(0)
    assert len(cut) > len(ids)
    assert cut[-1] == END
    assert (cut == UNKNOWN).sum() == (ids == UNKNOWN).sum()


def test_a_text_of_too_many_tokens_keeps_its_own() -> None:
    texts = ["banana"] * 30
    cuts, [own] = drawn(texts, rate=0.8), ordinary(["banana"])
    assert len(own) < 6 < max(map(len, cuts))
    short = dropout(texts, rate=0.8, longest=6).draw(0)
    assert [ids.tolist() for ids in short] == [each if len(each) <= 6 else own for each in cuts]
    assert {ids.dtype for ids in short} == {np.dtype(np.int64)}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rate": 1.0}, r"rate: wanted a number in \[0, 1\), given 1.0"),
        ({"rate": -0.1}, r"rate: wanted a number in \[0, 1\), given -0.1"),
        ({"seed": -1}, "seed: wanted a whole number of at least 0, given -1"),
        (
            {"vocabulary": Vocabulary.train(CORPUS, kind="word")},
            "vocabulary: wanted the kind 'bpe', given 'word'",
        ),
    ],
)
def test_what_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        dropout(CORPUS, **changes)
