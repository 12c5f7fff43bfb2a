"""Requests with names that occur nowhere else, to be written as a short subject.

    Could you please send the report to Ms Kelun today? Regards, Robis   ->  report for Kelun

A model that writes words of its training part alone cannot write the name: it has to be copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from regard.checks import check_count
from regard.errors import ConfigError
from regard.inputs.text.texts import Texts

__all__ = ["requests"]

_T = TypeVar("_T")

_FORMS = (
    ("Could you please send the {thing} to {title} {name} {when}?", "{thing} for {name}"),
    ("{title} {name} asks for the {thing}; please send it {when}.", "{thing} for {name}"),
    ("The {thing} goes to {title} {name}, {when} if possible.", "{thing} for {name}"),
    ("Please call {title} {name} about the {thing} {when}.", "call {name} about the {thing}"),
    ("{title} {name} expects a call {when} about the {thing}.", "call {name} about the {thing}"),
    ("We discuss the {thing} with {title} {name} {when}.", "{thing} : meeting with {name}"),
    ("{title} {name} comes {when} to discuss the {thing}.", "{thing} : meeting with {name}"),
)
_WORDS = {
    "thing": [
        "report",
        "invoice",
        "contract",
        "offer",
        "plan",
        "budget",
        "schedule",
        "proposal",
        "agenda",
        "summary",
    ],
    "title": ["Ms", "Mr", "Dr"],
    "when": [
        "today",
        "tomorrow",
        "on Monday",
        "on Friday",
        "next week",
        "before noon",
        "by ten o'clock",
    ],
}
_BEFORE = ("", "Good morning. ", "Dear all, ", "I am away until Monday. ", "A short note. ")
_ENDINGS = ("", " Regards, {other}", " Thank you, {other}", " {other} asked me to tell you.")
_ONSETS, _VOWELS, _CODAS = "bdfghklmnprstvz", "aeiou", ("", *"lmnrst")
_MOST = 200_000  # names; about half of those that there are


def requests(*, cases: int = 3_000, seed: int = 0) -> Texts:
    """Requests, each with a name that no other has, and a subject with this name for each.

    Many end with a second name, which the subject does not have.

    Parameters:
        cases: B.
        seed: random seed.

    Returns:
        B texts, their subjects as labels, and as links the characters of the name in both.

    Raises:
        ConfigError: a parameter is out of range.

    Example:
        >>> found = requests(cases=2)
        >>> for text in found.texts:
        ...     print(text)
        We discuss the invoice with Ms Piheba by ten o'clock. Thank you, Ronizes
        Dear all, Could you please send the contract to Mr Tovir on Monday?
        >>> found.labels.tolist()
        ['invoice : meeting with Piheba', 'contract for Tovir']
    """
    check_count("cases", cases, least=1)
    check_count("seed", seed, least=0)
    if 2 * cases > _MOST:
        raise ConfigError(f"cases: wanted at most {_MOST // 2}, given {cases}; names would recur")
    generator = np.random.default_rng(seed)
    names = _names(generator, 2 * cases)
    texts, labels, links = [], np.empty(cases, object), []
    for case in range(cases):
        form, subject = _one(generator, _FORMS)
        words = {part: _one(generator, each) for part, each in _WORDS.items()}
        words |= {"name": names[case], "other": names[cases + case]}
        before, after = (_one(generator, each) for each in (_BEFORE, _ENDINGS))
        texts.append((before + form + after).format(**words))
        labels[case] = subject.format(**words)
        places = [text.index(names[case]) for text in (texts[case], labels[case])]
        length = len(names[case])
        links.append(np.array([[end for at in places for end in (at, at + length)]], np.int64))
    return Texts(tuple(texts), labels, links=tuple(links))


def _names(generator: np.random.Generator, count: int) -> list[str]:
    """Different ones, of two or three syllables."""
    found: dict[str, None] = {}
    while len(found) < count:
        syllables = [
            _one(generator, _ONSETS) + _one(generator, _VOWELS)
            for _ in range(generator.integers(2, 4))
        ]
        found["".join(syllables).capitalize() + _one(generator, _CODAS)] = None
    return list(found)


def _one(generator: np.random.Generator, of: Sequence[_T]) -> _T:
    return of[int(generator.integers(len(of)))]
