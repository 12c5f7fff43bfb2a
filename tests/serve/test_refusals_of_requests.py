"""What malformed, hostile and oversized requests get: one form of error, and never a 5xx."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("fastapi")

from regard.estimators import SeriesClassifier
from regard.serve.limits import Limits
from serving import listening, saved, serving

Client = Any
LIMITS = Limits(megabytes=1, cases=20, length=100, seconds=20, waiting=4)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("runs")
    names = ("classify", "classify-text", "classify-image", "forecast", "answer", "compose")
    return [saved(task, folder) for task in names]


@pytest.fixture(scope="module")
def client(runs: list[Path]) -> Iterator[Client]:
    with serving(*runs, limits=LIMITS) as found:
        yield found


def _refused(answer: Any, status: int, said: str) -> None:
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    assert set(error) == {"code", "message"}
    assert said in error["message"]
    assert "\n" not in error["message"]
    assert "Traceback" not in answer.text


SERIES = [
    ({"case": [1, "2"]}, 422, "given a text among them"),
    ({"case": []}, 422, "has no steps"),
    ({"case": [[1, 2], [3, 4]]}, 422, "wanted 1 channels (channel 0), given 2"),
    ({"case": {"chanel 0": [1]}}, 422, "did you mean 'channel 0'?"),
    ({"case": {}}, 422, "the channel 'channel 0' is missing"),
    ({"case": [1, None]}, 422, "missing"),
    ({"case": [True, False]}, 422, "given true or false among them"),
    ({"case": 7}, 422, "wanted a list of numbers, given a number"),
    ({"case": [0] * 101}, 413, "more than 100 steps"),
    ({"cases": []}, 422, "at least one case"),
    ({"cases": [[1, 2]] * 21}, 413, "at most 20 cases, given 21"),
    ({"cases": [0] * 400_000}, 413, "at most 20 cases, given 400,000"),
    ({"case": [1], "cases": [[1]]}, 422, "wanted one of case, cases and test_case"),
    ({}, 422, "given none"),
    ({"case": [1, 2], "cays": 1}, 422, "there is no field 'cays'; did you mean 'case'?"),
    ({"case": [1, 2], "options": {"beam": 2}}, 422, "this run takes none"),
    ({"case": [1, 2], "run": ["x"]}, 404, "there is no run"),
    ({"test_case": 0}, 422, "test_case"),
    ({"test_case": "0"}, 422, "test_case"),
]


@pytest.mark.parametrize(("body", "status", "said"), SERIES, ids=range(len(SERIES)))
def test_bodies_that_are_no_cases(
    client: Client, body: dict[str, Any], status: int, said: str
) -> None:
    _refused(client.post("/predict?run=classify", json=body), status, said)


OTHERS = [
    ("classify-text", "", "wanted a text that is not empty"),
    ("classify-text", 5, "wanted a text that is not empty"),
    ("classify-image", "%%%", "is not base64"),
    ("classify-image", 5, "in base64"),
    ("answer", {"story": "Anna left."}, 'wanted an object {"story": ..., "question": ...}'),
    ("answer", {"story": [], "question": "Who?"}, "has no sentence"),
    ("answer", {"story": {"a": 1}, "question": "Who?"}, ""),
    ("compose", "", ""),
    ("compose", [], "in one line of text"),
    ("forecast", {"past": [1]}, "wanted a list for every column"),
    ("forecast", {"past": {"day": ["2024-01-01"], "load": [1, 2]}}, "1 to 2 values"),
    ("forecast", {"past": {"day": [[1]], "load": [2]}}, "lists in its cells"),
    ("forecast", {"past": {}}, ""),
    ("forecast", {"past": {"day": ["x"], "load": ["y"]}}, ""),
    ("forecast", {"paste": {}}, "given 'paste'"),
]


@pytest.mark.parametrize(("run", "case", "said"), OTHERS, ids=range(len(OTHERS)))
def test_cases_of_another_kind(client: Client, run: str, case: Any, said: str) -> None:
    _refused(client.post("/predict", json={"run": run, "case": case}), 422, said)


RAW = [
    (b"", 400, "the body"),
    (b"{", 400, "the body"),
    (b"[]", 422, "wanted an object"),
    (b'{"case": [NaN]}', 400, "not NaN"),
    (b'{"case": [1e999]}', 400, "too large"),
    (b'{"case": [1], "case": [2]}', 400, 'the key "case" is there twice'),
    (b'{"case": ' + b"[" * 20_000, 400, "the body"),
    (b'{"case": ' + b"[" * 40 + b"]" * 40 + b"}", 400, "nests more than 32 deep"),
    (b"\xff\xfe", 400, "not UTF-8"),
    (b'{"case": [' + b"9" * 5000 + b"]}", 400, "digits"),
]


@pytest.mark.parametrize(("raw", "status", "said"), RAW, ids=range(len(RAW)))
def test_bodies_that_are_no_json(client: Client, raw: bytes, status: int, said: str) -> None:
    json_type = {"content-type": "application/json"}
    answer = client.post("/predict?run=classify", content=raw, headers=json_type)
    _refused(answer, status, said)


def test_texts_that_are_too_long(client: Client) -> None:
    for text in ("a " * 101, "a" * 1010):
        _refused(client.post("/predict", json={"run": "classify-text", "case": text}), 413, "100")
    stories = {"story": ["Anna left."] * 101, "question": "Who?"}
    _refused(client.post("/predict", json={"run": "answer", "case": stories}), 413, "100")


def test_other_types_methods_and_paths(client: Client) -> None:
    _refused(client.post("/predict", content=b"x", headers={"content-type": "text/csv"}), 415, "")
    _refused(client.get("/predict"), 405, "")
    _refused(client.get("/nowhere"), 404, "")
    _refused(client.get("/assets/..%2Fapp.py"), 404, "")
    _refused(client.get("/model?run=x"), 404, "there is no run 'x'")
    broken = {"content-type": "multipart/form-data; boundary=x"}
    _refused(client.post("/predict?run=classify", content=b"--y", headers=broken), 400, "multipart")
    file = {"file": ("x.exe", b"x")}
    _refused(client.post("/predict?run=classify", files=file), 415, "wanted .csv")
    file = {"file": ("x.csv", b"\x00\xff" * 99)}
    _refused(client.post("/predict?run=classify", files=file), 422, "")
    ragged = b"1\n" * 100_000 + b"1," * 100_000
    _refused(client.post("/predict?run=classify", files={"file": ("x.csv", ragged)}), 413, "cells")


def test_maps_that_are_not_there(client: Client) -> None:
    body = {"run": "classify", "case": [1, 2, 3], "maps": ["atention"]}
    _refused(client.post("/explain", json=body), 422, "did you mean 'attention'?")
    _refused(client.post("/explain", json=body | {"maps": "attention"}), 422, "list of names")
    _refused(client.post("/explain", json=body | {"maps": [], "picture": 1}), 422, "true or false")


def test_a_token_is_asked_for(runs: list[Path]) -> None:
    with serving(runs[0], token="secret") as client:
        for token in (b"", b"Bearer wrong", "secr\u00e9".encode()):
            headers = {b"authorization": token}
            answer = client.post("/predict", json={"case": [1, 2]}, headers=headers)
            _refused(answer, 401, "Authorization: Bearer TOKEN")
        assert client.get("/model").status_code == 401
        assert client.get("/metrics").status_code == 401
        assert client.get("/health").status_code == 200
        right = {"authorization": "Bearer secret"}
        assert client.post("/predict", json={"case": [1, 2]}, headers=right).status_code == 200


def test_names_of_other_hosts_are_refused(runs: list[Path]) -> None:
    with serving(runs[0], hosts=frozenset(["localhost"])) as client:
        assert client.get("/health").status_code == 200
        _refused(client.get("/health", headers={"host": "evil.example"}), 421, "not called")


def test_pages_of_other_sites_cannot_run_or_frame_it(client: Client) -> None:
    headers = client.get("/").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
FIELDS = ("run", "case", "cases", "test_case", "maps", "picture", "options")


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    path=st.sampled_from(["/predict", "/explain", "/attend"]),
    run=st.sampled_from(["classify", "classify-text", "forecast", "answer", "compose"]),
    body=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3) | JSON,
)
def test_no_body_is_an_error_of_the_service(client: Client, path: str, run: str, body: Any) -> None:
    content = json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    answer = client.post(f"{path}?run={run}", content=content, headers=headers)
    assert answer.status_code < 500, answer.text
    if answer.status_code != 200:
        assert set(answer.json()["error"]) == {"code", "message"}


def test_a_gigabyte_is_refused_while_it_comes(runs: list[Path]) -> None:
    with (
        listening(runs[0], limits=LIMITS) as port,
        socket.create_connection(("127.0.0.1", port), 20) as one,
    ):
        one.sendall(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        chunk = b"10000\r\n" + b"1" * 2**16 + b"\r\n"
        for _ in range(17):
            one.sendall(chunk)
        told = one.recv(2**16)
        sent = 0
        with suppress(OSError):
            while sent < 2**14:
                one.sendall(chunk)
                sent += 1
    assert told.startswith(b"HTTP/1.1 413")
    assert sent < 2**10


def test_more_than_may_wait_are_told_to_come_later(
    runs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(runs[0], limits=Limits(waiting=1, seconds=20)) as client:
        codes: list[int] = []
        infer, going = SeriesClassifier.infer, threading.Event()

        def slow(*given: Any, **options: Any) -> Any:
            going.wait(10)
            return infer(*given, **options)

        def ask() -> None:
            codes.append(client.post("/predict", json={"case": [1.0, 2.0]}).status_code)

        monkeypatch.setattr(SeriesClassifier, "infer", slow)
        first = threading.Thread(target=ask)
        first.start()
        while "regard_requests_waiting 1" not in client.get("/metrics").text:
            time.sleep(0.01)
        answer = client.post("/predict", json={"case": [1.0, 2.0]})
        _refused(answer, 503, "1 requests are waiting")
        going.set()
        first.join()
        assert codes == [200]


def test_what_takes_too_long_is_given_up(runs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(runs[0], limits=Limits(seconds=0.2)) as client:
        infer = SeriesClassifier.infer

        def slow(*given: Any, **options: Any) -> Any:
            time.sleep(0.5)
            return infer(*given, **options)

        monkeypatch.setattr(SeriesClassifier, "infer", slow)
        answer = client.post("/predict", json={"case": [1.0, 2.0]})
        _refused(answer, 503, "no answer within 0.2 seconds")
        assert answer.headers["retry-after"] == "1"


def test_a_mistake_of_the_service_tells_nothing(
    runs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(runs[0]) as client:

        def broken(*_: Any, **__: Any) -> None:
            raise KeyError("/secret/path")

        monkeypatch.setattr(SeriesClassifier, "infer", broken)
        answer = client.post("/predict", json={"case": [1.0, 2.0]})
    _refused(answer, 500, "an error inside the service")
    assert "secret" not in answer.text
