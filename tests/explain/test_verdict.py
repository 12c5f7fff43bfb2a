"""Intervals, placements, false discoveries, and the order of the rules."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from regard.explain import (
    Figures,
    Interval,
    discoveries,
    judge,
    mean_interval,
    most_and_least,
    placement_p,
    ratio_interval,
    shifted,
    shuffled,
)

SURE = Interval(0.4, 0.3, 0.5)
TRUE = Figures(
    cases=50, learned=SURE, gain=SURE, best=0.5, share=Interval(0.8, 0.7, 0.9), shuffle=0.6
)


def test_an_interval_holds_the_mean_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    drawn = [mean_interval(generator.normal(0.3, 1, 60), seed=n) for n in range(300)]
    held = np.mean([each.low <= 0.3 <= each.high for each in drawn])
    assert 0.9 <= held <= 0.98


def test_a_ratio_has_a_floor_below() -> None:
    values, references = np.full(20, 0.01), np.full((2, 20), 0.001)
    assert ratio_interval(values, references, least=0.05).value == pytest.approx(0.2)
    assert ratio_interval(values, references, least=0.0001).value == pytest.approx(10)


def test_one_of_twenty_placements_of_nothing_is_found() -> None:
    generator = np.random.default_rng(1)
    p = [placement_p(row[0], row[1:]) for row in generator.normal(size=(4000, 40))]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.01)
    assert min(p) == 1 / 40


def test_false_discoveries_are_those_of_scipy() -> None:
    generator = np.random.default_rng(2)
    p = np.concatenate([generator.uniform(size=40), generator.uniform(0, 0.005, 10)])
    np.testing.assert_array_equal(discoveries(p), false_discovery_control(p) <= 0.05)
    assert not discoveries(np.full(9, 0.5)).any()
    assert len(discoveries(np.empty(0))) == 0


@pytest.mark.parametrize("shape", [(2,), (3,), (41,), (5, 7)])
@pytest.mark.parametrize("share", [0.05, 0.5])
def test_most_and_least_are_apart(shape: tuple[int, ...], share: float) -> None:
    weights = np.random.default_rng(3).uniform(size=shape)
    most, least = most_and_least(weights, share)
    assert most.sum() == least.sum() == min(max(1, round(share * weights.size)), weights.size // 2)
    assert not (most & least).any()
    assert weights[most].min() > weights[least].max()


def test_elsewhere_keeps_the_weights() -> None:
    generator = np.random.default_rng(4)
    weights = generator.uniform(size=(9, 12))
    for other in (shifted(weights, generator), shuffled(weights, generator)):
        assert not np.array_equal(other, weights)
        np.testing.assert_array_equal(np.sort(other, axis=None), np.sort(weights, axis=None))


@pytest.mark.parametrize(
    ("changes", "verdict", "said"),
    [
        ({}, "believe", "moves p by 0.40 more"),
        ({"learned": Interval(0.1, -0.01, 0.2)}, "do not", "no better than guessing"),
        ({"shuffle": 0.01}, "do not", "whatever the weights"),
        ({"gain": Interval(-0.2, -0.3, -0.1)}, "do not", "points away"),
        ({"gain": Interval(0.01, -0.1, 0.1), "best": 0.02}, "do not", "nowhere to look"),
        ({"gain": Interval(0.1, -0.1, 0.2)}, "do not", "same map elsewhere"),
        ({"seeds": Interval(0.1, -0.1, 0.2)}, "weak", "another seed"),
        ({"seeds": Interval(0.3, 0.1, 0.4)}, "believe", "looks there too"),
        ({"share": Interval(0.6, 0.4, 0.8)}, "weak", "not surely half"),
        ({"aopcr": Interval(0.05, 0.04, 0.06)}, "do not", "erased at random"),
        ({"aopcr": Interval(0.3, 0.2, 0.4)}, "believe", "moves p"),
        ({"shuffle": None}, "believe", "moves p"),
        ({"learned": Interval(0, 0, 0), "shuffle": 0.0}, "do not", "guessing"),
    ],
)
def test_the_first_rule_that_holds_is_the_verdict(
    changes: dict[str, Any], verdict: str, said: str
) -> None:
    found, sentence = judge(replace(TRUE, **changes), moves="p by {:.2f}")
    assert found == verdict
    assert said in sentence
