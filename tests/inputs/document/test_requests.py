"""Requests with names that occur once."""

import pytest

from regard.data import requests
from regard.errors import ConfigError


def test_no_name_occurs_in_two_cases() -> None:
    found = requests(cases=400, seed=3)
    assert found.labels is not None
    assert found.links is not None
    names = []
    for text, label, links in zip(found.texts, found.labels, found.links, strict=True):
        [[start, stop, first, last]] = links.tolist()
        assert text[start:stop] == label[first:last]
        assert text[start:stop].istitle()
        names.append(text[start:stop])
    assert len({*names}) == 400
    for n, text in enumerate(found.texts[:50]):
        words = text.replace(",", " ").replace(".", " ").replace(";", " ").replace("?", " ").split()
        assert not {*names[:n], *names[n + 1 :]} & {*words}


def test_the_subject_is_told_by_the_text_alone() -> None:
    """What is asked for stands in the text, too."""
    found = requests(cases=100)
    assert found.labels is not None
    for text, label in zip(found.texts, found.labels, strict=True):
        thing = [word for word in label.split() if word in text and word.islower()]
        assert thing


def test_the_seed_decides() -> None:
    assert requests(cases=20, seed=1).texts == requests(cases=20, seed=1).texts
    assert requests(cases=20, seed=1).texts != requests(cases=20, seed=2).texts


@pytest.mark.parametrize("cases", [0, 100_001])
def test_too_few_and_too_many_are_refused(cases: int) -> None:
    with pytest.raises(ConfigError, match="cases: wanted .*at (least|most)"):
        requests(cases=cases)
