"""A run as one file that runs without regard."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.errors import ConfigError, RegardError, RegardWarning, did_you_mean, spoken
from regard.jobs.opening import in_prediction
from regard.runs import read_run

if TYPE_CHECKING:
    from regard.config import Config
    from regard.estimators.exporting import Exported

__all__ = ["export"]

_FORMATS = ("onnx", "pt2")


@spoken(in_prediction)
def export(
    run: str | Path,
    out: str | Path | None = None,
    *,
    to: str | None = None,
    overwrite: bool = False,
) -> Exported:
    """Write the model of a run as ONNX or as a program of `torch.export`, and JSON beside it.

    It is compared with the run on its test part, or on cases that are drawn where that cannot be
    read.

    Parameters:
        run: a run folder.
        out: the file; by default the name of the run, in the current folder.
        to: "onnx" or "pt2"; by default what `out` ends in, or "onnx".
        overwrite: whether files that exist may be replaced.

    Raises:
        RegardError: the run cannot be opened or exported, a package is missing, the output cannot
            be written, or the exported model differs from the run.
    """
    path = _output(Path(run), out, to)
    opened = read_run(Path(run))
    from regard.estimators import estimator_of
    from regard.estimators.exporting import check_exportable, check_exported
    from regard.estimators.exporting import export as write

    check_exported(path, overwrite=overwrite)
    estimator = estimator_of(opened.config.task).from_run(opened, source=str(run))
    check_exportable(estimator)
    cases, source = _test_part(opened.config)
    return write(estimator, path, cases, source=source, overwrite=overwrite)


def _output(run: Path, out: str | Path | None, to: str | None) -> Path:
    if to is not None and to not in _FORMATS:
        known = " or ".join(_FORMATS)
        raise ConfigError(f"to: wanted {known}, given {to!r}{did_you_mean(to, _FORMATS)}")
    if out is None:
        return Path(f"{run.resolve().name}.{to or _FORMATS[0]}")
    path = Path(out)
    if to is not None and path.suffix.lower() != f".{to}":
        raise ConfigError(f"to: {to} goes with a name that ends in .{to}, given {path}")
    return path


def _test_part(config: Config) -> tuple[Any, str]:
    """The test part of a run and what it is called; None where it cannot be read."""
    from regard.jobs.parts import load_parts

    if config.data.kind == "arrays":
        return None, "drawn at random, since the run was fitted in Python"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RegardWarning)
            test = load_parts(config).test
    except RegardError as error:
        return None, f"drawn at random, since the data cannot be read ({error.message})"
    if test is None or not len(test):
        return None, "drawn at random, since the run has no test part"
    return test, "of the test part"
