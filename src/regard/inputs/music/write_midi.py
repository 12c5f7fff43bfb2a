"""Pieces as MIDI files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from os import PathLike
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_choice, check_number
from regard.errors import ConfigError
from regard.inputs.music.midi import DRUMS
from regard.inputs.music.pieces import HELD, REST, Kind
from regard.tables.files import FilePath

__all__ = ["write_midi"]

_TICKS = 480  # of a quarter note, at least
_LOUD = 80


class _Sound(NamedTuple):
    start: int  # steps
    stop: int
    pitch: int


def write_midi(
    path: FilePath | IO[bytes],
    events: NDArray[np.str_],
    *,
    kind: Kind,
    per_quarter: float,
    tempo: float = 90.0,
    names: Sequence[str] = (),
    pitches: Callable[[str], Sequence[int]] | None = None,
) -> None:
    """Write a piece as a standard MIDI file of type 1, whose first track has the tempo.

    Parameters:
        path: the file, which is overwritten; or a binary file that is open.
        events: [T, V] of a piece. A note that goes on, but that did not sound, begins.
        kind: what they are. Each voice has a track and a channel; notes, and chords, have one.
        per_quarter: steps of a quarter note; a chord lasts a step, so 0.25 is a bar of four.
        tempo: quarter notes in a minute.
        names: of the tracks; () names them "voice 1" and so on.
        pitches: from a symbol to the MIDI numbers of its chord, none for silence; for chords alone.

    Raises:
        ConfigError: a parameter is out of range, names are not as many as tracks, or chords come
            without `pitches`.
    """
    import mido

    check_choice("kind", kind, ("voices", "notes", "chords"))
    check_number("per_quarter", per_quarter, within="(0, 96]")
    check_number("tempo", tempo, within="[4, 1000]")
    tracks = _tracks(events, kind, pitches)
    names = names or [
        f"voice {at}" if kind == "voices" else kind for at in range(1, len(tracks) + 1)
    ]
    if len(names) != len(tracks):
        raise ConfigError(f"names: wanted {len(tracks)}, one for each track, given {len(names)}")
    step = 1 / Fraction(per_quarter).limit_denominator(1000)  # in quarter notes
    ticks = step.denominator * -(-_TICKS // step.denominator)
    file = mido.MidiFile(type=1, ticks_per_beat=ticks, charset="utf-8")
    file.add_track().append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo)))
    channels = [channel for channel in range(16) if channel != DRUMS]
    for at, (name, sounds) in enumerate(zip(names, tracks, strict=True)):
        track = file.add_track(name)
        now, channel = 0, channels[at % len(channels)]
        changes = [(each.start, True, each.pitch) for each in sounds]
        changes += [(each.stop, False, each.pitch) for each in sounds]
        for time, starts, pitch in sorted(changes):  # ends before starts
            tick = int(time * step * ticks)
            track.append(
                mido.Message(
                    "note_on",
                    channel=channel,
                    note=pitch,
                    velocity=_LOUD if starts else 0,
                    time=tick - now,
                )
            )
            now = tick
        end = int(len(events) * step * ticks)
        track.append(mido.MetaMessage("end_of_track", time=end - now))
    if isinstance(path, str | PathLike):
        file.save(path)
    else:
        file.save(file=path)


def _tracks(
    events: NDArray[np.str_], kind: Kind, pitches: Callable[[str], Sequence[int]] | None
) -> list[list[_Sound]]:
    if kind == "voices":
        return [_sounds([[event] for event in voice]) for voice in events.T.tolist()]
    if kind == "notes":
        return [_sounds(events.tolist())]
    if pitches is None:
        raise ConfigError("pitches: wanted a function from a symbol to its notes, given None")
    known = {REST: (), **{str(each): pitches(each) for each in np.unique(events) if each != REST}}
    return [
        [
            _Sound(step, step + 1, pitch)
            for step, symbol in enumerate(events[:, 0].tolist())
            for pitch in sorted(set(known[symbol]))
        ]
    ]


def _sounds(steps: Sequence[Sequence[str]]) -> list[_Sound]:
    """The notes of a track from the events of its steps."""
    found, since = [], dict[int, int]()  # pitch to the step that it sounds from
    for step, events in enumerate([*steps, ()]):
        notes = {
            int(event.removesuffix(HELD)): event.endswith(HELD) for event in events if event != REST
        }
        for pitch in [pitch for pitch in since if not notes.get(pitch)]:
            found.append(_Sound(since.pop(pitch), step, pitch))
        for pitch in notes:
            since.setdefault(pitch, step)
    return found
