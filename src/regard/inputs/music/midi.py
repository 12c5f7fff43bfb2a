"""MIDI files: notes in musical time, whatever the tempo."""

from __future__ import annotations

import io
import re
from collections import defaultdict, deque
from contextlib import suppress
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

from regard.errors import DataError
from regard.inputs.music.grid import Note, Part, Score

__all__ = ["DRUMS", "midi_score"]

DRUMS = 9
"""The channel of percussion, from 0, whose notes have no pitch."""

_LARGEST = 32 * 2**20  # bytes
_LONGEST_DELTA = 2**28  # ticks, which four bytes cannot hold
# Bytes of one number, which mido takes the square of their count to read.
_HIGH = re.compile(rb"[\x80-\xff]{4096}")
_TEMPO = 500_000  # microseconds of a quarter note, where a file does not say

_Track = dict[int, list[Note]]  # notes by channel


def midi_score(path: Path) -> Score:
    """The notes of a standard MIDI file, without percussion (channel 10).

    A part is a track, named as the file names it. Where one track alone has notes, as in files of
    type 0, its channels are the parts. The tracks of type 2 follow each other, each from a quarter
    note on. Time in seconds (SMPTE) is taken to quarter notes by the first tempo of the file, 120
    in a minute without one. Of notes of one pitch that overlap on a channel, the one that began
    first ends first; a note that never ends lasts to the end of its track.

    Raises:
        DataError: it is no MIDI file, is damaged or truncated, or has no notes. The message does
            not have the path.
    """
    import mido

    if path.stat().st_size > _LARGEST:
        raise DataError(f"it is larger than {_LARGEST // 2**20} MiB")
    content = path.read_bytes()
    if not content.startswith(b"MThd"):
        raise DataError("it is no MIDI file" if content else "it is empty")
    if _HIGH.search(content):
        raise DataError("it is damaged: a number has thousands of bytes")
    try:
        file = mido.MidiFile(file=io.BytesIO(content))
    except EOFError:
        raise DataError("it is truncated or damaged") from None
    except Exception as error:  # a damaged file may raise any type
        raise DataError(f"it is damaged: {error}") from None
    quarter = _ticks_per_quarter(file)
    offset = percussion = 0
    named: list[tuple[str, _Track]] = []
    for track in file.tracks:
        channels, end = _notes(track, offset)
        percussion += len(channels.pop(DRUMS, ()))
        named += [(_name(track), channels)] * bool(channels)
        if file.type == 2:
            offset = ceil(ceil(end / quarter) * quarter)
    parts = _parts(named, in_sequence=file.type == 2)
    if not parts:
        raise DataError(f"it has no notes{' but percussion' * bool(percussion)}")
    return Score(parts, quarter, percussion)


def _ticks_per_quarter(file: Any) -> Fraction:
    division = file.ticks_per_beat
    if division > 0:
        return Fraction(division)
    frames, ticks = -(int(division) >> 8), int(division) & 0xFF
    if division == 0 or ticks == 0:
        raise DataError("it is damaged: a quarter note has 0 ticks")
    tempo: int = next(
        (each.tempo for track in file.tracks for each in track if each.type == "set_tempo"), _TEMPO
    )
    a_second = Fraction(30_000, 1001) if frames == 29 else Fraction(frames)
    return a_second * ticks * Fraction(tempo or _TEMPO, 1_000_000)


def _notes(track: Any, offset: int) -> tuple[_Track, int]:
    """The notes of a track that starts at `offset`, by their channels, and where it ends."""
    found: _Track = defaultdict(list)
    open_since: dict[tuple[int, int], deque[int]] = defaultdict(deque)
    now = offset
    for message in track:
        if not 0 <= message.time < _LONGEST_DELTA:
            raise DataError("it is damaged: two events are more than 268,435,455 ticks apart")
        now += message.time
        if message.type not in ("note_on", "note_off"):
            continue
        starts = open_since[message.channel, message.note]
        if message.type == "note_on" and message.velocity:
            starts.append(now)
        elif starts:
            found[message.channel].append(Note(starts.popleft(), now, message.note))
    for (channel, pitch), starts in open_since.items():
        found[channel] += [Note(start, now, pitch) for start in starts]
    return {channel: _ended(notes) for channel, notes in found.items() if notes}, now


def _ended(notes: list[Note]) -> list[Note]:
    """Notes of a channel, where one ends at the latest when the next of its pitch begins."""
    found, later = [], dict[int, int]()
    for start, stop, pitch in sorted(notes, reverse=True):
        if later.get(pitch) != start:
            found.append(Note(start, min(stop, later.get(pitch, stop)), pitch))
            later[pitch] = start
    return found[::-1]


def _parts(named: list[tuple[str, _Track]], *, in_sequence: bool) -> list[Part]:
    if len(named) == 1 or in_sequence:
        channels: _Track = defaultdict(list)
        for _, track in named:
            for channel, notes in track.items():
                channels[channel] += notes
        name = named[0][0] if len(channels) == 1 else ""
        return [Part(name, channels[channel]) for channel in sorted(channels)]
    return [
        Part(name, [note for notes in track.values() for note in notes]) for name, track in named
    ]


def _name(track: Any) -> str:
    """The name of a track, which is UTF-8 or Latin-1."""
    name = next((str(each.name) for each in track if each.type == "track_name"), "")
    with suppress(UnicodeError):
        name = name.encode("latin-1").decode()
    return " ".join(name.replace("\0", " ").split())
