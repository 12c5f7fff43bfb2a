"""A run folder opened for new cases, and the cases read."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError, FileKindError, in_python
from regard.runs import read_run
from regard.tables.files import check_file

if TYPE_CHECKING:
    from regard.estimators import AttentionEstimator
    from regard.inference import Inference

__all__ = [
    "check_device",
    "in_prediction",
    "open_run",
    "options_of",
    "place",
    "read_cases",
    "remarks_of",
    "usable_of",
]

_ARGUMENTS = ("beam", "encoding", "folder", "future", "labelled", "overwrite", "plugin", "source")


def in_prediction(name: str, value: Any) -> str:
    """Fixes that need no other run."""
    return in_python(name, value) if name in _ARGUMENTS else ""


def open_run(
    run: str | Path,
    *files: str | Path | None,
    typed: bool = False,
    device: str | None = None,
    watch: Callable[[int, int], None] | None = None,
) -> AttentionEstimator:
    """The estimator of a run; refuses one whose cases cannot be typed where they are.

    The files to read must exist, which is found before torch is imported. `device` is where the
    model runs; None for the device of the configuration.
    """
    for file in files:
        if file is not None and not Path(file).is_dir():  # which some inputs read
            check_file(file)
    opened = read_run(Path(run))
    from regard.estimators import estimator_of

    estimator = estimator_of(opened.config.task).from_run(opened, source=str(run))
    if typed and not estimator.input_.prompt:
        raise ConfigError(
            f"{run}: was trained to {estimator.task}, and predicts only files", fixes=("source",)
        )
    estimator.output_.watch = watch
    place(estimator, device)
    return estimator


def place(estimator: AttentionEstimator, device: str | None) -> None:
    """Let an estimator run on a device; None leaves it where its configuration says.

    Raises:
        ConfigError: the device is unknown, or not there.
    """
    if device is not None:
        check_device(device)
        estimator.set_params(device=device)


def check_device(device: str) -> None:
    """Refuse a device that is unknown, or not there.

    Raises:
        ConfigError: names the parameter.
    """
    from regard.training import check_device_name

    check_device_name(device)


def read_cases(
    estimator: AttentionEstimator, run: str | Path, source: str | Path | None, **options: Any
) -> tuple[Any, NDArray[np.bool_]]:
    """New cases in the form that a run was trained on, and [B] which can be predicted."""
    incoming = estimator.input_
    given = _taken(estimator, run, incoming.options, options)
    try:
        cases = incoming.read(None if source is None else Path(source), **given)
    except FileKindError as error:
        if not incoming.reads:
            raise
        raise FileKindError(error.path, error.kind, incoming.reads) from None
    usable = incoming.usable(cases)
    if not usable.any():
        left = ", ".join(incoming.left_out(cases, usable))
        raise DataError(f"{source or run}: none of its cases can be predicted: {left}")
    estimator.output_.check_new(usable_of(cases, usable), f"{source or run}")
    return cases, usable


def options_of(estimator: AttentionEstimator, run: str | Path, **options: Any) -> dict[str, Any]:
    """The options of the output for new cases, those that are given among them, checked."""
    given = _taken(estimator, run, estimator.output_.options, options)
    given = estimator.output_.for_new | given
    estimator.output_.check_options(**given)
    return given


def remarks_of(
    estimator: AttentionEstimator, cases: Any, usable: NDArray[np.bool_], seen: Inference
) -> list[str]:
    """What a summary says of new cases: odd ones, those without an answer, how they were read."""
    incoming = estimator.input_
    notes = getattr(cases, "notes", ())
    return [*incoming.remarks(seen), *incoming.left_out(cases, usable), *notes]


def _taken(
    estimator: AttentionEstimator, run: str | Path, known: Collection[str], options: dict[str, Any]
) -> dict[str, Any]:
    """The options that are given; refuses those that are not known."""
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if name not in known:
            raise ConfigError(
                f"{name}: {run} was trained to {estimator.task}, which takes no such option"
            )
    return given


def usable_of(cases: Any, usable: NDArray[np.bool_]) -> Any:
    return cases if usable.all() else cases.take(np.flatnonzero(usable))
