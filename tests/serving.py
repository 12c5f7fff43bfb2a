"""Small fitted runs of every task, and the service around them, for tests."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import polars as pl
import uvicorn
from starlette.testclient import TestClient

from regard import estimators as e
from regard.errors import RegardWarning
from regard.serve.app import make_app
from regard.serve.limits import Limits
from regard.serve.served import open_runs
from regard.serve.worker import Worker

__all__ = ["MAKERS", "SMALL", "listening", "saved", "serving"]

FEW: dict[str, Any] = {"epochs": 1, "updates_per_epoch": 1, "random_state": 0, "device": "cpu"}
SMALL = FEW | {"hidden": 4, "layers": 1}


def _waves() -> list[Any]:
    return [np.sin(np.arange(31) * (1 + n % 2) / 3) + 0.01 * n for n in range(20)]


def _series() -> Any:
    return e.SeriesClassifier(**SMALL).fit(np.stack(_waves()), ["slow", "fast"] * 10)


def _regress() -> Any:
    return e.SeriesRegressor(**SMALL).fit(np.stack(_waves()), np.arange(20.0))


def _transcribe_series() -> Any:
    return e.SeriesTranscriber(**SMALL).fit(_waves(), ["go", "stop now"] * 10)


def _text() -> Any:
    return e.TextClassifier(**FEW).fit(["a fine film", "a bad film"] * 10, ["good", "bad"] * 10)


def _translate() -> Any:
    return e.Translator(**SMALL).fit(["a dog", "the cat"] * 10, ["ein Hund", "die Katze"] * 10)


def _summarize() -> Any:
    texts = ["a dog ran over the road", "the cat sat on the mat"]
    return e.Summarizer(**SMALL).fit(texts * 10, ["a dog ran", "the cat sat"] * 10)


def _pictures() -> list[Any]:
    return [np.full((11, 13), 20 + 200 * (n % 2), np.uint8) + np.uint8(n) for n in range(20)]


def _image() -> Any:
    return e.ImageClassifier(**SMALL).fit(_pictures(), ["dark", "light"] * 10)


def _caption() -> Any:
    return e.Captioner(**SMALL).fit(_pictures(), ["a dark one", "a light one"] * 10)


def _tones() -> list[Any]:
    return [np.sin(np.arange(1600) * (0.1 + 0.2 * (n % 2))) / (2 + n) for n in range(20)]


def _sound() -> Any:
    return e.SoundClassifier(**SMALL, rate=8000).fit(_tones(), ["low", "high"] * 10)


def _transcribe() -> Any:
    return e.Transcriber(**SMALL, rate=8000).fit(_tones(), ["low", "high"] * 10)


def _forecast() -> Any:
    days = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 3, 30), eager=True)
    load = 5 + np.sin(np.arange(len(days)) * 2 * np.pi / 7)
    frame = pl.DataFrame({"day": days, "load": load})
    how = {"time": "day", "target": "load", "horizon": 3, "window": 14}
    return e.SeriesForecaster(**SMALL, **how).fit(frame)


_STORIES = [("Anna is in the hall. Ben left.", "Where is Anna?"), ("Ben is out.", "Where is Ben?")]


def _answer() -> Any:
    return e.QuestionAnswerer(**FEW).fit(_STORIES * 10, ["hall", "out"] * 10)


def _answer_span() -> Any:
    return e.SpanAnswerer(**SMALL).fit(_STORIES * 10, ["hall", "out"] * 10)


def _answer_text() -> Any:
    return e.TextAnswerer(**SMALL).fit(_STORIES * 10, ["in the hall", "out"] * 10)


def _compose() -> Any:
    return e.Composer(**SMALL, steps=3).fit(["Dm7 G7 Cmaj7 Cmaj7", "G7 Cmaj7 Dm7 G7"] * 5)


MAKERS: dict[str, Callable[[], Any]] = {
    "classify": _series,
    "regress": _regress,
    "transcribe-series": _transcribe_series,
    "classify-text": _text,
    "translate": _translate,
    "summarize": _summarize,
    "classify-image": _image,
    "caption": _caption,
    "classify-sound": _sound,
    "transcribe": _transcribe,
    "forecast": _forecast,
    "answer": _answer,
    "answer-span": _answer_span,
    "answer-text": _answer_text,
    "compose": _compose,
}
"""Of a fitted estimator for each task."""


_SAVED: dict[str, Any] = {}


def saved(task: str, folder: Path) -> Path:
    """A run folder of a task, named after it; it is fitted once."""
    if task not in _SAVED:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RegardWarning)  # of so few cases
            _SAVED[task] = MAKERS[task]()
    _SAVED[task].save(folder / task)
    return folder / task


@contextmanager
def serving(
    *paths: Path, cases: Path | None = None, limits: Limits | None = None, **options: Any
) -> Iterator[TestClient]:
    """A client of a service of these runs."""
    limits = limits or Limits()
    runs = open_runs(paths, cases=cases)
    worker = Worker(limits)
    try:
        app = make_app(runs, worker, limits=limits, **options)
        with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
            yield client
    finally:
        worker.stop()


@contextmanager
def listening(
    *paths: Path, cases: Path | None = None, limits: Limits | None = None, **options: Any
) -> Iterator[int]:
    """The port of a service of these runs, in a thread of this process."""
    limits = limits or Limits()
    runs = open_runs(paths, cases=cases)
    worker = Worker(limits)
    app = make_app(runs, worker, limits=limits, **options)
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = int(bound.getsockname()[1])
        thread = Thread(target=server.run, args=([bound],))
        thread.start()
        try:
            yield port
        finally:
            server.should_exit = True
            thread.join()
            worker.stop()
