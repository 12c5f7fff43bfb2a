"""The sound of pieces, measured."""

import time
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from regard.inputs.music.pieces import Kind
from regard.inputs.music.synth import render

RATE = 22_050
CHORALE = np.array([["67", "64", "60", "48"], ["69", "65", "60~", "53"], ["71", "65~", "62", "43"]])


def _loudest(sound: NDArray[np.float32], rate: int = RATE) -> float:
    """The frequency of the highest peak, in Hz."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 8 * len(sound)))
    return float(np.argmax(spectrum) * rate / (8 * len(sound)))


def _level(sound: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.float64(sound) ** 2)))


@pytest.mark.parametrize(
    ("kind", "event", "given", "seconds"),
    [
        ("voices", "60", {}, 60 / 90),
        ("voices", "60", {"tempo": 120.0, "per_quarter": 4.0}, 0.125),
        ("notes", "60", {"tempo": 60.0, "rate": 8000}, 1.0),
        ("chords", "Dm7", {}, 120 / 90),
        ("chords", "Dm7", {"per_quarter": 1.0}, 60 / 90),
    ],
)
def test_length_to_the_sample(
    kind: Kind, event: str, given: dict[str, Any], seconds: float
) -> None:
    sound = render(np.array([[event]] * 7), kind=kind, **given)
    assert sound.dtype == np.float32
    assert len(sound) == round(7 * seconds * given.get("rate", RATE))


@pytest.mark.parametrize("pitch", [36, 48, 60, 69, 81, 96])
def test_pitch(pitch: int) -> None:
    sound = render(np.array([[str(pitch)], [f"{pitch}~"]]), kind="voices")
    assert _loudest(sound) == pytest.approx(440 * 2 ** ((pitch - 69) / 12), rel=0.003)


def test_a_chord_has_all_its_notes() -> None:
    sound = render(np.array([["C"], ["C"]]), kind="chords")
    spectrum = np.abs(np.fft.rfft(sound))
    for pitch in (36, 48, 52, 55):
        at = 440 * 2 ** ((pitch - 69) / 12) * len(sound) / RATE
        near = spectrum[round(at) - 2 : round(at) + 3].max()
        assert near > 30 * np.median(spectrum)


@pytest.mark.parametrize("voices", [1, 2, 4, 8])
def test_any_number_of_voices_is_equally_loud_and_does_not_clip(voices: int) -> None:
    piece = np.tile(CHORALE, (5, 2))[:, :voices]
    sound = render(piece, kind="voices")
    assert 0.08 < _level(sound) < 0.16
    assert np.abs(sound).max() < 1
    together = render(np.array([["60"] * voices] * 3), kind="voices")  # the worst case for peaks
    assert np.abs(together).max() < 1
    assert _level(together) > 0.08


def test_rests_are_silent_and_do_not_change_the_level() -> None:
    sound = render(np.array([["60"], ["-"], ["62"], ["-"]]), kind="voices", tempo=60.0)
    assert not sound[RATE : 2 * RATE].any()
    assert not sound[3 * RATE :].any()
    assert _level(sound[:RATE]) == pytest.approx(0.12, rel=0.1)
    assert not render(np.array([["-"], ["-"]]), kind="voices").any()
    assert len(render(np.empty((0, 2), "<U3"), kind="voices")) == 0
    assert not render(np.array([["N.C."]]), kind="chords").any()


def test_held_notes_sound_on_and_repeated_ones_are_struck_again() -> None:
    border = slice(RATE - 400, RATE + 400)
    held = render(np.array([["60"], ["60~"]]), kind="voices", tempo=60.0)
    struck = render(np.array([["60"], ["60"]]), kind="voices", tempo=60.0)
    assert _level(held[border]) > 0.05
    assert _level(struck[RATE - 20 : RATE + 20]) < 0.005
    again, first = slice(RATE, RATE + 4000), slice(4000)
    np.testing.assert_allclose(struck[again], struck[first])
    assert _level(held[again]) < 0.8 * _level(held[first])


def test_a_note_is_held_whichever_column_it_is_in() -> None:
    straight = render(np.array([["60"], ["60~"]]), kind="voices")
    moved = np.array([["60", "-"], ["-", "60~"]])
    np.testing.assert_array_equal(render(moved, kind="notes"), straight)
    alone = render(moved, kind="voices")  # another voice has nothing to hold: it begins
    middle = len(alone) // 2
    assert _level(alone[middle - 20 : middle + 20]) < 0.005


def test_nothing_clicks() -> None:
    """A step between two samples is at most that of the highest overtones of the notes."""
    sound = render(np.tile(CHORALE, (7, 1)), kind="voices")
    assert abs(sound[0]) < 1e-4
    assert abs(sound[-1]) < 1e-2
    step = round(RATE * 60 / 90)
    jumps = np.abs(np.diff(sound))
    borders = np.concatenate(
        [jumps[at * step - 30 : at * step + 30] for at in range(1, len(sound) // step)]
    )
    assert borders.max() < 0.5 * jumps.max()
    assert jumps.max() < 0.15


def test_a_chorale_is_fast() -> None:
    piece = np.tile(CHORALE, (20, 1))
    start = time.process_time()
    render(piece, kind="voices")
    assert time.process_time() - start < 0.2
