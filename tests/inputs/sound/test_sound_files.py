"""Sound files of every kind: decoded, mixed down, resampled, or refused with a reason."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from regard.inputs.sound.files import decode, resample, sound_files
from regard.inputs.sound.player import player, wav_bytes
from sounds import tone

WAVE = tone(700.0)


def _fault(path: Path, max_seconds: float = 60.0) -> str:
    found = decode([path], rate=None, max_seconds=max_seconds)
    assert len(found.waves[0]) == 0 or not found.faults[0]
    return found.faults[0]


@pytest.mark.parametrize(
    ("name", "subtype", "close"),
    [
        ("a.wav", "PCM_U8", 1e-2),
        ("a.wav", "PCM_16", 1e-4),
        ("a.wav", "PCM_24", 1e-6),
        ("a.wav", "PCM_32", 1e-6),
        ("a.wav", "FLOAT", 0),
        ("a.wav", "DOUBLE", 0),
        ("a.wav", "ULAW", 2e-2),
        ("a.flac", "PCM_16", 1e-4),
        ("a.flac", "PCM_24", 1e-6),
    ],
)
def test_any_width_is_read(name: str, subtype: str, close: float, tmp_path: Path) -> None:
    soundfile.write(tmp_path / name, WAVE, 8000, subtype=subtype)
    found = decode([tmp_path / name], rate=None, max_seconds=60)
    assert (found.rate, found.notes, found.faults) == (8000, (), ("",))
    assert found.waves[0].dtype == np.float32
    np.testing.assert_allclose(found.waves[0], WAVE, atol=close)


def test_channels_are_averaged_and_it_is_said_once(tmp_path: Path) -> None:
    both = np.stack([WAVE, 0.5 * WAVE[::-1]], axis=1)
    soundfile.write(tmp_path / "a.wav", both, 8000, subtype="FLOAT")
    soundfile.write(tmp_path / "b.wav", WAVE, 8000, subtype="FLOAT")
    files = [tmp_path / name for name in ("a.wav", "b.wav")]
    found = decode(files, rate=None, max_seconds=60)
    np.testing.assert_allclose(found.waves[0], both.mean(1), atol=1e-7)
    np.testing.assert_array_equal(found.waves[1], WAVE)
    assert found.notes == ("1 of 2 recordings has several channels, which are averaged",)


@pytest.mark.parametrize(
    ("rates", "chosen", "notes"),
    [
        ((8000, 8000), 8000, 0),
        ((44100, 44100), 16000, 0),
        ((8000, 44100), 16000, 1),
        ((8000, 11025), 11025, 1),
    ],
)
def test_all_get_one_rate(rates: tuple[int, int], chosen: int, notes: int, tmp_path: Path) -> None:
    for n, rate in enumerate(rates):
        soundfile.write(tmp_path / f"{n}.wav", tone(700.0, rate=rate), rate)
    files = [tmp_path / "0.wav", tmp_path / "1.wav"]
    found = decode(files, rate=None, max_seconds=60)
    assert found.rate == chosen
    assert {len(wave) for wave in found.waves} == {round(0.3 * chosen)}
    assert len(found.notes) == notes
    if notes:
        listed = f"recordings have rates of {rates[0]} and {rates[1]} Hz"
        assert found.notes[0] == f"{listed}: they are resampled to {chosen} Hz"
    asked = decode(files, rate=4000, max_seconds=60)
    assert (asked.rate, len(asked.waves[0])) == (4000, 1200)


def test_resampling_keeps_what_fits_and_drops_what_does_not() -> None:
    time = np.arange(16000) / 16000
    low, high = (np.sin(2 * np.pi * pitch * time).astype(np.float32) for pitch in (500, 6000))
    middle = slice(1000, 7000)  # beyond the reach of the ends
    found = resample(low + high, 16000, 8000)
    wanted = np.sin(2 * np.pi * 500 * np.arange(8000) / 8000)
    np.testing.assert_allclose(found[middle], wanted[middle], atol=1e-3)
    assert len(resample(low[:1], 16000, 8000)) == 1


def test_files_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    def written(name: str, wave: Any, cut: int | None = None) -> Path:
        soundfile.write(tmp_path / name, wave, 8000)
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: cut or len(content)])
        return tmp_path / name

    text = tmp_path / "text.wav"
    text.write_text("no sound at all")
    empty = tmp_path / "empty.wav"
    empty.touch()
    assert _fault(tmp_path / "none.wav") == "there is no such file"
    assert _fault(tmp_path) == "it is a folder; wanted a sound file"
    assert _fault(text) == "it is no sound file, such as wav or flac"
    assert _fault(empty) == "it is empty"
    assert _fault(written("cut.wav", WAVE, 2000)) == "it is truncated"
    assert _fault(written("header.wav", WAVE, 44)) == "it is truncated"
    assert _fault(written("cut.flac", WAVE, 2500)) == "it is damaged or truncated"
    assert _fault(written("none-inside.wav", WAVE[:0])) == "it has no samples"
    assert _fault(written("silent.wav", 0 * WAVE)) == "it is silent: all samples are the same"
    opposed = np.stack([WAVE, -WAVE], 1)
    assert _fault(written("opposed.wav", opposed)).startswith("it is silent")
    assert _fault(written("fine.wav", WAVE)) == ""


def test_what_is_too_long_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile.write(tmp_path / "a.wav", WAVE, 8000)

    def never(*given: Any, **options: Any) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(soundfile.SoundFile, "read", never)
    assert _fault(tmp_path / "a.wav", 0.25) == "it is longer than 0.25 s (max_seconds)"


def test_samples_that_are_no_numbers_are_a_fault(tmp_path: Path) -> None:
    wave = WAVE.copy()
    wave[7] = np.nan
    soundfile.write(tmp_path / "a.wav", wave, 8000, subtype="FLOAT")
    assert _fault(tmp_path / "a.wav") == "it has samples that are no finite numbers"


def test_folders_are_searched_for_sound_alone(tmp_path: Path) -> None:
    for name in ("b/2.WAV", "b/1.flac", "a.wav", "notes.txt", ".hidden/x.wav", "._a.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [path.as_posix() for path in sound_files(tmp_path)]
    assert found == ["a.wav", "b/1.flac", "b/2.WAV"]


def test_a_page_plays_sixteen_bits_of_at_most_half_a_minute(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(WAVE, 8000))
    again, rate = soundfile.read(tmp_path / "a.wav", dtype="float32")
    assert rate == 8000
    np.testing.assert_allclose(again, WAVE, atol=1e-4)
    short = player(WAVE, 8000, label='a "tone"')
    assert 'aria-label="a &#34;tone&#34;"' in short
    assert "controls" in short
    assert "data:audio/wav;base64," in short
    assert "small" not in short
    long = player(np.tile(WAVE, 150), 8000, label="long")  # 45 seconds
    assert "The first 30 of 45 seconds." in long
    assert len(long) < 30 * 8000 * 2 * 4 / 3 + 500


def test_lossy_sound_is_longer_and_smaller() -> None:
    wave = np.tile(WAVE, 150)  # 45 seconds
    lossy = player(wave, 8000, label="tune", lossy=True)
    assert "data:audio/mpeg" in lossy
    assert "The first" not in lossy
    assert len(lossy) < len(player(wave, 8000, label="tune")) / 2
