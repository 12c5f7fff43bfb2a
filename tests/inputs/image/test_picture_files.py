"""Tables, folders and archives of pictures."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from regard.data import read_folder, read_idx, read_npz_pictures, read_pictures
from regard.errors import DataError


def _save(path: Path, value: int = 50, size: tuple[int, int] = (6, 4), mode: str = "L") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path)
    return path


def _table(folder: Path, *rows: str, header: str = "path,label") -> Path:
    path = folder / "pictures.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_table_has_paths_relative_to_its_folder(tmp_path: Path) -> None:
    _save(tmp_path / "in" / "a.png", 50)
    _save(tmp_path / "b.jpg", 90, (3, 8))
    cases = read_pictures(_table(tmp_path, "in/a.png,cat", "b.jpg,dog"))
    assert cases.ids.tolist() == ["in/a.png", "b.jpg"]
    assert cases.labels is not None
    assert cases.labels.tolist() == ["cat", "dog"]
    assert cases.values.shape == (2, 8, 8, 1)  # the longest side of all
    assert cases.extents.tolist() == [[5, 8], [8, 3]]


def test_one_colour_picture_makes_all_of_them_rgb(tmp_path: Path) -> None:
    _save(tmp_path / "a.png")
    _save(tmp_path / "b.png", mode="RGB")
    assert read_pictures(_table(tmp_path, "a.png,x", "b.png,y"), size=5).values.shape == (
        2,
        5,
        5,
        3,
    )


def test_large_pictures_are_shrunk(tmp_path: Path) -> None:
    _save(tmp_path / "a.png", size=(300, 10))
    assert read_pictures(_table(tmp_path, "a.png,x")).size == 128


def test_a_column_names_the_cases(tmp_path: Path) -> None:
    _save(tmp_path / "a.png")
    table = _table(tmp_path, "7,a.png,x", header="shoe,file,kind")
    cases = read_pictures(table, picture="file", label="kind", id="shoe")
    assert cases.ids.tolist() == ["7"]


def test_every_bad_row_is_named_at_once(tmp_path: Path) -> None:
    _save(tmp_path / "a.png")
    (tmp_path / "t.png").write_text("no picture")
    table = _table(tmp_path, "a.png,x", "none.png,y", "t.png,x", "a.png,", ",y")
    with pytest.raises(DataError) as error:
        read_pictures(table)
    told = str(error.value)
    assert "row 3 (none.png): there is no such file relative to the folder of the" in told
    assert "row 4 (t.png): is no picture that can be read, such as JPEG" in told
    assert "row 6: it has no path; one more problem; pass missing='skip'" in told


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    table = _table(tmp_path, "a.png,x", header="file,label")
    with pytest.raises(DataError, match=r"has no column 'path' \(picture\)"):
        read_pictures(table)


def test_new_pictures_that_cannot_be_read_are_kept_blank(tmp_path: Path) -> None:
    _save(tmp_path / "a.png")
    table = _table(tmp_path, "a.png", "none.png", header="path")
    cases = read_pictures(table, label=None, size=8, channels=1, missing="keep")
    assert cases.faults.tolist() == [
        "",
        "there is no such file relative to the folder of the table",
    ]
    assert len(cases) == 2
    assert (cases.values[1] == 0).all()


def test_a_picture_that_breaks_off_is_named(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 60), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:800])
    with pytest.raises(DataError, match=r"row 2 \(a.jpg\): is damaged or truncated"):
        read_pictures(_table(tmp_path, "a.jpg,x"))


def test_animations_are_said_once(tmp_path: Path) -> None:
    frames = [Image.new("L", (4, 4), value).convert("P") for value in (40, 200)]
    for name in ("a.gif", "b.gif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    cases = read_pictures(_table(tmp_path, "a.gif,x", "b.gif,y"))
    assert cases.notes == ("2 animated or of several pages: its first frame is used",)


def test_a_folder_has_a_folder_for_each_class(tmp_path: Path) -> None:
    _save(tmp_path / "cat" / "1.png")
    _save(tmp_path / "dog" / "deep" / "2.png")
    (tmp_path / "cat" / ".hidden").write_text("x")
    cases = read_folder(tmp_path)
    assert cases.ids.tolist() == ["cat/1.png", "dog/deep/2.png"]
    assert cases.labels is not None
    assert cases.labels.tolist() == ["cat", "dog"]
    assert read_folder(tmp_path, labelled=False).labels is None


def test_folders_that_say_no_class_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such folder"):
        read_folder(tmp_path / "none")
    with pytest.raises(DataError, match="holds no pictures"):
        read_folder(tmp_path)
    path = _save(tmp_path / "a.png")
    with pytest.raises(DataError, match="is a file"):
        read_folder(path)
    with pytest.raises(DataError, match="wanted a folder of pictures for each class, given files"):
        read_folder(tmp_path)
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "notes.txt").write_text("no picture")
    with pytest.raises(DataError, match="cat/notes.txt: is no picture"):
        read_folder(tmp_path)


def test_an_archive_has_pictures_labels_and_boxes(tmp_path: Path) -> None:
    X = np.arange(3 * 5 * 7, dtype=np.uint8).reshape(3, 5, 7)
    boxes = np.array([[0, 1, 2, 3]] * 3)
    np.savez(tmp_path / "a.npz", X=X, y=["a", "b", "a"], boxes=boxes)
    cases = read_npz_pictures(tmp_path / "a.npz")
    assert (cases.values[:, :5, :, 0] == X).all()
    assert cases.labels is not None
    assert cases.labels.tolist() == ["a", "b", "a"]
    assert cases.boxes is not None
    assert cases.boxes.tolist() == boxes.tolist()


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"Z": np.zeros(3)}, "array 'Z' is unknown"),
        ({"y": np.zeros(3)}, "has no array 'X'"),
        ({"X": np.zeros((2, 5, 7), np.uint8), "y": ["a"]}, "y has 1 labels, X has 2 cases"),
        ({"X": np.zeros((2, 5, 7), np.uint8), "y": [0.5, 1]}, "y is float64"),
        ({"X": np.zeros((2, 5, 7), np.uint8), "y": ["a", ""]}, r"y\[1\]: the label is missing"),
        ({"X": np.full((2, 5, 7), 300)}, "has pixels from 300 to 300"),
    ],
    ids=["name", "no X", "length", "fractions", "empty", "range"],
)
def test_bad_archives_are_refused(arrays: dict[str, Any], words: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=f"a.npz.*{words}"):
        read_npz_pictures(tmp_path / "a.npz")


def _idx(path: Path, array: np.ndarray) -> Path:
    head = bytes((0, 0, 8, array.ndim)) + np.array(array.shape, ">u4").tobytes()
    content = head + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def test_idx_files_are_read_packed_or_not(tmp_path: Path) -> None:
    X = np.arange(3 * 5 * 7, dtype=np.uint8).reshape(3, 5, 7)
    labels = _idx(tmp_path / "y", np.array([7, 0, 7]))
    for name in ("X.gz", "X"):
        cases = read_idx(_idx(tmp_path / name, X), labels)
        assert (cases.values[:, :5, :, 0] == X).all()
        assert cases.labels is not None
        assert cases.labels.tolist() == ["7", "0", "7"]


def test_bad_idx_files_are_refused(tmp_path: Path) -> None:
    X = _idx(tmp_path / "X", np.zeros((3, 5, 7)))
    with pytest.raises(DataError, match="has 2 labels, .* has 3 pictures"):
        read_idx(X, _idx(tmp_path / "y", np.zeros(2)))
    with pytest.raises(DataError, match="is no idx file of bytes with 1 axes"):
        read_idx(X, X)
    (tmp_path / "cut").write_bytes(X.read_bytes()[:-1])
    with pytest.raises(DataError, match="is damaged: it says 3 x 5 x 7 bytes and holds 104"):
        read_idx(tmp_path / "cut")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(X.read_bytes())[:-9])
    with pytest.raises(DataError, match="cannot be unpacked with gzip"):
        read_idx(tmp_path / "cut.gz")
