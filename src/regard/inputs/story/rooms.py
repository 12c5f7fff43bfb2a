"""Made-up stories of people who walk through rooms and carry things.

    Anna went to the kitchen.
    Ben picked up the ball.
    Anna walked to the garden.
    Where is Anna?                  ->  garden, which follows from sentence 3

Half of the questions are about a person, the others about a thing, which is where the person is who
carries it or put it down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_count
from regard.inputs.story.stories import Stories

__all__ = ["rooms"]


class _Names(NamedTuple):
    """What stories are about."""

    people: tuple[str, ...]
    rooms: tuple[str, ...]
    things: tuple[str, ...]


_NAMES = _Names(
    ("Anna", "Ben", "Clara", "David"),
    ("attic", "cellar", "garden", "hall", "kitchen", "study"),
    ("ball", "book", "lamp"),
)
_UNSEEN = _Names(
    ("Emma", "Felix", "Greta", "Hugo"),
    ("barn", "bathroom", "library", "office", "pantry", "terrace"),
    ("coin", "drum", "vase"),
)
_GO = ("went to", "walked to", "ran to")
_TAKE = ("picked up", "took")
_DROP = ("put down", "dropped")


class _Told(NamedTuple):
    """What is known in a story so far; numbers are those of sentences.

    Attributes:
        rooms: person to room, and to the sentence that says so.
        carried: thing to the person who carries it, and to the sentence.
        left: thing to its room, and to the sentences that say so.
        names: what the story is about.
    """

    rooms: dict[str, tuple[str, int]]
    carried: dict[str, tuple[str, int]]
    left: dict[str, tuple[str, tuple[int, ...]]]
    names: _Names


def rooms(
    *,
    stories: int = 400,
    questions: int = 5,
    longest: int = 12,
    unseen: bool = False,
    seed: int = 0,
) -> Stories:
    """Stories with questions at several points, each about all sentences before it.

    Parameters:
        stories: how many.
        questions: on each story.
        longest: sentences of each story.
        unseen: whether people, rooms and things have names that they never have otherwise.
        seed: random seed.

    Returns:
        `stories * questions` cases, those of a story one after the other, with the supporting
        sentences: one for a person, two for a thing.

    Raises:
        ConfigError: a parameter is out of range.

    Example:
        >>> cases = rooms(stories=1, questions=2, longest=4, seed=3)
        >>> cases.stories[0], cases.questions[0], str(cases.labels[0])
        (('Anna went to the cellar.',), 'Where is Anna?', 'cellar')
    """
    for name, given in (("stories", stories), ("questions", questions), ("longest", longest)):
        check_count(name, given, least=1)
    check_count("seed", seed, least=0)
    generator = np.random.default_rng(seed)
    told: list[tuple[str, ...]] = []
    asked: list[str] = []
    answers: list[str] = []
    supporting: list[NDArray[np.int64]] = []
    while len(told) < stories * questions:
        sentences: list[str] = []
        known = _Told({}, {}, {}, _UNSEEN if unseen else _NAMES)
        ends = np.sort(generator.integers(1, longest + 1, questions))
        for end in ends:
            while len(sentences) < end:
                sentences.append(_happens(generator, known, len(sentences)))
            question, answer, places = _ask(generator, known)
            told.append(tuple(sentences))
            asked.append(question)
            answers.append(answer)
            supporting.append(np.array(places, np.int64))
    return Stories(
        tuple(told),
        tuple(asked),
        np.array(answers),
        tuple(supporting),
        groups=np.repeat(np.arange(stories), questions),
    )


def _one(generator: np.random.Generator, among: tuple[str, ...] | list[str]) -> str:
    return among[int(generator.integers(len(among)))]


def _happens(generator: np.random.Generator, known: _Told, at: int) -> str:
    """The next sentence, at this place; takes note of what it says."""
    person = _one(generator, known.names.people)
    holding = [thing for thing, (who, _) in known.carried.items() if who == person]
    if person in known.rooms and generator.random() < 0.5:
        room, since = known.rooms[person]
        if holding and generator.random() < 0.5:
            thing = _one(generator, holding)
            del known.carried[thing]
            known.left[thing] = room, (since, at)
            return f"{person} {_one(generator, _DROP)} the {thing}."
        free = [
            thing
            for thing in known.names.things
            if thing not in known.carried and known.left.get(thing, (room, ()))[0] == room
        ]
        if free:
            thing = _one(generator, free)
            known.carried[thing] = person, at
            known.left.pop(thing, None)
            return f"{person} {_one(generator, _TAKE)} the {thing}."
    room = _one(generator, known.names.rooms)
    known.rooms[person] = room, at
    return f"{person} {_one(generator, _GO)} the {room}."


def _ask(generator: np.random.Generator, known: _Told) -> tuple[str, str, tuple[int, ...]]:
    """A question, its answer and its supporting sentences."""
    things = sorted({*known.carried, *known.left})
    if things and generator.random() < 0.5:
        thing = _one(generator, things)
        if thing in known.carried:
            person, taken = known.carried[thing]
            room, since = known.rooms[person]
            return f"Where is the {thing}?", room, tuple(sorted((taken, since)))
        room, places = known.left[thing]
        return f"Where is the {thing}?", room, tuple(sorted(places))
    person = _one(generator, sorted(known.rooms))
    room, since = known.rooms[person]
    return f"Where is {person}?", room, (since,)
