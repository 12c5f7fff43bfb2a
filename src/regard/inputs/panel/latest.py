"""What a forecast of the future itself starts from: the latest steps, and what is known ahead."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_count
from regard.errors import DataError
from regard.inputs.panel.calendar import Step, show_time
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.regular import Frequency, check_frequency, gap_in

__all__ = ["future_known", "latest"]


def latest(panel: Panel, *, window: int) -> NDArray[np.float64]:
    """[B, C, window] the last steps of each series, from which its future is forecast.

    Raises:
        DataError: A series has fewer steps.
    """
    check_count("window", window, least=1)
    short = panel.lengths < window
    if short.any():
        at = int(short.argmax())
        raise DataError(
            f"{panel.name(at)} has {panel.lengths[at]} rows; a forecast starts from {window}"
        )
    return np.stack([values[:, -window:] for values in panel.values])


def future_known(
    panel: Panel,
    future: Panel | None,
    *,
    horizon: int,
    frequency: Frequency = "infer",
    step: Step | None = None,
) -> NDArray[np.float64]:
    """The known columns of the steps that follow a panel.

    Parameters:
        panel: B series with F known columns.
        future: The known columns of the same series, from the end of each on or before; what
            comes before is not looked at. None where F is 0.
        horizon: steps wanted after the end of each series.
        frequency: "infer" wants the steps to follow without a gap, "rows" does not look.
        step: the step between times; None for the one that those of the panel tell.

    Returns:
        [B, F, horizon] float64.

    Raises:
        DataError: A series, a column or a step is not there.
    """
    check_count("horizon", horizon, least=1)
    check_frequency(frequency)
    if not panel.known:
        return np.empty((len(panel), 0, horizon))
    listed = ", ".join(panel.known)
    if future is None:
        raise DataError(f"future: wanted the known columns {listed} of {horizon} steps to come")
    for name in panel.known:
        if name not in future.columns:
            raise DataError(
                f"future: there is no column {name!r}; there are {', '.join(future.columns)}"
            )
    rows = [future.columns.index(name) for name in panel.known]
    # Ids are whole numbers in the one where all of them are, and text in the other.
    positions = {str(name): at for at, name in enumerate(future.ids.tolist())}
    step = step or panel.step
    found = []
    for at, name in enumerate(panel.ids.tolist()):
        if str(name) not in positions:
            raise DataError(f"future: there is no series {name!r}")
        times, values = (own[positions[str(name)]] for own in (future.times, future.values))
        end = panel.times[at][-1:]
        if times.dtype != end.dtype:
            raise DataError("future: wanted times of the same kind as before, numbers or dates")
        start = int(np.searchsorted(times, end[0], side="right"))
        ahead = times[start : start + horizon]
        where = f"future: {panel.name(at)}"
        if len(ahead) < horizon:
            raise DataError(
                f"{where} has {len(ahead)} rows after {show_time(end[0])}; "
                f"the horizon needs {horizon}"
            )
        if frequency == "infer" and step is not None:
            joined = np.concatenate([end, ahead])
            gap = gap_in(joined, step)
            if gap is not None:
                before, after = map(show_time, joined[gap[0] - 1 : gap[0] + 1])
                raise DataError(f"{where} has {after} after {before}; wanted steps of {step}")
        found.append(values[rows, start : start + horizon])
    return np.stack(found)
