"""Choose how to scale the training cases of a run that leaves it open."""

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.series.cases import Cases
from regard.inputs.series.scaling import Scaler, Scaling, moments

__all__ = ["scaling_by_error", "scaling_by_size"]

_DISPARATE = 10.0
_CHOSEN_ON = 500  # cases
_OTHERS: tuple[Scaling, ...] = ("series", "log")


def scaling_by_size(cases: Cases, *, keep_size: bool = False) -> Scaling:
    """The kind of scaling for cases of such sizes.

    "channel" keeps the size of a series, which often separates classes. If sizes differ by orders
    of magnitude, however, it scales small series to almost nothing. So the choice is "series", or
    "log" to keep the size, if the upper quartile of the cases' standard deviations is ten times
    the lower quartile or more, in the median over the channels.

    Parameters:
        cases: the training part.
        keep_size: whether the size must be kept, as numbers to predict often depend on it.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        _, std = moments(cases.values, cases.mask[:, None, :], axes=(2,))
    lower, upper = np.nanquantile(std[..., 0], [0.25, 0.75], axis=0)  # [C]
    if np.median(upper / lower) < _DISPARATE:
        return "channel"
    return "log" if keep_size else "series"


def scaling_by_error(cases: Cases, *, numbers: bool, seed: int) -> Scaling:
    """The kind of scaling with which random convolutions err least.

    The error of a kind is that of each case by ridge regression on all others. "channel", or the
    choice by size where it does not take the values, is taken unless another kind's mean squared
    error is lower by more than one standard error of the difference. Of more than 500 cases it is
    chosen on 500, drawn by the seed.

    Parameters:
        cases: the training part, with labels.
        numbers: whether the labels are numbers to predict, and no classes.
        seed: random seed of the cases and of the convolutions.

    Raises:
        DataError: The cases cannot be scaled by "channel", and are alike in size.

    Source: Hastie, Tibshirani and Friedman, 2009, "The elements of statistical learning", section
    7.10 (cross-validation and the rule of one standard error).
    """
    if len(cases) > _CHOSEN_ON:
        drawn = np.random.default_rng(seed).permutation(len(cases))[:_CHOSEN_ON]
        cases = cases.take(np.sort(drawn))
    targets = _numbers(cases) if numbers else _classes(cases)
    first: Scaling = "channel"
    try:
        errors = _errors(first, cases, targets, seed)
    except DataError:  # a value beside which others cannot be told apart, which may be the rule
        first = scaling_by_size(cases, keep_size=numbers)
        errors = _errors(first, cases, targets, seed)
    best, least = first, errors.mean()
    for kind in _OTHERS:
        try:
            other = _errors(kind, cases, targets, seed)
        except DataError:  # too large for float32 when scaled so
            continue
        gain = errors - other
        if gain.mean() > gain.std() / np.sqrt(len(gain)) and other.mean() < least:
            best, least = kind, other.mean()
    return best


def _errors(
    kind: Scaling, cases: Cases, targets: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """[B] squared errors of the cases, each left out."""
    from regard.models import RandomConvolutions, solve_ridge

    scaled = Scaler(kind).fit(cases).transform(cases)
    convolutions = RandomConvolutions(scaled.shape[1], scaled.shape[2], targets.shape[1]).float()
    convolutions.draw(scaled, cases.lengths, seed=seed)
    solved = solve_ridge(convolutions.features(scaled, cases.lengths), targets)
    return np.asarray(np.square(solved.held - targets).mean(1))


def _classes(cases: Cases) -> NDArray[np.float64]:
    """[B, N] 1 for the class of a case and -1 for others."""
    assert cases.labels is not None
    return np.where(cases.labels[:, None] == np.unique(cases.labels), 1.0, -1.0)


def _numbers(cases: Cases) -> NDArray[np.float64]:
    """[B, N] of unit variance."""
    targets = np.asarray(cases.labels, np.float64).reshape(len(cases), -1)
    spread = targets.std(0)
    return np.asarray((targets - targets.mean(0)) / np.where(spread > 0, spread, 1.0))
