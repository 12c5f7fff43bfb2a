"""A vocabulary: texts become tokens, and tokens become ordinary text again."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.checks import check_choice, check_count, check_texts
from regard.errors import ConfigError
from regard.tokens.learning import check_learned, learn_letters, learn_merges, learn_words
from regard.tokens.normal import normalise, origins
from regard.tokens.saved import VocabularyKind, read_vocabulary
from regard.tokens.special import BEGIN, END, PADDING, SPECIAL, UNKNOWN
from regard.tokens.words import divider

if TYPE_CHECKING:
    from tokenizers import Encoding
    from tokenizers import Tokenizer as Library

__all__ = ["Tokens", "Vocabulary"]

_BLANK = "\u2581"  # how a blank is shown in `Vocabulary.tokens`
_UNKNOWN = "\u2047"  # how an unknown token is decoded
_WITHOUT_TEXT = {PADDING, BEGIN, END}
_CLINGING = {*"([{<\"'«„“‘¿¡-–—/\\_@#$€£"}  # no blank between these and a word that is copied
_BATCH = 1024  # texts encoded at once, to bound the memory of the library's encodings


class Tokens(NamedTuple):
    """The T tokens of a text.

    Attributes:
        ids: [T] int32, the number of each token in the vocabulary.
        spans: [T, 2] int32, the half-open (start, stop) characters of each token in the text as it
            was given, without the blank before it. The span of a token that is only a blank is
            empty; for the kind "character" it is that of the white space.
        words: [T] int32, the number of the word that each token belongs to, from 0. The blank
            before a word belongs to it.
    """

    ids: NDArray[np.int32]
    spans: NDArray[np.int32]
    words: NDArray[np.int32]


class Vocabulary:
    """Turns texts into tokens and back.

    Texts are normalised to NFC, with one blank for each run of white space. Nothing else is
    changed, and decoding returns the normalised text exactly, except for unknown tokens. A token
    includes the blank before it, shown as U+2581. The first token starts with a blank too, so that
    a word is the same token at the start of a text and within it. No token spans two words (see
    `regard.tokens.words`).

    `tokens` lists the vocabulary by id: after the special tokens, words by frequency; or the blank,
    letters by frequency, then merged pairs in the order learned. Ties are broken by code point.

    Example:
        >>> vocabulary = Vocabulary.train(["A dog runs.", "The dog!"], kind="word")
        >>> vocabulary.tokens[4:]
        ['▁dog', '▁A', '▁The', '▁runs', '!', '.']
        >>> tokens = vocabulary.encode(["The cat runs."])[0]
        >>> tokens.ids.tolist(), tokens.spans.tolist()
        ([6, 1, 7, 9], [[0, 3], [4, 7], [8, 12], [12, 13]])
        >>> vocabulary.decode(tokens.ids)
        'The ⁇ runs.'
    """

    def __init__(
        self,
        kind: VocabularyKind,
        learned: Sequence[str],
        merges: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Wrap what was learned; use `train` or `from_json` instead."""
        self.kind = kind
        self._texts = ["", _UNKNOWN, "", "", *learned]
        if kind == "word":
            self._texts[UNKNOWN] = f" {_UNKNOWN}"
        self.tokens = [*SPECIAL, *(token.replace(" ", _BLANK) for token in learned)]
        self._merges = list(merges)
        self._library = _library(kind, [*SPECIAL, *learned], self._merges)

    @classmethod
    def train(
        cls,
        texts: Sequence[str],
        *,
        kind: VocabularyKind = "bpe",
        size: int = 10_000,
        min_count: int = 1,
    ) -> Vocabulary:
        """Learn a vocabulary. The result does not depend on the order of the texts.

        Parameters:
            texts: The texts to train on.
            kind: "bpe" for subwords by byte pair encoding, which merges frequent pairs within a
                word, but never a letter with a digit; "word"; or "character", where the blank is
                a token of its own.
            size: V, the maximum number of tokens, including the four special ones.
            min_count: Minimum occurrences of a word, or of a letter and of a pair to merge.

        Raises:
            ConfigError: A parameter is out of range.
            DataError: No word, or letter, occurs often enough.
        """
        check_choice("kind", kind, get_args(VocabularyKind))
        check_count("size", size, least=len(SPECIAL) + 2)  # a blank and a letter
        check_count("min_count", min_count, least=1)
        check_texts(texts)
        marked = [_marked(normalise(text)) for text in texts]
        room = size - len(SPECIAL)
        if kind == "word":
            words = learn_words(marked, size=room, min_count=min_count)
            check_learned(words, "word", min_count)
            return cls(kind, words)
        letters = learn_letters(marked, size=room - 1, min_count=min_count)
        check_learned(letters, "letter", min_count)
        learned = [" ", *letters]
        if kind == "character":
            return cls(kind, learned)
        merges = learn_merges(marked, size=room - len(learned), min_count=min_count)
        # Two merges may give the same token.
        known = dict.fromkeys([*learned, *(first + second for first, second in merges)])
        return cls(kind, list(known), merges)

    @classmethod
    def from_json(cls, text: str) -> Vocabulary:
        """Rebuild a vocabulary from the output of `to_json`.

        Raises:
            ConfigError: The text is damaged.
        """
        try:
            return cls(*read_vocabulary(text))
        except ValueError as error:
            raise ConfigError(f"vocabulary: its JSON cannot be read: {error}") from None

    def to_json(self) -> str:
        """The kind, the tokens in the order of their ids, with true blanks, and the merges."""
        tokens = self._texts[len(SPECIAL) :]
        parts = {"kind": self.kind, "tokens": tokens, "merges": self._merges}
        return json.dumps(parts, ensure_ascii=False)

    @property
    def size(self) -> int:
        """V, the number of tokens, including the four special ones."""
        return len(self._texts)

    @property
    def merges(self) -> dict[tuple[int, int], int]:
        """The pairs of tokens that BPE merges, and the token of each, in the order learned."""
        numbers = {text: number for number, text in enumerate(self._texts)}
        return {
            (numbers[first], numbers[second]): numbers[first + second]
            for first, second in self._merges
        }

    def encode(self, texts: Sequence[str]) -> list[Tokens]:
        """Tokenise texts, without "[BEGIN]" and "[END]". Empty texts have no tokens.

        Raises:
            DataError: `texts` is a single string.
        """
        check_texts(texts)
        return list(chain.from_iterable(map(self._encode, _batches(texts))))

    def decode(self, ids: ArrayLike, beyond: Sequence[str] = ()) -> str:
        """The normalised text of tokens [T] up to the first "[END]"; unknown tokens are "⁇".

        Parameters:
            ids: Numbers of the tokens.
            beyond: Texts of the tokens V, V + 1 and so on, see `texts_beyond`; those without one
                are "⁇0", "⁇1" and so on. Where tokens are words, there is a blank before them
                unless they follow an opening mark, a hyphen, a slash or an apostrophe.
        """
        numbers = _numbers(ids)
        if END in numbers:
            numbers = numbers[: numbers.index(END)]
        return normalise("".join(self._parts(numbers, beyond)))

    def _parts(self, numbers: Sequence[int], beyond: Sequence[str]) -> list[str]:
        """The text of each token, with the blank before it."""
        parts: list[str] = []
        for number in numbers:
            if number < self.size:
                parts.append(self._texts[number])
                continue
            at = number - self.size
            own = beyond[at] if at < len(beyond) else f"{_UNKNOWN}{at}"
            before = parts[-1][-1:] if parts else ""
            blank = self.kind == "word" and before not in _CLINGING
            parts.append(f" {own}" if blank else own)
        return parts

    def words(
        self, ids: ArrayLike, beyond: Sequence[str] = ()
    ) -> tuple[list[str], NDArray[np.int32]]:
        """The words that tokens [T] make, and the number of the word of each token, [T].

        "[END]", "[PAD]" and "[BEGIN]" are words of their own. Parameters are those of `decode`.

        Example:
            >>> vocabulary = Vocabulary.train(["A dog."], kind="character")
            >>> words, numbers = vocabulary.words([*vocabulary.encode(["A dog."])[0].ids, END])
            >>> words, numbers.tolist()
            (['A', 'dog', '.', '[END]'], [0, 1, 1, 1, 1, 2, 3])
        """
        words: list[str] = []
        numbers: list[int] = []
        for special, group in groupby(_numbers(ids), lambda number: number in _WITHOUT_TEXT):
            run = list(group)
            if special:
                found, own = [SPECIAL[number] for number in run], list(range(len(run)))
            else:
                found, own = self._words(run, beyond)
            numbers += [len(words) + number for number in own]
            words += found
        return words, np.array(numbers, np.int32)

    def _words(self, ids: list[int], beyond: Sequence[str]) -> tuple[list[str], list[int]]:
        """As `words`, of tokens that are not special."""
        parts = self._parts(ids, beyond)
        text, stops = "".join(parts), list(accumulate(map(len, parts)))
        # An unknown token counts as a letter; a "⁇" in a text is a mark.
        letter = self._texts[UNKNOWN].replace(_UNKNOWN, "x")
        like = "".join(
            [letter if at == UNKNOWN else part for at, part in zip(ids, parts, strict=True)]
        )
        pieces = self._library.pre_tokenizer.pre_tokenize_str(like)
        # A token is of one word, and a blank at the end is of the last.
        ends = {stop for piece, (_, stop) in pieces if piece != " "}
        bounds = [stop for stop in stops if stop in ends]
        bounds[-1:] = [len(text)]
        words = [text[start:stop].strip() for start, stop in pairwise([0, *bounds])]
        return words, [bisect_left(bounds, stop) for stop in stops]

    def _encode(self, texts: Sequence[str]) -> Iterator[Tokens]:
        normal = [normalise(text) for text in texts]
        prefix = self.kind != "character"
        marked = [_marked(text) for text in normal] if prefix else normal
        encodings = self._library.encode_batch(marked, add_special_tokens=False)
        for text, form, given, found in zip(texts, normal, marked, encodings, strict=True):
            spans = _spans(given, found, prefix=prefix)
            if form != text:
                spans = _in_original(spans, origins(text))
            yield Tokens(np.array(found.ids, np.int32), spans, np.array(found.word_ids, np.int32))


def _library(kind: VocabularyKind, tokens: Sequence[str], merges: list[tuple[str, str]]) -> Library:
    from tokenizers import Tokenizer as Library
    from tokenizers.models import BPE, WordLevel

    numbers = {token: number for number, token in enumerate(tokens)}
    if kind == "word":
        library = Library(WordLevel(numbers, unk_token="[UNK]"))
    else:
        library = Library(BPE(numbers, merges, unk_token="[UNK]", fuse_unk=kind == "bpe"))
    library.pre_tokenizer = divider()
    return library


def _spans(text: str, found: Encoding, *, prefix: bool) -> NDArray[np.int32]:
    """[T, 2] of the tokens in the normal form, of which `text` may start with a blank more."""
    spans = np.fromiter(chain.from_iterable(found.offsets), np.int32, 2 * len(found))
    spans = spans.reshape(-1, 2)
    if prefix and len(spans):
        codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
        spans[:, 0] += codes[spans[:, 0]] == ord(" ")
        spans -= 1
    return spans


def _in_original(spans: NDArray[np.int32], characters: NDArray[np.int32]) -> NDArray[np.int32]:
    """Spans in the text as given, from those in its normal form."""
    if not len(spans):
        return spans
    starts = characters[spans[:, 0], 0]
    stops = characters[np.maximum(spans[:, 1] - 1, 0), 1]
    return np.stack([starts, np.where(spans[:, 0] < spans[:, 1], stops, starts)], axis=1)


def _marked(text: str) -> str:
    """A text with a blank before its first word too."""
    return f" {text}" if text else text


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH))


def _numbers(ids: ArrayLike) -> list[int]:
    return [int(number) for number in np.asarray(ids, np.int64)]
