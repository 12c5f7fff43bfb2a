"""Run folders changed in many ways, each of which is refused in one line or answers.

`python tests/hostile.py --count 1000` does so a thousand times for each task, and prints the
counts.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from regard import (
    Captioner,
    Composer,
    ImageClassifier,
    QuestionAnswerer,
    SeriesClassifier,
    SeriesForecaster,
    SeriesRegressor,
    SeriesTranscriber,
    SoundClassifier,
    SpanAnswerer,
    Summarizer,
    TextAnswerer,
    TextClassifier,
    Transcriber,
    Translator,
)
from regard.errors import RegardError
from regard.runs import read_audit, read_run, weights_digest

__all__ = ["TASKS", "TooLate", "good_folder", "mutate", "small", "try_folders", "within"]

SECONDS, BYTES = 30.0, 2 * 2**30
_SMALL: dict[str, Any] = {"hidden": 4, "epochs": 1, "updates_per_epoch": 1, "random_state": 0}
_AUDIT: dict[str, Any] = {
    "cases": 20,
    "seed": 0,
    "drawn": "attention",
    "uniform": {"figure": "accuracy", "value": 0.9, "uniform": 0.8},
    "verdicts": [
        {
            "map": "attention",
            "label": "0",
            "verdict": "weak",
            "sentence": "so it is",
            "figures": {
                "cases": 20,
                "learned": [0.4, 0.3, 0.5],
                "gain": [0.2, 0.1, 0.3],
                "best": 0.5,
                "share": [0.4, 0.2, 0.6],
                "shuffle": 0.1,
                "seeds": None,
            },
        }
    ],
}
_DEEP: Any = []
for _ in range(200):
    _DEEP = [_DEEP]
_ABSURD: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 2, 3, 10**6, 10**9, 2**63, 10**18, 10**30, -(10**12)),
    *(0.5, -0.5, 1e308, 1e-308, "", "x", "\0", "a\nb", "\x1b[31m", "x" * 300, "../../x"),
    *([], {}, [[]], [0] * 1000, ["x"] * 1000, [1e308, -1e308], {"x": 1}, _DEEP),
    *("<NaN>", "<Infinity>", "<1e999>", f"<{'1' * 5000}>", "\ud800"),
)


def _series() -> tuple[Any, Any]:
    values = np.random.default_rng(0).normal(size=(12, 2, 9))
    return values, np.arange(12) % 2


def _sounds() -> tuple[Any, Any]:
    values = np.random.default_rng(0).normal(size=(12, 800)) / 10
    return list(values), np.arange(12) % 2


def _texts() -> tuple[Any, Any]:
    words = ("good", "bad", "dull", "bright", "film", "the", "was", "very")
    texts = [" ".join(words[(n * k) % 8] for k in range(1, 5)) for n in range(1, 13)]
    return texts, np.arange(12) % 2


def _tides() -> tuple[Any, Any]:
    import polars as pl

    rows = np.tile(np.arange(40), 2)
    high = np.sin(rows / 3) + np.random.default_rng(0).normal(size=80) / 10
    return pl.DataFrame({"unique_id": np.repeat([0, 1], 40), "ds": rows, "high": high}), None


def _pairs() -> tuple[Any, Any]:
    texts, _ = _texts()
    return texts, [text.upper() for text in texts]


def _written(data: Callable[[], tuple[Any, Any]]) -> Callable[[], tuple[Any, Any]]:
    """The same with a text for every case."""

    def written() -> tuple[Any, Any]:
        X, _ = data()
        return X, [("one two", "two", "three one two")[n % 3] for n in range(len(X))]

    return written


def _pictures() -> tuple[Any, Any]:
    return np.random.default_rng(0).integers(0, 255, (12, 8, 8), np.uint8), np.arange(12) % 2


def _stories() -> tuple[Any, Any]:
    rooms = ("hall", "attic", "cellar")
    cases = [([f"Anna went to the {rooms[n % 3]}."], "Where is Anna?") for n in range(12)]
    return cases, np.array([rooms[n % 3] for n in range(12)])


def _chords() -> tuple[Any, Any]:
    return ["Dm7 G7 Cmaj7 Am7", "Am7 Dm7 G7 Cmaj7", "Fm7 Bb7 Ebmaj7"] * 3, None


_WRITER: dict[str, Any] = {"embedding_dim": 4, "attention_dim": 4, "beam": 2}
TASKS: dict[str, tuple[Any, Callable[[], tuple[Any, Any]], dict[str, Any]]] = {
    "classify": (
        SeriesClassifier,
        _series,
        {"encoder": "conv", "layers": 1, "convolutions": True},
    ),
    "classify-text": (TextClassifier, _texts, {"encoder": "conv", "layers": 1}),
    "classify-sound": (SoundClassifier, _sounds, {"encoder": "gru", "layers": 1, "rate": 8000}),
    "classify-image": (ImageClassifier, _pictures, {"layers": 1}),
    "regress": (SeriesRegressor, _series, {"encoder": "gru", "layers": 1}),
    "forecast": (SeriesForecaster, _tides, {"encoder": "conv", "window": 8, "horizon": 2}),
    "translate": (Translator, _pairs, {"embedding_dim": 4, "vocabulary": 40, "attention_dim": 4}),
    "answer": (QuestionAnswerer, _stories, {}),
    "answer-span": (SpanAnswerer, _stories, {"embedding_dim": 4}),
    "answer-text": (TextAnswerer, _stories, {"embedding_dim": 4}),
    "summarize": (Summarizer, _pairs, _WRITER),
    "caption": (Captioner, _written(_pictures), {"layers": 1, **_WRITER}),
    "transcribe": (Transcriber, _written(_sounds), {"rate": 8000, "tokens": "word", **_WRITER}),
    "transcribe-series": (SeriesTranscriber, _written(_series), {"tokens": "word", **_WRITER}),
    "compose": (Composer, _chords, {"heads": 2, "layers": 1, "steps": 2}),
}


def small(task: str, **changes: Any) -> Any:
    """The estimator of a task, of few weights."""
    make, _, options = TASKS[task]
    return make(**_SMALL | options | changes)


def good_folder(task: str, path: Path) -> Callable[[Path], Any]:
    """Train the estimator of a task on little and save it; returns what asks such a folder."""
    make, data, _ = TASKS[task]
    X, y = data()
    small(task).fit(X, y).save(path)
    (path / "metrics.json").write_text(
        json.dumps({"accuracy": 0.5, "notes": ["one"], "baselines": {"naive": {"mae": 1.0}}})
    )
    (path / "audit.json").write_text(json.dumps({"weights": weights_digest(path), **_AUDIT}))

    def ask(folder: Path) -> Any:
        read_run(folder)
        read_audit(folder)
        predicted = make.load(folder).predict(X)
        events = getattr(predicted, "events", None)  # of music
        return np.asarray(predicted).tolist() if events is None else [e.tolist() for e in events]

    return ask


def mutate(folder: Path, random: random.Random) -> str:
    """Change one thing of a run folder; returns what."""
    names = [each.name for each in sorted(folder.iterdir())]
    name = random.choice(names)
    file = folder / name
    kinds = [_bytes, _file]
    if name.endswith(".json"):
        kinds += [_json] * 6
    if name.endswith(".safetensors"):
        kinds += [_weights] * 4
    return f"{name}: {random.choice(kinds)(file, random)}"


def _bytes(file: Path, random: random.Random) -> str:
    content = bytearray(file.read_bytes())
    at = random.randrange(len(content))
    stop = min(len(content), at + random.choice((1, 2, 8, 100)))
    kind = random.choice(("flip", "cut", "drop", "repeat", "zero", "noise", "empty", "grow"))
    if kind == "flip":
        content[at] ^= 1 << random.randrange(8)
    elif kind == "cut":
        del content[at:]
    elif kind == "drop":
        del content[at:stop]
    elif kind == "repeat":
        content[at:at] = content[at:stop]
    elif kind == "zero":
        content[at:stop] = bytes(stop - at)
    elif kind == "noise":
        content[at:stop] = random.randbytes(stop - at)
    elif kind == "empty":
        content.clear()
    else:
        content += random.randbytes(9)
    file.write_bytes(content)
    return f"{kind} at {at}"


def _file(file: Path, random: random.Random) -> str:
    kind = random.choice(("missing", "folder", "pipe", "zeros", "loop", "huge", "pickle"))
    if kind == "pickle":
        (file.parent / "more.pkl").write_bytes(b"\x80\x04")
        return kind
    file.unlink()
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "zeros":
        file.symlink_to("/dev/zero")
    elif kind == "loop":
        file.symlink_to(file)
    elif kind == "huge":  # takes no room on the disk
        with file.open("wb") as sparse:
            sparse.truncate(2**40)
    return kind


def _json(file: Path, random: random.Random) -> str:
    content = json.loads(file.read_text(encoding="utf-8"))
    parent, key = random.choice(list(_places(content)))
    kind = random.choice(("replace", "replace", "replace", "drop", "scale", "add", "twice"))
    value = random.choice(_ABSURD)
    if kind == "drop":
        del parent[key]
    elif kind == "scale" and type(parent[key]) in (int, float):
        parent[key] *= random.choice((-1, 10, 1000, 10**6))
    elif kind == "add" and isinstance(parent, dict):
        parent["x" * random.choice((1, 300, 10_000))] = value
    elif kind == "add":
        parent[key:key] = [value] * random.choice((1, 1000))
    else:
        parent[key] = value
    text = json.dumps(content)
    for raw in ("NaN", "Infinity", "1e999", "1" * 5000):
        text = text.replace(f'"<{raw}>"', raw)
    if kind == "twice":
        text = '{"task": 1, ' + text[1:] if text.startswith("{") else text
    file.write_text(text, encoding="utf-8")
    return f"{kind} {key!r} {str(value)[:20]!r}"


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(content) if isinstance(content, dict) else range(min(len(content), 9))
    for key in keys:
        yield content, key
        if isinstance(content[key], dict | list):
            yield from _places(content[key])


def _weights(file: Path, random: random.Random) -> str:
    content = file.read_bytes()
    size = int.from_bytes(content[:8], "little")
    head, body = json.loads(content[8 : 8 + size]), bytearray(content[8 + size :])
    name = random.choice(list(head))
    part = head[name]
    start, stop = part["data_offsets"]
    kind = random.choice(("type", "shape", "name", "values", "places", "half", "length"))
    length = None
    if kind == "type":
        part["dtype"] = random.choice(("I32", "F16", "BF16", "F64", "BOOL", "F8", 3))
    elif kind == "shape":
        part["shape"] = random.choice(
            (part["shape"][::-1], [10**9], [10**18, 10**18], [-1], [], "x", [*part["shape"], 1])
        )
    elif kind == "name":
        head[random.choice(("x", "", "\n", "x" * 10_000))] = head.pop(name)
    elif kind == "values":
        four = random.choice((b"\x00\x00\xc0\x7f", b"\x00\x00\x80\x7f", b"\xff\xff\x7f\x7f"))
        body[start:stop] = (four * (stop - start))[: stop - start]
    elif kind == "places":
        part["data_offsets"] = random.choice(([0, 0], [stop, start], [0, 10**18], [0], None))
    elif kind == "half":  # all of it, so that the file itself is whole
        part["dtype"], part["shape"] = random.choice(("F16", "I16")), [(stop - start) // 2]
    else:
        length = random.choice((0, 10**9, 2**63))
    text = json.dumps(head).encode()
    length = len(text) if length is None else length
    file.write_bytes(length.to_bytes(8, "little") + text + body)
    return f"{kind} of {name}"


class TooLate(BaseException):
    """Is caught by no one who tries."""


@contextmanager
def within(seconds: float, further: int) -> Iterator[None]:
    """Raise what takes longer, or more memory than there is now and so many bytes."""

    def late(*_: Any) -> None:
        raise TooLate(f"took more than {seconds} s")

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    handler = signal.signal(signal.SIGALRM, late)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + further, before[1]))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        resource.setrlimit(resource.RLIMIT_AS, before)


def try_folders(
    good: Path, ask: Callable[[Path], Any], *, count: int, seed: int = 0
) -> Counter[str]:
    """Change a good folder so many times, and ask each.

    Parameters:
        good: the folder.
        ask: answers from a folder of that kind.
        count: how many times.
        seed: of the changes; the nth is the same whatever the count.

    Returns:
        How many are "refused", answer the "same", or "otherwise", since a number was changed.

    Raises:
        AssertionError: names the change after which something else was raised than a RegardError
            of one line, or too much time or memory was taken.
    """
    wanted, found = ask(good), Counter[str]()
    with tempfile.TemporaryDirectory() as work:
        for n in range(count):
            folder = Path(work) / "run"
            shutil.copytree(good, folder)
            what = f"seed {seed}, change {n}, {mutate(folder, random.Random(f'{seed} {n}'))}"
            start = perf_counter()
            try:
                with within(SECONDS, BYTES):
                    found["same" if ask(folder) == wanted else "otherwise"] += 1
            except RegardError as error:
                message = str(error)
                assert message.isprintable(), f"{what}: {message!r}"
                assert len(message) < 2000, f"{what}: {message!r}"
                found["refused"] += 1
            except BaseException as error:
                raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error
            assert perf_counter() - start < SECONDS, what
            shutil.rmtree(folder)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="changes for each task")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    total = Counter[str]()
    for task in TASKS:
        with tempfile.TemporaryDirectory() as work:
            good = Path(work) / "good"
            ask = good_folder(task, good)
            found = try_folders(good, ask, count=asked.count, seed=asked.seed)
        total += found
        print(task, dict(found), flush=True)
    counts = ", ".join(f"{count} {what}" for what, count in sorted(total.items()))
    print(f"{total.total()} changed folders: {counts}")


if __name__ == "__main__":
    main()
