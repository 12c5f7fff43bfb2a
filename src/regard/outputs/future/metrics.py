"""Metrics of forecasts with known truth."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.outputs.arrays import checked, mean_of_known
from regard.plots.forecast import level_pairs
from regard.plots.format import number

__all__ = ["forecast_metrics"]

_AXES = ["windows", "targets", "steps"]


def forecast_metrics(
    truth: ArrayLike,
    predicted: ArrayLike,
    *,
    names: Sequence[str],
    scale: ArrayLike,
    origins: ArrayLike,
    rolling: Sequence[int] | NDArray[np.integer[Any]],
    baselines: Mapping[str, ArrayLike],
    series: ArrayLike | None = None,
    quantiles: Mapping[float, ArrayLike] | None = None,
) -> dict[str, Any]:
    """MAE, RMSE and MASE of a forecast and its baselines, overall, by target, step and origin.

    Errors are in the units of the data. Overall metrics are unweighted means over the targets. MASE
    is the mean absolute error divided by `scale`; targets with scale zero have no MASE and are left
    out of the mean.

    Each quantile level has the share of the truth at or below it, and the pinball loss
    mean(max(level (y - q), (level - 1) (y - q))). Two levels that sum to one make an interval with
    the share of the truth within it.

    Parameters:
        truth: [W, M, horizon].
        predicted: [W, M, horizon].
        names: M names of the targets.
        scale: [M], the mean absolute seasonal difference before the test part, not negative.
        origins: [W], the last time before the targets of each window, times or numbers.
        rolling: positions of windows one horizon apart, for the metrics by origin.
        baselines: name to forecasts [W, M, horizon].
        series: [W], the name of each window's series; None if all are of one.
        quantiles: level between 0 and 1 to forecasts [W, M, horizon].

    Returns:
        Numbers and lists for JSON:

        - windows, mae, rmse, mase (None if no target has a scale);
        - per_target: target, mae, rmse, mase;
        - per_series: series, target, mae, baselines, name to mae, and best, the name of the one
          with the least error, with quantiles the coverage of the widest band; a row for each
          series and target;
        - by_step: step, from 1, mae, rmse;
        - by_origin: origin, as text, mae, rmse;
        - baselines: name to mae, rmse, mase, by_step;
        - with quantiles, pinball, and coverage: level or interval (low, high), wanted, found, and
          the pinball of a level.

    Raises:
        DataError: shapes that do not match, or numbers that are not finite.

    Source: MASE is equation (2) of Hyndman and Koehler, 2006, "Another look at measures of forecast
    accuracy", International Journal of Forecasting 22(4), there over one series.

    >>> import numpy as np
    >>> truth = np.array([[[1.0, 2.0]], [[2.0, 4.0]]])  # [W=2, M=1, horizon=2]
    >>> figures = forecast_metrics(
    ...     truth, truth + 1, names=["load"], scale=[2.0], origins=[10, 12], rolling=[0, 1],
    ...     baselines={"naive": truth - 3},
    ... )
    >>> figures["mae"], figures["mase"], figures["baselines"]["naive"]["mae"]
    (1.0, 0.5, 3.0)
    """
    given = {"truth": truth, "predicted": predicted}
    given |= {f"baselines['{name}']": forecast for name, forecast in baselines.items()}
    levels = sorted(quantiles or {})
    given |= {f"quantiles[{level}]": (quantiles or {})[level] for level in levels}
    truth, predicted, *others = checked(given, _AXES, names)
    W, M, _ = truth.shape
    scale, labels = np.asarray(scale, dtype=np.float64), _labels(origins, W)
    if scale.shape != (M,) or not (np.isfinite(scale) & (scale >= 0)).all():
        raise DataError(f"scale: wanted {M} finite numbers that are not negative")
    if any(not 0 <= at < W for at in rolling):
        raise DataError(f"rolling: wanted positions of windows, 0 to {W - 1}")
    errors = predicted - truth
    metrics: dict[str, Any] = {
        "windows": W,
        **_errors(errors, scale),
        "per_target": [
            {"target": str(name), **_errors(errors[:, m : m + 1], scale[m : m + 1])}
            for m, name in enumerate(names)
        ],
        "per_series": _per_series(
            np.zeros(W, int) if series is None else np.asarray(series),
            names,
            errors,
            {name: forecast - truth for name, forecast in zip(baselines, others, strict=False)},
            _within_widest(truth, dict(zip(levels, others[len(baselines) :], strict=True))),
        ),
        "by_step": _by_step(errors),
        "by_origin": [{"origin": labels[w], **_mae_rmse(errors[w : w + 1])} for w in rolling],
        "baselines": {
            str(name): {**_errors(forecast - truth, scale), "by_step": _by_step(forecast - truth)}
            for name, forecast in zip(baselines, others, strict=False)
        },
    }
    if levels:
        forecasts = dict(zip(levels, others[len(baselines) :], strict=True))
        metrics |= _quantile_metrics(truth, forecasts)
    return metrics


def _per_series(
    series: NDArray[Any],
    targets: Sequence[str],
    errors: NDArray[np.float64],
    baselines: Mapping[str, NDArray[np.float64]],
    within: NDArray[np.bool_] | None,
) -> list[dict[str, Any]]:
    """MAE of errors [W, M, horizon] and of baselines, for each series and target.

    The best is the one with the least error, the model where none is less as printed.
    """
    known, at = np.unique(series, return_inverse=True)

    def of_each(errors: NDArray[Any]) -> NDArray[np.float64]:
        sums = np.zeros((len(known), len(targets)))
        np.add.at(sums, at, np.abs(errors).mean(2))
        return np.asarray(sums / np.bincount(at)[:, None])

    def best(row: dict[str, Any]) -> str:
        name = min(row["baselines"], key=row["baselines"].__getitem__, default="model")
        least = row["baselines"].get(name, row["mae"])
        return name if least < row["mae"] and number(least) != number(row["mae"]) else "model"

    held = None if within is None else of_each(within)
    own, others = of_each(errors), {str(name): of_each(each) for name, each in baselines.items()}
    rows: list[dict[str, Any]] = [
        {
            "series": str(name),
            "target": str(target),
            "mae": float(own[b, m]),
            "baselines": {other: float(each[b, m]) for other, each in others.items()},
            **({} if held is None else {"coverage": float(held[b, m])}),
        }
        for b, name in enumerate(known)
        for m, target in enumerate(targets)
    ]
    return [{**row, "best": best(row)} for row in rows]


def _within_widest(
    truth: NDArray[np.float64], quantiles: Mapping[float, NDArray[np.float64]]
) -> NDArray[np.bool_] | None:
    """[W, M, horizon] whether the truth is in the widest band; None if the levels make none."""
    for low, high in level_pairs(quantiles)[:1]:
        return np.asarray((quantiles[low] <= truth) & (truth <= quantiles[high]))
    return None


def _labels(origins: ArrayLike, W: int) -> list[str]:
    """Each origin as text; times without trailing zeros."""
    origins = np.asarray(origins)
    if origins.shape != (W,):
        shape = list(origins.shape)
        raise DataError(f"origins: wanted one for each of {W} windows, given the shape {shape}")
    if origins.dtype.kind == "M":
        return [str(text).replace("T", " ") for text in np.datetime_as_string(origins, unit="auto")]
    return [str(origin) for origin in origins.tolist()]


def _errors(errors: NDArray[np.float64], scale: NDArray[np.float64]) -> dict[str, float | None]:
    """MAE, RMSE and MASE of errors [W, M, horizon]."""
    mae = np.abs(errors).mean((0, 2))  # [M]
    scaled = [
        float(error / unit) if unit > 0 else None for error, unit in zip(mae, scale, strict=True)
    ]
    return {"mae": float(mae.mean()), "rmse": _rmse(errors), "mase": mean_of_known(scaled)}


def _rmse(errors: NDArray[np.float64]) -> float:
    """The mean over the targets of the RMSE of each, of errors [W, M, horizon]."""
    return float(np.sqrt((errors**2).mean((0, 2))).mean())


def _mae_rmse(errors: NDArray[np.float64]) -> dict[str, float]:
    return {"mae": float(np.abs(errors).mean()), "rmse": _rmse(errors)}


def _by_step(errors: NDArray[np.float64]) -> list[dict[str, Any]]:
    steps = range(errors.shape[2])
    return [{"step": h + 1, **_mae_rmse(errors[:, :, h : h + 1])} for h in steps]


def _quantile_metrics(
    truth: NDArray[np.float64], quantiles: Mapping[float, NDArray[np.float64]]
) -> dict[str, Any]:
    """Pinball loss and coverage; the levels ascend."""
    coverage: list[dict[str, Any]] = []
    for level, forecast in quantiles.items():
        if not 0 < level < 1:
            raise DataError(f"quantiles: wanted levels between 0 and 1, given {level}")
        above = truth - forecast
        pinball = float(np.maximum(level * above, (level - 1) * above).mean())
        found = float((truth <= forecast).mean())
        share = float(level)
        coverage.append({"level": share, "wanted": share, "found": found, "pinball": pinball})
    pinball = float(np.mean([row["pinball"] for row in coverage]))
    for low, high in product(quantiles, quantiles):
        if low < high and np.isclose(low + high, 1):
            within = (quantiles[low] <= truth) & (truth <= quantiles[high])
            wanted, found = round(float(high - low), 10), float(within.mean())
            pair = [float(low), float(high)]
            coverage.append({"interval": pair, "wanted": wanted, "found": found})
    return {"pinball": pinball, "coverage": coverage}
