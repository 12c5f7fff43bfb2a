import json
import os
from pathlib import Path
from typing import Any

import pytest

from regard.data import Pieces, read_json_pieces
from regard.errors import DataError

needs_data = pytest.mark.skipif("REGARD_DATA" not in os.environ, reason="REGARD_DATA is not set")


def _read(folder: Path, content: Any, **options: Any) -> dict[str, Pieces]:
    path = folder / "pieces.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_json_pieces(path, **options)


def test_steps_of_several_lengths_are_notes_from_high_to_low(tmp_path: Path) -> None:
    found = _read(tmp_path, [[[60, 67, 64], [], [62, 62]], [[5]]])
    assert list(found) == [""]
    pieces = found[""]
    assert (pieces.kind, pieces.voices, pieces.per_quarter) == ("notes", (), 1.0)
    assert [piece.tolist() for piece in pieces.events] == [
        [["67", "64", "60"], ["-", "-", "-"], ["62", "-", "-"]],
        [["5"]],
    ]


def test_steps_of_one_length_are_voices(tmp_path: Path) -> None:
    found = _read(tmp_path, {"train": [[[60, -1], [62, 65]]], "validation": [[[-1, 3]]]})
    assert list(found) == ["train", "valid"]
    assert found["train"].voices == ("voice 1", "voice 2")
    assert found["train"].events[0].tolist() == [["60", "-"], ["62", "65"]]
    named = _read(tmp_path, [[[60.0, 62]]], voices=["a", "b"], per_quarter=4)[""]
    assert (named.kind, named.voices, named.per_quarter) == ("voices", ("a", "b"), 4)
    assert named.events[0].tolist() == [["60", "62"]]


def test_pieces_without_steps_may_be_left_out_or_kept(tmp_path: Path) -> None:
    given = [[[60], [62, 64]], [], [[128]]]
    with pytest.raises(DataError, match=r"pieces\.json, piece 1: it has no steps; piece 2: step 0"):
        _read(tmp_path, given)
    skipped = _read(tmp_path, given, missing="skip")[""]
    assert skipped.ids.tolist() == [0]
    assert skipped.notes[0] == "1 of 3 cases is left out: it has no steps (piece 1)"
    kept = _read(tmp_path, given, missing="keep")[""]
    assert kept.lengths.tolist() == [2, 0, 0]
    assert kept.faults.tolist()[:2] == ["", "it has no steps"]


WANTED = "wanted pieces of steps of MIDI numbers, such as [[[72, 67], [71]], [[60]]], or such lists"
PLACE = "wanted whole MIDI numbers from 0 to 127, given"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", " is empty"),
        ("[[[60,", " is not JSON: Expecting value: line 1 column 7"),
        ("[" * 100_000, " is not JSON: "),
        ([], f": has no pieces; {WANTED}"),
        ({}, f": has no pieces; {WANTED}"),
        ({"train": []}, f": has no pieces in train; {WANTED}"),
        ({"train": [[[1]]], "more": []}, ": 'more' is no part: wanted train, valid or test"),
        ({"val": [[[1]]], "valid": [[[1]]]}, ": has the part valid twice"),
        ({"train": 3}, f": {WANTED} as train, valid and test of an object; given int"),
        ("3", f": {WANTED} as train, valid and test of an object; given int"),
        ([3], ", piece 0: wanted a list of steps, given 3"),
        ({"test": [[60]]}, ", test piece 0, step 0: wanted a list of MIDI numbers, given 60"),
        ([[[60], [-2, 5]]], f", piece 0: step 1: {PLACE} -2"),
        ([[[60], [61.5, 5]]], f", piece 0: step 1: {PLACE} 61.5"),
        ([[[60], [True, 5]]], f", piece 0: step 1: {PLACE} True"),
        ([[["C4"], [60, 5]]], f", piece 0: step 0: {PLACE} 'C4'"),
        ("[[[NaN], [60, 5]]]", f", piece 0: step 0: {PLACE} nan"),
        ("[[[null], [60, 5]]]", f", piece 0: step 0: {PLACE} None"),
        (
            [[[60, -1], [62]]],
            ", piece 0, step 1: wanted a number for each of 2 voices, -1 for silence, given 1",
        ),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        _read(tmp_path, content)
    assert str(caught.value).startswith(f"{tmp_path / 'pieces.json'}{message}")
    assert "\n" not in str(caught.value)


def test_named_voices_must_be_all_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="piece 0, step 0: wanted a number for each of 3 voices"):
        _read(tmp_path, [[[60, 64]]], voices=("a", "b", "c"))


@needs_data
@pytest.mark.parametrize(
    ("name", "kind"), [("jsb-chorales-quarter", "notes"), ("jsb_satb_quarter", "voices")]
)
def test_the_published_chorales_are_read(name: str, kind: str) -> None:
    path = Path(os.environ["REGARD_DATA"], "music", "jsb_chorales", f"{name}.json")
    found = read_json_pieces(path)
    counts = {part: (len(pieces), int(pieces.lengths.sum())) for part, pieces in found.items()}
    assert counts == {"train": (229, 13_807), "valid": (76, 4_602), "test": (77, 4_725)}
    given = json.loads(path.read_text())
    for part, pieces in found.items():
        assert pieces.kind == kind
        assert len(pieces.voices) == (4 if kind == "voices" else 0)
        for events, steps in zip(pieces.events, given[part], strict=True):
            sounding = [[int(each) for each in step if each != "-"] for step in events.tolist()]
            wanted = [[each for each in step if each != -1] for step in steps]
            if kind == "notes":  # which the file has from low to high
                wanted = [step[::-1] for step in wanted]
            assert sounding == wanted
