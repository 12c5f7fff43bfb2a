"""`regard serve` on loopback: beside the bare model behind a server, in batches, in a browser."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.table import Row
from regard import SeriesClassifier, jobs
from regard.config import read_config
from regard.data import sine

__all__ = ["run", "served"]

_CLIENTS = 8
_REQUESTS = 60  # of each client in a round
_ROUNDS = 5
_BATCH = 256
_CLICKS = 30
_SINE = Path(__file__).parents[1] / "examples" / "sine.json"

_SERVE = "from regard.cli import main; main()"

# The model of a run behind the same server: tensors in, probabilities out, and nothing else.
_BARE = """
import json, socket, sys
import numpy as np, torch, uvicorn
from fastapi import FastAPI, Request
from regard import SeriesClassifier
fitted = SeriesClassifier.load(sys.argv[1])
incoming, model = fitted.input_, fitted.model_
app = FastAPI()
@app.post("/predict")
async def predict(request: Request):
    case = np.array(json.loads(await request.body())["case"])[None]
    part = incoming.part(incoming.encode(incoming.take(case)), targets=None, training=False)
    batch = part[np.arange(1)]
    with torch.inference_mode():
        values = model(*batch.inputs, mask=batch.mask).values
    return {"probabilities": values.softmax(1)[0].tolist()}
with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:
    bound.bind(("127.0.0.1", 0))
    bound.listen(128)
    print(f"http://127.0.0.1:{bound.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, log_level="error", access_log=False)
    uvicorn.Server(config).run([bound])
"""


def run() -> list[Row]:
    """Latency of one case of two models, throughput of batches, and a click on the page."""
    cases = sine(series=200, steps=150, seed=0)
    few: dict[str, Any] = {"epochs": 1, "random_state": 0, "device": "cpu"}
    lean = {"encoder": "conv-bilstm", "pooling": "attention", "convolutions": False}
    models = {
        "conv-bilstm": SeriesClassifier(**few, **lean),
        "the default, with random convolutions": SeriesClassifier(**few),
    }
    rows = []
    with TemporaryDirectory() as folder:
        for at, (name, model) in enumerate(models.items()):
            path = Path(folder) / f"run-{at}"
            model.fit(cases.values, cases.labels).save(path)
            rows += _rows(name, path, cases.values[:_BATCH, 0].tolist())
        rows += _clicked(Path(folder) / "sine")
    return rows


def _rows(name: str, path: Path, cases: list[list[float]]) -> list[Row]:
    body = json.dumps({"case": cases[0]}).encode()
    with served(path) as ours, _server(_BARE, path) as bare:
        times: dict[int, list[float]] = {ours: [], bare: []}
        for port in (ours, bare):  # warm
            asyncio.run(_clients(port, body, _CLIENTS, 10))
        for _ in range(_ROUNDS):  # in turn
            for port, found in times.items():
                found += asyncio.run(_clients(port, body, _CLIENTS, _REQUESTS))
        alone = asyncio.run(_clients(ours, body, 1, _BATCH))
        every = [cases[n % len(cases)] for n in range(_BATCH)]
        many = json.dumps({"cases": every}).encode()
        batches = asyncio.run(_clients(ours, many, 1, 8))
        start = perf_counter()
        asyncio.run(_clients(ours, body, _CLIENTS, _BATCH // _CLIENTS))
        at_once = _BATCH / (perf_counter() - start)
    own, other = (np.percentile(1000 * np.array(each), (50, 99)) for each in times.values())
    share = own[0] / other[0]
    single = 1 / float(np.mean(alone))
    batched = _BATCH / float(np.median(batches))
    return [
        Row(
            f"one case, {_CLIENTS} clients, {name}: milliseconds p50 / p99",
            f"bare model {other[0]:.1f} / {other[1]:.1f}",
            "p50 ≤ 1.5 x",
            f"{own[0]:.1f} / {own[1]:.1f}, {share:.2f} x",
            bool(share <= 1.5),
        ),
        Row(
            f"cases in a second in batches of {_BATCH}, {name}",
            f"one at a time {single:.0f}; {_CLIENTS} clients with one each {at_once:.0f}",
            "≥ 5 x",
            f"{batched:.0f}, {batched / single:.1f} x",
            batched >= 5 * single,
        ),
    ]


@contextmanager
def served(path: str | Path) -> Iterator[int]:
    """The port at which a run is served."""
    with _server(_SERVE, "serve", path, "--port", "0") as port:
        yield port


@contextmanager
def _server(code: str, *words: object) -> Iterator[int]:
    """The port of a server in a process of its own."""
    command = [sys.executable, "-c", code, *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline().strip().rpartition(":")[2])
        finally:
            process.terminate()


async def _clients(port: int, body: bytes, clients: int, requests: int) -> list[float]:
    """Seconds of each request, of clients that each ask one after the other."""
    found = await asyncio.gather(*(_client(port, body, requests) for _ in range(clients)))
    return [each for own in found for each in own]


async def _client(port: int, body: bytes, requests: int) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    request = head.encode() + b"Content-Type: application/json\r\n\r\n" + body
    seconds = []
    for _ in range(requests):
        start = perf_counter()
        writer.write(request)
        told = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert told.startswith(b"http/1.1 200"), told
        length = int(told.split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        seconds.append(perf_counter() - start)
    writer.close()
    return seconds


def _clicked(path: Path) -> Sequence[Row]:
    """From a click on a test case of the sine example to its picture, in chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return []
    from playwright.sync_api import sync_playwright

    jobs.train(read_config(_SINE), path)
    # Two frames after the change of the picture it is on the screen.
    click = """async (at) => {
        const plot = document.querySelector(".plot"), start = performance.now();
        const drawn = new Promise((done) => new MutationObserver((_, watcher) => {
            watcher.disconnect();
            const end = () => done(performance.now() - start);
            requestAnimationFrame(() => requestAnimationFrame(end));
        }).observe(plot, { childList: true }));
        document.getElementById(`case-${at}`).click();
        return drawn;
    }"""
    with served(path) as port, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        page.locator(".plot svg").wait_for()
        times = [page.evaluate(click, at + 1) for at in range(_CLICKS)]
        browser.close()
    middle, most = float(np.median(times)), max(times)
    return [
        Row(
            "sine example, from a click to the picture, milliseconds",
            "",
            "≤ 100",
            f"{middle:.0f}, at most {most:.0f}",
            middle <= 100,
        )
    ]
