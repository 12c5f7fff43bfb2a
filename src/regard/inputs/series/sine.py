"""Synthetic sine waves, some with a flat stretch, as from a stuck sensor."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_count, check_number, check_range
from regard.inputs.series.cases import Cases

__all__ = ["sine"]


def sine(
    *,
    series: int = 10_000,
    steps: int = 500,
    normal_share: float = 0.5,
    frequency: tuple[float, float] = (1.0, 4.0),
    amplitude: tuple[float, float] = (1.0, 10.0),
    start: tuple[float, float] = (0.0, 0.9),
    length: tuple[float, float] = (0.1, 0.5),
    noise: float = 0.0,
    phase: tuple[float, float] = (0.0, 0.0),
    seed: int = 0,
) -> Cases:
    """Draw sine waves, some with a stretch that holds the value of its first step.

        x = linspace(0, 2 pi, T);    wave[t] = A sin(f x[t] + phase) + noise

    All parameters are drawn from uniform distributions. A stretch ends with the series at the
    latest and has at least two steps. It holds the noise of its first step, too.

    Parameters:
        series: number of waves.
        steps: steps of each, at least 2.
        normal_share: share of the waves without a stretch.
        frequency: lowest and highest, in cycles per series.
        amplitude: lowest and highest, in the units of the values.
        start: earliest and latest first step of a stretch, as a share of the series.
        length: shortest and longest stretch, as a share of the series.
        noise: standard deviation of Gaussian noise, as a share of the wave's amplitude.
        phase: lowest and highest, in radians.
        seed: random seed.

    Returns:
        Cases of one channel, in random order, labelled 0 (normal) or 1 (with a flat stretch), with
        the stretches as spans.

    Raises:
        ConfigError: A parameter is out of range.

    Example:
        >>> cases = sine(series=4, steps=10)
        >>> cases.values.shape, cases.labels.tolist().count(1)
        ((4, 1, 10), 2)
    """
    check_count("series", series, least=1)
    check_count("steps", steps, least=2)
    check_number("normal_share", normal_share, within="[0, 1]")
    check_range("frequency", frequency, within="(0, 1e9]")
    check_range("amplitude", amplitude, within="(0, 1e9]")
    check_range("start", start, within="[0, 1)")
    check_range("length", length, within="(0, 1]")
    check_number("noise", noise, within="[0, 1e9]")
    check_range("phase", phase, within="[-1e9, 1e9]")
    check_count("seed", seed, least=0)
    generator = np.random.default_rng(seed)

    def draw(between: tuple[float, float]) -> NDArray[np.float64]:
        return generator.uniform(*between, size=(series, 1))

    held = np.arange(series) >= round(series * normal_share)
    labels = generator.permutation(held.astype(np.int64))
    heights = draw(amplitude)  # [B, 1]
    waves = draw(frequency) * np.linspace(0, 2 * np.pi, steps)  # [B, T]
    waves += draw(phase)
    np.sin(waves, out=waves)
    waves *= heights
    first = np.minimum((draw(start) * steps).astype(np.int64), steps - 2)
    stop = first + np.maximum(np.rint(draw(length) * steps).astype(np.int64), 2)
    spans: NDArray[Any] = np.hstack([first, np.minimum(stop, steps)]) * labels[:, None]
    if noise:
        waves += heights * generator.normal(scale=noise, size=waves.shape)
    step = np.arange(steps)
    flat = (spans[:, :1] <= step) & (step < spans[:, 1:])
    np.copyto(waves, np.take_along_axis(waves, spans[:, :1], axis=1), where=flat)
    return Cases(waves[:, None, :], np.full(series, steps, dtype=np.int64), labels, spans)
