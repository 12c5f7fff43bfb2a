"""Synthetic visits to a web page over a week, nine in ten with a signature of its class."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_count
from regard.inputs.series.cases import Cases

__all__ = ["SIGNATURES", "webtraffic", "weeks_of_traffic"]

_DAY, _DAYS = 144, 7  # steps of ten minutes
_STEPS = _DAYS * _DAY
_SHORTEST, _LONGEST = _DAY // 4, 2 * _DAY  # steps of a signature
_SPIKE_SHARE = 0.01

_Values = NDArray[np.float64]
_Change = Callable[[_Values, slice, np.random.Generator], _Values]


def webtraffic(*, series: int = 500, seed: int = 0) -> Cases:
    """Draw weeks of web traffic in steps of ten minutes, each of ten classes equally often.

        daily[t] = a / 2 wave(7 t / T - 0.55 - phase, skew) + b + noise
        week[t] = daily[t] (w / 2 wave(t / T - 0.6, 2) + 1)
        wave(x, skew) = sin(2 pi x - sin(2 pi x) / skew)

    a is in [2, 4], b in [2.5, 5], w in [0.8, 1.2], the phase in [-0.05, 0.05] days, the skew in
    [1, 3], the standard deviation of the Gaussian noise in [0.1, 0.3]. The class of a week says
    what is changed in it:

    - none: nothing;
    - spikes: 3 +- 0.2 is added or taken away at each step with a probability of 0.01;
    - flip: a stretch is reversed;
    - skew: the middle of a stretch is moved to 5 to 25 % or 75 to 95 % of it;
    - noise: Gaussian noise of a standard deviation in [0.5, 1] is added to a stretch;
    - cutoff: a stretch falls to noise of 0.1 about a level in [0, 0.2];
    - average: a stretch is a moving average of 5 to 9 steps;
    - wander: a straight line from 0 to 2 to 3, up or down, is added to a stretch;
    - peak, trough: a stretch is multiplied by 1 plus or minus a Gaussian bell of 1.5 to 2.5 times
      the density, from -5 to 5 standard deviations.

    Stretches have 36 to 288 steps, a quarter of a day to two days. Numbers are drawn from uniform
    distributions unless it says otherwise. Values below 0 become 0.

    Parameters:
        series: number of weeks.
        seed: random seed.

    Returns:
        Cases of one channel and 1,008 steps, in random order, labelled with the names above, with
        the changed steps as spans: one for each spike, one for a stretch.

    Raises:
        ConfigError: A parameter is out of range.

    References:
        Early et al., 2024, "Inherently interpretable time series classification via multiple
        instance learning" (ICLR), appendix C.1. Their set has 500 series to train on and 500
        others to test.

    Example:
        >>> cases = webtraffic(series=20)
        >>> cases.values.shape, cases.labels.tolist().count("flip")
        ((20, 1, 1008), 2)
    """
    check_count("series", series, least=1)
    check_count("seed", seed, least=0)
    generator = np.random.default_rng(seed)
    classes = ["none", "spikes", *SIGNATURES]
    labels = generator.permutation(np.resize(classes, series))
    weeks = weeks_of_traffic(series, generator)
    spans: list[NDArray[np.int64]] = []
    for label, week in zip(labels.tolist(), weeks, strict=True):
        if label in SIGNATURES:
            length = generator.integers(_SHORTEST, _LONGEST, endpoint=True)
            start = generator.integers(_STEPS - length, endpoint=True)
            stretch = slice(start, start + length)
            week[stretch] = SIGNATURES[label](week, stretch, generator)
            spans.append(np.array([[start, start + length]]))
        else:
            struck = generator.random(_STEPS) < _SPIKE_SHARE * (label == "spikes")
            sizes = generator.normal(3, 0.2, _STEPS) * generator.choice([-1, 1], _STEPS)
            week += struck * sizes
            at = np.flatnonzero(struck)
            spans.append(np.stack([at, at + 1], 1))
    np.maximum(weeks, 0, out=weeks)
    padded = np.zeros((series, max(map(len, spans)), 2), np.int64)
    for row, own in zip(padded, spans, strict=True):
        row[: len(own)] = own
    return Cases(weeks[:, None, :], np.full(series, _STEPS, np.int64), labels, padded)


def weeks_of_traffic(series: int, generator: np.random.Generator) -> _Values:
    """Weeks without a signature, which may be below 0. [B, 1008]."""

    def draw(low: float, high: float) -> _Values:
        return generator.uniform(low, high, size=(series, 1))

    days = np.linspace(0, _DAYS, _STEPS) - 0.55 - draw(-0.05, 0.05)
    daily = draw(2, 4) / 2 * _wave(days, draw(1, 3)) + draw(2.5, 5)
    daily += generator.normal(size=daily.shape) * draw(0.1, 0.3)
    weekly = draw(0.8, 1.2) / 2 * _wave(np.linspace(0, 1, _STEPS) - 0.6, 2) + 1
    return np.asarray(daily * weekly)


def _wave(x: _Values, skew: _Values | float) -> _Values:
    angle = 2 * np.pi * x
    return np.asarray(np.sin(angle - np.sin(angle) / skew))


def _flip(week: _Values, stretch: slice, _: np.random.Generator) -> _Values:
    return week[stretch][::-1].copy()


def _skew(week: _Values, stretch: slice, generator: np.random.Generator) -> _Values:
    own = week[stretch]
    moved = 0.5 + generator.choice([-1, 1]) * generator.uniform(0.25, 0.45)
    steps = np.arange(len(own))
    from_ = np.interp(steps, [0, moved * len(own), len(own) - 1], [0, len(own) // 2, len(own) - 1])
    return np.asarray(np.interp(from_, steps, own))


def _noise(week: _Values, stretch: slice, generator: np.random.Generator) -> _Values:
    own = week[stretch]
    return own + generator.normal(0, generator.uniform(0.5, 1), len(own))


def _cutoff(week: _Values, stretch: slice, generator: np.random.Generator) -> _Values:
    return generator.normal(generator.uniform(0, 0.2), 0.1, len(week[stretch]))


def _average(week: _Values, stretch: slice, generator: np.random.Generator) -> _Values:
    window = int(generator.integers(5, 9, endpoint=True))
    return np.asarray(np.convolve(week, np.full(window, 1 / window), "same")[stretch])


def _wander(week: _Values, stretch: slice, generator: np.random.Generator) -> _Values:
    own = week[stretch]
    to = generator.choice([-1, 1]) * generator.uniform(2, 3)
    return own + np.linspace(0, to, len(own))


def _peak(week: _Values, stretch: slice, generator: np.random.Generator) -> _Values:
    return _scaled(week[stretch], generator.uniform(1.5, 2.5))


def _trough(week: _Values, stretch: slice, generator: np.random.Generator) -> _Values:
    return _scaled(week[stretch], -generator.uniform(1.5, 2.5))


def _scaled(own: _Values, height: float) -> _Values:
    bell = np.exp(-0.5 * np.linspace(-5, 5, len(own)) ** 2) / np.sqrt(2 * np.pi)
    return np.asarray(own * (1 + height * bell))


# What a stretch of a week becomes: from the week [1008] and where the stretch is.
SIGNATURES: dict[str, _Change] = {
    "flip": _flip,
    "skew": _skew,
    "noise": _noise,
    "cutoff": _cutoff,
    "average": _average,
    "wander": _wander,
    "peak": _peak,
    "trough": _trough,
}
