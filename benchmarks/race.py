"""Several ways to the same numbers, timed in turn in one process."""

import gc
import statistics
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import NamedTuple

from torch import Tensor

__all__ = ["Ratio", "Run", "median_time", "race", "ratio", "seconds_of"]

Run = Callable[[], tuple[Tensor, ...]]

_LEAST = 0.02  # seconds that a figure is taken over
_LONG = 1.0  # seconds of a first call from which it is taken for what one takes
_ROUNDS = (3, 9)  # at least, at most


class Ratio(NamedTuple):
    """Of the times of one round, over all rounds: median and quartiles."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        digits = 1 if self.median >= 10 else 2
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}-{self.high:.{digits}f})"


def race(
    runs: Mapping[str, Run], *, agree: bool = True, budget: float = 5.0
) -> dict[str, list[float]]:
    """Seconds of one call, one figure for each round, in which all take their turn.

    Parameters:
        runs: what to time. Each is called once or twice before; what it compiles should be there.
        agree: whether all must return the same, to 1e-4 of the largest; those that return fewer
            tensors are held to those that they return.
        budget: seconds that the rounds should not take longer than; there are three at least.

    Raises:
        ValueError: two do not agree.
    """
    expected: tuple[Tensor, ...] | None = None
    calls, all_calls = {}, 0.0
    for name, run in runs.items():
        start = perf_counter()
        found = run()
        seconds = perf_counter() - start
        if agree and expected is not None:
            _hold(name, found, expected)
        elif agree:
            expected = tuple(part.detach() for part in found)
        del found  # a peer's weights may be large
        if seconds < _LONG:
            seconds = seconds_of(run)
        calls[name] = max(1, round(_LEAST / seconds))
        all_calls += calls[name] * seconds
    least, most = _ROUNDS
    times: dict[str, list[float]] = {name: [] for name in runs}
    # What is there by now is not garbage; to look it through each time would take longest of all.
    gc.freeze()
    for _ in range(max(least, min(most, int(budget / all_calls)))):
        for name, run in runs.items():
            times[name].append(seconds_of(run, calls[name]))
    gc.unfreeze()
    return times


def seconds_of(run: Run, calls: int = 1) -> float:
    """Seconds of a call, on average over some, garbage collected before."""
    gc.collect()
    start = perf_counter()
    for _ in range(calls):
        run()
    return (perf_counter() - start) / calls


def ratio(above: list[float], below: list[float]) -> Ratio:
    """How many times as long one takes as the other, round by round."""
    ratios = [a / b for a, b in zip(above, below, strict=True)]
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Ratio(median, low, high)


def median_time(seconds: list[float]) -> str:
    """The median in words."""
    median = statistics.median(seconds)
    return f"{median:.2f} s" if median >= 1 else f"{1000 * median:.3g} ms"


def _hold(name: str, found: tuple[Tensor, ...], expected: tuple[Tensor, ...]) -> None:
    for at, (own, other) in enumerate(zip(found, expected, strict=False)):
        error = float((own.detach() - other).abs().max() / other.abs().max())
        if not error <= 1e-4:
            raise ValueError(f"{name} disagrees with the first: part {at} is {error:.1g} off")
