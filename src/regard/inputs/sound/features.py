"""What a model hears: log-mel energies or MFCC of short frames, with their changes.

Frame s is centred on the samples from s * hop up to (s + 1) * hop, which it stands for, so that a
map over frames is a map over time; the wave counts as zero beyond its ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError

__all__ = ["FLOOR", "REACH", "FeatureKind", "Features", "add_deltas", "mel_filters"]

FeatureKind = Literal["log-mel", "mfcc"]
"""What is computed of each frame."""

FLOOR = 1e-6
"""Added to an energy; about ten times the rounding of 16 bits."""

REACH = 2
"""Frames to either side that a change is estimated from."""

_BLOCK = 4096  # frames at once


@dataclass(frozen=True, kw_only=True)
class Features:
    """Turns waves into features, [C, S] each.

    "log-mel" is the logarithm of the energy in mel bands: of the power spectrum of each frame under
    a Hann window, weighted by triangles of equal height and of equal width on the mel scale.
    "mfcc" is the first coefficients of the orthonormal discrete cosine transform of that. There is
    neither pre-emphasis nor liftering, which scale channels: each is scaled to unit variance later.

    Parameters:
        kind: "log-mel" or "mfcc".
        rate: samples in a second.
        window: seconds that a frame sees.
        hop: seconds from one frame to the next.
        mels: number of bands, from 0 Hz to half the rate.
        coefficients: number of MFCC, of "mfcc" alone.
        deltas: 1 adds the change of each channel, 2 also the change of that; see `add_deltas`.

    Source: Davis and Mermelstein, 1980, "Comparison of parametric representations for monosyllabic
    word recognition in continuously spoken sentences"; the mel scale is that of the HTK book,
    2595 log10(1 + f / 700).

    >>> features = Features(kind="log-mel", rate=8000, mels=20)
    >>> features(np.zeros(4000, np.float32)).shape
    (20, 50)
    """

    kind: FeatureKind
    rate: int
    window: float = 0.025
    hop: float = 0.01
    mels: int = 40
    coefficients: int = 13
    deltas: int = 0

    def __post_init__(self) -> None:
        if self.step < 1 or self.width < self.step:
            raise ConfigError(
                f"window, hop: wanted a window as long as the hop or longer, and a hop of a sample "
                f"or more, given {self.window:g} and {self.hop:g} s at {self.rate} Hz"
            )
        if self.kind == "mfcc" and self.coefficients > self.mels:
            raise ConfigError(
                f"coefficients: wanted at most one for each of {self.mels} mels, given "
                f"{self.coefficients}"
            )

    @property
    def step(self) -> int:
        """Samples from one frame to the next."""
        return round(self.hop * self.rate)

    @property
    def width(self) -> int:
        """Samples that a frame sees."""
        return round(self.window * self.rate)

    @property
    def seconds(self) -> float:
        """Exact seconds from one frame to the next."""
        return self.step / self.rate

    @property
    def bands(self) -> int:
        """Channels without those of their changes."""
        return self.mels if self.kind == "log-mel" else self.coefficients

    @property
    def names(self) -> tuple[str, ...]:
        """C names, from the lowest band or coefficient up, then those of the changes."""
        noun = "mel" if self.kind == "log-mel" else "mfcc"
        return tuple(
            f"{'change of ' * order}{noun} {band}"
            for order in range(self.deltas + 1)
            for band in range(self.bands)
        )

    def __call__(self, wave: NDArray[np.float32]) -> NDArray[np.float32]:
        """[samples] -> [C, S]; S is the number of hops that the samples fill or begin."""
        found = self.energies(wave)
        if self.kind == "mfcc":
            found = found @ _cosines(self.mels, self.coefficients)
        features: NDArray[np.float32] = add_deltas(np.ascontiguousarray(found.T), self.deltas)
        return features

    def matrices(
        self,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32] | None]:
        """The Fourier transform of a tapered frame, [2 bins, width], real parts first, and what
        its power is multiplied with: [bins, mels], and [mels, coefficients] or None.
        """
        filters = mel_filters(self.rate, self.width, self.mels)
        turns = np.outer(np.arange(len(filters)), np.arange(self.width)) / (len(filters) - 1)
        waves = np.exp(-1j * np.pi * turns) * _hann(self.width)
        both = np.concatenate([waves.real, waves.imag]).astype(np.float32)
        cosines = _cosines(self.mels, self.coefficients) if self.kind == "mfcc" else None
        return both, filters, cosines

    def energies(self, wave: NDArray[np.float32]) -> NDArray[np.float32]:
        """[samples] -> [S, mels], the log-mel energies."""
        step, width = self.step, self.width
        frames = -(-len(wave) // step)
        before = (width - step) // 2
        padded = np.zeros((frames - 1) * step + width, np.float32)
        padded[before : before + len(wave)] = (wave - wave.mean(dtype=np.float64))[
            : len(padded) - before
        ]
        seen = np.lib.stride_tricks.sliding_window_view(padded, width)[::step]  # [S, width]
        filters = mel_filters(self.rate, width, self.mels)
        taper = _hann(width)
        found = np.empty((frames, self.mels), np.float32)
        for at in range(0, frames, _BLOCK):
            spectrum = np.fft.rfft(seen[at : at + _BLOCK] * taper, 2 * (len(filters) - 1))
            power = spectrum.real**2 + spectrum.imag**2
            found[at : at + _BLOCK] = np.log(power @ filters + FLOOR)
        return found


@lru_cache(maxsize=8)
def mel_filters(rate: int, width: int, mels: int) -> NDArray[np.float32]:
    """[bins, mels] triangles of height one, whose corners are evenly spaced on the mel scale.

    The spectrum has a power of two of samples, at least the width, and as many as it takes for
    every triangle to hold a bin.
    """
    highest = 2595 * np.log10(1 + rate / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, highest, mels + 2) / 2595) - 1)
    low, centre, high = corners[:-2], corners[1:-1], corners[2:]
    size = 2 ** int(np.ceil(np.log2(width)))
    while True:
        bins = np.arange(size // 2 + 1)[:, None] * (rate / size)
        filters = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
        kept: NDArray[np.float32] = np.maximum(filters, 0).astype(np.float32)
        if kept.any(axis=0).all():
            return kept
        size *= 2


@lru_cache(maxsize=8)
def _hann(width: int) -> NDArray[np.float32]:
    """[width] the periodic Hann window."""
    return np.hanning(width + 1)[:-1].astype(np.float32)


@lru_cache(maxsize=8)
def _cosines(mels: int, coefficients: int) -> NDArray[np.float32]:
    """[mels, coefficients] of the orthonormal discrete cosine transform, type II."""
    angles = np.pi / mels * np.outer(np.arange(mels) + 0.5, np.arange(coefficients))
    scale = np.full(coefficients, np.sqrt(2 / mels))
    scale[0] = np.sqrt(1 / mels)
    return np.asarray(np.cos(angles) * scale, np.float32)


def add_deltas(features: NDArray[Any], orders: int) -> NDArray[Any]:
    """[C, S] -> [(1 + orders) C, S]: with the slopes of each channel, and the slopes of these.

    The slope at s is that of the line fitted to two frames on either side,
    sum_n n (c[s + n] - c[s - n]) / (2 sum_n n^2), where the first and the last frame stand for
    those beyond the ends.

    Source: the HTK book, equation 5.16.

    >>> add_deltas(np.array([[0.0, 3.0, 6.0, 9.0, 12.0]]), 1)[1, 2].item()
    3.0
    """
    found, last = [features], features.shape[1]
    places = np.arange(-REACH, last + REACH).clip(0, last - 1)
    for _ in range(orders):
        ends = found[-1][:, places]
        slope = sum(
            n * (ends[:, REACH + n :][:, :last] - ends[:, REACH - n :][:, :last])
            for n in range(1, REACH + 1)
        )
        found.append(slope / (2 * sum(n * n for n in range(1, REACH + 1))))
    return np.asarray(np.concatenate(found))
