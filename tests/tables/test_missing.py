from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.errors import ConfigError, DataError
from regard.tables.missing import place_in, settle_missing
from regard.tables.problems import Problems

NAN, INF = np.nan, np.inf


def settled(values: Any, lengths: list[int], missing: str = "interpolate") -> Any:
    problems = Problems("here")
    found = settle_missing(
        values, np.array(lengths), missing=missing, place=place_in, problems=problems
    )
    problems.refuse()
    return found


def test_gaps_are_filled_on_the_line_and_ends_are_held() -> None:
    values = np.array([[[NAN, 1.0, NAN, NAN, 7.0, NAN, NAN]]])
    assert settled(values, [7]).tolist() == [[[1.0, 1.0, 3.0, 5.0, 7.0, 7.0, 7.0]]]


def test_padding_is_neither_looked_at_nor_filled() -> None:
    values = np.array([[[2.0, NAN, 0.0, 0.0, 0.0]], [[NAN, 1.0, 2.0, 3.0, 4.0]]])
    assert settled(np.array([[[1.0, NAN, INF]]]), [1], "refuse")[0, 0, 0] == 1
    filled = settled(values, [2, 5])
    assert filled.tolist() == [[[2.0, 2.0, 0.0, 0.0, 0.0]], [[1.0, 1.0, 2.0, 3.0, 4.0]]]


def test_the_given_values_stay_as_they_are() -> None:
    values = np.array([[[1.0, NAN, 3.0]]])
    settled(values, [3])
    assert np.isnan(values[0, 0, 1])


def test_values_without_gaps_are_not_copied() -> None:
    values = np.ones((2, 3, 5))
    assert settled(values, [5, 5], "refuse") is values


@settings(max_examples=60)
@given(st.data())
def test_filling_is_what_numpy_interpolates(data: st.DataObject) -> None:
    number = st.one_of(st.just(NAN), st.floats(-1e6, 1e6))
    rows = data.draw(st.lists(st.lists(number, min_size=7, max_size=7), min_size=3, max_size=3))
    lengths = [5, 7, 2]
    values = np.array(rows)[:, None, :]
    for case, length in enumerate(lengths):
        values[case, 0, 0] = 1.5  # so that there is something to interpolate from
        values[case, 0, length:] = 0
    filled = settled(values, lengths)
    for case, length in enumerate(lengths):
        own = values[case, 0, :length]
        known = np.flatnonzero(~np.isnan(own))
        wanted = np.interp(np.arange(length), known, own[known])
        np.testing.assert_allclose(filled[case, 0, :length], wanted, rtol=1e-9, atol=1e-6)
        assert (filled[case, 0, length:] == 0).all()


def test_the_first_gap_is_named_with_the_way_out() -> None:
    values = np.ones((3, 2, 5))
    values[1, 1, 3] = values[2, 0, 0] = NAN
    with pytest.raises(DataError) as caught:
        settled(values, [5, 5, 5], "refuse")
    assert str(caught.value) == (
        "here, case 1, channel 1, step 3: the value is missing (NaN); also case 2, channel 0, "
        "step 0; pass missing='interpolate'"
    )


def test_gaps_beyond_the_third_are_counted() -> None:
    values = np.ones((3, 2, 5))
    values[:2, 1] = NAN
    with pytest.raises(DataError, match=r"case 0, channel 1, step 2 \(10 in all\); pass missing="):
        settled(values, [5, 5, 5], "refuse")


@pytest.mark.parametrize("missing", ["refuse", "interpolate"])
@pytest.mark.parametrize("value", [INF, -INF])
def test_infinities_are_refused_under_every_policy(missing: str, value: float) -> None:
    values = np.ones((3, 2, 5))
    values[2, 1, 4] = value
    with pytest.raises(DataError) as caught:
        settled(values, [5, 5, 5], missing)
    assert str(caught.value) == (
        "here, case 2, channel 1, step 4: the value is infinite (inf); wanted a finite number"
    )


def test_a_channel_without_any_value_is_refused() -> None:
    values = np.ones((2, 3, 5))
    values[1, 2, :4] = NAN
    with pytest.raises(DataError) as caught:
        settled(values, [5, 4])
    assert str(caught.value) == (
        "here, case 1, channel 2, step 0: missing (NaN), as is every other step of this channel; "
        "there is nothing to interpolate from"
    )


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^missing: no 'interpolat'; did you mean 'interpolate'"):
        settled(np.ones((1, 1, 1)), [1], "interpolat")
