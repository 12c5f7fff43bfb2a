"""Scaling of values to zero mean and unit variance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_choice
from regard.errors import ConfigError, DataError, did_you_mean
from regard.inputs.series.cases import Cases

__all__ = ["Scaler", "Scaling", "moments", "roughness"]

Scaling = Literal["series", "channel", "log", "none"]
_FIELDS = ("kind", "mean", "std")
_TOLD_APART = 1e-9  # between quartiles, of the largest deviation; float32 has seven digits


class Scaler:
    """Scales values to zero mean and unit variance: (x - mean) / std.

    "series" takes mean and std of each channel of each case over its own steps, so the level and
    size of a series are lost. "channel" takes those of each channel over all steps of the cases it
    was fitted on, which keeps level and size. "log" is "channel" on sign(x) log(1 + |x|), for
    series whose sizes matter and differ by orders of magnitude. "none" leaves values unchanged.
    Padding is ignored and stays zero. A channel that varies by no more than the rounding of float64
    is constant: it is centred, not divided.

    Parameters:
        kind: "series", "channel", "log" or "none".

    Attributes:
        kind: As given.
        mean: [C] of the cases fitted on, for "channel" and "log"; otherwise None.
        std: [C] as for mean, 1 for constant channels.

    Example:
        >>> from regard.data import as_cases
        >>> Scaler("series").transform(as_cases([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]]))[:, 0, 0]
        array([-1.2247449,  0.       ], dtype=float32)
    """

    mean: NDArray[np.float64] | None = None
    std: NDArray[np.float64] | None = None

    def __init__(self, kind: Scaling = "series") -> None:
        check_choice("kind", kind, sorted(get_args(Scaling)))
        self.kind = kind

    def fit(self, cases: Cases) -> Scaler:
        """Compute mean and std of the training part.

        Raises:
            DataError: A value is so large that the others cannot be told apart beside it.
        """
        if self.kind in ("channel", "log"):
            values = self._values(cases)
            with np.errstate(over="ignore", invalid="ignore"):
                mean, std = moments(values, cases.mask[:, None, :], axes=(0, 2))
            self.mean, self.std = mean.ravel(), std.ravel()
            self._refuse_outliers(cases, values)
        return self

    def _refuse_outliers(self, cases: Cases, values: NDArray[np.float64]) -> None:
        for channel in range(values.shape[1]):
            own = np.where(cases.mask, values[:, channel], np.nan)
            lower, upper = np.nanquantile(own, [0.25, 0.75])
            with np.errstate(over="ignore"):
                reach = np.abs(own - lower)
            if lower == upper or upper - lower >= _TOLD_APART * np.nanmax(reach):
                continue
            case, step = np.unravel_index(int(np.nanargmax(reach)), own.shape)
            raise DataError(
                f"case {cases.ids[case]}, {cases.channels[channel]}, step {step}: "
                f"{cases.values[case, channel, step]:g} is so large that the other values cannot "
                f"be told apart after scaling of the kind '{self.kind}'"
            )

    def transform(self, cases: Cases) -> NDArray[np.float32]:
        """The scaled values: [B, C, T] float32, zero for padding.

        Raises:
            DataError: The scaler is not fitted, or was fitted on another number of channels, or a
                scaled value is too large for float32.
        """
        scaled = self.scaled(cases)
        if not np.isfinite(scaled).all():
            case, channel, step = np.argwhere(~np.isfinite(scaled))[0]
            raise DataError(
                f"case {cases.ids[case]}, {cases.channels[channel]}, step {step}: "
                f"{cases.values[case, channel, step]:g} is too large for float32 "
                f"after scaling of the kind '{self.kind}'"
            )
        return scaled

    def scaled(self, cases: Cases) -> NDArray[np.float32]:
        """As `transform`; not finite where a value is missing, infinite or too large."""
        with np.errstate(over="ignore", invalid="ignore"):
            if self.kind == "none":
                return cases.values.astype(np.float32)
            mean, std = self._mean_and_std(cases)
            centred = self._values(cases) - mean
            centred /= std
            scaled = centred.astype(np.float32)
            scaled *= cases.mask[:, None, :]
            return scaled

    def invert(self, scaled: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values scaled by the kind "channel", in the units of the data.

        Parameters:
            scaled: [..., C, T], or [..., C] with one step.
        """
        assert self.mean is not None
        assert self.std is not None
        std, mean = (x if scaled.ndim == 2 else x[:, None] for x in (self.std, self.mean))
        return np.asarray(scaled * std + mean)

    def to_dict(self) -> dict[str, Any]:
        """The scaler as a dict that JSON can hold."""
        if self.mean is None or self.std is None:
            return {"kind": self.kind}
        return {"kind": self.kind, "mean": self.mean.tolist(), "std": self.std.tolist()}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Scaler:
        """The scaler of a dict that `to_dict` returned.

        Raises:
            ConfigError: A key is missing or unknown, or its value is invalid.
        """
        if not isinstance(given, Mapping):
            raise ConfigError(f"scaler: wanted an object, given {given!r}")
        for key in given:
            if key not in _FIELDS:
                raise ConfigError(f"scaler: no field {key!r}{did_you_mean(str(key), _FIELDS)}")
        if "kind" not in given:
            raise ConfigError("scaler: the field kind is missing")
        check_choice("scaler.kind", given["kind"], sorted(get_args(Scaling)))
        scaler = cls(given["kind"])
        if len(given) == 1:
            return scaler
        if len(given) == 2 or scaler.kind not in ("channel", "log"):
            raise ConfigError(
                "scaler: wanted mean and std together, and only for the kinds 'channel' and 'log'"
            )
        scaler.mean = _numbers("scaler.mean", given["mean"])
        scaler.std = _numbers("scaler.std", given["std"])
        if len(scaler.mean) != len(scaler.std) or (scaler.std <= 0).any():
            raise ConfigError("scaler.std: wanted one number above 0 for each of scaler.mean")
        return scaler

    def _values(self, cases: Cases) -> NDArray[np.float64]:
        if self.kind != "log":
            return cases.values
        return np.asarray(np.sign(cases.values) * np.log1p(np.abs(cases.values)))

    def _mean_and_std(self, cases: Cases) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """[B, C, 1] or [C, 1]."""
        if self.kind == "series":
            return moments(cases.values, cases.mask[:, None, :], axes=(2,))
        if self.mean is None or self.std is None:
            raise DataError("the scaler is not fitted; call fit with the training cases first")
        channels = cases.values.shape[1]
        if channels != len(self.mean):
            raise DataError(f"the scaler was fitted on {len(self.mean)} channels, given {channels}")
        return self.mean[:, None], self.std[:, None]


def roughness(series: NDArray[np.float32], lengths: NDArray[np.int64]) -> float:
    """How little a step is like the mean of its two neighbours.

    The mean square of what it differs by, over the variance: near 0 for smooth series, 1.5 for
    white noise, and 1 where the neighbours say no more of a step than the mean of the series does.

    Parameters:
        series: [B, C, T].
        lengths: [B] steps of each.

    Returns:
        A mean over all cases and channels; 0 where all have fewer than three steps or are constant.

    >>> steps = np.arange(99, dtype=np.float32)[None, None]
    >>> few = np.array([99])
    >>> round(roughness(np.sin(steps / 9), few), 4), round(roughness((-1) ** steps, few), 1)
    (0.0, 4.0)
    """
    true = np.arange(series.shape[2]) < lengths[:, None]
    inner = true[:, None, 2:]
    off = series[..., 1:-1] - (series[..., :-2] + series[..., 2:]) / 2
    counts = lengths[:, None] * 1.0
    mean = (series * true[:, None]).sum(2) / counts
    variance = (np.square(series - mean[..., None]) * true[:, None]).sum(2) / counts
    differs = (np.square(off) * inner).sum(2) / np.maximum(counts - 2, 1)
    return float(differs.mean() / variance.mean()) if variance.any() else 0.0


def moments(
    values: NDArray[np.float64], mask: NDArray[np.bool_], *, axes: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation over these axes where the mask [B, 1, T] is true.

    The first value is subtracted before summing, which is exact for constant channels and avoids
    cancellation with a large offset. Residuals are divided by the largest before squaring, so that
    squares cannot overflow.
    """
    origin = values[tuple(slice(0, 1) if axis in axes else slice(None) for axis in range(3))]
    count = mask.sum(axis=axes, keepdims=True)
    residual = values - origin
    residual *= mask
    middle = residual.sum(axis=axes, keepdims=True) / count
    residual -= middle
    residual *= mask
    largest = _largest(residual, axes)
    residual /= np.where(largest > 0, largest, 1.0)
    residual *= residual
    std = largest * np.sqrt(residual.sum(axis=axes, keepdims=True) / count)
    rounding = 4 * np.finfo(np.float64).eps * _largest(values, axes)  # padding is zero
    return origin + middle, np.where(std <= rounding, 1.0, std)


def _largest(values: NDArray[np.float64], axes: tuple[int, ...]) -> NDArray[np.float64]:
    highest = values.max(axis=axes, keepdims=True)
    return np.asarray(np.maximum(highest, -values.min(axis=axes, keepdims=True)))


def _numbers(name: str, given: Any) -> NDArray[np.float64]:
    real = isinstance(given, list) and all(
        isinstance(one, int | float) and not isinstance(one, bool) and np.isfinite(one)
        for one in given
    )
    if not real or not given:
        raise ConfigError(f"{name}: wanted a list of finite numbers, given {given!r}")
    return np.array(given, dtype=np.float64)
