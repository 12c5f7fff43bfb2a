"""Figures of the literature, of an answer that is a sum over positions, so that they are known."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from regard.estimators.erasure import Maps, Marked
from regard.estimators.published import published
from regard.explain import SHARES, most_and_least

CASES, STEPS = 400, 100


class _Sums:
    """In place of an `Erasure`: answers are the sum of the parts [STEPS] that are not erased."""

    def __init__(
        self, parts: NDArray[np.float64], weights: NDArray[np.float64], known: Any
    ) -> None:
        self.parts, self.encoded = parts, None
        self.maps = {"map": Marked([weights] * CASES, [None] * CASES)}
        self.shapes, self.before = [(STEPS,)] * CASES, np.ones(CASES)
        self.generator = np.random.default_rng(0)
        self.input = SimpleNamespace(replacements=("zero",), known_places=lambda _: known)

    def __len__(self) -> int:
        return CASES

    def left(self, index: Any, where: Any, how: str) -> NDArray[np.float64]:
        return np.array([self.parts[~gone].sum() for gone in where])

    def elsewhere(self, marked: Marked) -> Maps:
        return [np.roll(each, STEPS // 2) for each in marked.own]


def _figures(
    parts: NDArray[np.float64], weights: NDArray[np.float64], known: Any = None
) -> dict[str, NDArray[np.float64]]:
    erasure: Any = _Sums(parts, weights, known)
    most = [[most_and_least(weights, share)[0]] * CASES for share in SHARES]
    ends = np.array([[erasure.left(None, each, "") for each in most]] * 2)
    return published(erasure, {"map": ends}, lambda: None)["map"]


def test_a_map_of_even_parts_is_worth_its_shares() -> None:
    found = _figures(np.full(STEPS, 1 / STEPS), np.arange(STEPS) / STEPS)
    mean = np.mean([0.01, 0.05, 0.1, 0.2, 0.5])
    np.testing.assert_allclose(found["comprehensiveness"], mean)
    np.testing.assert_allclose(found["sufficiency"], 1 - mean)
    np.testing.assert_allclose(found["aopcr"], 0, atol=1e-12)


def test_the_answer_lies_in_five_positions() -> None:
    parts = np.zeros(STEPS)
    parts[40:45] = 0.2
    steps = np.arange(0.05, 0.51, 0.05)
    chance = (1 - steps).sum() / 11  # left by a random order, in the mean
    true = _figures(parts, parts + np.linspace(0, 1e-3, STEPS))
    np.testing.assert_allclose(true["comprehensiveness"], (0.2 + 4) / 5)
    np.testing.assert_allclose(true["sufficiency"], (0.8 + 0) / 5, atol=1e-12)
    assert true["aopcr"].mean() == pytest.approx(chance, abs=0.02)
    away = _figures(parts, np.linspace(0, 1e-3, STEPS) - parts)
    np.testing.assert_allclose(away["comprehensiveness"], 0, atol=1e-12)
    assert away["aopcr"].mean() == pytest.approx(chance - 10 / 11, abs=0.02)


def test_known_places_are_found_or_not() -> None:
    parts = np.zeros(STEPS)
    parts[40:45] = 0.2
    inside, nothing = parts > 0, np.zeros(STEPS, bool)
    found = _figures(parts, parts, [inside, nothing] * (CASES // 2))
    for name in ("ap", "ndcg", "pointing"):
        np.testing.assert_array_equal(found[name][::2], 1)
        assert np.isnan(found[name][1::2]).all()
        assert np.isnan(found[f"{name}_gain"][1::2]).all()
    np.testing.assert_array_equal(found["pointing_gain"][::2], 1)
    np.testing.assert_array_equal(found["ndcg_gain"][::2], 1)
