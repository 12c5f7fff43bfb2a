"""Texts to tokens: whole words or pieces of them, learned from texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import combining, is_normalized

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_choice, check_count
from regard.errors import ConfigError, DataError
from regard.inputs.text.encoded import PADDING, UNKNOWN, Encoded
from regard.inputs.text.subwords import CONTINUES, learn_subwords
from regard.inputs.text.words import count_words, divider, normalizer

if TYPE_CHECKING:
    from tokenizers import Encoding
    from tokenizers import Tokenizer as Library
    from tokenizers.models import Model

__all__ = ["Tokenizer", "TokenizerKind"]

TokenizerKind = Literal["word", "bpe", "wordpiece"]

_SPECIAL = {"[PAD]": PADDING, "[UNK]": UNKNOWN}
_KINDS: dict[str, TokenizerKind] = {"WordLevel": "word", "BPE": "bpe", "WordPiece": "wordpiece"}
_BATCH = 1024  # texts encoded at once; what the library says of them is not kept


class Tokenizer:
    """Makes texts tokens, and says where in the text each token stands.

    Texts are brought to NFKC, to small letters if wanted, and divided into words (see
    `regard.inputs.text.words`). Of the kind "word" every word is a token; of the kinds "bpe" and
    "wordpiece" frequent words are, and rare ones are made of pieces: "play", "##ing". Id 0 is
    "[PAD]", id 1 "[UNK]", for what the vocabulary lacks. `tokens` lists the vocabulary by id: words
    by frequency, equally frequent ones alphabetically; or letters so, then pieces as they were
    learned, which is by frequency too.

    Example:
        >>> tokenizer = Tokenizer.train(["A fine day.", "a fine, fine mess"])
        >>> tokenizer.tokens
        ['[PAD]', '[UNK]', 'fine', 'a', ',', '.', 'day', 'mess']
        >>> encoded = tokenizer.encode(["What a MESS!"], max_tokens=3)
        >>> encoded.ids[0].tolist(), encoded.known.tolist(), encoded.truncated
        ([1, 3, 7], [2], 1)
        >>> [encoded.texts[0][start:stop] for start, stop in encoded.spans[0]]
        ['What', 'a', 'MESS']
    """

    def __init__(self, library: Library) -> None:
        """Take a tokenizer of the library `tokenizers`; `train` and `from_json` make one."""
        library.no_padding()
        library.no_truncation()
        self._library = library
        by_id = sorted(library.get_vocab().items(), key=lambda item: item[1])
        self.tokens = [token for token, _ in by_id]
        if [number for _, number in by_id] != list(range(len(by_id))):
            raise ConfigError("tokenizer: its ids do not count from 0 without gaps")
        if self.tokens[:2] != list(_SPECIAL):
            raise ConfigError(
                "tokenizer: wanted '[PAD]' and '[UNK]' as its tokens 0 and 1, "
                f"given {self.tokens[:2]}"
            )
        kind = type(library.model).__name__
        if kind not in _KINDS:
            raise ConfigError(
                f"tokenizer: its model is {kind!r}; wanted one of {', '.join(_KINDS)}"
            )
        self.kind = _KINDS[kind]
        if library.model.unk_token != "[UNK]":
            raise ConfigError("tokenizer: its model does not name '[UNK]' as the unknown token")

    @classmethod
    def train(
        cls,
        texts: Sequence[str],
        *,
        kind: TokenizerKind = "word",
        vocabulary: int = 20_000,
        min_count: int = 1,
        lowercase: bool = True,
    ) -> Tokenizer:
        """Learn a vocabulary; the same texts, in any order, always give the same one.

        Parameters:
            texts: The texts to train on.
            kind: "word", or pieces of words: "bpe" puts words together by the merges that were
                learned, letter by letter; "wordpiece" takes the longest piece that fits, again and
                again, and a word with a letter it lacks is unknown as a whole.
            vocabulary: V, the most tokens there may be, the two special ones included.
            min_count: How often a word, or a letter and a pair of pieces, must occur.
            lowercase: Whether to take capital letters for small ones.

        Raises:
            ConfigError: A parameter is out of its range.
            DataError: No word, or letter, occurs often enough.
        """
        from tokenizers import Tokenizer as Library

        check_choice("kind", kind, _KINDS.values())
        check_count("vocabulary", vocabulary, least=len(_SPECIAL) + 1)
        check_count("min_count", min_count, least=1)
        _refuse_one_text(texts)
        counts = count_words(texts, lowercase=lowercase)
        model = _learn(kind, counts, vocabulary - len(_SPECIAL), min_count)
        library = Library(model)
        library.normalizer = normalizer(lowercase=lowercase)
        library.pre_tokenizer = divider()
        return cls(library)

    @classmethod
    def from_json(cls, text: str) -> Tokenizer:
        """Rebuild a tokenizer from what `to_json` gave.

        Raises:
            ConfigError: The text is damaged, or the tokenizer is not of a kind known here.
        """
        from tokenizers import Tokenizer as Library

        try:
            _check_merges(json.loads(text))
            library = Library.from_str(text)
        except Exception as error:  # the library raises no narrower class
            raise ConfigError(f"tokenizer: its JSON cannot be read: {error}") from None
        return cls(library)

    def to_json(self) -> str:
        """The library's own tokenizer.json, which holds all that `from_json` needs."""
        return self._library.to_str()

    @property
    def size(self) -> int:
        """V, the number of tokens, the two special ones included."""
        return len(self.tokens)

    def encode(self, texts: Sequence[str], *, max_tokens: int) -> Encoded:
        """Texts as tokens, cut after so many.

        A text in which nothing is a token becomes one unknown token.

        Parameters:
            texts: B texts.
            max_tokens: The most tokens to keep of a text, its first ones.

        Raises:
            ConfigError: max_tokens is less than 1.
            DataError: One text is given where a list is wanted.
        """
        check_count("max_tokens", max_tokens, least=1)
        _refuse_one_text(texts)
        kept: list[_Row] = []
        truncated = 0
        for start in range(0, len(texts), _BATCH):
            batch = list(texts[start : start + _BATCH])
            found = self._library.encode_batch(batch, add_special_tokens=False)
            truncated += sum(len(one) > max_tokens for one in found)
            kept += _rows(batch, found, max_tokens)
        ids, spans, words = (list(part) for part in zip(*kept, strict=True)) if kept else ([],) * 3
        return Encoded(tuple(texts), ids, spans, words, truncated)


_Row = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


def _rows(texts: list[str], found: list[Encoding], max_tokens: int) -> Iterator[_Row]:
    """Ids [T_b], spans [T_b, 2] and words [T_b] of each text."""
    for text, one in zip(texts, found, strict=True):
        tokens = min(len(one), max_tokens)
        if not tokens:
            unknown, word = np.array([UNKNOWN], np.int32), np.zeros(1, np.int32)
            yield unknown, np.array([[0, len(text)]], np.int32), word
            continue
        ids = np.array(one.ids[:tokens], np.int32)
        flat = np.fromiter(chain.from_iterable(one.offsets[:tokens]), np.int32, 2 * tokens)
        spans, words = flat.reshape(tokens, 2), np.array(one.word_ids[:tokens], np.int32)
        if not text.isascii():
            _cover_marks(text, spans, words)
        yield ids, spans, words


def _cover_marks(text: str, spans: NDArray[np.int32], words: NDArray[np.int32]) -> None:
    """Give accents that NFKC puts into a letter, and what it drops within a word, to a token."""
    stops, starts = spans[:-1, 1], spans[1:, 0]
    np.maximum(stops, starts, out=stops, where=words[:-1] == words[1:])
    if is_normalized("NFC", text):
        return
    for span, following in zip(spans, [*starts, len(text)], strict=True):
        while span[1] < following and combining(text[span[1]]):
            span[1] += 1


def _learn(kind: TokenizerKind, counts: Mapping[str, int], pieces: int, min_count: int) -> Model:
    from tokenizers.models import BPE, WordLevel, WordPiece

    merges: list[tuple[str, str]] = []
    if kind == "word":
        frequent = [word for word, count in counts.items() if count >= min_count]
        learned = sorted(frequent, key=lambda word: (-counts[word], word))[:pieces]
    else:
        learned, merges = learn_subwords(counts, pieces=pieces, min_count=min_count)
    if not learned:
        what = "word" if kind == "word" else "letter"
        raise DataError(f"texts: no {what} occurs {min_count} times (min_count)")
    vocabulary = _SPECIAL | {token: number for number, token in enumerate(learned, len(_SPECIAL))}
    options: dict[str, Any] = {"unk_token": "[UNK]"}
    if kind == "word":
        return WordLevel(vocabulary, **options)
    options["continuing_subword_prefix"] = CONTINUES
    if kind == "wordpiece":
        return WordPiece(vocabulary, **options)
    return BPE(vocabulary, merges, fuse_unk=True, **options)


def _check_merges(parts: Any) -> None:
    """Refuse merges at which the library would panic, that is, print and raise no Exception."""
    model = parts.get("model") if isinstance(parts, dict) else None
    if not isinstance(model, dict):
        raise ValueError("it has no model")
    prefix = model.get("continuing_subword_prefix") or ""
    for first, second in model.get("merges", []):
        if not second.startswith(prefix) or first + second[len(prefix) :] not in model["vocab"]:
            raise ValueError(f"what {first!r} and {second!r} merge to is no token")


def _refuse_one_text(texts: Sequence[str]) -> None:
    if isinstance(texts, str):
        raise DataError("texts: wanted a list of texts, given one; write [text]")
