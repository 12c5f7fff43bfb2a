"""Clients that mean harm: requests drawn from the service's own schema, and malformed ones."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

import numpy as np

from benchmarks.table import Row
from regard import SeriesClassifier, TextClassifier
from regard.data import sine

__all__ = ["run"]

_SECONDS, _QUICK_SECONDS = 300, 30  # of each of two runs
_SERVE = "from regard.cli import main; main()"
_PAUSE = 0.2  # seconds between two malformed requests

_STEPS = 100
_MALFORMED: list[bytes] = [
    b"",
    b"{",
    b"[" * 100_000,
    b'{"case": NaN}',
    b'{"case": [1e999]}',
    b'{"case": [null]}',
    b'{"case": {"nobody": [1, 2]}}',
    b'{"case": ' + b"[1]" * 3 + b"}",
    b'{"cases": [' + b"[0]," * 1_000_000 + b"[0]]}",
    json.dumps({"case": [0.0] * 100_000}).encode(),
    json.dumps({"case": "a" * 1_000_000}).encode(),
    b'{"case": "\xff\xfe"}',
    b'{"run": "../../etc/passwd", "case": [1]}',
    b'{"case": [1], "maps": ["' + b"x" * 10_000 + b'"]}',
]


def run(*, quick: bool = False) -> list[Row]:
    """Schemathesis and malformed bodies at once, on a run of series and on one of texts."""
    waves = sine(series=200, steps=_STEPS)
    texts = [f"a {word} film {n}" for n in range(40) for word in ("good", "bad")]
    series = SeriesClassifier(epochs=2, device="cpu").fit(waves)
    reader = TextClassifier(epochs=2, device="cpu").fit(texts, ["up", "down"] * 40)
    rows = []
    with TemporaryDirectory() as folder:
        for name, model, case in (
            ("series", series, waves.values[0, 0].tolist()),
            ("texts", reader, "a good film"),
        ):
            path = Path(folder) / name
            model.save(path)
            seconds = _QUICK_SECONDS if quick else _SECONDS
            rows.append(_row(name, path, case, model.predict_proba([case])[0], seconds))
    return rows


def _row(name: str, path: Path, case: Any, wanted: Any, seconds: int) -> Row:
    words = [sys.executable, "-c", _SERVE, "serve", str(path), "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline().strip().rpartition(":")[2])
            said, memory, wrong = _attacked(server.pid, port, case, wanted, seconds)
        finally:
            server.terminate()
    counts = ", ".join(f"{said.count(code)} {code}" for code in sorted(set(said)))
    found = f"answers {counts}; {wrong} of the right requests wrong; "
    found += f"resident MB by tenths of the time {', '.join(f'{each:.0f}' for each in memory)}"
    errors = sum(code >= 500 for code in said) + wrong
    return Row(f"hostile clients, {name}, {seconds} s", "", "no 5xx", found, not errors)


def _attacked(
    pid: int, port: int, case: Any, wanted: Any, seconds: int
) -> tuple[list[int], list[float], int]:
    """The states of all malformed requests, the memory, and how many right ones went wrong.

    A server error that Schemathesis finds counts as one with the state 500.
    """
    checks = ["-c", "not_a_server_error", "--max-time", str(seconds), "--continue-on-failure"]
    words = ["run", f"http://127.0.0.1:{port}/openapi.json", *checks]
    command = [sys.executable, "-m", "schemathesis.cli", *words]
    said, memory, wrong, start = [], list[float](), 0, monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as drawn:
        for body in _bodies(seconds):
            said.append(_post(port, body))
            wrong += not _right(port, case, wanted)
            if monotonic() - start >= len(memory) * seconds / 10:
                memory.append(_resident(pid))
            sleep(_PAUSE)
        told, _ = drawn.communicate(timeout=seconds)
    print(told[-2000:], flush=True)
    if drawn.returncode:
        said.append(500)
    return said, memory, wrong


def _bodies(seconds: int) -> Iterator[bytes]:
    start = monotonic()
    for body in cycle(_MALFORMED):
        if monotonic() - start > seconds:
            return
        yield body


def _post(port: int, body: bytes) -> int:
    """The state of an answer; 0 where the connection was closed before there was one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        return connection.getresponse().status
    except OSError:  # refused while the body was sent
        return 0
    finally:
        connection.close()


def _right(port: int, case: Any, wanted: Any) -> bool:
    """Whether a case has the probabilities that the estimator gives; a busy service may refuse."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = json.dumps({"case": case})
    try:
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
    finally:
        connection.close()
    if answer.status == 503:
        return True
    [row] = told["answers"]
    found = [value for name, value in row.items() if name.startswith("probability ")]
    return bool(np.allclose(found, wanted, atol=1e-5))


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 2**20
