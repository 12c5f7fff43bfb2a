"""Chord symbols against the chords of theory books, and moved to other keys."""

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.inputs.music.chords import chord_pitches, transpose

# Spelled as books of jazz harmony list them, from the root up, without the bass.
BOOK = {
    "C": "C E G",
    "Am": "A C E",
    "Baug": "B D# F##",
    "E+": "E G# B#",
    "Ab0": "Ab Cb Ebb",
    "Cdim": "C Eb Gb",
    "F6": "F A C D",
    "Dm6": "D F A B",
    "G7": "G B D F",
    "Bbmaj7": "Bb D F A",
    "EΔ": "E G# B D#",
    "Dm7": "D F A C",
    "F#-7": "F# A C# E",
    "Bm7b5": "B D F A",
    "Cø": "C Eb Gb Bb",
    "Eb07": "Eb Gb Bbb Dbb",
    "F#dim7": "F# A C Eb",
    "Fm/maj7": "F Ab C E",
    "C7#9": "C E G Bb D#",
    "G7b9": "G B D F Ab",
    "A7#5": "A C# E# G",
    "Ab9": "Ab C Eb Gb Bb",
    "Gm9": "G Bb D F A",
    "Dmaj9": "D F# A C# E",
    "Cm11": "C Eb G Bb D F",
    "F13": "F A C Eb G D",
    "E69": "E G# B C# F#",
    "C6/9": "C E G A D",
    "Gsus": "G C D",
    "Asus2": "A B E",
    "D7sus4": "D G A C",
    "Bb9sus": "Bb Eb F Ab C",
    "Cadd9": "C E G D",
    "C(add9)": "C E G D",
    "F7(#11)": "F A C Eb B",
    "Fmaj7#11": "F A C E B",
    "Bb13b9": "Bb D F Ab Cb G",
    "Galt": "G B D# F Ab A#",
    "G7alt": "G B D# F Ab A#",
    "Cmaj7#5": "C E G# B",
    "A7b5b9": "A C# Eb G Bb",
    "D7#5#9": "D F# A# C E#",
    "Cmaug": "C Eb G#",
    "Amb6": "A C E F",
    "C5": "C G",
    "Em7(A7)": "E G B D",
    "(C7)": "C E G Bb",
}
SYMBOLS = st.sampled_from([*BOOK, "D7/F#", "C/E", "Fm/maj7/G", "Cm7/Bb(F7/A)"])


def _number(name: str) -> int:
    """0 to 11, counted along the keys of a piano."""
    return ("C D EF G A B".index(name[0]) + name.count("#") - name.count("b")) % 12


@pytest.mark.parametrize("symbol", BOOK)
def test_the_notes_of_theory_books(symbol: str) -> None:
    bass, *above = chord_pitches(symbol)
    wanted = [_number(name) for name in BOOK[symbol].split()]
    assert {pitch % 12 for pitch in above} == set(wanted)
    assert len(above) == len(wanted)
    assert bass % 12 == above[0] % 12 == wanted[0]


def test_extensions_lie_above_the_octave() -> None:
    assert chord_pitches("C13") == (36, 48, 52, 55, 58, 62, 69)
    assert chord_pitches("B7b9#11") == (47, 59, 63, 66, 69, 72, 77)


def test_the_bass_is_the_lowest_note() -> None:
    assert chord_pitches("C/E") == (40, 48, 52, 55)
    assert chord_pitches("Am7/G")[0] == 43
    assert chord_pitches("Fm/maj7/G") == (43, 53, 56, 60, 64)


def test_what_cannot_be_read_is_a_triad_or_silent() -> None:
    assert chord_pitches("Cwhatever/E") == chord_pitches("C/E")
    assert chord_pitches("C#7b7") == chord_pitches("C#")
    assert [chord_pitches(symbol) for symbol in ("N.C.", "", "-", "H7", "(x)")] == [()] * 5


@given(SYMBOLS, st.integers(-24, 24), st.sets(SYMBOLS))
def test_there_and_back_is_the_same_chord(symbol: str, semitones: int, known: set[str]) -> None:
    there = transpose(symbol, semitones, known)
    assert there is not None
    moved = {(pitch + semitones) % 12 for pitch in chord_pitches(symbol)}
    assert {pitch % 12 for pitch in chord_pitches(there)} == moved
    back = transpose(there, -semitones, known)
    assert back is not None
    assert chord_pitches(back) == chord_pitches(symbol)


@given(st.integers(0, 127), st.sampled_from(["", "~"]), st.integers(-12, 12))
def test_notes_move_and_stay_in_range(pitch: int, held: str, semitones: int) -> None:
    moved = transpose(f"{pitch}{held}", semitones)
    inside = 0 <= pitch + semitones <= 127
    assert moved == (f"{pitch + semitones}{held}" if inside else None)


@pytest.mark.parametrize(
    ("symbol", "semitones", "known", "wanted"),
    [
        ("C7", 1, (), "Db7"),
        ("C7", 1, {"C#7"}, "C#7"),
        ("C7", 1, {"C#7", "Db7"}, "Db7"),
        ("Bbm7b5", -2, (), "Abm7b5"),
        ("D/F#", 2, {"E/Ab"}, "E/Ab"),
        ("D/F#", 2, {"E/G#"}, "E/G#"),
        ("Dm7/C(G7)", 5, (), "Gm7/F(C7)"),
        ("Fm/maj7/G", 3, (), "Abm/maj7/Bb"),
        ("C7(b9)", 2, (), "D7(b9)"),
        ("C(Add9)", 2, (), "D(Add9)"),
        ("Amaj7", 12, (), "Amaj7"),
        ("E#m", 0, (), "E#m"),
        ("-", 3, (), "-"),
        ("N.C.", 3, (), "N.C."),
        ("what", 3, (), None),
        ("", 3, (), None),
    ],
)
def test_spelling(symbol: str, semitones: int, known: set[str], wanted: str | None) -> None:
    assert transpose(symbol, semitones, known) == wanted


@pytest.mark.skipif("REGARD_DATA" not in os.environ, reason="REGARD_DATA is not set")
def test_every_symbol_of_jazz_standards_is_understood() -> None:
    text = Path(os.environ["REGARD_DATA"], "music/jazz_standards/JazzStandards.json").read_text()
    found = {
        symbol
        for tune in json.loads(text)
        for section in tune["Sections"]
        for part in [section["MainSegment"], *section.get("Endings", [])]
        for symbol in re.split(r"[|,]", part["Chords"])
        if symbol
    }
    assert len(found) == 1377
    plain = re.compile(r"\(?[A-G][b#]?(/[A-G][b#]?)?\)?(\([^)]*\))?")
    for symbol in found:
        bass, root, *above = chord_pitches(symbol)
        triad = [pitch - root for pitch in above] == [4, 7]
        assert triad == bool(plain.fullmatch(symbol)), f"{symbol} is taken for a plain triad"
        assert 36 <= bass <= 47 < root <= 59
