"""Reader of tables and JSON lines with a story, a question and its answer in each row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.inputs.faults import Missing, settled
from regard.inputs.labels import class_labels
from regard.inputs.story.stories import Stories, sentences_of
from regard.inputs.target_texts import column_texts
from regard.inputs.text.files import column_of, ids_of, open_rows
from regard.tables.files import FilePath
from regard.tables.problems import Problems

__all__ = ["read_stories"]


def read_stories(
    path: FilePath,
    *,
    story: str = "story",
    question: str = "question",
    answer: str | None = "answer",
    supporting: str | None = None,
    id: str | None = None,  # noqa: A002 - the name that tables give it
    encoding: str = "utf-8",
    missing: Missing = "refuse",
    labelled: bool | None = True,
    texts: bool = False,
) -> Stories:
    """Read a table or JSON lines.

    Parameters:
        path: A CSV file (tab, semicolon or comma, with a header), a Parquet or Feather file, or
            JSON lines (one object a line) in a file named .jsonl or .ndjson.
        story: The column with the stories, which are divided into sentences at line ends and after
            sentences; or, but for CSV, with lists of sentences.
        question: The column with the questions.
        answer: The column with the answers; None for a file without.
        supporting: The column with the numbers of the supporting sentences, from 1, separated by
            blanks, or a list of them; None where they are not known.
        id: The column with the names of the cases; None numbers the rows from 0.
        encoding: Character encoding of the file, such as "utf-8" or "cp1252".
        missing: "refuse"; "skip" to leave out rows without a story, a question or an answer, with a
            note; "keep" keeps them.
        labelled: Whether there are answers; None reads them if at least one row has one.
        texts: Whether answers are texts, kept as they are, and not classes.

    Raises:
        ConfigError: Unknown encoding.
        DataError: The file cannot be read, a column does not exist, something is missing, or a
            supporting sentence is none of the story's.
    """
    table = open_rows(path, encoding=encoding, keep_blank=missing == "keep")
    problems = Problems(path)
    table.need(story, "story")
    given = enumerate(table.values(story))
    stories = [sentences_of(each, table.cell(row, story), problems) for row, each in given]
    questions = [
        each.strip() for each in column_of(table, question, problems, parameter="question")
    ]
    if labelled is None:
        labelled = answer in table.filled
    labels, unlabelled = None, None
    if answer is not None and labelled:
        table.need(answer, "answer")
        if texts:
            labels = column_texts(table, answer)
        else:
            labels = class_labels(table.labels(answer), lambda at: table.cell(at, answer), problems)
        unlabelled = np.asarray(labels == "")
    known = None
    if supporting is not None and (labelled or supporting in table.filled):
        table.need(supporting, "supporting")
        known = tuple(
            _supporting(each, len(stories[row]), table.cell(row, supporting), problems)
            for row, each in enumerate(table.values(supporting))
        )
    found = Stories(tuple(stories), tuple(questions), labels, known, ids_of(table, id))
    return settled(
        found,
        problems,
        missing=missing,
        place=lambda at: table.cell(at, story if not stories[at] else question),
        unlabelled=unlabelled,
        noun="answer",
    )


def _supporting(given: Any, sentences: int, place: str, problems: Problems) -> NDArray[np.int64]:
    """The positions of supporting sentences, from 0."""
    if given is None:
        return np.zeros(0, np.int64)
    words = given if isinstance(given, list | tuple | np.ndarray) else str(given).split()
    numbers = [str(word) for word in words]
    for number in numbers:
        if not (number.isdecimal() and 1 <= int(number) <= sentences):
            what = f"supporting sentence {number}: the story's are numbered from 1 to {sentences}"
            problems.add(what, [place])
            return np.zeros(0, np.int64)
    return np.array([int(number) - 1 for number in numbers], np.int64)
