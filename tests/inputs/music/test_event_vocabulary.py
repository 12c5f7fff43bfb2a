"""Events by number, their transpositions, and batches of them."""

import numpy as np
import pytest

from regard.data import Pieces, canons
from regard.inputs.music.encoded import encode_pieces
from regard.inputs.music.part import PiecePart
from regard.inputs.music.vocabulary import EventVocabulary

NOTES = np.array([["60", "-"], ["64~", "62"]])
CHORDS = np.array([["C7"], ["Dm7"], ["C7"]])


def test_transposed_notes_stay_in_the_range() -> None:
    vocabulary = EventVocabulary.learn([NOTES], "voices", semitones=2)
    notes = {event for event in vocabulary.events if "~" not in event} - {"-"}
    assert notes == {"60", "61", "62", "63", "64"}
    assert {"62~", "63~", "64~"} <= set(vocabulary.events)
    assert "65" not in vocabulary.events


def test_chords_get_every_root() -> None:
    vocabulary = EventVocabulary.learn([CHORDS], "chords", semitones=6)
    assert vocabulary.events[:2] == ("C7", "Dm7")  # the most frequent first
    assert len(vocabulary.events) == 24
    moved = vocabulary.transpositions(6)
    [[up]] = vocabulary.decode(moved[6 + 2][vocabulary.encode(np.array([["C7"]]))])
    assert up == "D7"


@pytest.mark.parametrize("semitones", [0, 3])
def test_encoding_is_undone(semitones: int) -> None:
    vocabulary = EventVocabulary.learn([NOTES], "voices", semitones=semitones)
    assert vocabulary.decode(vocabulary.encode(NOTES)).tolist() == NOTES.tolist()
    assert vocabulary.encode(np.array([["99"]])).tolist() == [[EventVocabulary.UNKNOWN]]


def test_a_pass_transposes_each_piece_as_a_whole_and_within_the_range() -> None:
    cases = canons(pieces=20, steps=8, seed=3)
    vocabulary = EventVocabulary.learn(cases.events, "voices", semitones=4)
    encoded = encode_pieces(vocabulary, cases, given=np.zeros(2, bool), max_steps=99)
    targets = [piece.ravel() for piece in encoded.pieces]
    part = PiecePart(encoded, targets, moved=vocabulary.transpositions(4), seed=0)
    every = np.arange(20)
    intervals: list[int] = []
    for number in range(6):
        part.set_pass(number)
        batch = part[every]
        assert batch.targets is not None
        assert batch.inputs[0].tolist() == batch.targets.tolist()  # both moved alike
        for case, row in zip(cases.events, batch.inputs[0].numpy(), strict=True):
            moved = vocabulary.decode(row[: case.size]).reshape(case.shape)
            rests = case == "-"
            assert (moved[rests] == "-").all()
            by = set((moved[~rests].astype(int) - case[~rests].astype(int)).tolist())
            assert len(by) == 1
            intervals += by
    assert len(set(intervals)) > 4
    assert max(map(abs, intervals)) <= 4
    part.set_pass(2)
    again = part[every].inputs[0].tolist()
    part.set_pass(2)
    assert part[every].inputs[0].tolist() == again


def test_notes_beyond_the_voices_are_left_out_from_the_middle() -> None:
    chord = np.array([["72", "67", "64", "60"], ["71", "62", "-", "-"]])
    cases = Pieces((chord,), "notes")
    vocabulary = EventVocabulary.learn([chord], "notes", semitones=0)
    encoded = encode_pieces(vocabulary, cases, given=np.zeros(3, bool), max_steps=9)
    assert vocabulary.decode(encoded.pieces[0]).tolist() == [["72", "67", "60"], ["71", "62", "-"]]
    assert encoded.dropped.tolist() == [1]


def test_a_melody_alone_leaves_the_other_voices_blank() -> None:
    vocabulary = EventVocabulary(("60", "62"))
    cases = Pieces((np.array([["60"], ["62"], ["62"]]),), "voices")
    given = np.array([False, True])
    encoded = encode_pieces(vocabulary, cases, given=given, max_steps=2)
    assert encoded.pieces[0].tolist() == [[0, 4], [0, 4]]
    assert encoded.events[0].tolist() == [["", "62"], ["", "62"]]
    assert encoded.shortened.tolist() == [1]
