"""Dates in many written forms and two languages, to be written as 1979-05-03.

    signed: Thursday, 3 May 1979    ->  1979-05-03
    den 3.5.1979, bezahlt           ->  1979-05-03

No form leaves the order of day and month open: numbers alone stand day first with points, as German
has it, or year first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from string import Formatter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_choice, check_count
from regard.errors import ConfigError
from regard.inputs.text.texts import Texts

__all__ = ["FORMS", "dates"]

_FIRST, _LAST = date(1900, 1, 1), date(2099, 12, 31)
_TARGETS = {"y": (0, 4), "m": (5, 7), "d": (8, 10)}  # characters of each in 1979-05-03
_LONGER = 1.5, 1.75

FORMS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "{day} {Month} {year}",
        "{day} {Mon} {year}",
        "{day}-{Mon}-{year}",
        "{ordinal} {Month} {year}",
        "the {ordinal} of {Month}, {year}",
        "{Month} {day}, {year}",
        "{Mon} {day}, {year}",
        "{Month} {ordinal}, {year}",
        "{Month} the {ordinal}, {year}",
        "{Weekday}, {day} {Month} {year}",
        "{Wkd}, {day} {Mon} {year}",
        "{Weekday}, {Month} {day}, {year}",
        "{year} {Month} {day}",
        "{year}/{mm}/{dd}",
    ),
    "de": (
        "{day}. {Month} {year}",
        "{day}. {Mon} {year}",
        "{day}.{month}.{year}",
        "{dd}.{mm}.{year}",
        "der {day}. {Month} {year}",
        "den {day}.{month}.{year}",
        "{Weekday}, {day}. {Month} {year}",
        "{Weekday}, den {day}. {Month} {year}",
        "{Wkd}, {day}. {Mon} {year}",
        "{Wkd}, {dd}.{mm}.{year}",
        "{year}, {day}. {Month}",
    ),
}
"""Language to the forms that a date is written in."""


class _Language(NamedTuple):
    """Words, with a blank between them."""

    months: str
    weekdays: str
    weekday_letters: int  # of an abbreviation
    deeds: str  # what may have been done on a date


_LANGUAGES = {
    "en": _Language(
        "January February March April May June July August September October November December",
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        3,
        "paid sent signed opened closed copied checked read",
    ),
    "de": _Language(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        2,
        "bezahlt gesandt signiert eröffnet kopiert geprüft gelesen erhalten",
    ),
}


def dates(
    *,
    cases: int = 10_000,
    languages: Sequence[str] = ("en", "de"),
    longer_than: int | None = None,
    seed: int = 0,
) -> Texts:
    """Dates from 1900 to 2099 as they are written, each with the same date in the ISO form.

    Half of the sources are a date alone; the others have one or two words before it, after it or on
    both sides: "paid, sent: 3 May 1979, signed".

    Parameters:
        cases: B.
        languages: "en", "de".
        longer_than: where given, sources have so many of these words that they are at least half
            again as long as this many characters: longer than any that a model was trained on,
            with no word and no form that is new.
        seed: random seed.

    Returns:
        B different sources, with the labels "1979-05-03" as objects, and as links the characters
        of year, month and day in both. A weekday has none, nor have the hyphens.

    Raises:
        ConfigError: a parameter is out of range.

    Example:
        >>> found = dates(cases=2, seed=2)
        >>> for text, label, links in zip(found.texts, found.labels, found.links):
        ...     print(text, "|", label, "|", *(text[a:b] for a, b, _, _ in links))
        Jul 8, 2067 | 2067-07-08 | 2067 Jul 8
        Mittwoch, 6. Oktober 1982 | 1982-10-06 | 1982 Oktober 6
    """
    check_count("cases", cases, least=1)
    check_count("seed", seed, least=0)
    if not languages:
        raise ConfigError(f"languages: wanted at least one of {', '.join(_LANGUAGES)}")
    for language in languages:
        check_choice("languages", language, _LANGUAGES)
    generator = np.random.default_rng([seed, longer_than or 0])
    forms = [(language, form) for language in languages for form in FORMS[language]]
    found: dict[str, tuple[str, NDArray[np.int64]]] = {}
    while len(found) < cases:
        day = _FIRST + timedelta(int(generator.integers((_LAST - _FIRST).days + 1)))
        language, form = forms[generator.integers(len(forms))]
        written, spans = _written(day, form, _LANGUAGES[language])
        before, after = _around(generator, _LANGUAGES[language], len(written), longer_than)
        links = [
            (spans[part][0] + len(before), spans[part][1] + len(before), *place)
            for part, place in _TARGETS.items()
        ]
        found[before + written + after] = day.isoformat(), np.array(links, np.int64)
    labels = np.empty(cases, object)
    labels[:] = [label for label, _ in found.values()]
    return Texts(tuple(found), labels, links=tuple(links for _, links in found.values()))


def _written(day: date, form: str, language: _Language) -> tuple[str, dict[str, tuple[int, int]]]:
    """A date in a form, and the half-open (start, stop) of its year, month and day."""
    month = language.months.split()[day.month - 1]
    weekday = language.weekdays.split()[day.weekday()]
    parts: dict[str, tuple[str, str]] = {  # field of a form to what it is of, and its text
        "day": ("d", str(day.day)),
        "dd": ("d", f"{day.day:02}"),
        "ordinal": ("d", _ordinal(day.day)),
        "month": ("m", str(day.month)),
        "mm": ("m", f"{day.month:02}"),
        "Month": ("m", month),
        "Mon": ("m", month[:3]),
        "year": ("y", str(day.year)),
        "Weekday": ("", weekday),
        "Wkd": ("", weekday[: language.weekday_letters]),
    }
    text, spans = "", {}
    for literal, name, _, _ in Formatter().parse(form):
        text += literal
        if name:
            part, written = parts[name]
            if part:
                spans[part] = len(text), len(text) + len(written)
            text += written
    return text, spans


def _around(
    generator: np.random.Generator, language: _Language, length: int, longer_than: int | None
) -> tuple[str, str]:
    """What stands before and after a date of this length."""

    def words(count: int) -> list[str]:
        return [str(word) for word in generator.choice(language.deeds.split(), count)]

    def joined(first: list[str], last: list[str]) -> tuple[str, str]:
        before = f"{', '.join(first)}: " if first else ""
        return before, "".join(f", {word}" for word in last)

    if longer_than is None:
        if generator.random() < 0.5:
            return "", ""
        return joined(*map(words, ((1, 0), (2, 0), (0, 1), (1, 1))[generator.integers(4)]))
    wanted = longer_than * generator.uniform(*_LONGER)
    first: list[str] = []
    last: list[str] = []
    while length + len("".join(joined(first, last))) < wanted:
        (first if generator.random() < 0.5 else last).extend(words(1))
    return joined(first, last)


def _ordinal(day: int) -> str:
    """A day as English counts it.

    >>> [_ordinal(day) for day in (1, 2, 3, 4, 11, 12, 13, 22, 31)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '22nd', '31st']
    """
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{day}{'th' if 11 <= day <= 13 else endings.get(day % 10, 'th')}"
