"""The step of series that continue those a model was trained on."""

from __future__ import annotations

from dataclasses import replace

from regard.errors import DataError
from regard.inputs.panel.calendar import Step
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.regular import Frequency, gap_in
from regard.inputs.panel.zones import instants_of, written

__all__ = ["step_after"]


def step_after(
    trained: Panel, given: Panel, step: Step | None, *, frequency: Frequency
) -> Step | None:
    """The step of given series, which must be that of the training data.

    Parameters:
        trained: the end of the training data.
        given: series to continue.
        step: of the training data.
        frequency: "rows" does not compare steps.

    Raises:
        DataError: Dates follow numbers, a zone is missing or new, or the step is another one.
    """
    kinds = {True: "dates", False: "whole numbers"}
    before, now = (each.times[0].dtype.kind == "M" for each in (trained, given))
    if before != now:
        raise DataError(f"the times are {kinds[now]}; the model was trained on {kinds[before]}")
    if (given.zone is None) != (trained.zone is None):
        have = [f"the zone {each.zone}" if each.zone else "no zone" for each in (given, trained)]
        fix = "write them without a zone"
        if trained.zone:
            first = written(instants_of(given.times[0][:1], trained.zone), trained.zone)[0]
            fix = f"write them with their offset from UTC, such as {first}"
        raise DataError(
            f"the times have {have[0]}; those that the model was trained on have {have[1]}; {fix}"
        )
    step = step and replace(step, zone=step.zone and given.zone)
    if frequency == "rows" or step is None:
        return step
    own = given.step
    if own is None or all(gap_in(times, step) is None for times in given.times):
        return step
    if (own.count, own.unit) != (step.count, step.unit):
        raise DataError(f"the times are {own} apart; the model was trained on steps of {step}")
    return own  # months on another day
