"""One thread runs the models, and takes cases of which the same is asked together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any

from regard.serve.answers import Question, answered
from regard.serve.limits import PADDED, Limits, RequestError
from regard.serve.served import Served

__all__ = ["Work", "Worker", "numbers_in"]

_TOGETHER = 256  # cases


@dataclass(frozen=True, eq=False)
class Work:
    """Cases of one request.

    Attributes:
        served: the run.
        question: what is asked.
        values: of JSON, as `Input.posted` takes them; empty where there are cases.
        cases: as the input has them, such as those of a file.
    """

    served: Served
    question: Question
    values: Sequence[Any] = ()
    cases: Any = None


@dataclass(frozen=True, eq=False)
class _Job:
    work: Work
    future: asyncio.Future[list[dict[str, Any]]]
    until: float  # of the clock `monotonic`
    size: int  # numbers of its largest value

    def joins(self, other: _Job) -> bool:
        """Whether both can go through a model together."""
        one, two = self.work, other.work
        return bool(
            one.served is two.served
            and one.values
            and two.values
            and one.question == two.question
            and not one.served.estimator.input_.posted_alone
        )


class Worker:
    """Answers in a thread of its own.

    While a pass runs, requests gather; the next pass takes those of which the same is asked
    together, so that many single cases cost little more than one.

    Parameters:
        limits: of requests.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="regard-worker", daemon=True)
        self.waiting = 0  # of the event loop alone
        self.passes = self.cases = 0
        self._thread.start()

    async def ask(self, work: Work) -> list[dict[str, Any]]:
        """The answers to cases, one for each.

        Raises:
            RequestError: too many wait, or it takes too long.
            RegardError: the cases cannot be predicted.
        """
        limits = self._limits
        if self.waiting >= limits.waiting:
            raise RequestError(
                503, "busy", f"{limits.waiting} requests are waiting; try again later"
            )
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[dict[str, Any]]] = loop.create_future()
        late = RequestError(
            503, "too_slow", f"there was no answer within {limits.seconds:g} seconds"
        )
        timer = loop.call_later(limits.seconds, _give_up, future, late)
        size = max(map(numbers_in, work.values), default=0)
        self.waiting += 1
        try:
            self._queue.put(_Job(work, future, monotonic() + limits.seconds, size))
            return await future
        finally:
            self.waiting -= 1
            timer.cancel()

    def stop(self) -> None:
        """Answer what is waiting, and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        waiting: list[_Job] = []
        ended = False
        while waiting or not ended:
            if not ended:
                ended = self._collect(waiting)
            now = monotonic()
            waiting = [job for job in waiting if job.until > now and not job.future.done()]
            if waiting:
                together = self._next(waiting)
                waiting = [job for job in waiting if job not in together]
                self._answer(together)

    def _collect(self, waiting: list[_Job]) -> bool:
        """Take what has come, at least one; whether the thread is to end."""
        while True:
            try:
                job = self._queue.get(block=not waiting)
            except Empty:
                return False
            if job is None:
                return True
            waiting.append(job)

    def _next(self, waiting: Sequence[_Job]) -> list[_Job]:
        """The first job, with those that go with it."""
        first = waiting[0]
        together, count, size = [first], len(first.work.values), first.size
        for job in waiting[1:]:
            more, larger = count + len(job.work.values), max(size, job.size)
            if job.joins(first) and more <= _TOGETHER and more * larger <= PADDED:
                together.append(job)
                count, size = more, larger
        return together

    def _answer(self, jobs: Sequence[_Job]) -> None:
        try:
            found = self._pass(jobs)
        except Exception as error:
            if len(jobs) > 1:  # one of them may be at fault
                for job in jobs:
                    self._answer([job])
                return
            _settle(jobs, [error])
            return
        _settle(jobs, found)

    def _pass(self, jobs: Sequence[_Job]) -> list[list[dict[str, Any]]]:
        """The answers to each of some jobs, of one pass."""
        first = jobs[0].work
        cases = first.cases
        if cases is None:
            values = [value for job in jobs for value in job.work.values]
            cases = first.served.estimator.input_.posted(values)
        self.passes += 1
        self.cases += len(cases)
        every = answered(first.served, first.question, cases)
        if len(jobs) == 1:
            return [every]
        found, start = [], 0
        for job in jobs:
            stop = start + len(job.work.values)
            found.append([each | {"case": str(n)} for n, each in enumerate(every[start:stop])])
            start = stop
        return found


def _give_up(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def numbers_in(value: Any) -> int:
    """How many values a value of JSON has within; texts count as one."""
    if isinstance(value, list):
        if value and not isinstance(value[0], list | dict):
            return len(value)
        return sum(map(numbers_in, value))
    if isinstance(value, dict):
        return sum(map(numbers_in, value.values()))
    return 1


def _settle(jobs: Sequence[_Job], found: Sequence[Any]) -> None:
    """Hand answers or errors to the event loop that waits for them."""

    def settle() -> None:
        for job, each in zip(jobs, found, strict=True):
            if job.future.done():
                continue
            if isinstance(each, Exception):
                job.future.set_exception(each)
            else:
                job.future.set_result(each)

    with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
        jobs[0].future.get_loop().call_soon_threadsafe(settle)
