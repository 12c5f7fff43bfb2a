"""A linear model of the window: ridge regression of the steps to come on the steps before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError

__all__ = ["LinearModel"]

_HELD_OUT = 0.2
_CHUNK = 1024


class LinearModel:
    """A linear forecast of each target from its own window, by least squares with a small ridge.

        y[h] = x[T-1] + b[h] + sum_t W[h, t] (x[t] - x[T-1]) + sum_f V[h, f] k[f, h]

    W, b and V, of the known columns at the step itself, are those of each target. This is NLinear,
    solved instead of trained, and with known columns: the last value is taken from the window and
    added back, so that a level that wanders is no hindrance.

    The ridge is alpha times the mean variance of the inputs of W (for V: of each column), for the
    alpha with which a model of the first four fifths of the windows does best on the last fifth;
    then all windows are fitted with it. Only sums over the windows are held, in which the time
    that fitting takes is linear.

    Parameters:
        alphas: The ridges to choose from, above 0.
        pooled: Whether the W of a target is drawn by the ridge towards one that is fitted to all
            targets together, and not towards zero: targets then learn from each other.

    Attributes:
        alpha: [M] the ridge chosen for each target.
        weights: [M, T, horizon] W.
        known_weights: [M, F, horizon] V.
        bias: [M, horizon] b.

    Reference:
        Zeng et al., "Are Transformers Effective for Time Series Forecasting?", AAAI 2023, section 4
        (NLinear).

    Example:
        >>> line = np.arange(30.0)
        >>> past = np.stack([line[at : at + 5] for at in range(20)])[:, None]
        >>> future = np.stack([line[at + 5 : at + 7] for at in range(20)])[:, None]
        >>> LinearModel().fit(past, future).predict(np.array([[[50.0, 51, 52, 53, 54]]])).round(3)
        array([[[55., 56.]]])
    """

    def __init__(
        self,
        alphas: Sequence[float] = (1e-6, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0),
        *,
        pooled: bool = False,
    ) -> None:
        if not len(alphas) or not all(alpha > 0 for alpha in alphas):
            raise ConfigError(f"alphas: wanted numbers above 0, given {alphas!r}")
        self.alphas = tuple(alphas)
        self.pooled = pooled
        self.alpha = np.empty(0)
        self.weights = np.empty((0, 0, 0))
        self.known_weights = np.empty((0, 0, 0))
        self.bias = np.empty((0, 0))

    def fit(
        self,
        past: NDArray[np.float64],
        future: NDArray[np.float64],
        known: NDArray[np.float64] | None = None,
    ) -> LinearModel:
        """Fit all targets.

        Parameters:
            past: [B, M, T] windows in the order of time; they may be views.
            future: [B, M, horizon] what came after each.
            known: [B, F, horizon] the known columns then; None where there are none.
        """
        return self.fit_batches(
            (
                (past[rows], future[rows], None if known is None else known[rows])
                for rows in (slice(at, at + _CHUNK) for at in range(0, len(past), _CHUNK))
            ),
            count=len(past),
        )

    def fit_batches(
        self,
        batches: Iterable[
            tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]
        ],
        *,
        count: int,
        held_out: float = _HELD_OUT,
        refit: bool = True,
    ) -> LinearModel:
        """Fit on windows that come in batches, so that they need not all be held at once.

        Parameters:
            batches: past, future and known as for `fit`, in the order of time.
            count: how many windows the batches have together.
            held_out: share of the windows, the last, by which the ridge is chosen.
            refit: whether all windows are fitted then, or only those not held out.

        Raises:
            DataError: There are fewer than two windows.
        """
        if count < 2:
            raise DataError(f"past: wanted two windows to fit a linear model, given {count}")
        earlier = count - max(1, round(count * held_out))
        sums: list[_Sums | None] = [None, None]
        seen = 0
        for past, future, known in batches:
            ahead = np.empty((len(past), 0, future.shape[2])) if known is None else known
            cut = min(max(0, earlier - seen), len(past))
            for part, rows in enumerate((slice(cut), slice(cut, None))):
                if len(past[rows]):
                    more = _Sums.of(past[rows], future[rows], ahead[rows], like=sums[0])
                    before = sums[part]
                    sums[part] = more if before is None else before + more
            seen += len(past)
        first, last = sums
        if first is None or last is None or seen != count:
            raise DataError(f"batches: wanted {count} windows as count says, given {seen}")
        targets = [(first.target(m), last.target(m)) for m in range(len(first.xx))]
        shared = np.zeros(first.xy.shape[1:])
        if self.pooled and len(targets) > 1:
            early, late = (reduce(add, part) for part in zip(*targets, strict=True))
            shared = _choose(early, late, self.alphas, refit=refit).window
        fits = [
            _choose(early.less(shared), late.less(shared), self.alphas, refit=refit)
            for early, late in targets
        ]
        self.alpha = np.array([fit.alpha for fit in fits])
        self.weights = shared + np.stack([fit.window for fit in fits])
        self.known_weights = np.stack([fit.known for fit in fits])
        self.bias = np.stack([fit.bias for fit in fits])
        return self

    def predict(
        self, past: NDArray[np.float64], known: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Forecast.

        Parameters:
            past: [B, M, T] windows of as many targets and steps as were fitted.
            known: [B, F, horizon] where there were such columns.

        Returns:
            [B, M, horizon].

        Raises:
            DataError: The model is not fitted, or on windows of another shape.
        """
        if not len(self.weights):
            raise DataError("the linear model is not fitted; call fit with training windows first")
        targets, steps, _ = self.weights.shape
        columns = self.known_weights.shape[1]
        given = 0 if known is None else known.shape[1]
        if past.shape[1:] != (targets, steps) or given != columns:
            raise DataError(
                f"past: wanted {targets} targets, {steps} steps and {columns} known columns, as "
                f"fitted; given {past.shape[1]}, {past.shape[2]} and {given}"
            )
        last = past[..., -1:]
        rise = np.matmul((past - last).transpose(1, 0, 2), self.weights).transpose(1, 0, 2)
        forecast = last + self.bias + rise
        if known is not None:
            forecast += np.einsum("bfh,mfh->bmh", known, self.known_weights)
        return np.asarray(forecast)


@dataclass(frozen=True)
class _Sums:
    """Sums over W windows of x, the window less its last value, of y likewise and of k, known.

    k is counted from an origin near its mean, as squares of dates or prices would leave no digits
    for what differs. Leading M where they differ from target to target.
    """

    count: int
    origin: NDArray[np.float64]  # [F, 1]
    x: NDArray[np.float64]  # [M, T]
    y: NDArray[np.float64]  # [M, H]
    k: NDArray[np.float64]  # [H, F]
    xx: NDArray[np.float64]  # [M, T, T]
    xy: NDArray[np.float64]  # [M, T, H]
    yy: NDArray[np.float64]  # [M, H]
    xk: NDArray[np.float64]  # [M, H, T, F]
    kk: NDArray[np.float64]  # [H, F, F]
    ky: NDArray[np.float64]  # [M, H, F]

    @classmethod
    def of(
        cls,
        past: NDArray[np.float64],
        future: NDArray[np.float64],
        known: NDArray[np.float64],
        *,
        like: _Sums | None,
    ) -> _Sums:
        origin = known.mean(axis=(0, 2))[:, None] if like is None else like.origin
        last = past[..., -1:]
        x = np.ascontiguousarray((past - last).transpose(1, 0, 2))  # [M, W, T]
        y = np.ascontiguousarray((future - last).transpose(1, 0, 2))  # [M, W, H]
        k = np.ascontiguousarray((known - origin).transpose(2, 0, 1))  # [H, W, F]
        across, within = x.transpose(0, 2, 1), k.transpose(0, 2, 1)
        return cls(
            len(past),
            origin,
            x.sum(1),
            y.sum(1),
            k.sum(1),
            across @ x,
            across @ y,
            np.square(y).sum(1),
            across[:, None] @ k,
            within @ k,
            np.einsum("hfw,mwh->mhf", within, y),
        )

    def __add__(self, other: _Sums) -> _Sums:
        added = {
            name: getattr(self, name) + getattr(other, name)
            for name in self.__dataclass_fields__
            if name != "origin"
        }
        return _Sums(origin=self.origin, **added)

    def target(self, m: int) -> _Sums:
        """Those of one target, without the leading M."""
        own = {name: getattr(self, name)[m] for name in ("x", "y", "xx", "xy", "yy", "xk", "ky")}
        return _Sums(count=self.count, origin=self.origin, k=self.k, kk=self.kk, **own)

    def less(self, window: NDArray[np.float64]) -> _Sums:
        """The same sums of one target, of what a model [T, H] of the window leaves of y."""
        error = self.yy - 2 * (window * self.xy).sum(0) + (window * (self.xx @ window)).sum(0)
        return replace(
            self,
            y=self.y - self.x @ window,
            xy=self.xy - self.xx @ window,
            yy=error,
            ky=self.ky - np.einsum("htf,th->hf", self.xk, window),
        )

    def about(
        self, x: NDArray[np.float64], y: NDArray[np.float64], k: NDArray[np.float64]
    ) -> _Sums:
        """The same sums of one target, counted from these values: [T], [H] and [H, F]."""
        n = self.count

        def moved(
            sums: NDArray[np.float64],
            a: NDArray[np.float64],
            b: NDArray[np.float64],
            a_sum: NDArray[np.float64],
            b_sum: NDArray[np.float64],
        ) -> NDArray[np.float64]:
            return np.asarray(sums - a * b_sum - a_sum * b + n * a * b)

        return _Sums(
            n,
            self.origin,
            self.x - n * x,
            self.y - n * y,
            self.k - n * k,
            moved(self.xx, x[:, None], x, self.x[:, None], self.x),
            moved(self.xy, x[:, None], y, self.x[:, None], self.y),
            moved(self.yy, y, y, self.y, self.y),
            moved(self.xk, x[:, None], k[:, None], self.x[:, None], self.k[:, None]),
            moved(self.kk, k[:, :, None], k[:, None], self.k[:, :, None], self.k[:, None]),
            moved(self.ky, k, y[:, None], self.k, self.y[:, None]),
        )


@dataclass(frozen=True)
class _Fit:
    """The linear model of one target: window [T, H], known [F, H] and bias [H]."""

    alpha: float
    window: NDArray[np.float64]
    known: NDArray[np.float64]
    bias: NDArray[np.float64]


def _choose(first: _Sums, last: _Sums, alphas: Sequence[float], *, refit: bool) -> _Fit:
    """The fit with the ridge that, fitted to the first windows, does best on the last."""
    means = first.x / first.count, first.y / first.count, first.k / first.count
    early, late = first.about(*means), last.about(*means)
    errors = [_squared_error(late, *_solve(early, alpha)) for alpha in alphas]
    alpha = alphas[int(np.argmin(errors))]
    both = first + last if refit else first
    x, y, k = both.x / both.count, both.y / both.count, both.k / both.count
    window, known = _solve(both.about(x, y, k), alpha)
    bias = y - x @ window - np.einsum("hf,fh->h", k + first.origin[:, 0], known)
    return _Fit(alpha, window, known, bias)


def _solve(sums: _Sums, alpha: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ridge regression on centred sums: [T, H] for the window and [F, H] for the known columns.

    The window is the same for all H steps and the known columns are not, so that the window is
    eliminated once and F unknowns are left for each step (Schur complement).
    """
    steps, horizon = sums.xy.shape
    columns = sums.k.shape[1]
    ridge = alpha * (np.trace(sums.xx) / steps or 1.0)
    xk = sums.xk.transpose(1, 0, 2).reshape(steps, horizon * columns)
    solved = _solved(sums.xx + ridge * np.eye(steps), np.hstack([sums.xy, xk]))
    window, cross = solved[:, :horizon], solved[:, horizon:]
    if not columns:
        return window, np.empty((0, horizon))
    cross = cross.reshape(steps, horizon, columns).transpose(1, 0, 2)  # [H, T, F]
    across = sums.xk.transpose(0, 2, 1)  # [H, F, T]
    size = np.einsum("hff->hf", sums.kk)
    ridges = alpha * np.where(size > 1e-12 * size.max(), size, size.max() or 1.0)
    left = sums.kk + ridges[:, :, None] * np.eye(columns) - across @ cross
    right = sums.ky - (across @ window.T[:, :, None])[..., 0]
    known = _solved(left, right[..., None])[..., 0]  # [H, F]
    return window - (cross @ known[..., None])[..., 0].T, known.T


def _solved(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.solve(left, right), dtype=np.float64)


def _squared_error(
    sums: _Sums, window: NDArray[np.float64], known: NDArray[np.float64]
) -> np.float64:
    """The sum of squared errors over windows and steps, from their sums alone."""
    error = sums.yy.sum() - 2 * (window * sums.xy).sum() + (window * (sums.xx @ window)).sum()
    error -= 2 * (known.T * sums.ky).sum()
    error += 2 * np.einsum("th,htf,fh->", window, sums.xk, known)
    return np.float64(error + np.einsum("fh,hfg,gh->", known, sums.kk, known))
