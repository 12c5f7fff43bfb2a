import subprocess
import sys

import numpy as np
import pytest

import regard.data
from regard.data import Cases
from regard.errors import DataError
from regard.inputs.series.cases import pad


def five_cases() -> Cases:
    lengths = np.array([7, 3, 2, 5, 1])
    values, _ = pad([np.full((3, length), float(length)) for length in lengths])
    labels = np.array(["a", "b", "a", "b", "c"])
    return Cases(values, lengths, labels, spans=np.stack([lengths - 1, lengths], axis=1))


def test_pad_puts_zeros_after_each_case() -> None:
    values, lengths = pad([np.ones((3, 2)), np.full((3, 5), 2.0)])
    assert values.shape == (2, 3, 5)
    assert lengths.tolist() == [2, 5]
    assert values[0].tolist() == [[1, 1, 0, 0, 0]] * 3
    assert values[1].tolist() == [[2, 2, 2, 2, 2]] * 3


def test_mask_is_true_on_own_steps_only() -> None:
    mask = five_cases().mask
    assert mask.shape == (5, 7)
    assert mask.sum(axis=1).tolist() == [7, 3, 2, 5, 1]
    assert mask[1].tolist() == [True] * 3 + [False] * 4


def test_take_keeps_everything_of_a_case_and_drops_needless_padding() -> None:
    taken = five_cases().take(np.array([3, 1]))
    assert taken.values.shape == (2, 3, 5)
    assert taken.values[1].tolist() == [[3, 3, 3, 0, 0]] * 3
    assert taken.lengths.tolist() == [5, 3]
    assert taken.labels is not None
    assert taken.labels.tolist() == ["b", "b"]
    assert taken.spans is not None
    assert taken.spans.tolist() == [[4, 5], [2, 3]]
    assert taken.ids.tolist() == [3, 1]
    assert len(taken) == 2


def test_take_of_nothing_is_empty() -> None:
    assert five_cases().take(np.array([], dtype=np.int64)).values.shape == (0, 3, 1)


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ([[0, 1], [0, 4]], r"spans\[1\] is \[0, 4\]; wanted 0 <= start <= stop <= 3"),
        ([[-1, 1], [0, 1]], r"spans\[0\] is \[-1, 1\]"),
        ([[[0, 1], [2, 1]], [[0, 1], [0, 1]]], r"spans\[0\] is \[\[0, 1\], \[2, 1\]\]"),
        ([[0.5, 1], [0, 1]], "wanted whole numbers .*, given float64"),
        ([0, 1], r"of the shape \[2\]"),
    ],
)
def test_spans_outside_of_a_series_are_refused(spans: list[object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        Cases(np.zeros((2, 1, 5)), np.array([5, 3]), spans=np.array(spans))


def test_names_are_given_where_the_source_has_none() -> None:
    assert five_cases().channels == ("channel 0", "channel 1", "channel 2")
    assert five_cases().ids.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("part", "given", "message"),
    [
        ("labels", np.zeros(3), "labels: wanted one for each of 2 cases, given 3"),
        ("ids", np.zeros(5), "ids: wanted one for each of 2 cases, given 5"),
        ("channels", ("x",), "channels: wanted 3 names, given 1"),
    ],
)
def test_parts_that_do_not_fit_are_refused(part: str, given: object, message: str) -> None:
    with pytest.raises(DataError) as caught:
        Cases(np.zeros((2, 3, 5)), np.array([5, 5]), **{part: given})  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_values_without_channels_are_refused() -> None:
    with pytest.raises(DataError, match=r"wanted \[cases, channels, steps\], given .* \[2, 5\]"):
        Cases(np.zeros((2, 5)), np.array([5, 5]))


def test_public_names_are_there_and_sorted() -> None:
    names = regard.data.__all__
    assert names == sorted(names)
    assert all(hasattr(regard.data, name) for name in names)


def test_importing_waits_for_heavy_libraries() -> None:
    heavy = "{'torch', 'polars', 'sklearn', 'scipy'}"
    code = f"import sys, regard.data; print({heavy} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert shown.stdout.strip() == "set()"
