"""Sentence boundaries, from punctuation alone."""

import re

__all__ = ["is_question", "sentence_spans"]

# Latin and full-width, Arabic, Greek, Ethiopic, and with another mark.
_QUESTION_MARKS = "?？؟\u037e፧⁇⁈⁉‽"

# The look-behind avoids quadratic time on long runs of marks.
_END = re.compile(
    r"""(?P<mark>(?<![.!?…؟])[.!?…؟]++)["'”’»)\]}]*+(?=\s)|[。！？]++[」』”’）]*+|[\n\r\u2028\u2029]"""
)

_ABBREVIATION = re.compile(
    "mrs?|ms|dr|prof|st|vs|viz|cf|figs?|eq|ca|dept|gen|gov|rep|sen|capt|col|lt|sgt|rev|hon|mt|"
    "jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|mme|mlle|bzw"
)
# These may also end a sentence, depending on what follows.
_BEFORE_SMALL = re.compile("etc|inc|ltd|corp?|jr|sr|al|approx")
_BEFORE_NUMBER = re.compile("nos?|nr|pp?|vol|ch|sec|art")

_INITIALS = re.compile(r"[A-Z]|(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}")
_LONGEST = 20  # characters examined before and after a full stop


def is_question(text: str) -> bool:
    """Whether a text ends with a question mark, in whatever script, and what may follow it.

    >>> is_question("Where is Anna?"), is_question("「どこですか？」"), is_question("Why? No")
    (True, True, False)
    """
    for character in reversed(text):
        if character in _QUESTION_MARKS or character.isalnum():
            return not character.isalnum()
    return False


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The half-open (start, stop) characters of each sentence, without surrounding blanks.

    A sentence ends at a newline, and after . ! ? ؟ or … (and closing quotes and brackets) followed
    by a blank, except after initials and common abbreviations. A part without a letter or digit
    belongs to the sentence before it.

    Parameters:
        text: In any language; it may be tokenised already ("it works .").

    Returns:
        At least one span, in order; a text without marks is one sentence.

    Example:
        >>> text = "Dr. No paid $3.5 (or less). Why? No idea"
        >>> [text[start:stop] for start, stop in sentence_spans(text)]
        ['Dr. No paid $3.5 (or less).', 'Why?', 'No idea']
    """
    ends: list[int] = []
    for found in _END.finditer(text):
        if found["mark"] != "." or not _abbreviates(text, ends, found):
            ends.append(found.end())
    spans: list[tuple[int, int]] = []
    start = 0
    for stop in (*ends, len(text)):
        part = text[start:stop]
        words = part.strip()
        if words:
            begin = start + len(part) - len(part.lstrip())
            if spans and not any(character.isalnum() for character in words):
                begin = spans.pop()[0]
            spans.append((begin, start + len(part.rstrip())))
        start = stop
    return spans or [(0, len(text))]


def _abbreviates(text: str, ends: list[int], found: re.Match[str]) -> bool:
    """Whether a full stop belongs to an abbreviation, initial or list number."""
    at = found.start()
    begin = max(ends[-1] if ends else 0, at - _LONGEST)
    before = text[begin:at]
    if not before or before[-1].isspace():
        return False
    word = before.split()[-1].lstrip("([{\"'“‘«")
    following = text[found.end() : found.end() + _LONGEST].lstrip()[:1]
    if word.isdigit():  # "1. First" is a list number, "in 1999. Then" ends a sentence
        return before.split() == [word] and begin != at - _LONGEST
    small = word.lower()
    return bool(
        _ABBREVIATION.fullmatch(small)
        or _INITIALS.fullmatch(word)
        or (_BEFORE_SMALL.fullmatch(small) and not following.isupper())
        or (_BEFORE_NUMBER.fullmatch(small) and following.isdigit())
    )
