"""What a class counts: factors on its loss, and which one is the positive class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, did_you_mean

__all__ = ["class_factors", "positive_class"]

_LARGEST = 1_000_000_000  # ratio of two weights


def class_factors(
    weights: Any, classes: NDArray[Any], targets: NDArray[np.int64]
) -> NDArray[np.float32] | None:
    """[N] factors on the loss of each class, or None; targets [B] are the training part's."""
    from sklearn.utils.class_weight import compute_class_weight

    if weights is None:
        return None
    if isinstance(weights, dict):  # its keys are strings, as in JSON
        known = [str(label) for label in classes]
        for label in weights:
            if label not in known:
                raise ConfigError(
                    f"class_weight: there is no class {label}{did_you_mean(label, known)}"
                )
        weights = {n: weights.get(label, 1.0) for n, label in enumerate(known)}
        ratio = max(weights.values()) / min(weights.values())
        if ratio > _LARGEST:
            raise ConfigError(
                f"class_weight: the largest weight is {ratio:.3g} times the smallest; wanted "
                f"{_LARGEST:,} times at most, as the other classes count for nothing beyond"
            )
    numbers = np.arange(len(classes))
    return np.asarray(compute_class_weight(weights, classes=numbers, y=targets), np.float32)


def positive_class(
    given: str | int | None, classes: NDArray[Any], counts: NDArray[np.int64]
) -> int:
    """The number of the class named as positive, or the rarer of two, the last if equal."""
    known = [str(label) for label in classes]
    if given is None:
        return int(len(counts) == 2 and counts[1] <= counts[0])
    if len(known) != 2:
        raise ConfigError(f"positive: wanted two classes, given {len(known)}")
    name = str(given)
    if name not in known:
        raise ConfigError(f"positive: there is no class {name}{did_you_mean(name, known)}")
    return known.index(name)
