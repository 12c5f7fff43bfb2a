"""Made-up canons: each voice sings what the first one sang some steps before."""

from __future__ import annotations

import numpy as np

from regard.checks import check_count
from regard.errors import ConfigError
from regard.inputs.music.pieces import REST, Pieces

__all__ = ["canons"]

_SCALE = np.array([0, 2, 4, 5, 7, 9, 11])
_LOWEST = 60


def canons(
    *, pieces: int = 200, steps: int = 32, voices: int = 2, delay: int = 4, seed: int = 0
) -> Pieces:
    """Melodies in C major, which the other voices sing `delay` steps after the one before.

    The first voice walks by steps and small leaps over two octaves and cannot be foretold; every
    note of the others is that of the voice before, `delay` steps earlier, an octave lower where it
    is the second, fourth... voice. So it is known where each of their notes comes from.

    Parameters:
        pieces: how many.
        steps: of the longest, each a quarter note; the others have at least half as many.
        voices: of each, "voice 1" the leader.
        delay: in steps.
        seed: random seed.

    >>> leader, follower = canons(pieces=1, steps=6, delay=2).events[0].T
    >>> follower[:2].tolist(), [int(note) - 12 for note in leader[:-2]] == [*map(int, follower[2:])]
    (['-', '-'], True)
    """
    for name, count, least in (
        ("pieces", pieces, 1),
        ("steps", steps, 2),
        ("voices", voices, 2),
        ("delay", delay, 1),
    ):
        check_count(name, count, least=least)
    if delay * (voices - 1) >= steps:
        raise ConfigError(
            f"delay: the last of {voices} voices begins at step {delay * (voices - 1)} of {steps}; "
            "wanted a shorter delay, or more steps"
        )
    rng = np.random.default_rng(seed)
    least = max(1 + steps // 2, 1 + delay * (voices - 1))
    found = []
    for _ in range(pieces):
        degree, length = int(rng.integers(3, 11)), int(rng.integers(least, steps + 1))
        events = np.full((length, voices), REST, "<U3")
        for step in range(length):
            pitch = _LOWEST + 12 * (degree // 7) + int(_SCALE[degree % 7])
            for voice in range(voices):
                if step + delay * voice < length:
                    events[step + delay * voice, voice] = str(pitch - 12 * (voice % 2))
            move = int(rng.choice([-3, -2, -1, -1, 1, 1, 2, 3]))
            degree = degree - move if not 0 <= degree + move <= 14 else degree + move
        found.append(events)
    names = tuple(f"voice {voice + 1}" for voice in range(voices))
    return Pieces(tuple(found), "voices", names)
