from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard.data import read_npz
from regard.errors import DataError

X = np.arange(2 * 3 * 5, dtype=np.float32).reshape(2, 3, 5)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "toy.npz"


def refusal(file: Path, **arrays: Any) -> str:
    np.savez(file, **arrays)
    with pytest.raises(DataError) as caught:
        read_npz(file)
    return str(caught.value).replace(str(file), "toy.npz")


def test_all_arrays(file: Path) -> None:
    np.savez(file, X=X, y=["a", "b"], lengths=[5, 2], spans=[[1, 3], [0, 0]])
    cases = read_npz(file)
    assert cases.values.dtype == np.float64
    np.testing.assert_array_equal(cases.values[0], X[0])
    np.testing.assert_array_equal(cases.values[1, :, :2], X[1, :, :2])
    assert (cases.values[1, :, 2:] == 0).all()
    assert cases.lengths.tolist() == [5, 2]
    assert cases.labels is not None
    assert cases.labels.tolist() == ["a", "b"]
    assert cases.spans is not None
    assert cases.spans.tolist() == [[1, 3], [0, 0]]


def test_several_spans_of_a_case(file: Path) -> None:
    spans = [[[1, 3], [4, 5], [0, 0]], [[0, 2], [0, 0], [1, 1]]]
    np.savez(file, X=X, y=["a", "b"], lengths=[5, 2], spans=spans)
    found = read_npz(file).spans
    assert found is not None
    assert found.tolist() == spans


def test_series_of_one_channel_alone(file: Path) -> None:
    np.savez_compressed(file, X=np.ones((3, 7), dtype=np.int16))
    cases = read_npz(file)
    assert cases.values.shape == (3, 1, 7)
    assert cases.lengths.tolist() == [7, 7, 7]
    assert cases.labels is None
    assert cases.spans is None


@pytest.mark.parametrize(
    ("y", "labels"),
    [([1, 2], ["1", "2"]), ([True, False], ["True", "False"]), ([0.5, 2.0], [0.5, 2.0])],
)
def test_floats_are_targets_and_the_rest_classes(file: Path, y: Any, labels: Any) -> None:
    np.savez(file, X=X, y=y)
    read = read_npz(file).labels
    assert read is not None
    assert read.tolist() == labels


def test_padding_may_hold_anything(file: Path) -> None:
    padded = X.copy()
    padded[1, :, 2:] = np.nan
    np.savez(file, X=padded, lengths=[5, 2])
    assert (read_npz(file).values[1, :, 2:] == 0).all()


def test_missing_values(file: Path) -> None:
    gaps = X.copy()
    gaps[1, 2, 3] = np.nan
    assert refusal(file, X=gaps) == (
        "toy.npz, case 1, channel 2, step 3: the value is missing (NaN); pass missing='interpolate'"
    )
    np.testing.assert_allclose(read_npz(file, missing="interpolate").values, X)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X}, "array 'x' is unknown; did you mean 'X'?"),
        ({"X": X, "length": [5, 5]}, "array 'length' is unknown; did you mean 'lengths'?"),
        (
            {"X": np.array([[{}]])},
            "array 'X' holds Python objects, which are never loaded; save numbers or strings, and "
            "series of unequal lengths padded, with their lengths",
        ),
        ({"X": X * 1j}, "X holds complex64; wanted real numbers"),
        ({"X": [["a"]]}, "X holds <U1; wanted real numbers"),
        (
            {"X": np.ones(5)},
            "X has the shape [5]; wanted [cases, channels, steps] or [cases, steps], "
            "none of them 0",
        ),
        (
            {"X": np.ones((2, 0, 5))},
            "X has the shape [2, 0, 5]; wanted [cases, channels, steps] or [cases, steps], "
            "none of them 0",
        ),
        ({"X": X, "y": [1, 2, 3]}, "y has the shape [3]; wanted [2], as X"),
        ({"X": X, "y": [1.0, np.nan]}, "case 1: the label is missing; pass missing='skip'"),
        ({"X": X, "y": [1j, 2j]}, "y holds complex128; wanted strings or real numbers"),
        ({"X": X, "lengths": [5, 6]}, "lengths[1] is 6; wanted 1 to the 5 steps of X"),
        ({"X": X, "lengths": [0, 5]}, "lengths[0] is 0; wanted 1 to the 5 steps of X"),
        (
            {"X": X, "lengths": [1.0, 5.0]},
            "lengths is float64 of the shape [2]; wanted whole numbers of the shape [2]",
        ),
        (
            {"X": X, "lengths": [5, 2], "spans": [[0, 5], [1, 3]]},
            "spans[1] is [1, 3]; wanted 0 <= start <= stop <= 2, the length of the case",
        ),
        (
            {"X": X, "spans": [0, 5]},
            "spans is int64 of the shape [2]; wanted whole numbers of the shape [2, 2]",
        ),
    ],
)
def test_arrays_that_do_not_fit(file: Path, arrays: dict[str, Any], message: str) -> None:
    assert refusal(file, **arrays) in {f"toy.npz{mark} {message}" for mark in ("", ":", ",")}


def test_without_x(file: Path) -> None:
    assert refusal(file, y=[1, 2]) == "toy.npz has no array 'X'; it has y"


class Harmful:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


def test_nothing_in_the_file_is_executed(file: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    assert "never loaded" in refusal(file, X=np.array([[Harmful(trace)]], dtype=object))
    assert not trace.exists()


@pytest.mark.parametrize("content", [b"", b"not NumPy", b"PK\x03\x04 cut short"])
def test_other_files(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"is not a NumPy archive; wanted what numpy.savez writes$"):
        read_npz(file)


def test_a_single_array(tmp_path: Path) -> None:
    np.save(tmp_path / "toy.npy", X)
    with pytest.raises(DataError, match=r"is a single array; wanted an archive with X"):
        read_npz(tmp_path / "toy.npy")


def test_a_damaged_archive(file: Path) -> None:
    np.savez(file, X=X)
    content = bytearray(file.read_bytes())
    middle = content.index(X.tobytes())
    content[middle] ^= 255
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"array 'X' is damaged: "):
        read_npz(file)
