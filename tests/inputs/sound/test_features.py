"""Features of sound, held against sums and loops as textbooks write them."""

import cmath
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.fft import dct

from regard.errors import ConfigError
from regard.inputs.sound.features import Features, add_deltas, mel_filters

RATE = 2000


def _mel(frequency: float) -> float:
    return 2595 * math.log10(1 + frequency / 700)


def _reference(wave: NDArray[np.float64], *, width: int, step: int, mels: int) -> list[list[float]]:
    """[S][mels] log-mel energies, frame by frame, bin by bin, band by band."""
    mean = sum(wave) / len(wave)
    size = (len(mel_filters(RATE, width, mels)) - 1) * 2  # of the spectrum, a power of two
    assert size >= width
    corners = [_mel(RATE / 2) * m / (mels + 1) for m in range(mels + 2)]
    corners = [700 * (10 ** (each / 2595) - 1) for each in corners]
    rows = []
    for frame in range(math.ceil(len(wave) / step)):
        first = frame * step - (width - step) // 2  # so that the frame is centred on its hop
        power = []
        for k in range(size // 2 + 1):
            total = 0j
            for n in range(width):
                inside = 0 <= first + n < len(wave)
                sample = wave[first + n] - mean if inside else 0.0
                hann = 0.5 - 0.5 * math.cos(2 * math.pi * n / width)
                total += sample * hann * cmath.exp(-2j * math.pi * k * n / size)
            power.append(abs(total) ** 2)
        row = []
        for m in range(mels):
            low, centre, high = corners[m : m + 3]
            energy = 0.0
            for k, each in enumerate(power):
                at = k * RATE / size
                rise, fall = (at - low) / (centre - low), (high - at) / (high - centre)
                energy += max(0.0, min(rise, fall)) * each
            row.append(math.log(energy + 1e-6))
        rows.append(row)
    return rows


@pytest.mark.parametrize("samples", [97, 31, 7])
def test_log_mel_energies_are_those_of_the_loops(samples: int, rng: np.random.Generator) -> None:
    wave = 0.3 * rng.normal(size=samples) + 0.05
    features = Features(kind="log-mel", rate=RATE, window=0.0115, hop=0.0065, mels=5)
    assert (features.width, features.step) == (23, 13)
    wanted = np.array(_reference(wave, width=23, step=13, mels=5)).T
    found = features(wave.astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=2e-4)


def test_mfcc_are_the_cosine_transform_of_the_energies(rng: np.random.Generator) -> None:
    wave = rng.normal(size=701).astype(np.float32)
    options: dict[str, Any] = {"rate": RATE, "window": 0.02, "hop": 0.01, "mels": 11}
    energies = Features(kind="log-mel", **options)(wave)
    found = Features(kind="mfcc", coefficients=7, **options)(wave)
    np.testing.assert_allclose(found, dct(energies, axis=0, norm="ortho")[:7], atol=1e-4)


def test_deltas_are_slopes_of_lines_through_five_frames(rng: np.random.Generator) -> None:
    values = rng.normal(size=(3, 11))
    found = add_deltas(values, 2)
    assert found.shape == (9, 11)
    for order in (1, 2):
        before = found[3 * (order - 1) : 3 * order]
        for channel in range(3):
            for at in range(2, 9):
                line = np.polyfit(np.arange(-2, 3), before[channel, at - 2 : at + 3], 1)
                assert found[3 * order + channel, at] == pytest.approx(line[0])
    ends = np.concatenate([values[:, :1], values[:, :1], values[:, :3]], axis=1)
    wanted = [np.polyfit(np.arange(-2, 3), row, 1)[0] for row in ends]
    np.testing.assert_allclose(found[3:6, 0], wanted)
    assert (add_deltas(np.ones((2, 1)), 2)[2:] == 0).all()


def test_a_tone_is_loudest_in_its_own_band_and_time() -> None:
    rate, pitch = 8000, 1000.0
    time = np.arange(rate) / rate
    wave = np.where(time < 0.5, 0.0, np.sin(2 * np.pi * pitch * time)).astype(np.float32)
    features = Features(kind="log-mel", rate=rate, mels=23)
    found = features(wave)
    assert found.shape == (23, 100)
    corners = np.linspace(0, _mel(rate / 2), 25)
    nearest = int(np.abs(corners[1:-1] - _mel(pitch)).argmin())
    assert (found[:, 52:].argmax(0) == nearest).all()
    assert found[:, :48].max() < found[nearest, 52:].min() - 5


@pytest.mark.parametrize(("rate", "mels"), [(8000, 40), (16000, 80), (44100, 128), (8000, 100)])
def test_no_band_is_empty(rate: int, mels: int) -> None:
    filters = mel_filters(rate, round(0.025 * rate), mels)
    assert filters.shape[1] == mels
    assert (filters.max(0) > 0).all()
    assert filters.min() == 0
    assert filters.max() <= 1


def test_long_recordings_are_computed_in_blocks_alike(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = rng.normal(size=5003).astype(np.float32)
    features = Features(kind="log-mel", rate=RATE, mels=7)
    whole = features(wave)
    monkeypatch.setattr("regard.inputs.sound.features._BLOCK", 17)
    np.testing.assert_allclose(features(wave), whole, rtol=1e-5)


def test_silent_samples_have_the_floor() -> None:
    found = Features(kind="log-mel", rate=8000)(np.zeros(900, np.float32))
    np.testing.assert_allclose(found, math.log(1e-6), rtol=1e-6)


def test_channels_are_named() -> None:
    names = Features(kind="mfcc", rate=8000, coefficients=3, deltas=2).names
    assert names[:4] == ("mfcc 0", "mfcc 1", "mfcc 2", "change of mfcc 0")
    assert names[-1] == "change of change of mfcc 2"


def test_what_cannot_be_computed_is_refused() -> None:
    with pytest.raises(ConfigError, match="window, hop: wanted a window as long as the hop"):
        Features(kind="log-mel", rate=8000, window=0.005)
    with pytest.raises(ConfigError, match="at most one for each of 7 mels, given 13"):
        Features(kind="mfcc", rate=8000, mels=7)
