from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.data import parse_piece, piece_text
from regard.errors import DataError


def test_names_are_numbers() -> None:
    # C-1 is 0, C4 the middle C, A4 (440 Hz) 69 and G9 127, as the MIDI standard has them
    text = "C-1,C4 A4,G9 F#4~,Gb4 B#3,Cb4 E##4,Abb4 b3,Bb3"
    events = parse_piece(text, "voices").tolist()
    assert events == [
        ["0", "60"],
        ["69", "127"],
        ["66~", "66"],
        ["60", "59"],
        ["66", "67"],
        ["59", "58"],
    ]


def test_steps_of_notes_are_sorted_and_padded() -> None:
    found = parse_piece("60,72~,- | - 100,9", "notes")
    assert found.tolist() == [["72~", "60"], ["-", "-"], ["100", "9"]]


def test_chords_are_any_symbols() -> None:
    assert parse_piece("Dm7 |G7 | C7(b9,#11)", "chords").tolist() == [
        ["Dm7"],
        ["|G7"],
        ["C7(b9,#11)"],
    ]


@pytest.mark.parametrize(
    ("text", "kind", "voices", "message"),
    [
        (" | ", "chords", (), "the piece has no steps; wanted events such as Dm7 G7 Cmaj7"),
        ("", "voices", (), "the piece has no steps; wanted events such as 72,67 71,67~"),
        (
            "60,62 60,H4",
            "voices",
            (),
            "step 1, event 1: wanted a MIDI number from 0 to 127, a name",
        ),
        ("60, 62", "voices", (), "step 0, event 1: wanted a MIDI number from 0 to 127"),
        ("128", "notes", (), "step 0, event 0: wanted a MIDI number from 0 to 127"),
        ("G#9", "notes", (), "step 0, event 0: wanted a MIDI number from 0 to 127"),
        ("60~~", "notes", (), "step 0, event 0: wanted a MIDI number from 0 to 127"),
        ("9" * 5000, "notes", (), "step 0, event 0: wanted a MIDI number from 0 to 127"),
        ("-~", "notes", (), "step 0, event 0: wanted a MIDI number from 0 to 127"),
        ("60 62,C4,60~", "notes", (), "step 1: the note 60 stands twice in it; write it once"),
        ("60,62 60", "voices", (), "step 1 (60): wanted an event for each of 2 voices, given 1"),
        (
            "60 62",
            "voices",
            ("high", "low"),
            "step 0 (60): wanted an event for each of 2 voices (high, low), given 1",
        ),
    ],
)
def test_bad_text_is_one_clear_line(text: str, kind: Any, voices: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        parse_piece(text, kind, voices)
    assert str(caught.value).startswith(message)


EVENTS = st.one_of(
    st.just("-"), st.integers(0, 127).map(str), st.integers(0, 127).map("{}~".format)
)


@given(st.integers(1, 5).flatmap(lambda n: st.lists(st.tuples(*[EVENTS] * n), min_size=1)))
def test_a_text_gives_the_voices_back(steps: list[tuple[str, ...]]) -> None:
    events = np.array(steps)
    found = parse_piece(piece_text(events), "voices")
    assert found.tolist() == events.tolist()


@given(st.lists(st.sets(st.integers(0, 127), max_size=5), min_size=1))
def test_a_text_gives_the_notes_back(steps: list[set[int]]) -> None:
    width = max(1, *(len(step) for step in steps))
    rows = [[str(each) for each in sorted(step, reverse=True)] for step in steps]
    events = np.array([row + ["-"] * (width - len(row)) for row in rows])
    assert parse_piece(piece_text(events, "notes"), "notes").tolist() == events.tolist()
