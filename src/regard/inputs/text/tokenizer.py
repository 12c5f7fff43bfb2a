"""Tokenizers of words or subwords, trained on texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import combining, is_normalized

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_choice, check_count, check_texts
from regard.errors import ConfigError
from regard.inputs.text.encoded import PADDING, UNKNOWN, Encoded
from regard.inputs.text.saved import first_unlike, read_saved
from regard.inputs.text.subwords import CONTINUES, learn_subwords
from regard.inputs.text.words import count_words, divider, normalizer
from regard.tokens.learning import check_learned, most_frequent

if TYPE_CHECKING:
    from tokenizers import Encoding
    from tokenizers import Tokenizer as Library

__all__ = ["Tokenizer", "TokenizerKind"]

TokenizerKind = Literal["word", "bpe", "wordpiece"]

_SPECIAL = {"[PAD]": PADDING, "[UNK]": UNKNOWN}
_KINDS: dict[str, TokenizerKind] = {"WordLevel": "word", "BPE": "bpe", "WordPiece": "wordpiece"}
_BATCH = 1024  # texts encoded at once, to bound the memory of the library's encodings


class Tokenizer:
    """Splits texts into tokens and locates each token in its text.

    Texts are normalised (NFKC), lowercased if asked, and split into words (see
    `regard.inputs.text.words`). For the kind "word" every word is a token. For the kinds "bpe" and
    "wordpiece" frequent words are tokens, and rare ones consist of pieces: "play", "##ing". Id 0 is
    "[PAD]"; id 1 is "[UNK]", for tokens outside the vocabulary. `tokens` lists the vocabulary by
    id: words by frequency, ties alphabetically; or letters in that order, then pieces in the order
    learned.

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
        """Wrap a tokenizer of the library `tokenizers`; use `train` or `from_json` instead."""
        library.no_padding()
        library.no_truncation()
        self._library = library
        by_id = sorted(library.get_vocab().items(), key=lambda item: item[1])
        self.tokens = [token for token, _ in by_id]
        self.kind = _KINDS[type(library.model).__name__]

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
        """Learn a vocabulary. The result does not depend on the order of the texts.

        Parameters:
            texts: The texts to train on.
            kind: "word" for whole words. For subwords, "bpe" applies the learned merges to the
                letters of a word; "wordpiece" repeatedly takes the longest matching piece, and a
                word with an unknown letter becomes a single "[UNK]".
            vocabulary: V, the maximum number of tokens, including the two special ones.
            min_count: Minimum occurrences of a word, or of a letter and of a pair to merge.
            lowercase: Whether to lowercase texts.

        Raises:
            ConfigError: A parameter is out of range.
            DataError: No word, or letter, occurs often enough.
        """
        check_choice("kind", kind, _KINDS.values())
        check_count("vocabulary", vocabulary, least=len(_SPECIAL) + 1)
        check_count("min_count", min_count, least=1)
        check_texts(texts)
        counts = count_words(texts, lowercase=lowercase)
        learned = _learn(kind, counts, vocabulary - len(_SPECIAL), min_count)
        return cls(_library(kind, *learned, lowercase=lowercase))

    @classmethod
    def from_json(cls, text: str) -> Tokenizer:
        """Rebuild a tokenizer from the output of `to_json`.

        Raises:
            ConfigError: The text is damaged, or no tokenizer that this class has written.
        """
        saved = read_saved(text)
        if saved.model not in _KINDS:
            raise ConfigError(
                f"tokenizer: its model is {saved.model!r}; wanted {' or '.join(_KINDS)}"
            )
        tokens = sorted(saved.vocabulary, key=saved.vocabulary.__getitem__)
        if sorted(saved.vocabulary.values()) != list(range(len(tokens))):
            raise ConfigError("tokenizer: its ids are not consecutive from 0")
        if tokens[:2] != list(_SPECIAL):
            raise ConfigError(
                f"tokenizer: wanted '[PAD]' and '[UNK]' as tokens 0 and 1, given {tokens[:2]}"
            )
        if "" in saved.vocabulary:
            raise ConfigError("tokenizer: a token is empty")
        kind = _KINDS[saved.model]
        own = cls(_library(kind, saved.vocabulary, saved.merges, lowercase=saved.lowercase))
        unlike = first_unlike(saved.content, json.loads(own.to_json()))
        if unlike == "model.unk_token":
            raise ConfigError("tokenizer: its unknown token is not '[UNK]'")
        if unlike:
            raise ConfigError(f"tokenizer: its {unlike[:80]} is not what a run folder has")
        return own

    def to_json(self) -> str:
        """The tokenizer.json of the library `tokenizers`."""
        return self._library.to_str()

    @property
    def size(self) -> int:
        """V, the number of tokens, including the two special ones."""
        return len(self.tokens)

    def encode(self, texts: Sequence[str], *, max_tokens: int) -> Encoded:
        """Tokenise texts. A text without any token becomes one unknown token.

        Parameters:
            texts: B texts.
            max_tokens: Longer texts are truncated to this many tokens.

        Raises:
            ConfigError: max_tokens is less than 1.
            DataError: `texts` is a single string.
        """
        check_count("max_tokens", max_tokens, least=1)
        check_texts(texts)
        kept: list[_Row] = []
        truncated = 0
        for start in range(0, len(texts), _BATCH):
            batch = list(texts[start : start + _BATCH])
            found = self._library.encode_batch(batch, add_special_tokens=False)
            truncated += sum(len(one) > max_tokens for one in found)
            kept += [_row(*each, max_tokens) for each in zip(batch, found, strict=True)]
        ids, spans, words = ([row[part] for row in kept] for part in range(3))
        return Encoded(tuple(texts), ids, spans, words, truncated)


_Row = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


def _row(text: str, found: Encoding, max_tokens: int) -> _Row:
    """Ids [T_b], spans [T_b, 2] and words [T_b] of a text."""
    tokens = min(len(found), max_tokens)
    if not tokens:
        span = np.array([[0, len(text)]], np.int32)
        return np.array([UNKNOWN], np.int32), span, np.zeros(1, np.int32)
    ids, words = (np.array(each[:tokens], np.int32) for each in (found.ids, found.word_ids))
    flat = np.fromiter(chain.from_iterable(found.offsets[:tokens]), np.int32, 2 * tokens)
    spans = flat.reshape(tokens, 2)
    if not text.isascii():
        words = _join_shared(spans, words)
        _cover_marks(text, spans, words)
    return ids, spans, words


def _join_shared(spans: NDArray[np.int32], words: NDArray[np.int32]) -> NDArray[np.int32]:
    """The word of each token, one for all that share a character: NFKC divides \u00bd in three."""
    apart = np.diff(words, prepend=-1) > 0
    apart[1:] &= spans[1:, 0] >= np.maximum.accumulate(spans[:-1, 1])
    return (np.cumsum(apart) - 1).astype(np.int32)


def _cover_marks(text: str, spans: NDArray[np.int32], words: NDArray[np.int32]) -> None:
    """Extend spans over combining accents and over characters dropped within a word."""
    stops, starts = spans[:-1, 1], spans[1:, 0]
    np.maximum(stops, starts, out=stops, where=words[:-1] == words[1:])
    if is_normalized("NFC", text):
        return
    for span, following in zip(spans, [*starts, len(text)], strict=True):
        while span[1] < following and combining(text[span[1]]):
            span[1] += 1


def _learn(
    kind: TokenizerKind, counts: Mapping[str, int], pieces: int, min_count: int
) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """The number of each token, and the merges of BPE."""
    merges: list[tuple[str, str]] = []
    if kind == "word":
        learned = most_frequent(counts, size=pieces, min_count=min_count)
    else:
        learned, merges = learn_subwords(counts, pieces=pieces, min_count=min_count)
    check_learned(learned, "word" if kind == "word" else "letter", min_count)
    vocabulary = _SPECIAL | {token: number for number, token in enumerate(learned, len(_SPECIAL))}
    return vocabulary, merges


def _library(
    kind: TokenizerKind,
    vocabulary: dict[str, int],
    merges: list[tuple[str, str]],
    *,
    lowercase: bool,
) -> Library:
    from tokenizers import Tokenizer as Library
    from tokenizers.models import BPE, WordLevel, WordPiece

    options: dict[str, Any] = {"unk_token": "[UNK]"}
    if kind == "word":
        library = Library(WordLevel(vocabulary, **options))
    elif kind == "wordpiece":
        library = Library(WordPiece(vocabulary, continuing_subword_prefix=CONTINUES, **options))
    else:
        options |= {"fuse_unk": True, "continuing_subword_prefix": CONTINUES}
        library = Library(BPE(vocabulary, merges, **options))
    library.normalizer = normalizer(lowercase=lowercase)
    library.pre_tokenizer = divider()
    return library
