"""Stories, each with a question about it, and those that are missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.faults import Missing, settled
from regard.inputs.labels import as_labels, is_missing, missing_labels, refuse_fractions
from regard.inputs.target_texts import given_texts
from regard.inputs.text.sentences import sentence_spans
from regard.inputs.text.texts import check_text
from regard.tables.problems import Problems

__all__ = ["NO_QUESTION", "NO_STORY", "Stories", "as_stories", "faults_of", "sentences_of"]

NO_STORY = "the story has no sentence"
NO_QUESTION = "the question is empty"


@dataclass(frozen=True, eq=False)
class Stories:
    """B questions, each about a story.

    Attributes:
        stories: B tuples of sentences, as they are written; empty only where new cases have none.
        questions: B strings; empty only where new cases have none.
        labels: [B] answer to each (strings from files, any type from Python), empty where new
            cases have none; or None.
        supporting: B arrays of the positions, from 0, of the sentences that the answer follows
            from; None where that is not known.
        ids: [B] name of each in its source; by default its position, from 0.
        groups: [B] number of the story that each question belongs to, at whatever point it is
            asked; by default cases with equal sentences belong together.
        elsewhere: answers of other parts that no case here has.
        notes: what the user should know of how they were read, such as rows left out.
    """

    stories: tuple[tuple[str, ...], ...]
    questions: tuple[str, ...]
    labels: NDArray[Any] | None = None
    supporting: tuple[NDArray[np.int64], ...] | None = None
    ids: NDArray[Any] = field(default_factory=lambda: np.empty(0))
    groups: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    elsewhere: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.ids) == 0:
            object.__setattr__(self, "ids", np.arange(len(self.stories)))
        if len(self.groups) == 0:
            numbers: dict[tuple[str, ...], int] = {}
            own = [numbers.setdefault(story, len(numbers)) for story in self.stories]
            object.__setattr__(self, "groups", np.array(own, np.int64))
        for name in ("questions", "labels", "supporting", "ids", "groups"):
            given = getattr(self, name)
            if given is not None and len(given) != len(self.stories):
                raise DataError(
                    f"{name}: wanted one for each of {len(self.stories)} stories, "
                    f"given {len(given)}"
                )

    def __len__(self) -> int:
        return len(self.stories)

    @property
    def faults(self) -> NDArray[np.str_]:
        """[B] why a question cannot be answered, "" where it can."""
        return faults_of(self.stories, self.questions)

    def take(self, index: NDArray[np.int64]) -> Stories:
        """The cases at these positions, in this order."""
        supporting = self.supporting
        return Stories(
            tuple(self.stories[at] for at in index),
            tuple(self.questions[at] for at in index),
            None if self.labels is None else self.labels[index],
            None if supporting is None else tuple(supporting[at] for at in index),
            self.ids[index],
            self.groups[index],
            self.elsewhere,
        )


def faults_of(stories: Sequence[Sequence[str]], questions: Sequence[str]) -> NDArray[np.str_]:
    """[B] why a question cannot be answered, "" where it can."""
    pairs = zip(stories, questions, strict=True)
    told = [(NO_STORY if not story else "" if asked else NO_QUESTION) for story, asked in pairs]
    return np.array(told, np.str_)


def sentences_of(story: Any, place: str, problems: Problems) -> tuple[str, ...]:
    """The sentences of a story: a list of them, or a text, which is divided at line ends and
    after sentences (`sentence_spans`); none where it is missing.

    Parameters:
        story: as it was given.
        place: of it in its source.
        problems: takes what is no text.

    >>> sentences_of("Mary left. It rained", "case 0", Problems("X"))
    ('Mary left.', 'It rained')
    """
    if isinstance(story, list | tuple | np.ndarray):
        each = [check_text(one, place, problems) for one in story]
        return tuple(one.strip() for one in each if one)
    text = check_text(story, place, problems)
    return tuple(text[start:stop] for start, stop in sentence_spans(text)) if text else ()


def as_stories(
    X: Any, y: Any = None, *, missing: Missing = "refuse", texts: bool = False
) -> Stories:
    """Convert Python objects to `Stories`.

    Parameters:
        X: B pairs of a story and a question. A story is a text, which is divided into its
            sentences, or a list of sentences.
        y: [B] answers, or None.
        missing: "refuse", or "skip" to leave out cases without a sentence, a question or an
            answer, with a note.
        texts: whether answers are texts, kept as they are, and not classes.

    Raises:
        DataError: X is no list of pairs, or is empty; something is missing or is no text; y has
            another length.

    Example:
        >>> cases = as_stories([("Mary left. It rained.", "Did it rain?")], ["yes"])
        >>> cases.stories[0], cases.questions[0]
        (('Mary left.', 'It rained.'), 'Did it rain?')
    """
    problems, stories, questions = Problems("X"), [], []
    for case, (story, question) in enumerate(_pairs(X)):
        place: Callable[[int], str] = "case {}".format
        stories.append(sentences_of(story, place(case), problems))
        questions.append(check_text(question, place(case), problems).strip())
    labels, unlabelled = None, None
    if y is not None and texts:
        labels = given_texts(y, len(stories), keep_missing=missing == "skip")
        unlabelled = np.asarray(labels == "")
    elif y is not None:
        labels, unlabelled = _labels(y, len(stories), skip=missing == "skip")
    found = Stories(tuple(stories), tuple(questions), labels)
    return settled(
        found,
        problems,
        missing=missing,
        place="case {}".format,
        unlabelled=unlabelled,
        noun="answer",
    )


def _labels(y: Any, cases: int, *, skip: bool) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """The answers, and [B] which are missing where those are to be left out."""
    if not skip:
        labels = as_labels(y, cases)
        refuse_fractions(labels)
        return labels, None
    given = np.empty(len(y), object)
    given[:] = list(y)
    if len(given) != cases:
        raise DataError(f"y has {len(given)} labels, X has {cases} cases; wanted one for each")
    unlabelled = missing_labels(given)
    filled = ["" if is_missing(each) else each for each in given]
    return np.array(filled), unlabelled


def _pairs(X: Any) -> list[tuple[Any, Any]]:
    """The pairs of X."""
    wanted = "X: wanted a list of pairs, each of a story and a question"
    if isinstance(X, str | bytes):
        raise DataError(f"{wanted}, given a string; for one question write [(story, question)]")
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    if not isinstance(X, list | tuple | np.ndarray):
        raise DataError(f"{wanted}, given {type(X).__name__}")
    if not len(X):
        raise DataError(
            "X: Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required."
        )
    for case, pair in enumerate(X):
        if isinstance(pair, str) or not hasattr(pair, "__len__") or len(pair) != 2:
            shown = f"{len(pair)} of them" if isinstance(pair, list | tuple) else repr(pair)
            raise DataError(f"{wanted}, given {shown} in case {case}")
    return [(story, question) for story, question in X]
