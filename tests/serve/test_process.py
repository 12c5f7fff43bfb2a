"""The service as a process: how it starts, ends, and what it says where it cannot."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

pytest.importorskip("fastapi")

from commands import Regard
from serving import saved


def test_it_ends_when_told_with_what_it_has_begun(tmp_path: Path, regard: Regard) -> None:
    run = saved("classify", tmp_path)
    command = "from regard.cli import main; main()"
    words = [sys.executable, "-c", command, "serve", str(run), "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as one:
        assert one.stdout is not None
        address = one.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        body = {"cases": [[float(x) for x in range(90)]] * 64, "maps": ["occlusion"]}
        assert httpx2.get(f"{address}/health", timeout=60).json()["status"] == "ok"

        error = regard.fails("serve", run, "--port", address.rpartition(":")[2])
        assert error.startswith("error: --port: ")
        assert "is in use at 127.0.0.1; choose another" in error

        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(httpx2.post, f"{address}/explain", json=body, timeout=60)
            while "requests_waiting 1" not in httpx2.get(f"{address}/metrics", timeout=60).text:
                if asked.done():
                    break
            one.send_signal(signal.SIGTERM)
            assert asked.result().status_code == 200
        assert one.wait(60) == 0
        assert one.stderr is not None
        assert one.stderr.read() == ""


def test_what_cannot_be_served_is_one_line(
    tmp_path: Path, regard: Regard, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = regard.fails("serve", tmp_path / "none", "--port", "0")
    assert "no such run folder" in error
    run = saved("classify", tmp_path)
    error = regard.fails("serve", run, run, "--port", "0")
    assert "are both called classify; rename one of the folders" in error
    error = regard.fails("serve", run, "--port", "0", "--host", "no.such.host.invalid")
    assert "cannot listen at no.such.host.invalid" in error
    error = regard.fails("serve", run, "--port", "0", "--cases", tmp_path / "none.csv")
    assert "none.csv" in error
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    error = regard.fails("serve", run, "--port", "0")
    assert "needs uvicorn, which is not installed; use: pip install 'regard[serve]'" in error
