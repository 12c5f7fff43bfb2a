from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from regard.data import split
from regard.errors import ConfigError, DataError


def counts_in(labels: Any, part: Any) -> dict[str, int]:
    return {name: int((labels[part] == name).sum()) for name in np.unique(labels)}


def test_every_part_has_its_share_of_every_class() -> None:
    labels = np.random.default_rng(0).permutation(np.repeat(["a", "b", "c"], [100, 50, 30]))
    training, validation, test = split(labels)
    assert counts_in(labels, training) == {"a": 70, "b": 35, "c": 21}
    assert counts_in(labels, validation) == {"a": 10, "b": 5, "c": 3}
    assert counts_in(labels, test) == {"a": 20, "b": 10, "c": 6}


@settings(max_examples=150)
@given(
    counts=st.lists(st.integers(2, 40), min_size=1, max_size=7),
    weights=st.tuples(st.integers(5, 20), st.integers(0, 10), st.integers(0, 10)),
    seed=st.integers(0, 5),
)
def test_any_split_is_whole_exact_and_stratified(
    counts: list[int], weights: tuple[int, int, int], seed: int
) -> None:
    shares = np.array(weights) / sum(weights)
    cases = sum(counts)
    sizes = [max(1, round(cases * share)) if share else 0 for share in shares[1:]]
    assume(cases - sum(sizes) >= len(counts))
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    parts = split(labels, shares=tuple(shares.tolist()), seed=seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(cases))
    assert [len(part) for part in parts[1:]] == sizes
    trained = np.bincount(labels[parts[0]], minlength=len(counts))
    assert (trained >= 1).all()
    held = np.array(counts) - trained
    wanted = np.array(counts) * sum(sizes) / cases
    if (wanted <= np.array(counts) - 1).all():  # no class had to be kept for training
        assert (np.abs(held - wanted) < 1).all()


def test_rare_classes_stay_in_training() -> None:
    labels = np.repeat(["common", "rare", "seldom"], [40, 2, 2])
    for seed in range(20):
        training, test = split(labels, shares=(0.1, 0.9), seed=seed)
        assert min(counts_in(labels, training).values()) >= 1
        assert len(test) == 40


def test_small_parts_are_spread_over_many_small_classes() -> None:
    labels = np.repeat(np.arange(50), 3)  # no class has a whole case to give
    training, validation, test = split(labels)
    assert [len(training), len(validation), len(test)] == [105, 15, 30]
    assert np.bincount(labels[test]).max() == 1
    chosen = {tuple(np.unique(labels[split(labels, seed=seed)[1]])) for seed in range(5)}
    assert len(chosen) == 5  # which classes give the odd case is drawn


def test_the_seed_decides() -> None:
    labels = np.repeat([0, 1], 50)
    first, again, other = (split(labels, seed=seed)[0].tolist() for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_cases_are_drawn_at_random_within_a_class() -> None:
    drawn = np.concatenate([split(np.zeros(100), seed=seed)[2] for seed in range(50)])
    np.testing.assert_allclose(drawn.mean(), 49.5, atol=4)


def test_shares_of_nothing_and_of_all() -> None:
    labels = np.array(["a", "b", "b"])
    training, validation, test = split(labels, shares=(1, 0, 0))
    assert training.tolist() == [0, 1, 2]
    assert len(validation) == len(test) == 0
    assert [len(part) for part in split(np.repeat([0, 1], 5), shares=[0.8, 0.2])] == [8, 2]


def test_a_share_above_nothing_gives_at_least_a_case() -> None:
    assert [len(part) for part in split(np.zeros(7), shares=(0.98, 0.01, 0.01))] == [5, 1, 1]


def test_a_class_of_one_case_is_named() -> None:
    with pytest.raises(DataError) as caught:
        split(np.array(["up", "up", "down", "left", "left"]))
    assert str(caught.value) == (
        "labels: class 'down' has one case, and a split needs two of each class; "
        "pass rare_classes='drop'"
    )


@pytest.mark.parametrize(
    ("cases", "shares", "message"),
    [
        (
            4,
            (0.25, 0.75),
            "shares: 4 cases leave 1 for training, which needs one for each of 2 classes; "
            "give training a larger share or add cases",
        ),
        (0, (0.8, 0.2), "labels: there are no cases to split"),
    ],
)
def test_too_few_cases(cases: int, shares: tuple[float, ...], message: str) -> None:
    with pytest.raises(DataError) as caught:
        split(np.arange(cases) // 2, shares=shares)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        (
            (0.7, 0.1, 0.1),
            "shares: wanted numbers from 0 to 1 that sum to 1, the first above 0, "
            "given (0.7, 0.1, 0.1) with the sum 0.9",
        ),
        ((0, 1), "shares[0]: wanted a number in (0, 1], given 0"),
        ((1.5, -0.5), "shares[0]: wanted a number in (0, 1], given 1.5"),
        ((0.5, "half"), "shares[1]: wanted a number in [0, 1], given 'half'"),
        (
            (),
            "shares: wanted numbers from 0 to 1 that sum to 1, the first above 0, given ()",
        ),
    ],
)
def test_shares_that_make_no_split(shares: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        split(np.zeros(10), shares=shares)
    assert str(caught.value) == message


def test_one_case_is_not_split() -> None:
    with pytest.raises(DataError, match=r"^labels: there is one case; a split needs two$"):
        split(np.zeros(1, np.int64), shares=(0.8, 0.2))
