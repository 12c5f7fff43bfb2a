"""The last window of each series, from which its future steps are forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_count
from regard.errors import DataError
from regard.inputs.panel.calendar import Step, next_times, show_time
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.regular import Frequency, check_frequency
from regard.inputs.panel.windows import Numbers

__all__ = ["LatestWindows"]

_LISTED = 6  # times in a message


@dataclass(frozen=True, eq=False)
class LatestWindows:
    """The last window of each series of a panel, followed by future steps.

    Attributes:
        panel: B series.
        past: [B, C, window].
        known: [B, F, horizon] the known columns of the future steps.
        times: [B, horizon] the future times.
    """

    panel: Panel
    past: NDArray[np.float64]
    known: NDArray[np.float64]
    times: NDArray[Any]

    @classmethod
    def of(
        cls,
        panel: Panel,
        future: Panel | None,
        *,
        window: int,
        horizon: int,
        frequency: Frequency = "infer",
        step: Step | None = None,
        source: str = "future",
    ) -> LatestWindows:
        """The last windows of a panel, with the known columns of the steps that follow.

        Parameters:
            panel: B series with F known columns.
            future: the known columns of the same series, from the end of each series or earlier;
                steps before the end are ignored. None if F is 0.
            window: steps of input.
            horizon: number of steps after the end of each series.
            frequency: "infer" requires that the steps follow without a gap, "rows" does not.
            step: the step between times; None for the most frequent one in the panel.
            source: of `future`, for messages.

        Raises:
            DataError: A series has fewer steps than `window`, or `future` lacks a series, column or
                step.
        """
        check_count("window", window, least=1)
        check_count("horizon", horizon, least=1)
        check_frequency(frequency)
        short = panel.lengths < window
        if short.any():
            at = int(short.argmax())
            raise DataError(
                f"{panel.name(at)} has {panel.lengths[at]} rows; a forecast starts from {window}"
            )
        times = np.stack([next_times(own, horizon, step=step) for own in panel.times])
        return cls(
            panel,
            np.stack([values[:, -window:] for values in panel.values]),
            _known(panel, future, times, regular=frequency == "infer", source=source),
            times,
        )

    def __len__(self) -> int:
        return len(self.panel)

    @property
    def ids(self) -> NDArray[Any]:
        """[B] names of the series."""
        return self.panel.ids

    @property
    def series(self) -> NDArray[np.int64]:
        """[B] positions in the panel."""
        return np.arange(len(self))

    @property
    def window(self) -> int:
        """Steps of input."""
        return int(self.past.shape[2])

    @property
    def apart(self) -> NDArray[np.int64]:
        """All of them: each is of another series."""
        return np.arange(len(self))

    def take(self, at: NDArray[np.int64]) -> LatestWindows:
        """The series at these positions, in this order."""
        return LatestWindows(self.panel.take(at), self.past[at], self.known[at], self.times[at])

    def numbers(self, at: NDArray[np.int64]) -> Numbers:
        """The numbers of the windows at these positions."""
        return Numbers(self.past[at], self.known[at], None)

    def past_of(self, n: int) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """The times [window], as `Panel.clock`, and the values [C, window] of window n's inputs."""
        return self.panel.clock(self.panel.times[n][-self.window :]), self.past[n]

    def history_of(self, n: int) -> NDArray[np.float64]:
        """The values [C, steps] of all steps before the targets of window n."""
        return self.panel.values[n]

    def future_of(self, n: int) -> tuple[NDArray[Any], None]:
        """The future times [horizon] of window n, as `Panel.clock`; its targets are unknown."""
        return self.panel.clock(self.times[n]), None

    def examples(self, count: int) -> None:
        """None: a report shows all windows."""


def _known(
    panel: Panel, future: Panel | None, wanted: NDArray[Any], *, regular: bool, source: str
) -> NDArray[np.float64]:
    """[B, F, horizon] the known columns after the panel; if regular, at the wanted times."""
    horizon = wanted.shape[1]
    if not panel.known:
        return np.empty((len(panel), 0, horizon))
    if future is None:
        listed = ", ".join(panel.known)
        raise DataError(
            f"future: wanted the known columns {listed} for {horizon} future steps",
            fixes=("future",),
        )
    for name in panel.known:
        if name not in future.columns:
            raise DataError(f"{source}: no column {name!r}; there are {', '.join(future.columns)}")
    rows = [future.columns.index(name) for name in panel.known]
    # One table may have ids that are all whole numbers, and the other text.
    positions = {str(name): at for at, name in enumerate(future.ids.tolist())}
    found = []
    for at, name in enumerate(panel.ids.tolist()):
        if str(name) not in positions:
            few = list(positions)[:_LISTED]
            there = ", ".join(few + ["..."] * (len(positions) > _LISTED))
            raise DataError(f"{source}: no series {name!r}; there are {there}")
        times, values = (own[positions[str(name)]] for own in (future.times, future.values))
        end = panel.times[at][-1:]
        if times.dtype != end.dtype:
            raise DataError(f"{source}: wanted times of the same kind as before, numbers or dates")
        if (future.zone is None) != (panel.zone is None):
            zone = panel.zone or "no zone"
            raise DataError(f"{source}: wanted times with {zone}, as before, given {future.zone}")
        start = int(np.searchsorted(times, end[0], side="right"))
        ahead = times[start : start + horizon]
        if len(ahead) < horizon or (regular and (ahead != wanted[at]).any()):
            _refuse_steps(
                f"{source}: {panel.name(at)}", panel, end, ahead, wanted[at], values[rows]
            )
        found.append(values[rows, start : start + horizon])
    return np.stack(found)


def _refuse_steps(
    where: str,
    panel: Panel,
    end: NDArray[Any],
    given: NDArray[Any],
    wanted: NDArray[Any],
    values: NDArray[np.float64],
) -> NoReturn:
    """Raise an error that names the times that a forecast needs, and what is given instead."""

    def shown(times: NDArray[Any]) -> str:
        texts = [show_time(time) for time in panel.clock(times)]
        listed = texts if len(texts) <= _LISTED else [*texts[: _LISTED - 2], "...", texts[-1]]
        return ", ".join(listed) or "nothing"

    events = ", with 0 where there is none" if np.isin(values, (0, 1)).all() else ""
    raise DataError(
        f"{where} has {shown(given)} after {shown(end)}; wanted all {len(wanted)} steps of the "
        f"horizon, {shown(wanted)}{events}"
    )
