"""Mistakes of generated texts, by kinds that the text alone shows."""

import re
from collections.abc import Callable, Sequence
from string import punctuation
from typing import Any, NamedTuple

from regard.errors import DataError

__all__ = ["mistakes"]

_SHORT = 0.7  # of the longer one's characters
_REPEATED = 4  # words of the longest n-gram that is looked for
_SHOWN = 5  # examples of a kind
_UNKNOWN = "⁇"
_MARKS = punctuation + "…„“”‘’«»‹›¿¡–—"


class _Case(NamedTuple):
    predicted: str
    reference: str
    source: str
    known: frozenset[str]  # the words of all references


def mistakes(
    predicted: Sequence[str], references: Sequence[str], sources: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """How many texts have which kind of mistake. A text may have several, or none that shows.

    Words are what white space separates, in lower case, without punctuation around them.

    - empty: no characters, and the reference has some; counted as nothing else;
    - too short: less than 0.7 of the reference's characters;
    - too long: the reference has less than 0.7 of its characters;
    - repeated: one to four words follow directly after themselves, more often than in the
      reference;
    - untranslated: has a word of its source that no reference has; only with sources;
    - unknown token: has "⁇", and the reference has not;
    - wrong number: its numbers in digits are not those of the reference, in any order.

    Parameters:
        predicted: [B] texts.
        references: [B] texts.
        sources: [B] texts in another language; None leaves out what needs them.

    Returns:
        A row for each kind, for JSON: kind, means (the definition), cases (how many), examples (the
        positions of the first five).

    Raises:
        DataError: unequal numbers of texts.

    >>> found = mistakes(["der der dog"], ["der Hund"], ["the dog"])
    >>> [row["kind"] for row in found if row["cases"]]
    ['repeated', 'untranslated']
    """
    given = {"references": references} | ({} if sources is None else {"sources": sources})
    for name, texts in given.items():
        if len(texts) != len(predicted):
            raise DataError(
                f"{name}: wanted one for each of {len(predicted)} predictions, given {len(texts)}"
            )
    known = frozenset(word for text in references for word in _words(text))
    cases = [
        _Case(predicted[n], references[n], "" if sources is None else sources[n], known)
        for n in range(len(predicted))
    ]
    positions: dict[str, list[int]] = {kind: [] for kind in _KINDS}
    for n, case in enumerate(cases):
        for kind, (_, has) in _KINDS.items():
            if has(case):
                positions[kind].append(n)
                if kind == "empty":
                    break
    return [
        {
            "kind": kind,
            "means": means,
            "cases": len(positions[kind]),
            "examples": positions[kind][:_SHOWN],
        }
        for kind, (means, _) in _KINDS.items()
        if kind != "untranslated" or sources is not None
    ]


def _words(text: str) -> list[str]:
    """Those of a text in lower case; a word of punctuation alone stays."""
    return [word.strip(_MARKS) or word for word in text.lower().split()]


def _empty(case: _Case) -> bool:
    return not case.predicted.strip() and bool(case.reference.strip())


def _shorter(text: str, other: str) -> bool:
    """Whether a text has less than `_SHORT` of the characters of another, without white space."""
    return len("".join(text.split())) < _SHORT * len("".join(other.split()))


def _repetitions(text: str, n: int) -> int:
    """How often n words stand directly after themselves."""
    words = _words(text)
    return sum(words[k : k + n] == words[k + n : k + 2 * n] for k in range(len(words) - 2 * n + 1))


def _repeated(case: _Case) -> bool:
    return any(
        _repetitions(case.predicted, n) > _repetitions(case.reference, n)
        for n in range(1, _REPEATED + 1)
    )


def _untranslated(case: _Case) -> bool:
    copied = set(_words(case.predicted)) & set(_words(case.source)) - case.known
    return any(character.isalpha() for word in copied for character in word)


def _numbers(text: str) -> list[str]:
    return sorted(re.findall(r"\d+", text))


_KINDS: dict[str, tuple[str, Callable[[_Case], bool]]] = {
    "empty": ("no text", _empty),
    "too short": (
        f"less than {_SHORT} of the reference's characters",
        lambda case: _shorter(case.predicted, case.reference),
    ),
    "too long": (
        f"the reference has less than {_SHORT} of its characters",
        lambda case: _shorter(case.reference, case.predicted),
    ),
    "repeated": (
        "words follow directly after themselves, more often than in the reference",
        _repeated,
    ),
    "untranslated": ("a word of the source that no reference has", _untranslated),
    "unknown token": (
        f"{_UNKNOWN}, which the reference does not have",
        lambda case: _UNKNOWN in case.predicted and _UNKNOWN not in case.reference,
    ),
    "wrong number": (
        "other numbers in digits than the reference",
        lambda case: _numbers(case.predicted) != _numbers(case.reference),
    ),
}
