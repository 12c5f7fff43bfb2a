"""Small sound files for tests: tones whose pitch says their class."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

PITCHES = {"low": 300.0, "high": 1500.0}


def tone(pitch: float, *, seconds: float = 0.3, rate: int = 8000, seed: int = 0) -> NDArray[Any]:
    """A tone in the middle third, in quiet noise: [samples] float32."""
    generator = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    inside = (time > seconds / 3) & (time < 2 * seconds / 3)
    pitch = pitch * generator.uniform(0.8, 1.2)
    wave = 0.4 * np.sin(2 * np.pi * pitch * time) * inside
    return (wave + 0.002 * generator.normal(size=len(time))).astype(np.float32)


def write_tones(folder: Path, cases: int = 20, *, ending: str = "wav") -> list[tuple[str, str]]:
    """Write recordings of both classes in turn, and say the path and the class of each."""
    folder.mkdir(exist_ok=True, parents=True)
    rows = []
    for n in range(cases):
        label = list(PITCHES)[n % 2]
        name = f"{label}-{n:02}.{ending}"
        soundfile.write(folder / name, tone(PITCHES[label], seed=n), 8000)
        rows.append((name, label))
    return rows


def write_table(path: Path, rows: Sequence[tuple[str, ...]], *, header: str = "path,label") -> Path:
    """A CSV of rows."""
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n")
    return path


WORDS = {"low": 300.0, "mid": 800.0, "high": 2000.0}


def spoken(
    words: Sequence[str], *, rate: int = 8000, seed: int = 0
) -> tuple[NDArray[Any], list[tuple[str, float, float]]]:
    """A string of tones, which stand for words, with silence around: samples and their places."""
    generator = np.random.default_rng(seed)
    pieces, places, at = [], [], 0
    for word in words:
        quiet = round(generator.uniform(0.03, 0.09) * rate)
        long = round(generator.uniform(0.1, 0.14) * rate)
        pitch = WORDS[word] * generator.uniform(0.9, 1.1)
        sound = 0.4 * np.sin(2 * np.pi * pitch * np.arange(long) / rate)
        pieces += [np.zeros(quiet), sound]
        places.append((word, (at + quiet) / rate, (at + quiet + long) / rate))
        at += quiet + long
    wave = np.concatenate([*pieces, np.zeros(300)])
    return (wave + 0.002 * generator.normal(size=len(wave))).astype(np.float32), places


def write_spoken(folder: Path, cases: int = 20) -> list[tuple[str, str]]:
    """Write strings of one to three tones, and say the path and the text of each."""
    folder.mkdir(exist_ok=True, parents=True)
    rows = []
    for n in range(cases):
        generator = np.random.default_rng([7, n])
        words = generator.choice(list(WORDS), size=1 + n % 3).tolist()
        name = f"{n:02}.wav"
        soundfile.write(folder / name, spoken(words, seed=n)[0], 8000)
        rows.append((name, " ".join(words)))
    return rows


def write_manifest(folder: Path, cases: int = 20) -> Path:
    """Tones in files of their own, and a manifest of strings made of them."""
    folder.mkdir(exist_ok=True, parents=True)
    for word, pitch in WORDS.items():
        time = np.arange(960) / 8000
        soundfile.write(folder / f"{word}.wav", 0.4 * np.sin(2 * np.pi * pitch * time), 8000)
    lines = []
    for n in range(cases):
        generator = np.random.default_rng([9, n])
        words = generator.choice(list(WORDS), size=1 + n % 3).tolist()
        parts, at = [], 0.0
        for word in words:
            start = round(at + generator.uniform(0.02, 0.1), 3)
            at = round(start + 0.12, 3)
            parts.append({"path": f"{word}.wav", "word": word, "start": start, "end": at})
        split = "train" if n < cases * 3 // 5 else "valid" if n < cases * 4 // 5 else "test"
        row = {"id": f"s{n}", "split": split, "text": " ".join(words), "parts": parts}
        lines.append(json.dumps({**row, "seconds": at + 0.05}))
    path = folder / "strings.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path
