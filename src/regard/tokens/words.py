"""How a normalised text is split into words, each with the blank before it.

A word is a run of letters and digits, or up to three equal marks (...). English contractions are
split as in the Penn Treebank (do n't, it 's); another apostrophe between letters ends its word
(l' homme). Each Chinese or Japanese character is a word. Combining characters, and the parts of an
emoji, belong to the mark before them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers.pre_tokenizers import PreTokenizer

__all__ = ["divider", "finer_divider"]

_CHARACTER = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
_LETTER = r"[\p{L}\p{N}&&[^\p{Han}\p{Hiragana}\p{Katakana}]]"
_WITHIN = r"[\p{L}\p{N}\p{M}\x{AD}\x{200C}\x{200D}\x{2060}&&[^\p{Han}\p{Hiragana}\p{Katakana}]]"
_RUN = rf"{_LETTER}{_WITHIN}*"
_MARK = r"[^ \p{L}\p{N}]"
_APOSTROPHE = r"['\x{2019}]"
_END = r"(?![\p{L}\p{N}])"
_NOT = rf"(?i:n){_APOSTROPHE}(?i:t){_END}"
_CLITIC = rf"{_APOSTROPHE}(?i:s|m|d|re|ve|ll){_END}"
# The first alternative that matches wins.
_WORD = "|".join(
    [
        rf" ?{_CHARACTER}\p{{M}}*",
        rf" ?{_RUN}(?={_NOT})",
        rf" ?{_NOT}",
        rf"(?<=[\p{{L}}\p{{N}}\p{{M}}]){_CLITIC}",
        rf" ?{_RUN}(?:(?!{_CLITIC}){_APOSTROPHE}(?={_LETTER}))?",
        rf" ?({_MARK})\1{{0,2}}(?:[\p{{M}}\x{{1F3FB}}-\x{{1F3FF}}]|\x{{200D}}{_MARK})*",
    ]
)


def divider() -> PreTokenizer:
    """Splits a normalised text into words; nothing is dropped."""
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Split

    return Split(Regex(_WORD), "isolated")


def finer_divider() -> PreTokenizer:
    """Splits words further between letters and digits."""
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Sequence, Split

    digits = Split(Regex(r" ?\p{N}[\p{N}\p{M}]*"), "isolated")
    return Sequence([divider(), digits])
