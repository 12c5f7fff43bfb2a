"""Pieces from Python objects, made up, and divided."""

from typing import Any

import numpy as np
import pytest

from regard.data import Pieces, as_pieces, canons
from regard.errors import ConfigError, DataError
from regard.inputs.music.load import divided_pieces


def test_every_follower_sings_what_the_voice_before_it_sang() -> None:
    for events in canons(pieces=5, steps=12, voices=3, delay=2, seed=2).events:
        assert 7 <= len(events) <= 12
        for voice in (1, 2):
            for step in range(len(events)):
                own, before = events[step, voice], events[step - 2, voice - 1]
                if step < 2 * voice:
                    assert own == "-"
                else:
                    assert int(own) == int(before) + (-12 if voice == 1 else 12)


@pytest.mark.parametrize(
    ("given", "kind", "events"),
    [
        (["Dm7 G7"], "chords", [["Dm7"], ["G7"]]),
        (["72,60 -,62"], "voices", [["72", "60"], ["-", "62"]]),
        ([np.array([[72, 60], [-1, 62]])], "voices", [["72", "60"], ["-", "62"]]),
        ([[[60, 72], [62]]], "notes", [["72", "60"], ["62", "-"]]),
        ([[[60, 72], [-1, 62]]], "voices", [["60", "72"], ["-", "62"]]),
    ],
)
def test_pieces_from_python(given: list[Any], kind: str, events: list[list[str]]) -> None:
    pieces = as_pieces(given)
    assert (pieces.kind, pieces.events[0].tolist()) == (kind, events)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Dm7 G7", "X: wanted a list of pieces, given a string"),
        ([], "0 sample"),
        (7, "X: wanted a list of pieces, given int"),
        ([""], "has no event"),
        ([[[60.5]]], "piece 0, step 0: wanted MIDI numbers"),
        ([[[60], [200]]], "piece 0, step 1: wanted MIDI numbers from 0 to 127"),
        (["60,61 62"], "step 1"),
        ([np.array([[60, 61]]), np.array([[60]])], "as many voices in every piece"),
    ],
)
def test_what_is_no_piece(given: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        as_pieces(given)


def test_a_piece_without_an_event_is_left_out_when_asked() -> None:
    pieces = as_pieces(["Dm7", "", "G7"], missing="skip")
    assert len(pieces) == 2
    assert "has no event" in pieces.notes[0]
    assert as_pieces(["Dm7", ""], missing="keep").faults.tolist() == ["", "has no event"]


def test_long_pieces_are_divided_and_keep_their_number() -> None:
    cases = Pieces(tuple(np.full((steps, 1), "60") for steps in (3, 7, 2)), "voices")
    divided, notes = divided_pieces(cases, 3)
    assert [len(piece) for piece in divided.events] == [3, 3, 3, 1, 2]
    assert divided.groups.tolist() == [0, 1, 1, 1, 2]
    assert divided.ids.tolist() == ["0", "1 (1)", "1 (2)", "1 (3)", "2"]
    assert "1 of 3 pieces have more than 3 steps" in notes[0]


def test_a_delay_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="delay: the last of 3 voices begins at step 8 of 8"):
        canons(steps=8, voices=3, delay=4)
