from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.errors import ConfigError
from regard.training.batches import batch_indices, token_batches


@settings(max_examples=150)
@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=150),
    batch_size=st.integers(1, 20),
    epoch=st.integers(0, 3),
    shuffle=st.booleans(),
)
def test_every_case_is_in_exactly_one_batch(
    lengths: list[int], batch_size: int, epoch: int, shuffle: bool
) -> None:
    batches = batch_indices(
        np.array(lengths), batch_size=batch_size, seed=7, epoch=epoch, shuffle=shuffle
    )
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    sizes = [len(batch) for batch in batches]
    assert max(sizes) - min(sizes) <= 1
    if shuffle and batch_size > 1 and len(lengths) > 1:
        assert min(sizes) >= 2
        assert max(sizes) <= max(batch_size, 3)
    else:
        assert max(sizes) <= batch_size


def test_no_training_batch_has_a_single_case() -> None:
    lengths = np.arange(1, 8)
    assert sorted(len(batch) for batch in batch_indices(lengths, batch_size=2)) == [2, 2, 3]
    assert [len(batch) for batch in batch_indices(lengths[:1], batch_size=2)] == [1]
    assert [len(batch) for batch in batch_indices(lengths[:3], batch_size=1)] == [1, 1, 1]


def test_the_order_depends_on_epoch_and_seed_alone() -> None:
    def order(seed: int, epoch: int, lengths: Any) -> list[int]:
        batches = batch_indices(lengths, batch_size=10, seed=seed, epoch=epoch)
        return [int(case) for case in np.concatenate(batches)]

    for lengths in (np.full(97, 5), np.arange(97) % 13 + 1):
        orders = [order(seed, epoch, lengths) for seed in (0, 1) for epoch in (0, 1, 2)]
        assert len(set(map(tuple, orders))) == 6
        assert order(1, 2, lengths) == orders[-1]


def padding(batches: list[Any], lengths: Any) -> int:
    return sum(int(lengths[batch].max() * len(batch) - lengths[batch].sum()) for batch in batches)


def test_cases_of_similar_lengths_are_together_and_batches_in_random_order() -> None:
    lengths = np.random.default_rng(0).integers(10, 500, size=1009)
    shuffled = np.array_split(np.random.default_rng(1).permutation(1009), 32)
    batches = batch_indices(lengths, batch_size=32, seed=1)
    assert padding(batches, lengths) < padding(shuffled, lengths) / 5
    longest = [lengths[batch].max() for batch in batches]
    rises = sum(later > earlier for earlier, later in pairwise(longest))
    assert 6 < rises < 25  # of 31; all would rise if batches were sorted
    # A case is in a batch with other cases in the next epoch.
    later = batch_indices(lengths, batch_size=32, seed=1, epoch=1)
    company = [set(next(b for b in each if 0 in b).tolist()) for each in (batches, later)]
    assert len(company[0] & company[1]) < 16


def test_prediction_sorts_by_length_and_order_can_be_restored() -> None:
    lengths = np.random.default_rng(0).integers(10, 500, size=211)
    batches = batch_indices(lengths, batch_size=16, shuffle=False)
    order = np.concatenate(batches)
    assert (np.diff(lengths[order]) >= 0).all()
    result = np.empty(211, dtype=int)
    result[order] = lengths[order]
    assert (result == lengths).all()


def test_equal_lengths_keep_their_order_in_prediction() -> None:
    batches = batch_indices(np.full(7, 5), batch_size=3, shuffle=False)
    assert [batch.tolist() for batch in batches] == [[0, 1, 2], [3, 4], [5, 6]]


def test_no_cases_no_batches() -> None:
    assert batch_indices(np.array([], dtype=np.int64), batch_size=3) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size: wanted a whole number of at least 1, given 0"),
        ({"batch_size": 2, "seed": -1}, "seed: wanted a whole number of at least 0, given -1"),
        ({"batch_size": 2, "epoch": 0.5}, "epoch: wanted a whole number of at least 0, given 0.5"),
    ],
)
def test_parameters_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        batch_indices(np.ones(5, dtype=np.int64), **options)
    assert str(caught.value) == message


SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=150)


@settings(max_examples=150)
@given(
    sizes=SIZES,
    budget=st.integers(1, 120),
    most=st.integers(1, 20),
    epoch=st.integers(0, 3),
    shuffle=st.booleans(),
)
def test_batches_by_tokens_hold_every_case_once_within_the_budget(
    sizes: list[int], budget: int, most: int, epoch: int, shuffle: bool
) -> None:
    counted = np.array(sizes)
    options: dict[str, Any] = {"sizes": counted, "batch_tokens": budget, "shuffle": shuffle}
    options["batch_size"] = most
    batches = token_batches(counted % 7, epoch=epoch, seed=3, **options)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(sizes)))
    for batch in batches:
        assert len(batch) <= most
        assert len(batch) == 1 or len(batch) * counted[batch].max() <= budget
    first = token_batches(counted % 7, epoch=0, seed=8, **options)
    shapes = [sorted((len(each), counted[each].max()) for each in b) for b in (batches, first)]
    assert shapes[0] == shapes[1]  # the same in every epoch, so that the schedule knows its end


def test_batches_by_tokens_worked_by_hand() -> None:
    sizes = np.array([2, 3, 2, 9, 3, 1])
    batches = token_batches(
        np.zeros(6, np.int64), sizes=sizes, batch_size=99, batch_tokens=6, shuffle=False
    )
    # Sorted 1 2 2 3 3 9: three times 2, twice 3, and 9 is more than the budget.
    assert [batch.tolist() for batch in batches] == [[5, 0, 2], [1, 4], [3]]


def test_batches_by_tokens_pad_little_and_mix() -> None:
    generator = np.random.default_rng(0)
    targets = generator.integers(3, 40, size=6007)
    sources = np.maximum(1, targets + generator.integers(-4, 5, size=6007))
    sizes = np.maximum(sources, targets)
    options: dict[str, Any] = {"sizes": sizes, "batch_tokens": 2048, "batch_size": 999}
    epochs = [token_batches(sources, epoch=epoch, **options) for epoch in (0, 1)]
    filled = sum(int(sources[batch].sum() + targets[batch].sum()) for batch in epochs[0])
    padded = sum(len(b) * int(sources[b].max() + targets[b].max()) for b in epochs[0])
    assert filled / padded > 0.85
    company = [set(next(b for b in each if 0 in b).tolist()) for each in epochs]
    assert len(company[0] & company[1]) < 0.8 * len(company[0])
    again = token_batches(sources, epoch=1, **options)
    assert all(np.array_equal(a, b) for a, b in zip(epochs[1], again, strict=True))
    longest = [sizes[batch].max() for batch in epochs[0]]
    rises = sum(later > earlier for earlier, later in pairwise(longest))
    assert 0.3 < rises / len(longest) < 0.7


def test_batches_by_tokens_of_no_case_and_of_a_bad_budget() -> None:
    none = np.array([], dtype=np.int64)
    assert token_batches(none, sizes=none, batch_size=99, batch_tokens=3) == []
    with pytest.raises(ConfigError, match="batch_tokens: wanted a whole number of at least 1, giv"):
        token_batches(
            np.ones(5, dtype=np.int64),
            sizes=np.ones(5, dtype=np.int64),
            batch_size=99,
            batch_tokens=0,
        )
