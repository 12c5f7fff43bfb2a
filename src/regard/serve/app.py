"""The paths of the service."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from regard.errors import RegardError
from regard.plots.explored import drawing_asset
from regard.plots.page import stylesheet
from regard.serve.asked import What, asked_of_case, asked_of_file, body_of, named
from regard.serve.guard import Guard
from regard.serve.limits import Limits, RequestError
from regard.serve.metrics import Metrics
from regard.serve.replies import error_reply, refusal_of, reply
from regard.serve.schema import schema_of
from regard.serve.served import Served
from regard.serve.worker import Worker

__all__ = ["make_app"]

_ASSETS = {"explorer.js": "text/javascript", "explorer.css": "text/css"}
_SHARED = {"drawing.js": "text/javascript", "drawing.css": "text/css"}  # that reports have, too
_PAGE = "page.css"  # likewise
_OPEN = frozenset(["/", "/health", *(f"/assets/{name}" for name in (*_ASSETS, *_SHARED, _PAGE))])
_PATHS = _OPEN | {"/model", "/cases", "/predict", "/explain", "/attend", "/metrics"}
_SMALL = 2**16  # bytes of a body that is parsed at once, and not in another thread


def make_app(
    runs: Mapping[str, Served],
    worker: Worker,
    *,
    limits: Limits,
    token: str = "",
    hosts: frozenset[str] = frozenset(),
) -> Any:
    """The service as an ASGI application.

    Parameters:
        runs: by name.
        worker: that answers.
        limits: of requests.
        token: that requests must have; "" for none.
        hosts: names by which it may be called; all where empty.
    """
    # Pages of documentation would be loaded from elsewhere.
    app = FastAPI(title="regard", docs_url=None, redoc_url=None, openapi_url=None)
    metrics = Metrics()

    async def failed(_: Request, error: Exception) -> Response:
        return error_reply(refusal_of(error))

    for kind in (HTTPException, RegardError, MemoryError, Exception):
        app.add_exception_handler(kind, failed)

    async def ask(what: What, request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "multipart/form-data":
            return await _of_file(what, request)
        if kind != "application/json":
            raise RequestError(415, "other_type", "wanted application/json or multipart/form-data")
        content = await _in_time(request.body(), limits)
        small = len(content) < _SMALL
        body = body_of(content) if small else await asyncio.to_thread(body_of, content)
        served = named(runs, _run_of(request, body))
        if small and "test_case" not in body:
            work = asked_of_case(served, what, body, limits)
        else:
            work = await asyncio.to_thread(asked_of_case, served, what, body, limits)
        answers = await worker.ask(work)
        return reply({"run": served.name, "answers": answers})

    async def _of_file(what: What, request: Request) -> Response:
        form = await _in_time(request.form(max_files=1, max_fields=8), limits)
        try:
            fields: dict[str, Any] = {k: v for k, v in form.multi_items() if k != "file"}
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise RequestError(422, "unusable", "file: wanted a file under this name")
            served = named(runs, _run_of(request, fields))
            if isinstance(maps := fields.get("maps"), str):
                fields["maps"] = [name for name in maps.split(",") if name]
            if "picture" in fields:
                fields["picture"] = fields["picture"] == "true"
            if isinstance(options := fields.get("options"), str):
                fields["options"] = body_of(options.encode())
            name, content = file.filename or "", await file.read()
        finally:
            await form.close()
        given = (served, what, name, content, fields, limits)
        work, told = await asyncio.to_thread(asked_of_file, *given)
        answers = iter(await worker.ask(work))
        every = [next(answers) if each is None else each for each in told]
        return reply({"run": served.name, "answers": every})

    @app.post("/predict")
    async def predict(request: Request) -> Response:
        return await ask("predict", request)

    @app.post("/explain")
    async def explain(request: Request) -> Response:
        return await ask("explain", request)

    @app.post("/attend")
    async def attend(request: Request) -> Response:
        return await ask("attend", request)

    @app.get("/model")
    async def model(request: Request) -> Response:
        if "run" not in request.query_params:
            return reply({"runs": [served.about() for served in runs.values()]})
        return reply(named(runs, request.query_params["run"]).about())

    @app.get("/cases")
    async def cases(request: Request) -> Response:
        served = named(runs, request.query_params.get("run"))
        part = await asyncio.to_thread(served.test_part)
        found = {"source": part.source, "left": part.left, "rows": list(part.rows)}
        return reply({"run": served.name, **found})

    @app.get("/health")
    async def health() -> Response:
        return reply({"status": "ok", "runs": {name: each.state() for name, each in runs.items()}})

    @app.get("/metrics")
    async def told() -> Response:
        text = metrics.text(waiting=worker.waiting, passes=worker.passes, cases=worker.cases)
        return Response(text, media_type="text/plain; version=0.0.4")

    @app.get("/openapi.json")
    async def openapi() -> Response:
        return reply(schema_of(runs, limits, token=bool(token)))

    @app.get("/")
    async def page() -> Response:
        return _asset("explorer.html", "text/html")

    @app.get("/assets/{name}")
    async def asset(name: str) -> Response:
        if name == _PAGE:
            return Response(stylesheet(), media_type="text/css")
        if name in _SHARED:
            return Response(drawing_asset(name), media_type=_SHARED[name])
        if name not in _ASSETS:
            raise HTTPException(404, "there is no such file")
        return _asset(name, _ASSETS[name])

    options: dict[str, Any] = {"open_paths": _OPEN, "known_paths": _PATHS, "hosts": hosts}
    return Guard(app, limits=limits, metrics=metrics, token=token, **options)


def _run_of(request: Request, fields: Mapping[str, Any]) -> Any:
    """The run that a request names, in its body or its address."""
    return fields["run"] if "run" in fields else request.query_params.get("run")


async def _in_time(reading: Any, limits: Limits) -> Any:
    """A body, which must come in time."""
    with suppress(TimeoutError):
        return await asyncio.wait_for(reading, limits.seconds)
    raise RequestError(408, "too_slow", f"the body did not come within {limits.seconds:g} seconds")


def _asset(name: str, kind: str) -> Response:
    content = (files("regard.serve") / "page" / name).read_bytes()
    return Response(content, media_type=f"{kind}; charset=utf-8")
