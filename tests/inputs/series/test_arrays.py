from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import torch
from sklearn.exceptions import DataConversionWarning

from regard.data import Cases, as_cases
from regard.errors import DataError
from regard.inputs.series.gaps import filled

SERIES = np.arange(2 * 3 * 5, dtype=float).reshape(2, 3, 5)


def refusal(X: Any, y: Any = None, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        as_cases(X, y, **options)
    assert isinstance(caught.value, ValueError)  # as scikit-learn's checks want it
    return str(caught.value)


@pytest.mark.parametrize(
    "X", [SERIES, SERIES.astype(np.float32), SERIES.tolist(), list(SERIES), SERIES.astype(object)]
)
def test_arrays_of_channels(X: Any) -> None:
    cases = as_cases(X)
    assert cases.values.dtype == np.float64
    np.testing.assert_array_equal(cases.values, SERIES)
    assert cases.lengths.tolist() == [5, 5]
    assert cases.labels is None


@pytest.mark.parametrize(
    "X",
    [
        [[1, 2, 3], [4, 5, 6]],
        np.array([[1, 2, 3], [4, 5, 6]], dtype=np.int8),
        np.array([[1, 2, 3], [4, 5, 6]], dtype=object),
        pl.DataFrame({"a": [1, 4], "b": [2.0, 5.0], "c": [3, 6]}),
        (np.array([1, 2, 3]), np.array([4, 5, 6])),
    ],
)
def test_tables_are_series_of_one_channel(X: Any) -> None:
    assert as_cases(X).values.tolist() == [[[1, 2, 3]], [[4, 5, 6]]]


def test_lists_of_series_of_their_own_lengths() -> None:
    cases = as_cases([np.ones((3, 2)), np.full((3, 7), 2.0)])
    assert cases.values.shape == (2, 3, 7)
    assert cases.lengths.tolist() == [2, 7]
    assert cases.values[0, 1].tolist() == [1, 1, 0, 0, 0, 0, 0]
    ragged = [[1.0, 2.0, 3.0], [4.0]]
    objects = np.empty(2, dtype=object)
    objects[:] = [np.array(one) for one in ragged]
    for X in (ragged, objects):
        assert as_cases(X).values.tolist() == [[[1, 2, 3]], [[4, 0, 0]]]


def test_labels_are_kept_as_they_are() -> None:
    for y in (["a", "b"], [3, 1], [0.5, 0.25], np.array(["a", None])[[0, 0]]):
        labels = as_cases(SERIES, y).labels
        assert labels is not None
        assert labels.tolist() == list(y)


def test_a_column_of_labels_is_taken_with_a_warning() -> None:
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        cases = as_cases(SERIES, [[1], [2]])
    assert cases.labels is not None
    assert cases.labels.tolist() == [1, 2]


def test_the_given_array_is_not_changed() -> None:
    X = SERIES.copy()
    X[1, 2, 3] = np.nan
    filled = as_cases(X, missing="interpolate")
    np.testing.assert_allclose(filled.values, SERIES)
    assert np.isnan(X[1, 2, 3])


def test_missing_and_infinite_values_are_named() -> None:
    X = SERIES.copy()
    X[1, 2, 3] = np.nan
    assert refusal(X) == (
        "X, case 1, channel 2, step 3: the value is missing (NaN); pass missing='interpolate'"
    )
    assert "X, case 0, channel 0, step 1: the value is missing (NaN)" in refusal([[1, None, 2]])
    assert "X, case 0, channel 0, step 1: the value is missing (NaN)" in refusal([[1, np.nan], [2]])
    assert "X, case 1, channel 0, step 0: the value is infinite (inf)" in refusal(
        [[1, 2], [np.inf, 1]], missing="interpolate"
    )


@pytest.mark.parametrize(
    ("X", "part"),
    [
        (np.ones((3, 2)) * 1j, "Complex data not supported"),
        ([[1j, 2], [3, 4]], "Complex data not supported"),
        (scipy.sparse.csr_matrix(np.eye(3)), "X: Sparse data is not supported; use X.toarray()"),
        (scipy.sparse.csr_array(np.eye(3)), "X: Sparse data is not supported; use X.toarray()"),
        (np.ones(7), "Reshape your data"),
        ([1.0, 2.0], "Reshape your data"),
        ([], "Reshape your data"),
        (np.ones((0, 3)), "0 sample(s) (shape=(0, 3)) while a minimum of 1 is required"),
        (np.ones((3, 0)), "0 feature(s) (shape=(3, 0)) while a minimum of 1 is required"),
        (np.ones((0, 3, 5)), "0 sample(s) (shape=(0, 3, 5)) while a minimum of 1 is required"),
        (np.ones((2, 0, 5)), "0 channel(s) (shape=(2, 0, 5)) while a minimum of 1 is required"),
        (np.ones((2, 3, 0)), "0 step(s) (shape=(2, 3, 0)) while a minimum of 1 is required"),
        (np.ones((2, 3, 5, 7)), "X has 4 dimensions; wanted [cases, channels, steps]"),
        ([["a", "b"]], "X: could not convert string to float"),
        (np.array([["2024-01-01"]], dtype="M8[D]"), "X holds datetime64[D]; wanted real numbers"),
        ([np.ones((3, 5)), np.ones((2, 5))], "X: case 1 has 2 channels, case 0 has 3"),
        (
            [np.ones((3, 5)), np.ones(5)],
            "X: case 1 has the shape [5], case 0 has [3, 5]; "
            "wanted [channels, steps], or [steps] for all",
        ),
        ([np.ones(5), np.ones(0)], "X: case 1 has no values: its shape is [0]"),
        ([np.ones((2, 3, 5)), np.ones(5)], "X: case 0 has the shape [2, 3, 5]"),
        ([[[1, 2], [3]], [[1, 2], [3, 4]]], "X: the channels of case 0 differ in length"),
    ],
)
def test_what_is_no_series_is_refused(X: Any, part: str) -> None:
    assert part in refusal(X)


def test_objects_that_are_no_numbers_are_a_type_error_as_in_scikit_learn() -> None:
    X = np.ones((3, 2), dtype=object)
    X[0, 0] = {"foo": "bar"}
    with pytest.raises(TypeError, match=r"argument must be .* string.* number"):
        as_cases(X)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, 2, 3], "y has 3 labels, X has 2 cases; wanted one for each"),
        ([], "y has 0 labels, X has 2 cases; wanted one for each"),
        ([1.0, np.nan], "y, case 1: the label is missing; pass missing='skip'"),
        ([0.5, np.inf], "y: the label of case 1 is infinite (inf)"),
        (np.array([None, "a"]), "y, case 0: the label is missing; pass missing='skip'"),
        (
            np.array(["a", np.nan], dtype=object),
            "y, case 1: the label is missing; pass missing='skip'",
        ),
        (np.array(["a", -np.inf], dtype=object), "y: the label of case 1 is infinite (inf)"),
        (
            np.array([1, np.float32(np.inf)], dtype=object),
            "y: the label of case 1 is infinite (inf)",
        ),
        ([[1, 2], [3, 4]], "y: y should be a 1d array, got an array of shape (2, 2) instead."),
    ],
)
def test_labels_that_do_not_fit(y: Any, message: str) -> None:
    assert refusal(SERIES, y) == message


def test_complex_labels() -> None:
    assert "Complex data not supported" in refusal(SERIES, [1j, 2])


def test_columns_of_series() -> None:
    ragged = [np.array([1.0, 2.0, 3.0]), np.array([4.0])]
    for X in (pd.Series(ragged), pl.Series([one.tolist() for one in ragged])):
        assert as_cases(X).values.tolist() == [[[1, 2, 3]], [[4, 0, 0]]]
    several = pd.Series([np.ones((3, 2)), np.full((3, 5), 2.0)], index=[7, 3])
    assert as_cases(several).lengths.tolist() == [2, 5]


@pytest.mark.parametrize("cell", [np.array, pd.Series, list])
def test_frames_with_a_series_in_each_cell(cell: Any) -> None:
    rows = [[[1, 2, 3], [4, 5, 6]], [[7, 8], [9, 10]]]
    X = pd.DataFrame({name: [cell(row[at]) for row in rows] for at, name in enumerate("xy")})
    cases = as_cases(X, ["a", "b"])
    assert cases.values.tolist() == [[[1, 2, 3], [4, 5, 6]], [[7, 8, 0], [9, 10, 0]]]
    assert cases.lengths.tolist() == [3, 2]
    assert as_cases(pl.DataFrame({"x": [[1, 2]], "y": [[3, 4]]})).values.tolist() == [
        [[1, 2], [3, 4]]
    ]


def test_frames_that_are_neither() -> None:
    X = pd.DataFrame({"x": [[1, 2]], "y": [[3, 4, 5]]})
    assert refusal(X) == "X: the channels of case 0 differ in length"
    X = pd.DataFrame({"x": [[1, 2]], "y": [np.ones((2, 3))]})
    assert refusal(X) == "X: a cell of case 0 has the shape [2, 3]; wanted [steps]"
    X["y"] = 0.5
    assert refusal(X) == "X: the cells of column 'y' are not series, those of 'x' are"


def test_a_column_of_row_numbers_is_refused() -> None:
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 5.0]}).reset_index()
    assert refusal(X) == "X: the column 'index' counts the rows; leave it out"
    assert as_cases(X.drop(columns="index")).values.shape == (2, 1, 2)


@pytest.mark.parametrize(
    "y",
    [
        ["a", None, "b", np.nan, "nan", ""],
        [1, None, 2, np.nan, float("nan"), None],
        np.array(["a", "nan", "b", "nan", "NaN", " "]),
        np.array([1, np.nan, 2, np.nan, np.nan, np.nan]),
        pd.Series([1, pd.NA, 2, pd.NA, None, np.nan], dtype="Int64"),
        pd.Series(["a", pd.NA, "b", None, None, None], dtype="string"),
        pd.Series(["a", None, "b", None, None, None], dtype="category"),
        pd.Series([True, None, False, pd.NaT, pd.NA, np.nan], dtype=object),
        pl.Series(["a", None, "b", None, None, None]),
        pl.Series([1, None, 2, None, None, None]),
    ],
)
def test_missing_labels_are_counted_before_they_are_converted(y: Any) -> None:
    X = np.arange(6.0)[:, None] * np.arange(1.0, 5.0)
    assert refusal(X, y) == (
        "y, case 1: the label is missing; also case 3 and case 4 (4 in all); pass missing='skip'"
    )
    X[2, 1] = np.nan
    cases = as_cases(X, y, missing="skip")
    assert cases.values[:, 0].tolist() == [[0, 0, 0, 0]]
    assert cases.labels is not None
    assert cases.labels.tolist() == [next(iter(list(y)))]
    assert cases.ids.tolist() == [0]
    assert cases.notes == (
        "4 of 6 cases are left out: no label (case 1; case 3; case 4; ...)",
        "1 of 6 cases is left out: missing values (case 2)",
    )


def test_new_cases_are_filled_where_every_channel_has_a_value() -> None:
    gap = np.nan
    values = np.array([[[1, gap, 3], [5, 5, 5]], [[gap, gap, gap], [7, gap, 9]]])
    found = filled(Cases(values, np.array([3, 3]))).values
    wanted = [[[1, 2, 3], [5, 5, 5]], [[gap, gap, gap], [7, gap, 9]]]
    np.testing.assert_array_equal(found, wanted)


def test_problems_are_told_by_the_cases_given_and_not_by_those_left() -> None:
    X = np.ones((4, 3))
    X[0, 1], X[2, 2] = np.nan, np.inf
    assert refusal(X, missing="skip") == (
        "X, case 2, channel 0, step 2: the value is infinite (inf); wanted a finite number"
    )


def test_a_case_is_left_out_for_one_reason() -> None:
    X = np.ones((3, 4))
    X[:2, 1] = np.nan
    labels = np.array([None, "a", "b"])
    assert as_cases(X, labels, missing="skip").notes == (
        "1 of 3 cases is left out: no label (case 0)",
        "1 of 3 cases is left out: missing values (case 1)",
    )


def test_names_that_only_look_missing_are_classes() -> None:
    labels = as_cases(np.ones((3, 4)), ["None", "NA", "none"]).labels
    assert labels is not None
    assert labels.tolist() == ["None", "NA", "none"]


def test_missing_targets_are_counted() -> None:
    X = np.ones((5, 3))
    y: Any = [1.5, None, np.nan, 2.5, np.nan]
    assert refusal(X, y, targets=True) == (
        "y, case 1: the target is missing; also case 2 and case 4; pass missing='skip'"
    )
    labels = as_cases(X, y, targets=True, missing="skip").labels
    assert labels is not None
    assert labels.tolist() == [1.5, 2.5]


def test_a_single_series_is_told_how_to_be_given() -> None:
    assert "for one series give [x], or X[:1] in place of X[0]" in refusal(np.ones(5))


def test_a_tensor_that_requires_a_gradient() -> None:
    series = torch.arange(6.0).reshape(2, 3).requires_grad_()
    assert as_cases(series).values.tolist() == [[[0, 1, 2]], [[3, 4, 5]]]


@pytest.mark.parametrize("given", [{(1.0, 2.0)}, {"a": [1.0]}, iter([[1.0, 2.0]])])
def test_what_is_no_list_of_series(given: Any) -> None:
    wanted = f"X: wanted an array or a list of series, given {type(given).__name__}"
    assert refusal(given) == wanted
