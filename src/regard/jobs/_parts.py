"""From a configuration's data to its training, validation and test parts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard import data
from regard.config import ArrayData, Config, SineData
from regard.data import Cases
from regard.errors import ConfigError, DataError

__all__ = ["split_parts"]


def split_parts(config: Config) -> tuple[Cases, Cases | None, Cases]:
    """The training, validation (or None) and test part of what a configuration names."""
    options = config.data
    if isinstance(options, ArrayData):
        raise DataError("data.kind: arrays come from Python; train on a file or on sine")
    excluded = {"kind", "scaling", "validation_share", "test_share", "missing"}
    test: Cases | None = None
    if isinstance(options, SineData):
        cases = data.sine(**options.model_dump(exclude=excluded), seed=config.seed)
        source = "sine"
    else:
        cases, test = data.load(
            options.kind, **options.model_dump(exclude=excluded), missing=options.missing
        )
        source = options.path
    labels = _class_labels(cases, source)
    test_share = options.test_share if test is None else 0.0
    share = options.validation_share
    if share == "auto":
        share = 0.1 if len(cases) * (1 - test_share) >= 1000 else 0.0
    try:
        fit_index, validation_index, test_index = data.split(
            labels, shares=(1 - share - test_share, share, test_share), seed=config.seed
        )
    except (ConfigError, DataError) as error:
        raise DataError(
            f"data.test_share {test_share} and data.validation_share {share} do not do: {error}"
        ) from None
    validation = cases.take(validation_index) if share else None
    return cases.take(fit_index), validation, cases.take(test_index) if test is None else test


def _class_labels(cases: Cases, source: str) -> NDArray[Any]:
    """The labels, of at least two classes with at least two cases each."""
    labels = cases.labels
    if labels is None:
        raise DataError(f"{source}: has no labels to learn from")
    if labels.dtype.kind == "f" and (labels != np.round(labels)).any():
        raise DataError(f"{source}: has numbers as targets; classify needs classes")
    names, counts = np.unique(labels, return_counts=True)
    if len(names) < 2:
        raise DataError(f"{source}: has only one class, {names[0]}; classify needs at least two")
    if counts.min() < 2:
        raise DataError(
            f"{source}: class {names[counts.argmin()]} has only one case; it needs at least two"
        )
    return labels
