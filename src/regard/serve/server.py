"""The service as a process."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path
from types import FrameType

from regard.errors import ConfigError
from regard.serve.limits import Limits
from regard.serve.served import open_runs
from regard.serve.worker import Worker

__all__ = ["serve"]

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "[::1]"))
_GRACE = 5.0  # seconds beyond those that a request may take


def serve(
    runs: Sequence[str | Path],
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str = "",
    cases: str | Path | None = None,
    device: str | None = None,
    limits: Limits | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve runs over HTTP until SIGTERM or SIGINT; requests that have begun are answered first.

    Parameters:
        runs: run folders, which are named by their last part.
        host: address to listen at; by default this machine alone.
        port: 0 for any that is free.
        token: that a request must have; "" for none.
        cases: file of cases to step through on the page, instead of the runs' own test parts.
        device: "auto", "cpu" or "cuda"; None for that of each run's configuration.
        limits: of requests.
        ready: called with the address once it listens.

    Raises:
        RegardError: a run cannot be opened, two have one name, the port is taken, or FastAPI or
            uvicorn is not installed.
    """
    try:
        import uvicorn

        from regard.serve.app import make_app
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"serve: needs {error.name}, which is not installed; use: pip install 'regard[serve]'"
        ) from None
    limits = limits or Limits()
    with _bound(host, port) as listening:
        stepped = None if cases is None else Path(cases)
        opened = open_runs(map(Path, runs), cases=stepped, device=device)
        worker = Worker(limits)
        hosts = _LOOPBACK | {host} if _is_loopback(host) else frozenset[str]()
        app = make_app(opened, worker, limits=limits, token=token, hosts=hosts)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                server_header=False,
                lifespan="off",
                timeout_graceful_shutdown=int(limits.seconds + _GRACE),
            )
        )
        if ready is not None:
            ready(_address(host, listening.getsockname()[1]))
        # uvicorn raises the signal again at its end, when the service has done what it asks for.
        before = {each: signal.signal(each, _done) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            server.run([listening])
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
            worker.stop()


def _done(number: int, frame: FrameType | None) -> None:
    """A signal after the end."""


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        ConfigError: the port is taken, or the address is not of this machine.
    """
    listening = None
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # By its protocol asyncio knows that answers need not wait for acknowledgements.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        if listening is not None:
            listening.close()
        number = getattr(error, "errno", None)
        if number == errno.EADDRINUSE:
            raise ConfigError(f"port: {port} is in use at {host}; choose another") from None
        if number == errno.EACCES:
            raise ConfigError(f"port: {port} may not be used; choose one above 1023") from None
        raise ConfigError(f"host, port: cannot listen at {host}, port {port}: {error}") from None
    return listening


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
