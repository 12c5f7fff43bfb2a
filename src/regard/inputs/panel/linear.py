"""A linear model of the window: ridge regression of future steps on past steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from operator import add
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError

__all__ = ["LinearModel"]

_Floats = NDArray[np.float64]


class LinearModel:
    """A linear forecast of each target from its own window, by least squares with a small ridge.

        y[h] = x[T-1] + b[h] + sum_t W[h, t] (x[t] - x[T-1]) + sum_f V[h, f] k[f, h]

    Each target has its own W, b and V; V weights the known columns at the forecast step. This is
    NLinear, solved instead of trained, plus known columns. The last value is subtracted from the
    window and added back, so the level may drift.

    The ridge is alpha times the mean variance of the inputs of W (for V: of each column). The
    selected alpha is that of a model of the first windows with the smallest error on the last ones.
    Only sums over the windows are kept, so memory does not grow with their number.

    Parameters:
        alphas: ridges to choose from, above 0.
        pooled: whether the ridge shrinks the W of a target towards a W fitted to all targets
            together, and not towards zero.

    Attributes:
        alpha: [M] selected ridge of each target.
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
        >>> model = LinearModel().fit([(past, future, None)], count=20)
        >>> model.predict(np.array([[[50.0, 51, 52, 53, 54]]])).round(3)
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
        batches: Iterable[tuple[_Floats, _Floats, _Floats | None]],
        *,
        count: int,
        held_out: float = 0.2,
        refit: bool = True,
    ) -> LinearModel:
        """Fit all targets on windows that come in batches.

        Parameters:
            batches: past [B, M, T], future [B, M, horizon] and known columns [B, F, horizon] or
                None, in order of time.
            count: number of windows in all batches together.
            held_out: share of the windows, the last ones, that selects the ridge.
            refit: whether to fit all windows in the end, or only those not held out.

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
            raise DataError(f"batches: wanted count={count} windows, given {seen}")
        targets = [(first.target(m), last.target(m)) for m in range(len(first.xx))]
        shared = np.zeros(first.xy.shape[1:])
        choose = partial(_choose, alphas=self.alphas, refit=refit)
        if self.pooled and len(targets) > 1:
            shared = choose(*(reduce(add, part) for part in zip(*targets, strict=True))).window
        fits = [choose(early.less(shared), late.less(shared)) for early, late in targets]
        self.alpha = np.array([fit.alpha for fit in fits])
        self.weights = shared + np.stack([fit.window for fit in fits])
        self.known_weights = np.stack([fit.known for fit in fits])
        self.bias = np.stack([fit.bias for fit in fits])
        return self

    def predict(self, past: _Floats, known: _Floats | None = None) -> _Floats:
        """Forecasts [B, M, horizon].

        Parameters:
            past: [B, M, T] windows.
            known: [B, F, horizon] if the model was fitted with known columns.

        Raises:
            DataError: The model is not fitted, or was fitted on windows of another shape.
        """
        if not len(self.weights):
            raise DataError("the linear model is not fitted; call fit with training windows first")
        (targets, steps, _), columns = self.weights.shape, self.known_weights.shape[1]
        given = 0 if known is None else known.shape[1]
        if past.shape[1:] != (targets, steps) or given != columns:
            raise DataError(
                f"past: wanted {targets} targets, {steps} steps and {columns} known columns, as "
                f"fitted; given {past.shape[1]}, {past.shape[2]} and {given}"
            )
        last = past[..., -1:]
        rise = np.matmul((past - last).transpose(1, 0, 2), self.weights).transpose(1, 0, 2)
        forecast: _Floats = last + self.bias + rise
        if known is not None:
            forecast += np.einsum("bfh,mfh->bmh", known, self.known_weights)
        return forecast


@dataclass(frozen=True)
class _Sums:
    """Sums over W windows of products of x, y and k; with a leading M, one for each target.

    x and y are the window and the future less the last value of the window. k are the known columns
    less an origin near their mean, since squares of dates or prices would lose the small digits.
    """

    count: int
    origin: _Floats  # [F, 1]
    x: _Floats  # [M, T]
    y: _Floats  # [M, H]
    k: _Floats  # [H, F]
    xx: _Floats  # [M, T, T]
    xy: _Floats  # [M, T, H]
    yy: _Floats  # [M, H]
    xk: _Floats  # [M, H, T, F]
    kk: _Floats  # [H, F, F]
    ky: _Floats  # [M, H, F]

    @classmethod
    def of(cls, past: _Floats, future: _Floats, known: _Floats, *, like: _Sums | None) -> _Sums:
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
        """The sums of one target, without the leading M."""
        own = {name: getattr(self, name)[m] for name in ("x", "y", "xx", "xy", "yy", "xk", "ky")}
        return _Sums(count=self.count, origin=self.origin, k=self.k, kk=self.kk, **own)

    def less(self, window: _Floats) -> _Sums:
        """The sums of one target after subtracting a model [T, H] of the window from y."""
        return replace(
            self,
            y=self.y - self.x @ window,
            xy=self.xy - self.xx @ window,
            yy=self.yy - 2 * (window * self.xy).sum(0) + (window * (self.xx @ window)).sum(0),
            ky=self.ky - np.einsum("htf,th->hf", self.xk, window),
        )

    def about(self, x: _Floats, y: _Floats, k: _Floats) -> _Sums:
        """The sums of one target after subtracting [T], [H] and [H, F] from x, y and k."""
        n = self.count

        def moved(sums: _Floats, a: _Floats, b: _Floats, *totals: _Floats) -> _Floats:
            return np.asarray(sums - a * totals[1] - totals[0] * b + n * a * b)

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


class _Fit(NamedTuple):
    """The linear model of one target: window [T, H], known [F, H] and bias [H]."""

    alpha: float
    window: _Floats
    known: _Floats
    bias: _Floats


def _choose(first: _Sums, last: _Sums, *, alphas: Sequence[float], refit: bool) -> _Fit:
    """The fit with the ridge that, fitted to the first windows, has the least error on the last."""
    means = first.x / first.count, first.y / first.count, first.k / first.count
    early, late = first.about(*means), last.about(*means)
    errors = [_squared_error(late, *_solve(early, alpha)) for alpha in alphas]
    alpha = alphas[int(np.argmin(errors))]
    both = first + last if refit else first
    x, y, k = both.x / both.count, both.y / both.count, both.k / both.count
    window, known = _solve(both.about(x, y, k), alpha)
    bias = y - x @ window - np.einsum("hf,fh->h", k + first.origin[:, 0], known)
    return _Fit(alpha, window, known, bias)


def _solve(sums: _Sums, alpha: float) -> tuple[_Floats, _Floats]:
    """Ridge regression on centred sums: [T, H] for the window and [F, H] for the known columns.

    All H steps share the window but not the known columns, so the window is eliminated once, and
    F unknowns remain for each step (Schur complement).
    """
    steps, horizon = sums.xy.shape
    columns = sums.k.shape[1]
    ridge = alpha * (np.trace(sums.xx) / steps or 1.0)
    xk = sums.xk.transpose(1, 0, 2).reshape(steps, horizon * columns)
    solved: Any = np.linalg.solve(sums.xx + ridge * np.eye(steps), np.hstack([sums.xy, xk]))
    window, cross = solved[:, :horizon], solved[:, horizon:]
    if not columns:
        return window, np.empty((0, horizon))
    cross = cross.reshape(steps, horizon, columns).transpose(1, 0, 2)  # [H, T, F]
    across = sums.xk.transpose(0, 2, 1)  # [H, F, T]
    size = np.einsum("hff->hf", sums.kk)
    ridges = alpha * np.where(size > 1e-12 * size.max(), size, size.max() or 1.0)
    left = sums.kk + ridges[:, :, None] * np.eye(columns) - across @ cross
    right = sums.ky - (across @ window.T[:, :, None])[..., 0]
    known: Any = np.linalg.solve(left, right[..., None])[..., 0]  # [H, F]
    return window - (cross @ known[..., None])[..., 0].T, known.T


def _squared_error(sums: _Sums, window: _Floats, known: _Floats) -> np.float64:
    """The sum of squared errors over windows and steps."""
    error = sums.yy.sum() - 2 * (window * sums.xy).sum() + (window * (sums.xx @ window)).sum()
    error -= 2 * (known.T * sums.ky).sum()
    error += 2 * np.einsum("th,htf,fh->", window, sums.xk, known)
    return np.float64(error + np.einsum("fh,hfg,gh->", known, sums.kk, known))
