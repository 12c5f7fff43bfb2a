"""Reader of bAbI's own format: numbered lines of stories with questions in between.

    1 Mary moved to the bathroom.
    2 John went to the hallway.
    3 Where is Mary? 	bathroom	1

A line that starts with 1 begins a story. A question has its answer and the numbers of the
supporting lines behind tabs; it is about the lines before it, without other questions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from regard.errors import DataError
from regard.inputs.faults import Missing, settled
from regard.inputs.labels import class_labels
from regard.inputs.story.stories import Stories
from regard.inputs.text.sentences import is_question
from regard.plots.format import one_line
from regard.tables.files import FilePath, read_text
from regard.tables.problems import Problems

__all__ = ["read_babi"]

_LINE = re.compile(r"(\d+)[ \t]+(\S.*)")


class _Question(NamedTuple):
    """A question with the story before it, its number, and the line of the file it stands on."""

    story: tuple[str, ...]
    text: str
    answer: str
    supporting: tuple[int, ...]
    number: int
    line: int


def read_babi(
    path: FilePath,
    *,
    labelled: bool | None = True,
    encoding: str = "utf-8",
    missing: Missing = "refuse",
    texts: bool = False,
) -> Stories:
    """Read a file in bAbI's format.

    Parameters:
        path: a text file.
        labelled: whether the questions have answers, which are read where it is true; None reads
            them if at least one question has one. A line without a tab is a question if it ends
            with a question mark.
        encoding: character encoding of the file.
        missing: "refuse", or "skip" to leave out questions without a sentence before them or
            without an answer, with a note; "keep" keeps them.
        texts: whether answers are texts and not classes; one of several words, such as
            apple,milk, becomes a list with blanks: apple, milk.

    Returns:
        A case for each question, whose name is the number of its line in the file. Supporting
        sentences are known if every question has some.

    Raises:
        DataError: the file cannot be read, has another format or no question; a number is not that
            of the line before plus one; a question has no answer, or a supporting line that is no
            sentence before it.

    Source: Weston et al., 2015, "Towards AI-complete question answering: a set of prerequisite toy
    tasks".
    """
    problems = Problems(path)
    found = _questions(path, encoding, problems)
    if not found:
        problems.refuse()
        raise DataError(
            f"{path}: has no question; wanted lines such as 3 Where is Mary?, a tab, and the answer"
        )
    labels, unlabelled = None, None
    if labelled is None:
        labelled = any(each.answer for each in found)
    if labelled:
        if texts:
            labels = np.array([each.answer.replace(",", ", ") for each in found], object)
        else:
            answers = [each.answer or None for each in found]
            labels = class_labels(answers, lambda at: f"line {found[at].line}", problems)
        unlabelled = np.asarray(labels == "")
    known = all(each.supporting for each in found)
    cases = Stories(
        tuple(each.story for each in found),
        tuple(each.text for each in found),
        labels,
        tuple(np.array(each.supporting, np.int64) for each in found) if known else None,
        np.array([str(each.line) for each in found]),
        np.array([each.number for each in found]),
    )
    return settled(
        cases,
        problems,
        missing=missing,
        place=lambda at: f"line {found[at].line}",
        unlabelled=unlabelled,
        noun="answer",
    )


def _questions(path: FilePath, encoding: str, problems: Problems) -> list[_Question]:
    """The questions of a file, in their order."""
    found: list[_Question] = []
    story: list[str] = []
    places: dict[int, int | None] = {}  # number of a line to its place in the story, or a question
    before = number_of = 0
    for line, content in enumerate(read_text(path, encoding=encoding).split("\n"), start=1):
        if not content.strip():
            continue
        place, parts = [f"line {line}"], _LINE.fullmatch(content.rstrip())
        if parts is None:
            what = "wanted a number and a sentence, such as 1 Mary moved to the hall., given "
            problems.add(what + repr(one_line(content, 40)), place)
            continue
        number, (text, *rest) = int(parts[1]), parts[2].split("\t")
        if number == 1:
            story, places, number_of = [], {}, number_of + 1
        elif number != before + 1:
            wanted = "1" if not before else f"{before + 1}, or 1 for a new story"
            problems.add(f"its number is {number}, wanted {wanted}", place)
        before = number
        if not rest and not is_question(text):
            places[number] = len(story)
            story.append(text.strip())
            continue
        supporting = _supporting(rest[1:], places, problems, place)
        places[number] = None
        answer = rest[0].strip() if rest else ""
        found.append(_Question(tuple(story), text.strip(), answer, supporting, number_of, line))
    return found


def _supporting(
    given: Sequence[str], places: dict[int, int | None], problems: Problems, place: list[str]
) -> tuple[int, ...]:
    """The places in the story of the supporting lines."""
    found = []
    for word in " ".join(given).split():
        at = places.get(int(word)) if word.isdecimal() else None
        if at is None:
            is_question = word.isdecimal() and int(word) in places
            why = "is a question" if is_question else "is no line before it"
            problems.add(f"the supporting line {word} {why}", place)
        else:
            found.append(at)
    return tuple(found)
