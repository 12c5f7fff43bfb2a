"""Ridge regression with many more features than cases, its strength chosen by leaving one out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ridge", "solve_ridge"]

_Floats = NDArray[np.float64]

_STRENGTHS = np.logspace(-6, 1, 15)  # of the mean sum of squares of a case
_CHOSEN_ON = 1000  # cases
_LEAST = 1e-6  # standard deviation of a feature that is not constant


class Ridge(NamedTuple):
    """A linear model: values are features @ weights + bias.

    Attributes:
        weights: [F, N].
        bias: [N].
        held: [B, N] of each case, the values of a model of all the others.
    """

    weights: NDArray[np.float32]
    bias: _Floats
    held: _Floats


def solve_ridge(
    features: NDArray[np.float32], targets: _Floats, factors: _Floats | None = None
) -> Ridge:
    """Ridge regression of standardised features, with a bias that is not shrunk.

    The strength has the least squared error of each case by a model of all the others; of more than
    a thousand cases it is chosen on a thousand, spread evenly.

    Parameters:
        features: [B, F].
        targets: [B, N].
        factors: [B] on the squared error of each case; None for 1.

    Source: Hastie, Tibshirani and Friedman, 2009, "The elements of statistical learning", sections
    3.4.1, 7.10.1 (7.64) and 18.3.5.

    >>> x = np.random.default_rng(0).standard_normal((40, 90)).astype(np.float32)
    >>> solved = solve_ridge(x, x[:, :1].astype(float))
    >>> solved.weights.shape, bool(solved.weights[0, 0] > abs(solved.weights[1:]).max())
    ((90, 1), True)
    """
    weight = np.ones(len(features)) if factors is None else factors / factors.mean()
    share = weight / weight.sum()
    mean = share @ features
    spread = np.sqrt(share @ np.square(features - mean.astype(np.float32)))
    scale = np.where(spread > _LEAST, 1 / np.maximum(spread, _LEAST), 0.0).astype(np.float32)
    centre = share @ targets
    root = np.sqrt(weight)[:, None]
    # Rows and columns so that a case counts by its factor; the bias is the direction `root`.
    x = (features - mean.astype(np.float32)) * scale * root.astype(np.float32)
    y = (targets - centre) * root
    products = (x @ x.T).astype(np.float64)  # [B, B]
    size = np.trace(products) / len(x) or 1.0
    some = np.unique(np.linspace(0, len(x) - 1, min(len(x), _CHOSEN_ON)).round().astype(int))
    strength = _choose(products[np.ix_(some, some)] / size, y[some], root[some, 0])
    dual, left_out = _leave_one_out(products / size, y, root[:, 0], strength)
    weights = (x.T @ (dual / size).astype(np.float32)) * scale[:, None]
    bias = centre - mean @ weights
    return Ridge(weights, bias, targets - left_out / root)


def _choose(products: _Floats, y: _Floats, root: _Floats) -> float:
    """The strength with the least error of cases left out.

    Parameters:
        products: [B, B] of the cases.
        y: [B, N] targets.
        root: [B] square roots of the cases' factors, the direction of the bias.
    """
    y, products, unit = _without_bias(y, products, root)
    from scipy.linalg import eigh

    values, vectors = eigh(products - np.outer(unit, unit))
    values, vectors = values[1:].clip(min=0), vectors[:, 1:]  # the bias has -1, before all others
    turned = vectors.T @ y
    errors = []
    for strength in _STRENGTHS:
        inverse = 1 / (values + strength)
        dual = vectors @ (inverse[:, None] * turned)
        diagonal = np.square(vectors) @ inverse
        errors.append(float(np.square(dual / diagonal[:, None]).sum()))
    return float(_STRENGTHS[int(np.argmin(errors))])


def _leave_one_out(
    products: _Floats, y: _Floats, root: _Floats, strength: float
) -> tuple[_Floats, _Floats]:
    """[B, N] the dual weights, and how far each case is off, [B, N], if it is left out."""
    y, products, unit = _without_bias(y, products, root)
    products += np.outer(unit, unit)  # which the diagonal is taken from again below
    products[np.diag_indices_from(products)] += strength
    from scipy.linalg import cho_factor, cho_solve, lapack

    factor, lower = cho_factor(products, lower=True, overwrite_a=True)
    dual = cho_solve((factor, lower), y)
    inverse, _ = lapack.dpotri(factor, lower=1)
    diagonal = np.diag(inverse) - np.square(unit) / (1 + strength)
    return dual, dual / diagonal[:, None]


def _without_bias(y: _Floats, products: _Floats, root: _Floats) -> tuple[_Floats, _Floats, _Floats]:
    """Targets and products across the direction of the bias, and that, of length one."""
    unit = root / np.linalg.norm(root)
    products = products - np.outer(unit, unit @ products)
    products -= np.outer(products @ unit, unit)
    return y - np.outer(unit, unit @ y), products, unit
