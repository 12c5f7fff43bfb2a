from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import DataError
from regard.inputs.music.grid import (
    LONGEST,
    Note,
    Part,
    is_monophonic,
    lay_notes,
    lay_voices,
)

QUARTER = 1200  # ticks
ONE = Fraction(QUARTER)


def _part(*notes: tuple[str | int, str | int, int]) -> Part:
    return Part("", [Note(_ticks(start), _ticks(stop), pitch) for start, stop, pitch in notes])


def _ticks(quarters: str | int) -> int:
    return int(Fraction(quarters) * QUARTER)


def _voice(part: Part, per_quarter: int = 1) -> str:
    return " ".join(lay_voices([part], Fraction(QUARTER, per_quarter)).events[:, 0])


def test_a_step_has_what_sounds_at_its_start() -> None:
    eighths = _part((0, "1/2", 60), ("1/2", 1, 62), (1, "3/2", 64), ("3/2", 3, 65))
    assert _voice(eighths) == "60 64 65"
    assert _voice(eighths, 2) == "60 62 64 65 65~ 65~"
    triplets = _part((0, "1/3", 60), ("1/3", "2/3", 62), ("2/3", 1, 64), (1, 2, 65))
    assert _voice(triplets) == "60 65"
    assert _voice(triplets, 3) == "60 62 64 65 65~ 65~"
    sixteenths = _part((0, "1/4", 60), ("1/4", "1/2", 62), ("1/2", "3/4", 64), ("3/4", 1, 65))
    assert _voice(sixteenths) == "60"


def test_notes_near_a_step_are_on_time() -> None:
    played = _part(("0.1", "1.05", 60), ("1.1", "1.2", 62), ("1.95", "3.1", 64))
    assert _voice(played) == "60 62 64"
    assert is_monophonic(played, ONE)


def test_rests_and_notes_that_go_on() -> None:
    part = _part((1, 3, 60), (3, 4, 60), (5, 6, 0))
    assert _voice(part) == "- 60 60~ 60 - 0"


def test_notes_too_short_are_counted() -> None:
    laid = lay_voices([_part((0, 1, 60), ("3/8", "1/2", 62), ("1/2", "5/8", 64), (1, 1, 5))], ONE)
    assert (laid.events.tolist(), laid.lost) == ([["60"]], 3)
    ornament = _part((0, "1/8", 62), ("1/8", 1, 60))
    laid = lay_voices([ornament], ONE)
    assert (laid.events.tolist(), laid.lost) == ([["60"]], 1)
    assert _voice(_part((0, "1/8", 62), ("1/8", "1/4", 60))) == "62"
    both = lay_notes([ornament], ONE)
    assert (both.events.tolist(), both.lost) == ([["62", "60"]], 0)


def test_notes_of_all_parts_stand_from_high_to_low() -> None:
    laid = lay_notes([_part((0, 2, 60), (0, 1, 64)), _part((0, 1, 72), (1, 3, 60))], ONE)
    assert laid.events.tolist() == [["72", "64", "60"], ["60", "-", "-"], ["60~", "-", "-"]]


@pytest.mark.parametrize(
    ("notes", "alone"),
    [
        ([(0, 1, 60), (1, 2, 62)], True),
        ([(0, "1.2", 60), (1, 2, 62)], True),  # legato
        ([(0, "1.25", 60), (1, 2, 62)], False),
        ([(0, "0.2", 60), (0, "0.2", 64)], False),  # short chords
        ([(0, 4, 60), (1, 2, 62)], False),
        ([(0, 4, 60), (1, "1.01", 62), (3, 4, 64)], False),
    ],
)
def test_notes_that_overlap_little_are_one_voice(
    notes: list[tuple[str | int, str | int, int]], alone: bool
) -> None:
    assert is_monophonic(_part(*notes), ONE) == alone


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        ([(0, LONGEST + 1, 60)], "it has 100,001 steps; wanted at most 100,000"),
        ([("0.3", "0.7", 60)], "all of its notes are shorter than a step"),
    ],
)
def test_pieces_too_long_or_without_steps_are_refused(
    notes: list[tuple[str | int, str | int, int]], message: str
) -> None:
    for lay in (lay_voices, lay_notes):
        with pytest.raises(DataError, match=message):
            lay([_part(*notes)], ONE)


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(1, 9), st.integers(0, 127)), min_size=1),
    st.integers(1, 4),  # at 5, a note one step late is on time
)
def test_steps_are_samples_of_a_finer_grid(moves: list[tuple[int, int, int]], coarser: int) -> None:
    """A rest and a length of each note, in steps of the finer grid."""
    now, notes = 0, []
    for rest, length, pitch in moves:
        now += rest
        notes.append(Note(now, now + length, pitch))
        now += length
    sounding: list[int | None] = [None] * now
    for start, stop, pitch in notes:
        sounding[start:stop] = [pitch] * (stop - start)
    wanted = sounding[::coarser]
    while wanted and wanted[-1] is None:
        wanted.pop()
    if not wanted:
        return
    events = lay_voices([Part("", notes)], Fraction(coarser)).events[:, 0].tolist()
    assert [None if event == "-" else int(event.rstrip("~")) for event in events] == wanted
