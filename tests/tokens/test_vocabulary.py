import gzip
import json
import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args
from unicodedata import normalize

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regard.errors import ConfigError, DataError
from regard.tokens import BEGIN, END, PADDING, UNKNOWN, Tokens, Vocabulary, VocabularyKind

FOLDER = Path(os.environ.get("REGARD_DATA", "."))
KINDS: tuple[VocabularyKind, ...] = get_args(VocabularyKind)
CORPUS = [
    "A dog runs. The dog's small!",
    "Two dogs don't run, and the dogs' owner isn't here.",
    "L'homme à l'écharpe, le 3 mai 1979: Größe 1,85 m?",
    "Le 14 juillet 1789, \u201cvive la nation\u201d; नमस्ते, 漢字 and 👍🏽!",
]
TRAINED = {kind: Vocabulary.train(CORPUS, kind=kind, size=131) for kind in KINDS}

published = pytest.mark.skipif(
    "REGARD_DATA" not in os.environ,
    reason="REGARD_DATA is unset: it names the folder of the published data sets",
)
every_kind = pytest.mark.parametrize("kind", KINDS)


def plain(text: str) -> str:
    """The normal form: NFC, one blank between words."""
    return " ".join(normalize("NFC", text).split())


def pieces(text: str, tokens: Tokens) -> list[str]:
    return [text[start:stop] for start, stop in tokens.spans]


def words_in(text: str) -> list[str]:
    """The words of a text, as the tokens of whole words stand in it."""
    return pieces(text, Vocabulary.train([text], kind="word").encode([text])[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The dog. A dog runs, dog!", "The dog . A dog runs , dog !"),
        ("I don't think it's John's", "I do n't think it 's John 's"),
        ("He CAN\u2019T, we'll: won't", "He CA N\u2019T , we 'll : wo n't"),
        ("l'homme aujourd'hui O'Brien's", "l' homme aujourd' hui O' Brien 's"),
        ("qu\u2019il n'y a pas d'1 euro", "qu\u2019 il n' y a pas d' 1 euro"),
        ("'hi' the dogs' ('s)", "' hi ' the dogs ' ( ' s )"),
        ("3rd MP3 1980's 1,000.5", "3rd MP3 1980 's 1 , 000 . 5"),
        ("03.05.1979 1979-05-03", "03 . 05 . 1979 1979 - 05 - 03"),
        ("wait... what!!!! a_b", "wait ... what !!! ! a _ b"),
        ("[END] \u2581 a\u2581b", "[ END ] \u2581 a \u2581 b"),
        ("Größe naïve नमस्ते привет שלום سلام", "Größe naïve नमस्ते привет שלום سلام"),
        ("漢字かなabc 한국어", "漢 字 か な abc 한국어"),
        ("👍🏽👩\u200d👩\u200d👧x 1\ufe0f\u20e3", "👍🏽 👩\u200d👩\u200d👧 x 1\ufe0f\u20e3"),
    ],
)
def test_words_by_hand(text: str, words: str) -> None:
    assert words_in(text) == words.split(" ")


@every_kind
def test_special_tokens(kind: VocabularyKind) -> None:
    vocabulary = TRAINED[kind]
    assert (PADDING, UNKNOWN, BEGIN, END) == (0, 1, 2, 3)
    assert vocabulary.kind == kind
    assert vocabulary.tokens[:4] == ["[PAD]", "[UNK]", "[BEGIN]", "[END]"]
    assert vocabulary.size == len(vocabulary.tokens) == len(set(vocabulary.tokens)) <= 131
    # What looks like a special token in a text is none.
    text = "[PAD] [UNK] [BEGIN] [END] dog"
    own = Vocabulary.train([text], kind=kind)
    ids = own.encode([text])[0].ids
    assert ids.min() > END
    assert own.decode(ids) == text


@every_kind
def test_a_word_is_the_same_token_wherever_it_stands(kind: VocabularyKind) -> None:
    vocabulary = TRAINED[kind]
    whole, alone = vocabulary.encode(["the dog. The dog runs, dog", "dog"])
    at = [number for number, word in enumerate(vocabulary.words(whole.ids)[0]) if word == "dog"]
    assert len(at) == 3
    found = [whole.ids[whole.words == word].tolist() for word in at]
    if kind == "character":
        found = [ids[1:] for ids in found]  # without the blank
    assert found == [alone.ids.tolist()] * 3


def test_tokens_by_hand() -> None:
    text = "  le  3e  jour,cafe\u0301"

    def tokens(kind: VocabularyKind, size: int) -> tuple[list[str], Tokens]:
        vocabulary = Vocabulary.train([text], kind=kind, size=size)
        found = vocabulary.encode([text])[0]
        return [vocabulary.tokens[token] for token in found.ids], found

    names, found = tokens("word", 100)
    assert names == ["▁le", "▁3e", "▁jour", ",", "café"]
    assert found.spans.tolist() == [[2, 4], [6, 8], [10, 14], [14, 15], [15, 20]]
    assert found.words.tolist() == [0, 1, 2, 3, 4]
    names, found = tokens("character", 100)
    assert names == list("le▁3e▁jour,café")
    assert found.spans[:5].tolist() == [[2, 3], [3, 4], [4, 6], [6, 7], [7, 8]]
    assert found.spans[-2:].tolist() == [[17, 18], [18, 20]]
    assert found.words.tolist() == [0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 4, 4, 4, 4]
    names, found = tokens("bpe", 17)  # with room for letters alone
    assert names == list("▁le▁3e▁jour,café")
    assert found.spans[:4].tolist() == [[2, 2], [2, 3], [3, 4], [6, 6]]
    assert found.words.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 4, 4, 4, 4]


def test_tokens_are_numbered_by_frequency_then_by_code() -> None:
    words = Vocabulary.train(["b c a", "c b d", "c"], kind="word")
    assert words.tokens[4:] == ["▁c", "▁b", "▁a", "▁d"]
    assert Vocabulary.train(["b c a", "c b d", "c"], kind="word", size=7).tokens == words.tokens[:7]
    assert Vocabulary.train(["ba c", "c"], kind="word", min_count=2).tokens[4:] == ["▁c"]
    letters = Vocabulary.train(["bca", "c b d", "c"], kind="character", size=8)
    assert letters.tokens[4:] == ["▁", "c", "b", "a"]
    assert Vocabulary.train(["bca", "cb"], kind="character", min_count=2).tokens[5:] == ["b", "c"]


def byte_pairs(counts: dict[str, int], merges: int, least: int) -> list[str]:
    """Byte pair encoding as Sennrich et al. (2016) write it, algorithm 1, and a rule for ties."""
    words = {tuple(word): count for word, count in counts.items()}
    age = {letter: at for at, letter in enumerate(sorted({x for word in words for x in word}))}
    made: list[str] = []
    for _ in range(merges):
        pairs: Counter[tuple[str, str]] = Counter()
        for symbols, count in words.items():
            for pair in pairwise(symbols):
                pairs[pair] += count
        best = max(pairs.values(), default=0)
        if best < least:
            break
        pair = min((age[a], age[b], a, b) for (a, b), n in pairs.items() if n == best)[2:]
        made.append("".join(pair))
        age.setdefault(made[-1], len(age))
        merged = {}
        for symbols, count in words.items():
            joined: list[str] = []
            for symbol in symbols:
                if joined and (joined[-1], symbol) == pair:
                    joined[-1] += symbol
                else:
                    joined.append(symbol)
            merged[tuple(joined)] = count
        words = merged
    return made


def merged(texts: list[str], **options: Any) -> list[str]:
    """The tokens of more than a letter, with true blanks."""
    tokens = Vocabulary.train(texts, **options).tokens[4:]
    return [token.replace("▁", " ") for token in tokens if len(token) > 1]


def test_merges_are_those_of_the_paper() -> None:
    texts = ["lower lower lowest newer", "newer wider new lowest x3 x3 3x", "lower new (new)"]
    # A word after a blank or a mark, and letters apart from digits.
    counts = {" lower": 3, " lowest": 2, " newer": 2, " wider": 1, " new": 2, "new": 1}
    counts |= {" x": 2, "3": 2, " 3": 1, "x": 1, " (": 1, ")": 1}
    wanted = byte_pairs(counts, 17, least=1)
    letters = len(set("".join(counts)))
    assert len(wanted) == len(set(wanted)) == 17
    assert merged(texts, size=4 + letters + 17) == wanted
    assert merged(texts, size=4 + letters + 5) == wanted[:5]


def test_rare_letters_and_pairs_are_left_out() -> None:
    texts = ["abc abc abd", "éab", "é"]  # d once
    assert merged(texts, min_count=2) == byte_pairs(
        {" abc": 2, " ab": 1, " éab": 1, " é": 1}, 9, least=2
    )
    assert Vocabulary.train(texts, min_count=2).tokens[4:9] == ["▁", "a", "b", "c", "é"]
    assert merged(texts, min_count=3) == ["ab", " ab"]
    # With room for one pair: the letters left out take none.
    assert merged(texts, min_count=2, size=4 + 5 + 1) == ["ab"]
    assert merged(texts, size=4 + 5) == []


@every_kind
def test_training_is_the_same_in_every_process_and_order(kind: VocabularyKind) -> None:
    code = (
        "import sys; from regard.tokens import Vocabulary\n"
        f"sys.stdout.write(Vocabulary.train({CORPUS[::-1]!r}, kind={kind!r}, size=131).to_json())"
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


def test_unknown_characters() -> None:
    def found(kind: VocabularyKind) -> tuple[list[str], str, int]:
        text = "a  dog🦉 runж"
        tokens = TRAINED[kind].encode([text])[0]
        unknown = tokens.spans[tokens.ids == UNKNOWN].tolist()
        return (
            [text[a:b] for a, b in unknown],
            TRAINED[kind].decode(tokens.ids),
            int(tokens.words[-1]),
        )

    assert found("word") == (["a", "🦉", "runж"], "⁇ dog ⁇ ⁇", 3)
    assert found("bpe") == (["🦉", "ж"], "a dog⁇ run⁇", 3)
    assert found("character") == (["🦉", "ж"], "a dog⁇ run⁇", 3)


def test_unknown_neighbours() -> None:
    assert TRAINED["bpe"].encode(["жжж"])[0].ids.tolist() == [4, UNKNOWN]  # a blank, and one
    assert TRAINED["character"].encode(["жжж"])[0].ids.tolist() == [UNKNOWN] * 3


@every_kind
def test_texts_without_tokens(kind: VocabularyKind) -> None:
    found = TRAINED[kind].encode(["", " \n\t\u3000", "dog"])
    for tokens in found[:2]:
        assert (tokens.ids.shape, tokens.spans.shape, tokens.words.shape) == ((0,), (0, 2), (0,))
    assert {part.dtype for tokens in found for part in tokens} == {np.dtype(np.int32)}
    assert TRAINED[kind].encode([]) == []
    assert TRAINED[kind].decode([]) == ""
    words, numbers = TRAINED[kind].words([])
    assert (words, numbers.tolist()) == ([], [])


@every_kind
def test_decoding_stops_at_the_end(kind: VocabularyKind) -> None:
    vocabulary = TRAINED[kind]
    ids = vocabulary.encode(["A dog runs."])[0].ids.tolist()
    assert vocabulary.decode([BEGIN, *ids, END, *ids, PADDING]) == "A dog runs."
    assert vocabulary.decode(np.array([*ids, PADDING, PADDING], np.int16)) == "A dog runs."
    words, numbers = vocabulary.words([*ids, END])
    assert words == ["A", "dog", "runs", ".", "[END]"]
    assert numbers[-1] == 4
    assert vocabulary.words([BEGIN, *ids[:1], END, PADDING, PADDING])[0] == [
        *["[BEGIN]", "A", "[END]", "[PAD]", "[PAD]"]
    ]


def test_words_of_what_no_text_gives() -> None:
    vocabulary = Vocabulary.train(["don't a (b) x"], kind="character")
    ids = {token: number for number, token in enumerate(vocabulary.tokens)}

    def words(tokens: str) -> tuple[list[str], list[int]]:
        found, numbers = vocabulary.words([ids.get(token, UNKNOWN) for token in tokens])
        return found, numbers.tolist()

    assert words("▁▁a▁▁b▁") == (["a", "b"], [0, 0, 0, 1, 1, 1, 1])
    assert words("▁") == ([""], [0])
    assert words("a?b(?") == (["a⁇b", "(", "⁇"], [0, 0, 0, 1, 2])
    # A token is of one word, even if a word ends within it.
    whole = Vocabulary.train(["don (t) 'tis"], kind="word")
    ids = {token: number for number, token in enumerate(whole.tokens)}
    assert whole.words([ids["▁don"], UNKNOWN, ids["t"]])[0] == ["don", "⁇t"]


ODD = "abn t'’.!12é\u0301\u0323\u200d\u2581⁇ \u00a0\n\x1f漢か\u1100\u1161👍🏽שא\ud800"
TEXT = st.one_of(st.text(alphabet=ODD), st.text(), st.sampled_from(CORPUS))


@settings(max_examples=100)
@given(kind=st.sampled_from(KINDS), size=st.integers(30, 999), texts=st.lists(TEXT, min_size=1))
@example(kind="bpe", size=99, texts=["\u2581a a\u2581 \u2581", "⁇a"])
@example(kind="character", size=99, texts=["e\u0301\u0323 \u0301", "\u1100\u1161\u11a8"])
def test_decoding_gives_the_text_back(kind: VocabularyKind, size: int, texts: list[str]) -> None:
    texts = [*texts, "a dog's"]
    vocabulary = Vocabulary.train(texts, kind=kind, size=size)
    for text, tokens in zip(texts, vocabulary.encode(texts), strict=True):
        starts, stops = tokens.spans.T
        assert (np.diff(starts) >= 0).all()
        assert (np.diff(stops) >= 0).all()
        assert ((starts >= 0) & (starts <= stops) & (stops <= len(text))).all()
        assert set(np.diff(tokens.words, prepend=-1).tolist()) <= {0, 1}
        if UNKNOWN in tokens.ids:
            continue
        form = plain("".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text))
        assert vocabulary.decode(tokens.ids) == form
        words, numbers = vocabulary.words(tokens.ids)
        np.testing.assert_array_equal(numbers, tokens.words)
        assert "".join(words) == form.replace(" ", "")
        for number, word in enumerate(words):
            own = tokens.spans[numbers == number]
            if "\ud800" not in text:
                assert plain(text[own[:, 0].min() : own[:, 1].max()]) == word


@settings(max_examples=200)
@given(kind=st.sampled_from(KINDS), data=st.data())
def test_any_tokens_have_text_and_words(kind: VocabularyKind, data: st.DataObject) -> None:
    vocabulary = TRAINED[kind]
    ids = data.draw(st.lists(st.integers(0, vocabulary.size - 1), max_size=23))
    text = vocabulary.decode(ids)
    assert text == plain(text)
    words, numbers = vocabulary.words(ids)
    assert numbers.shape == (len(ids),)
    assert numbers.tolist() == sorted(numbers)
    assert set(numbers.tolist()) == set(range(len(words)))


def test_more_texts_than_one_batch() -> None:
    texts = [f"the{' dog' * (at % 7)}" for at in range(2311)]
    found = TRAINED["word"].encode(texts)
    assert [len(tokens.ids) for tokens in found] == [1 + at % 7 for at in range(2311)]


@every_kind
def test_json_gives_the_same_vocabulary(kind: VocabularyKind) -> None:
    vocabulary = TRAINED[kind]
    text = vocabulary.to_json()
    for again in (Vocabulary.from_json(text), pickle.loads(pickle.dumps(vocabulary))):
        assert (again.kind, again.tokens, again.to_json()) == (kind, vocabulary.tokens, text)
        for ours, theirs in zip(vocabulary.encode(CORPUS), again.encode(CORPUS), strict=True):
            for a, b in zip(ours, theirs, strict=True):
                np.testing.assert_array_equal(a, b)


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    parts = json.loads(TRAINED["bpe"].to_json())
    change(parts)
    return json.dumps(parts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expecting value"),
        ("[" * 100_000, "nests more than 32 deep"),
        ("[]", "wanted the keys 'kind', 'tokens' and 'merges'"),
        (changed(lambda parts: parts.pop("merges")), "wanted the keys"),
        (changed(lambda parts: parts.update(kind="wordpiece")), "no kind 'wordpiece'"),
        (changed(lambda parts: parts.update(kind=[])), r"no kind \[\]"),
        (changed(lambda parts: parts.update(tokens={"a": 1})), "its tokens are not a list of"),
        (changed(lambda parts: parts["tokens"].append(7)), "its tokens are not a list of"),
        (changed(lambda parts: parts["tokens"].append("")), "a token is empty or occurs twice"),
        (changed(lambda parts: parts["tokens"].append("[END]")), "a token is empty or occurs tw"),
        (changed(lambda parts: parts["tokens"].append(" ")), "a token is empty or occurs twice"),
        (changed(lambda parts: parts["tokens"].append("\ud800")), "surrogates not allowed"),
        (changed(lambda parts: parts["tokens"].pop(0)), "the merge .* is not"),
        (changed(lambda parts: parts.update(merges=3)), "its merges are not a list"),
        (changed(lambda parts: parts["merges"].append("ab")), "'ab' is not of two tokens"),
        (changed(lambda parts: parts["merges"].append(["a", ["b"]])), "is not of two tokens"),
        (changed(lambda parts: parts["merges"].append(["a", "€"])), "is not of two tokens"),
        (changed(lambda parts: parts["merges"].append(["?", "?"])), "'\\?' and '\\?' is not a tok"),
    ],
)
def test_damaged_json(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^vocabulary: its JSON cannot be read: .*{message}"):
        Vocabulary.from_json(text)


def test_what_cannot_be_learned_or_encoded() -> None:
    def refused(**options: Any) -> str:
        with pytest.raises(ConfigError) as caught:
            Vocabulary.train(CORPUS, **options)
        return str(caught.value)

    assert refused(kind="words") == "kind: no 'words'; did you mean 'word'?"
    assert refused(size=5) == "size: wanted a whole number of at least 6, given 5"
    assert refused(min_count=0) == "min_count: wanted a whole number of at least 1, given 0"
    for kind, unit in (("word", "word"), ("bpe", "letter"), ("character", "letter")):
        message = rf"^texts: no {unit} occurs at least 997 times \(min_count\)$"
        with pytest.raises(DataError, match=message):
            Vocabulary.train(CORPUS, kind=kind, min_count=997)  # type: ignore[arg-type]
    message = r"^texts: wanted a list of texts, given a string; write \[text\]$"
    with pytest.raises(DataError, match=message):
        Vocabulary.train("a b")
    with pytest.raises(DataError, match=message):
        TRAINED["word"].encode("a b")


def lines(name: str) -> list[str]:
    with gzip.open(FOLDER / "pairs" / name, "rt", encoding="utf-8", newline="\n") as file:
        return file.read().splitlines()


@published
@every_kind
def test_published_pairs(kind: VocabularyKind) -> None:
    texts = [line for part in ("en", "de", "fr") for line in lines(f"multi30k/val.{part}.gz")[::4]]
    texts += [side for row in lines("tatoeba/fra.txt.gz")[::251] for side in row.split("\t")[:2]]
    vocabulary = Vocabulary.train(texts, kind=kind, size=5000 if kind == "bpe" else 50_000)
    for text, tokens in zip(texts, vocabulary.encode(texts), strict=True):
        assert vocabulary.decode(tokens.ids) == plain(text)
        words, numbers = vocabulary.words(tokens.ids)
        np.testing.assert_array_equal(numbers, tokens.words)
        assert " ".join(words).split(" ") == words
        own = [vocabulary.tokens[token].replace("▁", "") for token in tokens.ids]
        if normalize("NFC", text) == text and kind != "character":
            assert pieces(text, tokens) == own
