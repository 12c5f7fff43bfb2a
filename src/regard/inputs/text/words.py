"""How texts are normalised and split into words.

English contractions are split as in the Penn Treebank (don't is do and n't, it's is it and 's), so
that plain texts, tokenised ones and published vectors agree. An apostrophe within other words stays
(o'clock), as do points and commas within numbers (1,000.5). Hyphens split words. Up to three equal
marks are one word (...). Each Chinese or Japanese character is a word. Control characters split
words and are dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers.normalizers import Normalizer
    from tokenizers.pre_tokenizers import PreTokenizer

__all__ = ["count_words", "divider", "normalizer"]

_INVISIBLE = "[\u00ad\u200c\u200d\u2060\ufeff]"  # soft hyphen, joiners, byte order mark
_APOSTROPHES = "[\u2018\u2019\u02bc]"

_END = r"(?![\p{L}\p{N}])"
_CLITIC = rf"'(?i:s|m|d|re|ve|ll){_END}"
_WORD = r"[\p{L}\p{N}_][\p{L}\p{M}\p{N}_]*"
_MARK = r"[^\s\p{L}\p{N}\p{Z}\p{Cc}\p{Cf}_]"
# The first alternative that matches wins.
_PATTERN = "|".join(
    [
        r"[\p{Han}\p{Hiragana}\p{Katakana}]",
        rf"\p{{N}}+(?:[.,]\p{{N}}+)+{_END}",
        rf"\p{{L}}+(?=(?i:n't){_END})",
        rf"(?i:n't){_END}",
        _CLITIC,
        rf"{_WORD}(?:(?!{_CLITIC})'{_WORD})*",
        "#",  # one at a time: ## marks tokens that continue a word
        rf"({_MARK})\1{{0,2}}",
    ]
)


def normalizer(*, lowercase: bool) -> Normalizer:
    """Drops invisible characters, applies NFKC, unifies apostrophes and lowercases if asked."""
    from tokenizers import Regex
    from tokenizers.normalizers import NFKC, Lowercase, Replace, Sequence

    steps = [Replace(Regex(_INVISIBLE), ""), NFKC(), Replace(Regex(_APOSTROPHES), "'")]
    return Sequence([*steps, Lowercase()] if lowercase else steps)


def divider() -> PreTokenizer:
    """Splits a normalised text into words and drops everything between them."""
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Split

    return Split(Regex(_PATTERN), "removed", invert=True)


def count_words(texts: Iterable[str], *, lowercase: bool) -> Counter[str]:
    """Count the occurrences of each normalised word.

    Example:
        >>> sorted(count_words(["Don't! It isn't."], lowercase=True).items())
        [('!', 1), ('.', 1), ('do', 1), ('is', 1), ('it', 1), ("n't", 2)]
    """
    normalise, divide = normalizer(lowercase=lowercase).normalize_str, divider().pre_tokenize_str
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(word for word, _ in divide(normalise(text)))
    return counts
