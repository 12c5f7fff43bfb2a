import re
from datetime import date
from typing import Any

import numpy as np
import pytest

from regard.errors import ConfigError
from regard.inputs.text.dates import FORMS, dates

MONTHS = {
    "en": ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    "de": ["jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"],
}


def read_date(text: str) -> set[str]:
    """Every ISO date that the text may be by its rules: day first, or year first."""
    found = set()
    year = re.search(r"\b(19|20)\d\d\b", text)
    assert year
    rest = text.replace(year[0], " ", 1).lower()
    for months in MONTHS.values():
        for number, month in enumerate(months, start=1):
            day = re.search(r"(\d+)(st|nd|rd|th)?\b", rest)
            if day and re.search(rf"\b{month}", rest):
                found.add(f"{year[0]}-{number:02}-{int(day[1]):02}")
    numbers = [int(part) for part in re.findall(r"\d+", rest)]
    if len(numbers) == 2:
        first, second = numbers if text.startswith(year[0]) or "/" in text else numbers[::-1]
        found.add(f"{year[0]}-{first:02}-{second:02}")
    return found


def test_sources_say_the_date_of_their_label() -> None:
    found = dates(cases=2000, seed=3)
    assert found.labels is not None
    assert len(found) == len(set(found.texts)) == 2000
    for text, label in zip(found.texts, found.labels, strict=True):
        assert read_date(text) == {label}, text
        assert 1900 <= date.fromisoformat(label).year <= 2099


def test_weekdays_are_right() -> None:
    weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    found, seen = dates(cases=2000, languages=("en",)), 0
    assert found.labels is not None
    for text, label in zip(found.texts, found.labels, strict=True):
        named = [n for n, name in enumerate(weekdays) if re.search(rf"\b{name}\b", text)]
        assert named in ([], [date.fromisoformat(label).weekday()])
        seen += len(named)
    assert seen > 100


def test_links_are_the_characters_that_belong_together() -> None:
    found = dates(cases=2000, seed=5)
    assert found.labels is not None
    assert found.links is not None
    for text, label, links in zip(found.texts, found.labels, found.links, strict=True):
        year, month, day = ((text[a:b], label[c:d]) for a, b, c, d in links)
        assert year[0] == year[1] == label[:4]
        assert int(re.sub(r"\D", "", day[0])) == int(day[1]) == int(label[8:])
        assert month[1] == label[5:7]
        if month[0].isdigit():
            assert int(month[0]) == int(month[1])
        else:
            each = [
                months.index(month[0][:3].lower())
                for months in MONTHS.values()
                if month[0][:3].lower() in months
            ]
            assert set(each) == {int(month[1]) - 1}
    some = found.take(np.array([7, 2]))
    assert some.links is not None
    np.testing.assert_array_equal(some.links[1], found.links[2])


def test_there_are_a_dozen_forms_in_each_of_two_languages() -> None:
    assert all(len(set(forms)) >= 11 for forms in FORMS.values())
    assert sum(map(len, FORMS.values())) >= 24


def test_longer_sources_have_no_new_word() -> None:
    short = dates(cases=3000)
    longest = max(map(len, short.texts))
    longer = dates(cases=100, longer_than=longest, seed=0)
    assert min(map(len, longer.texts)) >= 1.5 * longest
    assert max(map(len, longer.texts)) <= 2 * longest
    known = set(re.findall(r"[^\W\d]+", " ".join(short.texts)))
    assert set(re.findall(r"[^\W\d]+", " ".join(longer.texts))) <= known
    assert longer.labels is not None
    for text, label in zip(longer.texts, longer.labels, strict=True):
        parts = re.split(r": |, (?=[a-zäöü]{4,}(?:,|$))", text)
        [dated] = [part for part in parts if re.search(r"\d", part)]
        assert read_date(dated) == {label}, text


def test_the_seed_decides() -> None:
    assert dates(cases=50, seed=7).texts == dates(cases=50, seed=7).texts
    assert dates(cases=50, seed=7).texts != dates(cases=50, seed=8).texts


def test_one_language_alone() -> None:
    text = " ".join(dates(cases=200, languages=("de",)).texts)
    assert "Januar" in text
    assert not re.search("January|May|Dec|th |Monday|paid", text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cases": 0}, "cases: wanted a whole number of at least 1"),
        ({"languages": ("fr",)}, "languages: "),
        ({"languages": ()}, "languages: wanted at least one of en, de"),
        ({"seed": -1}, "seed: "),
    ],
)
def test_wrong_parameters(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        dates(**options)
