"""Sound files: decoded, mixed down to one channel, and resampled to one rate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.inputs.folders import files_in
from regard.inputs.sound.recordings import Recordings, fault_of
from regard.tables.files import NO_FILE, file_fault
from regard.tables.limits import too_large

__all__ = ["RATE", "SUFFIXES", "decode", "resample", "sound_files"]

RATE = 16_000
"""The rate to which recordings are resampled where none is given and they have a higher one."""

_ENDINGS = "wav wave w64 rf64 flac ogg oga opus mp3 aif aiff aifc au snd caf"

SUFFIXES = frozenset(f".{name}" for name in _ENDINGS.split())
"""Ends of the names of sound files that are looked for in folders."""

# What libsndfile logs of a wav file whose data end before its header says; streams have no size.
_SHORT = re.compile(r"^\s*data\s*: (\d+) \(should be \d+\)", re.MULTILINE)
_STREAM = 2**31 - 2**16

_EMPTY = np.empty(0, np.float32)


class _Header(NamedTuple):
    """What the header of a file says."""

    rate: int
    channels: int
    seconds: float


def decode(paths: Sequence[Path | None], *, rate: int | None, max_seconds: float) -> Recordings:
    """Read sound files of any rate, width and number of channels.

    Parameters:
        paths: B files: wav, flac, ogg, mp3 and what else libsndfile reads; None
            where a path is missing.
        rate: samples in a second of the result; None takes the highest rate of the files, and at
            most `RATE`.
        max_seconds: longest recording; a longer one is not decoded.

    Returns:
        B recordings, without labels. One that cannot be read has no samples and a fault.
    """
    headers = [_header(path, max_seconds) for path in paths]
    known = [each for each in headers if isinstance(each, _Header)]
    rates = sorted({each.rate for each in known})
    chosen = rate or min(RATE, max(rates, default=RATE))
    waves: list[NDArray[np.float32]] = []
    faults: list[str] = []
    for path, header in zip(paths, headers, strict=True):
        wave, fault = _EMPTY, str(header)
        if isinstance(header, _Header) and path is not None:
            wave, fault = _samples(path, chosen)
        waves.append(wave)
        faults.append(fault)
    notes = []
    if len(rates) > 1:
        listed = f"{', '.join(map(str, rates[:-1]))} and {rates[-1]} Hz"
        notes.append(f"recordings have rates of {listed}: they are resampled to {chosen} Hz")
    if mixed := sum(each.channels > 1 for each in known):
        of = f"{mixed} of {len(paths)} recordings" if len(paths) > 1 else "the recording"
        verb = "has" if mixed == 1 else "have"
        notes.append(f"{of} {verb} several channels, which are averaged")
    return Recordings(tuple(waves), chosen, faults=tuple(faults), notes=tuple(notes))


def _header(path: Path | None, max_seconds: float) -> _Header | str:
    """What a header says, or why the file cannot be decoded."""
    import soundfile

    fault = NO_FILE if path is None else file_fault(path, wanted="a sound file")
    if path is None or fault:
        return fault if fault == NO_FILE else f"it {fault}"
    try:
        info = soundfile.info(path, verbose=True)
    except soundfile.LibsndfileError as error:
        return _unreadable(path, error)
    short = _SHORT.search(info.extra_info)
    if short and int(short[1]) < _STREAM:
        return "it is truncated"
    if info.duration > max_seconds:
        return f"it is longer than {max_seconds:g} s (max_seconds)"
    if fault := too_large(info.frames * info.channels * 4, of=path.stat().st_size):
        return fault
    return _Header(info.samplerate, info.channels, info.duration)


def _unreadable(path: Path, error: Any) -> str:
    if path.stat().st_size == 0:
        return "it is empty"
    unknown = "not recognised" in str(error)
    return "it is no sound file, such as wav or flac" if unknown else "it is damaged or truncated"


def _samples(path: Path, rate: int) -> tuple[NDArray[np.float32], str]:
    """The samples, or none and why."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            found = file.read(dtype="float32", always_2d=True)
            given, promised = file.samplerate, file.frames
    except soundfile.LibsndfileError as error:
        return _EMPTY, _unreadable(path, error)
    if len(found) < promised:
        return _EMPTY, "it is truncated"
    wave = found[:, 0] if found.shape[1] == 1 else found.mean(axis=1)
    fault = fault_of(wave)
    return (_EMPTY, fault) if fault else (resample(wave, given, rate), "")


def resample(wave: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    """[samples] at another rate, without what that cannot hold: frequencies above half of it."""
    if rate == wanted or not wave.size:
        return wave
    import soxr

    found: NDArray[np.float32] = soxr.resample(wave, rate, wanted)
    return found if found.size else wave[:1]


def sound_files(folder: Path) -> list[Path]:
    """The sound files in a folder and below, by their names, relative to it, in order."""
    return [path for path in files_in(folder) if path.suffix.lower() in SUFFIXES]
