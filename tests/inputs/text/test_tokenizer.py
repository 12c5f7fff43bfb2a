import json
import os
import pickle
import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args
from unicodedata import normalize

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regard.errors import ConfigError, DataError
from regard.inputs.text.encoded import PADDING, UNKNOWN, Encoded, sum_to_words, words_of
from regard.inputs.text.files import read_lines, read_texts
from regard.inputs.text.sentences import sentence_spans
from regard.inputs.text.subwords import learn_subwords
from regard.inputs.text.tokenizer import Tokenizer, TokenizerKind
from regard.inputs.text.words import count_words

FOLDER = Path(os.environ.get("REGARD_DATA", "."))
KINDS: tuple[TokenizerKind, ...] = get_args(TokenizerKind)

CORPUS = [
    "The players played a fine game. Don't play it again!",
    "Finding the finest players isn't easy, e.g. 3.5 of 1,000 players.",
    "Thé café at the théâtre: round-toe shoes, 漢字 and 😀.",
]

published = pytest.mark.skipif(
    "REGARD_DATA" not in os.environ,
    reason="REGARD_DATA is unset: it names the folder of the published data sets",
)


def trained(kind: TokenizerKind, **options: Any) -> Tokenizer:
    return Tokenizer.train(CORPUS, kind=kind, **options)


TRAINED = {kind: trained(kind, vocabulary=101) for kind in KINDS}


def words_in(text: str, **options: Any) -> list[str]:
    """What the tokenizer of whole words makes of a text, as it stands there."""
    tokenizer = Tokenizer.train([text], **options)
    encoded = tokenizer.encode([text], max_tokens=1000)
    return [tokenizer.tokens[token] for token in encoded.ids[0]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I don't think it's John's.", "i do n't think it 's john 's ."),
        ("i do n't think it 's john 's .", "i do n't think it 's john 's ."),
        ("He CAN’T, we'll won't", "he ca n't , we 'll wo n't"),
        ("o'clock l'homme rock'n'roll 'tis", "o'clock l'homme rock'n'roll ' tis"),
        ("V-neck, round-toe", "v - neck , round - toe"),
        ("3.5 1,000.5 10% 3d a4 in 1999.", "3.5 1,000.5 10 % 3d a4 in 1999 ."),
        ("wait... what!!!! a__b", "wait ... what !!! ! a__b"),
        ("`` hi '' ### -lrb-", "`` hi '' # # # - lrb -"),
        ("(a) [PAD] <b>", "( a ) [ pad ] < b >"),
        ("ﬁnding Ａ２ exam\u00adple \ufeffx", "finding a2 example x"),
        ("e\u0301te\u0301 नमस्ते привет", "été नमस्ते привет"),
        ("漢字かな abc😀👍", "漢 字 か な abc 😀 👍"),
        ("a\x00b\u200bc\u00a0d", "a b c d"),
    ],
)
def test_words_by_hand(text: str, words: str) -> None:
    assert words_in(text) == words.split(" ")


def test_capitals_can_be_kept() -> None:
    assert words_in("He CAN'T, It'S", lowercase=False) == ["He", "CA", "N'T", ",", "It", "'S"]


def test_words_are_numbered_by_frequency_then_alphabetically() -> None:
    tokenizer = Tokenizer.train(["b c a", "c b d", "c"])
    assert tokenizer.tokens == ["[PAD]", "[UNK]", "c", "b", "a", "d"]
    assert tokenizer.size == 6
    assert Tokenizer.train(["b c a", "c b d", "c"], min_count=2).tokens[2:] == ["c", "b"]
    assert Tokenizer.train(["b c a", "c b d", "c"], vocabulary=5).tokens[2:] == ["c", "b", "a"]


def byte_pairs(counts: dict[str, int], pieces: int) -> list[tuple[str, str]]:
    """Byte pair encoding as Sennrich et al. (2016) write it, algorithm 1."""
    words: dict[tuple[str, ...], int] = {}
    for word, n in counts.items():
        words[word[0], *("##" + letter for letter in word[1:])] = n
    merges: list[tuple[str, str]] = []
    known = {symbol for symbols in words for symbol in symbols}
    while len(known) < pieces:
        pairs: Counter[tuple[str, str]] = Counter()
        for symbols, n in words.items():
            for pair in pairwise(symbols):
                pairs[pair] += n
        if not pairs:
            break
        best = max(pairs.values())
        assert list(pairs.values()).count(best) == 1, "the example has a tie"
        first, second = max(pairs, key=lambda pair: pairs[pair])
        merges.append((first, second))
        known.add(first + second.removeprefix("##"))
        merged = {}
        for symbols, n in words.items():
            joined: list[str] = []
            for symbol in symbols:
                if joined and (joined[-1], symbol) == (first, second):
                    joined[-1] = first + second.removeprefix("##")
                else:
                    joined.append(symbol)
            merged[tuple(joined)] = n
        words = merged
    return merges


def test_merges_are_those_of_the_paper() -> None:
    counts = {"lower": 53, "lowest": 29, "newer": 61, "wider": 23, "new": 17}
    pieces, merges = learn_subwords(counts, pieces=16, min_count=1)
    assert merges == byte_pairs(counts, 16)
    assert pieces[:3] == ["##e", "##w", "##r"]  # 256, 183 - 23, 137 letters that continue
    assert pieces[-len(merges) :] == [a + b.removeprefix("##") for a, b in merges]
    assert len(pieces) == 16


def test_letters_are_cut_by_frequency_and_merges_by_count() -> None:
    counts = {"ab": 3, "ac": 2, "xy": 1}
    assert learn_subwords(counts, pieces=3, min_count=1) == (["a", "##b", "##c"], [])
    often = {word: 1000 * count for word, count in counts.items()}
    assert learn_subwords(often, pieces=9, min_count=3000) == (["a", "##b", "ab"], [("a", "##b")])
    assert learn_subwords(counts, pieces=9, min_count=3) == (["a", "##b", "ab"], [("a", "##b")])


@pytest.mark.parametrize("kind", KINDS)
def test_training_is_the_same_in_every_process_and_order(kind: TokenizerKind) -> None:
    code = (
        "import sys; from regard.inputs.text.tokenizer import Tokenizer\n"
        f"sys.stdout.write(Tokenizer.train({CORPUS[::-1]!r}, kind={kind!r}, vocabulary=101)"
        ".to_json())"
    )
    for threads in ("1", "2"):
        result = subprocess.run(
            [sys.executable, "-X", "utf8", "-c", code],
            capture_output=True,
            encoding="utf-8",
            check=True,
            env={**os.environ, "RAYON_NUM_THREADS": threads},
        )
        assert result.stdout == TRAINED[kind].to_json()


@pytest.mark.parametrize("kind", KINDS)
def test_special_tokens(kind: TokenizerKind) -> None:
    tokenizer = TRAINED[kind]
    assert tokenizer.kind == kind
    assert tokenizer.tokens[PADDING] == "[PAD]"
    assert tokenizer.tokens[UNKNOWN] == "[UNK]"
    assert tokenizer.size <= 101
    assert len(set(tokenizer.tokens)) == tokenizer.size
    # What looks like a special token in a text is none.
    encoded = tokenizer.encode(["[PAD] ##s [UNK]"], max_tokens=29)
    assert (encoded.ids[0] != PADDING).all()


@pytest.mark.parametrize("kind", ["bpe", "wordpiece"])
def test_pieces_make_the_words(kind: TokenizerKind) -> None:
    tokenizer = TRAINED[kind]
    encoded = tokenizer.encode(["Finest cafés play"], max_tokens=29)
    pieces = [tokenizer.tokens[token] for token in encoded.ids[0]]
    assert len(pieces) > 3
    assert encoded.known.tolist() == [3]
    assert "".join(f" {piece}" for piece in pieces).replace(" ##", "")[1:] == "finest cafés play"
    assert [piece.startswith("##") for piece in pieces] == [
        at > 0 and encoded.words[0][at] == encoded.words[0][at - 1] for at in range(len(pieces))
    ]


def test_unknown_letters() -> None:
    def pieces(kind: TokenizerKind) -> list[str]:
        tokenizer = TRAINED[kind]
        ids = tokenizer.encode(["thezzz qq"], max_tokens=29).ids[0]
        return [tokenizer.tokens[token] for token in ids]

    assert pieces("word") == ["[UNK]", "[UNK]"]
    assert pieces("bpe") == ["the", "[UNK]", "[UNK]"]
    assert pieces("wordpiece") == ["[UNK]", "[UNK]"]


@pytest.mark.parametrize("kind", KINDS)
def test_texts_without_tokens_are_one_unknown_token(kind: TokenizerKind) -> None:
    encoded = TRAINED[kind].encode(["\u200b\u200b", "the", "🦉"], max_tokens=3)
    assert [ids.tolist() for ids in encoded.ids][::2] == [[UNKNOWN], [UNKNOWN]]
    assert encoded.spans[0].tolist() == [[0, 2]]
    assert encoded.words[0].tolist() == encoded.sentences[0].tolist() == [0]
    assert encoded.known.tolist() == [0, 1, 0]


def test_texts_are_cut() -> None:
    encoded = TRAINED["word"].encode(["a fine game", "a", "the fine players again"], max_tokens=2)
    assert [len(ids) for ids in encoded.ids] == [2, 1, 2]
    assert encoded.truncated == 2
    assert len(encoded) == 3
    assert [spans.tolist() for spans in encoded.spans] == [
        [[0, 1], [2, 6]],
        [[0, 1]],
        [[0, 3], [4, 8]],
    ]
    assert {part.dtype for part in (*encoded.ids, *encoded.spans, *encoded.words)} == {
        np.dtype(np.int32)
    }
    assert TRAINED["word"].encode([], max_tokens=2).ids == []


def test_more_texts_than_one_batch() -> None:
    texts = [f"the {'fine ' * (at % 7)}" for at in range(2311)]
    encoded = TRAINED["word"].encode(texts, max_tokens=5)
    assert [len(ids) for ids in encoded.ids] == [min(1 + at % 7, 5) for at in range(2311)]
    assert encoded.truncated == sum(1 + at % 7 > 5 for at in range(2311))


def test_sentences_of_tokens() -> None:
    text = "Dr. No works.  Why?\nNo idea"
    encoded = TRAINED["word"].encode([text, "one"], max_tokens=29)
    assert encoded.sentences[0].tolist() == [0, 0, 0, 0, 0, 1, 1, 2, 2]
    assert encoded.sentences[1].tolist() == [0]


@pytest.mark.parametrize("kind", KINDS)
def test_accents_belong_to_their_letters(kind: TokenizerKind) -> None:
    text = "cafe\u0301 the\u0301a\u0302tre\u0301 ﬁnding \u00adfin\u00adest"
    encoded = TRAINED[kind].encode([text], max_tokens=29)
    spans = encoded.word_spans[0]
    assert [text[start:stop].strip("\u00ad") for start, stop in spans] == [
        word.strip("\u00ad") for word in text.split()
    ]


LETTERS = "abt zZéeİßﬁ½'’.,!?-_1２ \t\n\u0301\u00ad\u200b漢😀ﷺ#[]"
TEXT = st.one_of(st.text(alphabet=LETTERS), st.text(), st.sampled_from(CORPUS)).filter(
    lambda text: text.isprintable() or not any("\ud800" <= c <= "\udfff" for c in text)
)


def plain(text: str) -> str:
    """A word as the tokenizer takes it, by Python's own means."""
    text = normalize("NFKC", re.sub("[\u00ad\u200c\u200d\u2060\ufeff]", "", text))
    return re.sub("[\u2018\u2019\u02bc]", "'", text).lower()


@settings(max_examples=300)
@given(kind=st.sampled_from(KINDS), text=TEXT)
@example(kind="bpe", text="x\u00ada\u00ady")
def test_spans_point_into_the_text(kind: TokenizerKind, text: str) -> None:
    encoded = TRAINED[kind].encode([text], max_tokens=10_000)
    spans, words = encoded.spans[0], encoded.words[0]
    if encoded.known[0] == 0 and len(spans) == 1 and spans[0].tolist() == [0, len(text)]:
        return  # one unknown token, perhaps for want of any
    assert (spans[:, 0] >= 0).all()
    assert (spans[:, 0] < spans[:, 1]).all()
    assert (spans[:, 1] <= len(text)).all()
    assert (np.diff(spans, axis=0) >= 0).all()  # in order
    assert words[0] == 0
    assert set(np.diff(words).tolist()) <= {0, 1}
    # Between the tokens there is nothing with a letter or digit, and within a word no gap.
    inside = np.zeros(len(text), dtype=bool)
    for start, stop in spans:
        inside[start:stop] = True
    left = "".join(letter for letter, covered in zip(text, inside, strict=True) if not covered)
    assert not any(letter.isalnum() for letter in left)
    within = np.diff(words) == 0
    assert (spans[1:, 0] <= spans[:-1, 1])[within].all()


SIMPLE = st.lists(
    st.text(alphabet="abtéﬁ２ZİĲ\u0301", min_size=1, max_size=7).filter(
        lambda word: not word.startswith("\u0301")
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=200)
@given(kind=st.sampled_from(KINDS), words=SIMPLE)
def test_spans_of_words_are_the_words(kind: TokenizerKind, words: list[str]) -> None:
    text = "  ".join(words)
    tokenizer = Tokenizer.train([text], kind=kind)
    encoded = tokenizer.encode([text], max_tokens=10_000)
    found = [text[start:stop] for start, stop in encoded.word_spans[0]]
    assert found == words
    pieces: dict[int, str] = {}
    for token, word in zip(encoded.ids[0], encoded.words[0], strict=True):
        assert token > UNKNOWN
        pieces[word] = pieces.get(word, "") + tokenizer.tokens[token].removeprefix("##")
    assert list(pieces.values()) == [plain(word) for word in words]


@settings(max_examples=100)
@given(kind=st.sampled_from(KINDS), texts=st.lists(TEXT, min_size=1, max_size=3))
def test_json_gives_the_same_tokenizer(kind: TokenizerKind, texts: list[str]) -> None:
    tokenizer = TRAINED[kind]
    again = Tokenizer.from_json(tokenizer.to_json())
    assert again.kind == kind
    assert again.tokens == tokenizer.tokens
    ours, theirs = (one.encode(texts, max_tokens=29) for one in (tokenizer, again))
    for name in ("ids", "spans", "words", "sentences"):
        for a, b in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            np.testing.assert_array_equal(a, b)


def test_json_is_the_library_s_own_and_names_no_cut() -> None:
    from tokenizers import Tokenizer as Library

    tokenizer = TRAINED["bpe"]
    tokenizer.encode(CORPUS, max_tokens=2)
    library = Library.from_str(tokenizer.to_json())
    assert library.encode(CORPUS[0]).ids == tokenizer.encode(CORPUS, max_tokens=99).ids[0].tolist()
    assert json.loads(tokenizer.to_json())["truncation"] is None
    assert pickle.loads(pickle.dumps(tokenizer)).tokens == tokenizer.tokens


def damaged(kind: TokenizerKind, change: Any) -> str:
    content = json.loads(TRAINED[kind].to_json())
    change(content["model"])
    return json.dumps(content)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "its JSON cannot be read: Expecting value"),
        (TRAINED["word"].to_json()[:-53], "its JSON cannot be read: "),
        ("null", "its JSON cannot be read: it has no model"),
        ("{}", "its JSON cannot be read: it has no model"),
        (
            damaged("word", lambda model: model["vocab"].update(x=997)),
            "its ids are not consecutive from 0",
        ),
        (
            damaged("word", lambda model: model.update(vocab={"a": 0, "[UNK]": 1, "[PAD]": 2})),
            "wanted '[PAD]' and '[UNK]' as tokens 0 and 1, given ['a', '[UNK]']",
        ),
        (
            damaged("word", lambda model: model.update(unk_token="a")),
            "its unknown token is not '[UNK]'",
        ),
        (
            damaged("bpe", lambda model: model.update(continuing_subword_prefix="######")),
            "its JSON cannot be read: the merge of ",
        ),
        (
            damaged("bpe", lambda model: model["merges"].append(["the", "##thethethe"])),
            "its JSON cannot be read: the merge of 'the' and '##thethethe' is not a token",
        ),
        (
            '{"model": {"type": "Unigram", "unk_id": 1, "vocab": [["[PAD]", 0], ["[UNK]", 0]]}}',
            "its model is 'Unigram'; wanted WordLevel or BPE or WordPiece",
        ),
    ],
)
def test_damaged_json(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Tokenizer.from_json(text)
    assert str(caught.value).startswith(f"tokenizer: {message}")


@settings(max_examples=200)
@given(kind=st.sampled_from(KINDS), at=st.integers(0, 5000), new=st.text('{}[]",:0a', max_size=2))
def test_json_damaged_anywhere_is_refused_or_works(kind: TokenizerKind, at: int, new: str) -> None:
    text = TRAINED[kind].to_json()
    at %= len(text)
    try:
        tokenizer = Tokenizer.from_json(text[:at] + new + text[at + 1 :])
    except ConfigError:
        return
    assert len(tokenizer.encode(CORPUS, max_tokens=5).ids[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "words"}, "kind: no 'words'; did you mean 'word'?"),
        ({"vocabulary": 2}, "vocabulary: wanted a whole number of at least 3, given 2"),
        ({"min_count": 0}, "min_count: wanted a whole number of at least 1, given 0"),
    ],
)
def test_options_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Tokenizer.train(CORPUS, **options)
    assert str(caught.value) == message


def test_what_cannot_be_learned_or_encoded() -> None:
    with pytest.raises(DataError, match=r"^texts: no word occurs at least 97 times \(min_count\)$"):
        Tokenizer.train(CORPUS, min_count=97)
    with pytest.raises(
        DataError, match=r"^texts: no letter occurs at least 997 times \(min_count\)$"
    ):
        Tokenizer.train(CORPUS, kind="bpe", min_count=997)
    with pytest.raises(DataError, match=r"^texts: wanted a list of texts, given a string; write"):
        Tokenizer.train("a b")
    with pytest.raises(DataError, match=r"^texts: wanted a list of texts, given a string; write"):
        TRAINED["word"].encode("a b", max_tokens=3)
    with pytest.raises(ConfigError, match=r"^max_tokens: wanted a whole number of at least 1, giv"):
        TRAINED["word"].encode(["a b"], max_tokens=0)


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0, 1)), min_size=1, max_size=7))
def test_sums_are_kept(words: list[tuple[int, float]]) -> None:
    numbers = np.repeat(np.arange(len(words)), [tokens for tokens, _ in words]).astype(np.int32)
    shares = np.concatenate([np.full(tokens, weight / tokens) for tokens, weight in words])
    weights = np.stack([shares, 3 * shares])  # [2, T]
    summed = sum_to_words(weights, numbers)
    wanted = np.array([weight for _, weight in words])
    np.testing.assert_allclose(summed, [wanted, 3 * wanted], rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(summed.sum(axis=1), weights.sum(axis=1), rtol=1e-12, atol=1e-300)


def test_weights_of_another_length() -> None:
    with pytest.raises(DataError) as caught:
        sum_to_words(np.ones((2, 3)), np.zeros(5, np.int32))
    assert str(caught.value) == ("weights: wanted one for each of 5 tokens, given the shape [2, 3]")


def checked(encoded: Encoded) -> None:
    for at in range(0, len(encoded), 97):
        text, spans, numbers = encoded.texts[at], encoded.spans[at], encoded.sentences[at]
        sentences = sentence_spans(text)
        for (start, stop), number in zip(spans, numbers, strict=True):
            assert sentences[number][0] <= start < stop <= sentences[number][1]


@published
@pytest.mark.parametrize("kind", KINDS)
def test_published_descriptions(kind: TokenizerKind) -> None:
    path = FOLDER / "text" / "fashion.csv"
    texts = read_texts(path, text="description", label="category").texts[::3]
    tokenizer = Tokenizer.train(texts, kind=kind, vocabulary=2999, min_count=2)
    assert tokenizer.size <= 2999
    encoded = tokenizer.encode(texts, max_tokens=10_000)
    assert encoded.truncated == 0
    assert encoded.known.sum() > 0.97 * sum(len(spans) for spans in encoded.word_spans)
    checked(encoded)


@published
def test_published_sentences_are_tokenised_already() -> None:
    texts = read_lines(FOLDER / "text" / "sst2" / "stsa.binary.test").texts
    words = count_words(texts, lowercase=True)
    blanks = Counter(word for text in texts for word in text.lower().split())
    for word in ("n't", "'s", "'ve", "the", ".", ",", "film", "...", "``", "''"):
        # What a hyphen or apostrophe joins there is apart here: "self-help", "'s-style".
        assert blanks[word] <= words[word] <= 1.2 * blanks[word] + 2, word
    checked(Tokenizer.train(texts).encode(texts, max_tokens=61))


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_of_one_character_are_of_one_word(kind: TokenizerKind) -> None:
    """NFKC writes a fraction as three words; the text has one."""
    texts = ["½ film", "Gr¼n 4½ kg", "a ½½ b"]
    tokenizer = Tokenizer.train(texts, kind=kind, vocabulary=60, min_count=1, lowercase=True)
    encoded = tokenizer.encode(texts, max_tokens=100)
    words = [
        [text[start:stop] for start, stop in spans]
        for text, spans in zip(texts, encoded.word_spans, strict=True)
    ]
    assert words == [["½", "film"], ["Gr¼n", "4½", "kg"], ["a", "½½", "b"]]


def test_words_of_n_grams_are_those_of_the_text_in_one_spelling() -> None:
    text = "Ｇｏｏｄ ﬁlm"  # in full width, and with a ligature
    spans = np.array([[0, 2], [2, 4], [5, 8]], np.int32)
    ids, words = np.array([2, 3, 4], np.int32), np.array([0, 0, 1], np.int32)
    encoded = Encoded((text,), [ids], [spans], [words], truncated=0)
    assert words_of(encoded, lowercase=False) == [["Good", "film"]]
    assert words_of(encoded, lowercase=True) == [["good", "film"]]
