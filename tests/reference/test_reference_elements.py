"""The oracle stands alone, and its few helpers are right."""

import ast
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

import regard.reference
from regard.reference import allowed_keys, dot, linear, sigmoid, through_tanh

_MODULES = sorted(Path(regard.reference.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("module", _MODULES, ids=lambda path: path.name)
def test_nothing_is_imported_but_numpy_and_the_standard_library(module: Path) -> None:
    allowed = ("collections.abc", "itertools", "math", "numpy", "typing", "regard.reference")
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "."]
        assert all(name.startswith(allowed) for name in names), names


def test_sigmoid_is_that_of_scipy_also_far_from_zero() -> None:
    for z in (-1000.0, -745.0, -37.5, -1.0, -1e-9, 0.0, 0.3, 40.0, 1000.0):
        assert sigmoid(z) == pytest.approx(float(expit(z)), rel=1e-14)


def test_linear_is_the_matrix_product(rng: np.random.Generator) -> None:
    x, w, bias = rng.normal(size=(3, 5)), rng.normal(size=(7, 5)), rng.normal(size=7)
    np.testing.assert_allclose(linear(x, w, bias), x @ w.T + bias)
    np.testing.assert_allclose(linear(x, w), x @ w.T)


def test_dot_wants_equal_widths() -> None:
    with pytest.raises(ValueError, match="shorter"):
        dot(np.ones(3), np.ones(2))


def test_through_tanh_by_hand() -> None:
    value = through_tanh([np.arctanh(0.5), 0.0], np.array([4.0, 10.0]), None)
    assert value == pytest.approx(2.0)
    value = through_tanh([0.0, 0.0], np.array([4.0, 10.0]), np.arctanh([0.5, -0.1]))
    assert value == pytest.approx(1.0)


def test_allowed_keys_of_one_query() -> None:
    allowed = np.array([[True, True, False], [False, False, True]])
    assert allowed_keys(allowed, 0, 3) == [0, 1]
    assert allowed_keys(allowed, 1, 3) == [2]
    assert allowed_keys(None, 1, 3) == [0, 1, 2]
