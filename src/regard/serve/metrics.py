"""Figures of the service, as Prometheus reads them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

__all__ = ["Metrics"]

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counts and latencies of requests. The event loop alone changes them."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._buckets: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        self.in_flight = 0

    def count(self, path: str, status: int, seconds: float) -> None:
        """A request that has ended.

        Parameters:
            path: of the service's own; those it does not have are counted as one.
            status: of the answer.
            seconds: until its end.
        """
        self._requests[path, status] += 1
        buckets = self._buckets.setdefault(path, [0] * (len(_BOUNDS) + 1))
        buckets[bisect_left(_BOUNDS, seconds)] += 1
        self._seconds[path] = self._seconds.get(path, 0.0) + seconds

    def text(self, *, waiting: int, passes: int, cases: int) -> str:
        """The exposition format, version 0.0.4.

        Parameters:
            waiting: requests that wait for an answer of a model.
            passes: of cases through a model.
            cases: that went through.
        """
        lines = [
            *_head("requests_total", "counter", "Requests by path and status."),
            *(
                f'regard_requests_total{{path="{path}",status="{status}"}} {count}'
                for (path, status), count in sorted(self._requests.items())
            ),
            *_head("request_seconds", "histogram", "Seconds from the request to its answer."),
            *(line for path in sorted(self._buckets) for line in self._histogram(path)),
        ]
        for name, kind, about, value in (
            ("requests_in_flight", "gauge", "Requests without an answer yet.", self.in_flight),
            ("requests_waiting", "gauge", "Requests that wait for a model.", waiting),
            ("passes_total", "counter", "Passes of cases through a model.", passes),
            ("cases_total", "counter", "Cases that went through a model.", cases),
        ):
            lines += [*_head(name, kind, about), f"regard_{name} {value}"]
        return "\n".join(lines) + "\n"

    def _histogram(self, path: str) -> Iterable[str]:
        below = 0
        for bound, count in zip((*_BOUNDS, "+Inf"), self._buckets[path], strict=True):
            below += count
            yield f'regard_request_seconds_bucket{{path="{path}",le="{bound}"}} {below}'
        yield f'regard_request_seconds_sum{{path="{path}"}} {self._seconds[path]:.6f}'
        yield f'regard_request_seconds_count{{path="{path}"}} {below}'


def _head(name: str, kind: str, about: str) -> tuple[str, str]:
    return f"# HELP regard_{name} {about}", f"# TYPE regard_{name} {kind}"
