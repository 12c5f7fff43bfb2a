"""What stands before every path: who may ask, how much, and how long."""

from __future__ import annotations

import logging
from hmac import compare_digest
from time import perf_counter
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from regard.serve.limits import Limits, RequestError
from regard.serve.metrics import Metrics
from regard.serve.replies import error_reply, refusal_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard"]

_LOG = logging.getLogger("regard.serve")

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; media-src blob: data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Checks host, token and size of a request, counts it, and lets no error out.

    Parameters:
        app: what answers.
        limits: of requests.
        metrics: where they are counted.
        token: that a request must have; "" for none.
        open_paths: that need none.
        known_paths: that are counted by name.
        hosts: names by which the service may be called; all where empty.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: Limits,
        metrics: Metrics,
        token: str,
        open_paths: frozenset[str],
        known_paths: frozenset[str],
        hosts: frozenset[str],
    ) -> None:
        self._app, self._limits, self._metrics = app, limits, metrics
        self._token = f"Bearer {token}".encode() if token else b""
        self._open, self._known, self._hosts = open_paths, known_paths, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = perf_counter(), 500
        metrics, path = self._metrics, scope["path"]
        begun = False

        async def sent(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        metrics.in_flight += 1
        try:
            await self._checked(scope, receive, sent)
        except Exception as error:
            if not isinstance(error, RequestError):
                _LOG.exception("a request could not be answered")
            if not begun:
                await error_reply(refusal_of(error))(scope, receive, sent)
        finally:
            metrics.in_flight -= 1
            known = path if path in self._known else "other"
            metrics.count(known, status, perf_counter() - start)

    async def _checked(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        host = _name_of(headers.get("host", ""))
        if self._hosts and host not in self._hosts:
            raise RequestError(421, "other_host", "this service is not called by that name")
        if self._token and scope["path"] not in self._open:
            given = headers.get("authorization", "").encode("utf-8", "replace")
            if not compare_digest(given, self._token):
                raise RequestError(401, "no_token", "wanted the header Authorization: Bearer TOKEN")
        most = self._limits.bytes
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > most:
            raise _too_large(self._limits)
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise _too_large(self._limits)
            return message

        await self._app(scope, counted, send)


def _too_large(limits: Limits) -> RequestError:
    return RequestError(413, "too_large", f"the body has more than {limits.megabytes:g} MiB")


def _name_of(host: str) -> str:
    """A host without its port.

    >>> _name_of("localhost:8000"), _name_of("[::1]:8000")
    ('localhost', '[::1]')
    """
    name, colon, port = host.rpartition(":")
    return (name if colon and not port.endswith("]") else host).lower()
