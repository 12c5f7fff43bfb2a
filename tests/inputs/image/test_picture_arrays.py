"""Arrays and lists of paths from Python."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image

from regard.data import Pictures, as_pictures
from regard.errors import DataError


def test_arrays_keep_their_pixels(rng: np.random.Generator) -> None:
    X = rng.integers(0, 256, (3, 5, 5, 3), dtype=np.uint8)
    pictures = as_pictures(X, ["a", "b", "a"])
    assert (pictures.values == X).all()
    assert pictures.mask is None
    assert pictures.take(np.array([2, 0])).values.tolist() == X[[2, 0]].tolist()


def test_shares_and_booleans_become_bytes() -> None:
    assert as_pictures(np.full((1, 2, 2), 0.5)).values.max() == 128
    assert as_pictures(np.ones((1, 2, 2), bool)).values.min() == 255
    assert as_pictures(np.full((1, 2, 2), 255, np.int64)).values.min() == 255


def test_pictures_of_several_sizes_are_resized(rng: np.random.Generator) -> None:
    X = [rng.integers(0, 256, shape, dtype=np.uint8) for shape in ((4, 8), (6, 3, 3), (1, 1))]
    pictures = as_pictures(X)
    assert pictures.values.shape == (3, 8, 8, 3)
    assert pictures.extents.tolist() == [[4, 8], [8, 4], [8, 8]]
    assert pictures.mask is not None
    assert pictures.mask.sum((1, 2)).tolist() == [32, 32, 64]
    assert (pictures.values[~pictures.mask] == 0).all()


def test_boxes_are_resized_too() -> None:
    pictures = as_pictures(np.zeros((1, 10, 20), np.uint8), size=10, boxes=[[2, 5, 10, 20]])
    assert pictures.boxes is not None
    assert pictures.boxes.tolist() == [[1, 2, 5, 10]]


def test_paths_are_read(tmp_path: Path) -> None:
    for name, value in (("a.png", 10), ("b.png", 20)):
        Image.new("L", (4, 4), value).save(tmp_path / name)
    pictures = as_pictures([tmp_path / "a.png", str(tmp_path / "b.png")], [1, 0])
    assert pictures.values[:, 0, 0, 0].tolist() == [10, 20]
    assert pictures.labels is not None
    assert pictures.labels.tolist() == [1, 0]
    with pytest.raises(DataError, match=r"X, case 1 \(.*none.png\): there is no such file"):
        as_pictures([tmp_path / "a.png", tmp_path / "none.png"])


def test_a_column_of_paths_is_a_list_of_them(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("L", (4, 4), 10).save(path)
    paths = [str(path)] * 2
    table = pd.DataFrame({"path": paths})
    for X in (table["path"], table, pl.Series(paths), np.array(paths), table["path"].to_numpy()):
        assert as_pictures(X, pd.Series(["a", "b"])).values[:, 0, 0, 0].tolist() == [10, 10]
    table["label"] = "a"
    with pytest.raises(DataError, match=r"columns are path, label; .* such as X\['path'\]"):
        as_pictures(table)


BAD = {
    "one path": ("a.png", r"X: wanted a list of paths, given one; write \['a.png'\]"),
    "a number": (3, "X: wanted an array or a list of pictures, given int"),
    "nothing": ([], "X: Found array with 0 sample"),
    "one picture": (np.zeros((5, 7)), r"given the shape \[5, 7\]; for one picture write X\[None\]"),
    "one in colour": (np.zeros((5, 7, 3)), r"given the shape \[5, 7, 3\]; for one picture write"),
    "five axes": (np.zeros((1, 2, 3, 4, 5)), r"given the shape \[1, 2, 3, 4, 5\]"),
    "no pixels": (np.zeros((2, 0, 5)), "has no pixels"),
    "channels first": (np.zeros((2, 3, 8, 8)), "has 8 channels; .* move the channels to the end"),
    "text": (np.full((1, 2, 2), "a"), "holds <U1; wanted numbers"),
    "missing": (np.full((1, 2, 2), np.nan), "X: Input contains NaN or infinity"),
    "bytes as floats": (np.full((1, 2, 2), 200.0), "divide by 255, or convert to uint8"),
    "negative": (np.full((1, 2, 2), -1), "has pixels from -1 to -1; wanted whole numbers"),
    "ragged rows": ([[[1, 2], [3]]], "case 0 has rows of several lengths"),
    "list of numbers": ([1, 2], "case 0 has the shape"),
    "dictionary": ({}, "given dict"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_is_refused(name: str) -> None:
    given, words = BAD[name]
    with pytest.raises(DataError, match=words):
        as_pictures(given)


@pytest.mark.parametrize(
    ("boxes", "words"),
    [
        ([[0, 0, 6, 2]], r"that of case 0 is \[0, 0, 6, 2\]; .* inside its 5 x 7 pixels"),
        ([[3, 0, 2, 2]], "that of case 0"),
        ([[0.5, 0, 1, 1]], "wanted whole numbers"),
        ([[0, 0, 1]], r"wanted whole numbers \[1, 4\]"),
    ],
    ids=["outside", "upside down", "fractions", "three numbers"],
)
def test_bad_boxes_are_refused(boxes: Any, words: str) -> None:
    with pytest.raises(DataError, match=f"boxes: .*{words}"):
        as_pictures(np.zeros((1, 5, 7), np.uint8), boxes=boxes)


def test_labels_must_be_there_for_all() -> None:
    with pytest.raises(DataError, match="y has 1 labels, X has 2 cases"):
        as_pictures(np.zeros((2, 5, 7), np.uint8), ["a"])
    with pytest.raises(DataError, match="y, case 1: the label is missing"):
        as_pictures(np.zeros((2, 5, 7), np.uint8), ["a", ""])


def test_the_type_checks_what_it_is_made_of() -> None:
    extents = np.full((2, 2), 5)
    fractions: Any = np.zeros((2, 5, 5, 1))
    with pytest.raises(DataError, match="values: wanted uint8"):
        Pictures(fractions, extents)
    with pytest.raises(DataError, match="wanted a square canvas, given 5 x 7"):
        Pictures(np.zeros((2, 5, 7, 1), np.uint8), extents)
    with pytest.raises(DataError, match="labels: wanted one for each of 2 cases, given 1"):
        Pictures(np.zeros((2, 5, 5, 1), np.uint8), extents, np.array(["a"]))


def test_classes_and_files_that_are_missing_can_be_left_out(tmp_path: Path) -> None:
    Image.new("L", (5, 7), 50).save(tmp_path / "a.png")
    paths = [tmp_path / name for name in ("a.png", "none.png", "a.png")]
    labels: Any = ["x", "y", None]
    with pytest.raises(DataError, match=r"case 1 \(.*none.png\): there is no such file; pass miss"):
        as_pictures(paths, ["x", "y", "z"])
    with pytest.raises(DataError, match="y, case 2: the label is missing"):
        as_pictures(paths[::2] + paths[:1], labels)
    found = as_pictures(paths, labels, missing="skip")
    assert found.labels is not None
    assert found.labels.tolist() == ["x"]
    assert found.notes == (
        f"1 of 3 cases is left out: there is no such file (case 1 ({paths[1]}))",
        f"1 of 3 cases is left out: no label (case 2 ({paths[2]}))",
    )
    arrays = np.arange(3 * 5 * 7, dtype=np.uint8).reshape(3, 5, 7)
    found = as_pictures(arrays, [1.0, float("nan"), 2.0], missing="skip")
    assert (found.values[:, :5, :, 0] == arrays[::2]).all()
    assert found.notes == ("1 of 3 cases is left out: no label (case 1)",)
