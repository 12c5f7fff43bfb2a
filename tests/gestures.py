"""Small series for tests that texts are written from: gestures of a hand, one for each word."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHANNELS = 3  # across, up, and one that says nothing
WORDS = ("left", "right", "wave")


def gesture(words: Sequence[str], *, seed: int = 0) -> NDArray[Any]:
    """[3, steps]: a circle for each word, one way round or the other, or a wave; rests between.

    "left" and "right" have the same values in the other order, so that time tells them apart.
    """
    generator = np.random.default_rng(seed)
    pieces = []
    for word in words:
        rest, long = int(generator.integers(3, 9)), int(generator.integers(12, 18))
        turn = np.linspace(0, 2 * np.pi, long)
        high = generator.uniform(0.8, 1.2)
        across = np.sin(turn) if word != "wave" else np.sin(2 * turn)
        up = (1 - np.cos(turn)) * {"left": 1, "right": -1, "wave": 0}[word]
        pieces += [np.zeros((2, rest)), high * np.stack([across, up])]
    moved = np.hstack([*pieces, np.zeros((2, 4))])
    silent = np.zeros((1, moved.shape[1]))
    series = np.vstack([moved, silent])
    return np.asarray(series + 0.1 * generator.normal(size=series.shape))


def gestures(cases: int, *, first: int = 0) -> tuple[list[NDArray[Any]], list[str]]:
    """Series of one to three gestures, and the text of each."""
    X, y = [], []
    for n in range(first, first + cases):
        words = np.random.default_rng([5, n]).choice(WORDS, size=1 + n % 3).tolist()
        X.append(gesture(words, seed=n))
        y.append(" ".join(words))
    return X, y


def write_npz(path: Path, X: Sequence[NDArray[Any]], /, **arrays: Any) -> Path:
    """An archive of series, padded with zeros, with their lengths and other arrays."""
    lengths = np.array([one.shape[1] for one in X])
    padded = np.zeros((len(X), len(X[0]), lengths.max()))
    for case, one in zip(padded, X, strict=True):
        case[:, : one.shape[1]] = one
    np.savez(path, **{"X": padded, "lengths": lengths, **arrays})
    return path


def write_steps(
    path: Path, X: Sequence[NDArray[Any]], y: Sequence[str], *, header: str = "case,time,text"
) -> Path:
    """A CSV with a row for each step of each series, and its text in each."""
    names = ",".join(f"c{n}" for n in range(len(X[0])))
    rows = [f"{header},{names}"]
    for n, (series, text) in enumerate(zip(X, y, strict=True)):
        for step, values in enumerate(series.T):
            rows.append(",".join([f"g{n}", str(step), text, *(f"{x:.5f}" for x in values)]))
    path.write_text("\n".join(rows) + "\n")
    return path


def write_ts(path: Path, X: Sequence[NDArray[Any]], y: Sequence[str]) -> Path:
    """A .ts file."""
    rows = ["@problemName Gestures", "@classLabel true", "@data"]
    for series, text in zip(X, y, strict=True):
        rows.append(":".join([*(",".join(f"{x:.5f}" for x in each) for each in series), text]))
    path.write_text("\n".join(rows) + "\n")
    return path
