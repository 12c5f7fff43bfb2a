"""MIDI files made byte by byte, or by mido, and read; and written, and read by mido."""

import io
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.data import read_scores, write_midi
from regard.errors import ConfigError, DataError
from regard.inputs.music.midi import midi_score

END = b"\x00\xff\x2f\x00"


def _file(folder: Path, *tracks: bytes, kind: int = 1, division: bytes = b"\x00\x60") -> Path:
    """A file with 96 ticks for a quarter note."""
    header = b"MThd" + b"\0\0\0\6" + kind.to_bytes(2) + len(tracks).to_bytes(2) + division
    path = folder / "a.mid"
    path.write_bytes(header + b"".join(b"MTrk" + len(each).to_bytes(4) + each for each in tracks))
    return path


def _parts(path: Path) -> list[list[tuple[float, float, int]]]:
    score = midi_score(path)
    return [
        [
            (float(a / score.quarter), float(b / score.quarter), pitch)
            for a, b, pitch in sorted(part.notes)
        ]
        for part in score.parts
    ]


def test_running_status_and_velocity_0_end_notes(tmp_path: Path) -> None:
    track = (
        b"\x00\x90\x3c\x40"  # 60 on
        b"\x60\x3c\x00"  # after 96 ticks 60 on with velocity 0, by running status
        b"\x00\x3e\x40"  # 62 on
        b"\x00\xb0\x07\x7f"  # volume
        b"\x81\x40\x80\x3e\x40"  # after 192 ticks 62 off
    )
    assert _parts(_file(tmp_path, track + END, kind=0)) == [[(0, 1, 60), (1, 3, 62)]]


def test_tempo_does_not_matter(tmp_path: Path) -> None:
    tempo = b"\x00\xff\x51\x03\x07\xa1\x20\x30\xff\x51\x03\x01\x00\x00" + END
    track = b"\x00\x90\x3c\x40\x60\x80\x3c\x40" + END
    assert _parts(_file(tmp_path, tempo, track)) == [[(0, 1, 60)]]


@pytest.mark.parametrize(
    ("division", "quarters"),
    [
        (b"\x00\x60", 1),
        (b"\x00\x07", Fraction(96, 7)),
        (b"\xe7\x28", Fraction(96, 25 * 40) * 2),  # 25 frames of 40 ticks a second, 120 in a minute
        (b"\xe3\x04", Fraction(96 * 1001, 30_000 * 4) * 2),  # 29.97 frames
    ],
)
def test_divisions(tmp_path: Path, division: bytes, quarters: Fraction) -> None:
    track = b"\x00\x90\x3c\x40\x60\x80\x3c\x40" + END
    score = midi_score(_file(tmp_path, track, division=division))
    assert score.parts[0].notes[0].stop / score.quarter == quarters


def test_tracks_and_channels_are_parts(tmp_path: Path) -> None:
    both = b"\x00\x91\x3c\x40\x00\x90\x48\x40\x60\x81\x3c\x40\x00\x80\x48\x40"
    named = b"\x00\xff\x03\x04Solo"
    assert _parts(_file(tmp_path, named + both + END, kind=0)) == [[(0, 1, 72)], [(0, 1, 60)]]
    assert _parts(_file(tmp_path, END, both + END)) == [[(0, 1, 72)], [(0, 1, 60)]]
    assert _parts(_file(tmp_path, both + END, both + END)) == [[(0, 1, 60), (0, 1, 72)]] * 2
    one = named + b"\x00\x90\x3c\x40\x60\x80\x3c\x40" + END
    assert [part.name for part in midi_score(_file(tmp_path, one, kind=0)).parts] == ["Solo"]
    latin = one.replace(b"Solo", "Fl\xf6t".encode("latin-1"))
    assert midi_score(_file(tmp_path, latin)).parts[0].name == "Flöt"


def test_sequences_of_type_2_follow_each_other(tmp_path: Path) -> None:
    one = b"\x00\x90\x3c\x40\x48\x80\x3c\x40" + END  # 72 ticks
    assert _parts(_file(tmp_path, one, one, kind=2)) == [[(0, 72 / 96, 60), (1, 1 + 72 / 96, 60)]]


def test_percussion_is_left_out_and_counted(tmp_path: Path) -> None:
    drums = b"\x00\x99\x24\x40\x60\x89\x24\x40"
    track = drums + b"\x00\x90\x3c\x40\x60\x80\x3c\x40" + END
    score = midi_score(_file(tmp_path, track))
    assert (score.percussion, score.parts[0].notes[0].pitch) == (1, 60)
    found = read_scores(tmp_path)
    assert found.notes == ("1 note is left out: percussion (first: a.mid)",)
    with pytest.raises(DataError, match=r"a\.mid: it has no notes but percussion"):
        read_scores(_file(tmp_path, drums + END))


def test_notes_of_one_pitch_may_overlap_and_never_end(tmp_path: Path) -> None:
    on, off = b"\x90\x3c\x40", b"\x80\x3c\x40"
    twice = b"\x00" + on + b"\x60" + on + b"\x60" + off + b"\x60" + off + END
    assert _parts(_file(tmp_path, twice)) == [[(0, 1, 60), (1, 3, 60)]]
    again = b"\x00" + on + b"\x00" + on + b"\x60" + off + b"\x60" + off + END
    assert _parts(_file(tmp_path, again)) == [[(0, 2, 60)]]
    never = b"\x00" + on + b"\x60" + on + b"\x60\xff\x2f\x00"
    assert _parts(_file(tmp_path, never)) == [[(0, 1, 60), (1, 2, 60)]]
    assert _parts(_file(tmp_path, b"\x00" + off + twice)) == [[(0, 1, 60), (1, 3, 60)]]


NOTE = b"\x00\x90\x3c\x40\x60\x80\x3c\x40"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"RIFF1234WAVE", "it is no MIDI file"),
        (b"MThd", "it is truncated or damaged"),
        (b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\x20" + NOTE, "it is truncated or damaged"),
        (b"MThd\0\0\0\6\0\1\0\3\0\x60MTrk\0\0\0\4" + END, "it is truncated or damaged"),
        (b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\4" + END, "it has no notes"),
        (b"MThd\0\0\0\6\0\1\0\0\0\x60", "it has no notes"),
        (b"MThd\0\0\0\6\0\1\0\1\0\x60MThd\0\0\0\4" + END, "it is damaged: no MTrk header"),
        (
            b"MThd\0\0\0\6\0\1\0\1\0\0MTrk\0\0\0\x0c" + NOTE + END,
            "it is damaged: a quarter note has 0",
        ),
        (b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\5\0\x3c\x40\0\0", "it is damaged: running status"),
        (b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\4\0\x90\x80\x40", "it is damaged: data byte"),
        (
            b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\x10\xff\xff\xff\xff\x7f\x90\x3c\x40\x60\x80\x3c\x40"
            + END,
            "it is damaged: two events are more than 268,435,455 ticks apart",
        ),
        (
            b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\x10" + b"\xff" * 9000 + NOTE + END,
            "it is damaged: a number has thousands of bytes",
        ),
        (
            b"MThd\0\0\0\6\0\1\0\1\0\1MTrk\0\0\0\x0f\0\x90\x3c\x40\xff\xff\xff\x7f\x80\x3c\x40"
            + END,
            "it has 268,435,455 steps; wanted at most 100,000",
        ),
    ],
)
def test_what_is_no_music_is_one_clear_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_scores(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    kept = read_scores(path, missing="keep")
    assert kept.lengths.tolist() == [0]
    assert kept.faults[0].startswith(message)


def test_a_damaged_file_is_never_a_crash(tmp_path: Path) -> None:
    path, rng = tmp_path / "a.mid", np.random.default_rng(3)
    write_midi(path, np.array([["60", "64"], ["60~", "62"]]), kind="voices", per_quarter=2)
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    for _ in range(300):
        broken = whole.copy()[: rng.integers(1, len(whole) + 1)]
        broken[rng.integers(0, len(broken), 3)] = rng.integers(0, 256, 3)
        path.write_bytes(broken.tobytes())
        with suppress(DataError):
            read_scores(path)


# What is written is read again, and by mido.


def _written(events: Any, **options: Any) -> mido.MidiFile:
    file = io.BytesIO()
    write_midi(file, np.array(events), **options)
    return mido.MidiFile(file=io.BytesIO(file.getvalue()))


def _by_mido(track: mido.MidiTrack, quarter: int) -> list[tuple[Fraction, Fraction, int]]:
    """Notes from the times and pitches of a track that mido has read."""
    now, since, found = 0, dict[int, int](), []
    for message in track:
        now += message.time
        if message.type == "note_on" and message.velocity:
            since[message.note] = now
        elif message.type in ("note_on", "note_off"):
            start = since.pop(message.note)
            found.append((Fraction(start, quarter), Fraction(now, quarter), message.note))
    assert not since
    return sorted(found)


def test_held_notes_are_written_as_one() -> None:
    steps = [["60", "67"], ["60~", "-"], ["60", "67~"], ["-", "65~"]]
    file = _written(steps, kind="voices", per_quarter=4, tempo=120, names=("low", "high"))
    assert (file.type, [track.name for track in file.tracks]) == (1, ["", "low", "high"])
    assert [each.tempo for each in file.tracks[0] if each.type == "set_tempo"] == [500_000]
    assert file.length == pytest.approx(0.5)
    quarter, half = Fraction(1, 4), Fraction(1, 2)
    assert _by_mido(file.tracks[1], file.ticks_per_beat) == [
        (Fraction(0), half, 60),
        (half, 3 * quarter, 60),
    ]
    assert _by_mido(file.tracks[2], file.ticks_per_beat) == [
        (Fraction(0), quarter, 67),
        (half, 3 * quarter, 67),
        (3 * quarter, Fraction(1), 65),
    ]
    channels = [{each.channel for each in track if not each.is_meta} for track in file.tracks]
    assert channels == [set(), {0}, {1}]


def test_many_voices_leave_out_the_channel_of_percussion() -> None:
    file = _written([["60"] * 17], kind="voices", per_quarter=1)
    channels = [each.channel for track in file.tracks for each in track if each.type == "note_on"]
    assert 9 not in channels
    assert len(channels) == 34


def test_chords_last_a_step() -> None:
    def pitches(symbol: str) -> Sequence[int]:
        return {"C": (48, 52, 55), "G": (43, 55), "N": ()}[symbol]

    file = _written([["C"], ["G"], ["-"], ["N"]], kind="chords", per_quarter=0.25, pitches=pitches)
    assert _by_mido(file.tracks[1], file.ticks_per_beat) == [
        (Fraction(0), Fraction(4), 48),
        (Fraction(0), Fraction(4), 52),
        (Fraction(0), Fraction(4), 55),
        (Fraction(4), Fraction(8), 43),
        (Fraction(4), Fraction(8), 55),
    ]
    assert sum(each.time for each in file.tracks[1]) == 16 * file.ticks_per_beat


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "voice"}, "kind: no 'voice'; did you mean 'voices'?"),
        ({"per_quarter": 0}, "per_quarter: wanted a number in (0, 96], given 0"),
        ({"tempo": 2}, "tempo: wanted a number in [4, 1000], given 2"),
        ({"names": ["a", "b"]}, "names: wanted 1, one for each track, given 2"),
        ({"kind": "chords"}, "pitches: wanted a function from a symbol to its notes, given None"),
    ],
)
def test_parameters_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        write_midi(
            io.BytesIO(), np.array([["60"]]), **{"kind": "voices", "per_quarter": 1, **options}
        )
    assert str(caught.value) == message


NOTES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 6), st.integers(0, 127)), min_size=1, max_size=8
)


def _events(moves: list[tuple[int, int, int]]) -> list[str]:
    """A voice from a rest, a length and a pitch of each of its notes."""
    return [
        event
        for rest, length, pitch in moves
        for event in ["-"] * rest + [str(pitch)] + [f"{pitch}~"] * (length - 1)
    ]


@settings(max_examples=60)
@given(st.lists(NOTES, min_size=1, max_size=4), st.sampled_from([0.5, 1, 2, 3, 4, 7, 12]))
def test_voices_come_back(
    tmp_path_factory: pytest.TempPathFactory,
    moves: list[list[tuple[int, int, int]]],
    per_quarter: float,
) -> None:
    path = tmp_path_factory.mktemp("voices") / "a.mid"
    voices = [_events(each) for each in moves]
    steps = max(map(len, voices))
    events = np.array([each + ["-"] * (steps - len(each)) for each in voices]).T
    write_midi(path, events, kind="voices", per_quarter=per_quarter)
    found = read_scores(path, per_quarter=per_quarter)
    assert (found.kind, found.notes) == ("voices", ())
    assert found.voices == tuple(f"voice {at}" for at in range(1, len(voices) + 1))
    assert found.events[0].tolist() == events.tolist()
    finer = read_scores(path, per_quarter=2 * per_quarter).events[0]
    assert finer[::2].tolist() == events.tolist()
    for fine, coarse in zip(finer[1::2].T, events.T, strict=True):  # goes on between the steps
        assert [each.rstrip("~") for each in fine] == [each.rstrip("~") for each in coarse]
        assert not any(each.isdecimal() for each in fine)


@settings(max_examples=60)
@given(st.lists(st.dictionaries(st.integers(0, 127), st.booleans(), max_size=4), min_size=1))
def test_notes_come_back(
    tmp_path_factory: pytest.TempPathFactory, steps: list[dict[int, bool]]
) -> None:
    """Whether each note of a step goes on, if it was in the step before."""
    steps.append({60: False})  # steps after the last note are not read
    path = tmp_path_factory.mktemp("notes") / "a.mid"
    width = max(map(len, steps))
    rows = []
    for before, step in zip([{}, *steps], steps, strict=False):
        row = [f"{each}{'~' * (step[each] and each in before)}" for each in sorted(step)[::-1]]
        rows.append(row + ["-"] * (width - len(row)))
    write_midi(path, np.array(rows), kind="notes", per_quarter=3)
    found = read_scores(path, kind="notes", per_quarter=3)
    assert (found.kind, found.events[0].tolist()) == ("notes", rows)
