"""Pieces as sound."""

import numpy as np
from numpy.typing import NDArray

from regard.inputs.music.chords import chord_pitches
from regard.inputs.music.pieces import HELD, REST, Kind

__all__ = ["render"]

_ATTACK, _RELEASE = 0.012, 0.06  # seconds
_LOUDNESS = 0.12  # root of the mean square where something sounds
_PEAK = 0.95


def render(
    events: NDArray[np.str_],
    *,
    kind: Kind,
    per_quarter: float | None = None,
    tempo: float = 90.0,
    rate: int = 22_050,
) -> NDArray[np.float32]:
    """A piece as the sound of a soft electric piano, equally loud with any number of voices.

    A note of frequency f is sin(p + d sin p), p = 2 pi f t, whose depth d and level fade
    (frequency modulation, Chowning, 1973, "The synthesis of complex audio spectra").

    Parameters:
        events: [T, V].
        kind: of the events.
        per_quarter: steps of a quarter note; by default 1, and of chords 1/2.
        tempo: quarter notes in a minute.
        rate: samples in a second.

    Returns:
        Samples between -1 and 1, for as long as the steps last.

    >>> render(np.array([["60"], ["60~"], ["-"]]), kind="voices", tempo=60.0).shape
    (66150,)
    """
    per_quarter = per_quarter or (0.5 if kind == "chords" else 1.0)
    borders = np.rint(np.arange(len(events) + 1) * 60 * rate / (tempo * per_quarter)).astype(int)
    sound = np.zeros(borders[-1], np.float32)
    heard = np.zeros(len(events), bool)
    tones: dict[tuple[int, int], NDArray[np.float32]] = {}
    for start, stop, pitch in _notes(events, kind):
        heard[start:stop] = True
        key = pitch, int(borders[stop] - borders[start])
        if key not in tones:
            tones[key] = _tone(*key, rate)
        sound[borders[start] : borders[stop]] += tones[key]
    samples = int(np.diff(borders)[heard].sum())
    level = float(np.sqrt((sound**2).sum() / max(samples, 1)))
    top = float(np.abs(sound).max(initial=0.0))
    return sound * np.float32(min(_LOUDNESS / level, _PEAK / top) if level else 1.0)


def _notes(events: NDArray[np.str_], kind: Kind) -> list[tuple[int, int, int]]:
    """The first step, the step after the last, and the pitch of every note."""
    notes: list[tuple[int, int, int]] = []
    sounding: dict[tuple[int, int], int] = {}  # where a voice's pitch is in the list
    for step, row in enumerate(events.tolist()):
        before, sounding = sounding, {}
        for column, event in enumerate(row):
            if event == REST:
                continue
            voice = column if kind == "voices" else 0
            pitches = chord_pitches(event) if kind == "chords" else (int(event.rstrip(HELD)),)
            for pitch in pitches:
                at = before.get((voice, pitch)) if event.endswith(HELD) else None
                if at is None:
                    at = len(notes)
                    notes.append((step, step + 1, pitch))
                else:
                    notes[at] = notes[at][0], step + 1, pitch
                sounding[voice, pitch] = at
    return notes


def _tone(pitch: int, samples: int, rate: int) -> NDArray[np.float32]:
    """[samples] of a note that starts and ends in silence."""
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    seconds = np.arange(samples) / rate
    phase = (2 * np.pi * (frequency * seconds % 1)).astype(np.float32)
    fading = np.exp(-seconds / 1.5).astype(np.float32)
    depth = (
        np.float32(min(1.0, rate / (8 * frequency))) * fading**4
    )  # no overtones beyond half the rate
    tone: NDArray[np.float32] = fading * np.sin(phase + depth * np.sin(phase))
    attack = _rise(min(round(_ATTACK * rate), samples // 2))
    release = _rise(min(round(_RELEASE * rate), samples // 2))[::-1]
    tone[: len(attack)] *= attack
    tone[samples - len(release) :] *= release
    return tone


def _rise(samples: int) -> NDArray[np.float32]:
    """From 0 to 1 along half a cosine."""
    return ((1 - np.cos(np.pi * np.arange(samples) / max(samples, 1))) / 2).astype(np.float32)
