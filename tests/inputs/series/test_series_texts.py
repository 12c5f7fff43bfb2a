"""Series whose labels are texts to write, of every kind of file that has them, and from Python."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gestures import gestures, write_npz, write_steps, write_ts
from regard.data import as_cases, load, read_npz, read_table, read_ts
from regard.errors import DataError

# Words that other readers take for a missing label or a number; in a text they are words.
TEXTS = ["null", "0.0 1.0", "NA none", "1.0", "It's, so"]


def _series(cases: int) -> list[Any]:
    return [one.round(5) for one in gestures(cases)[0]]


def test_texts_are_kept_as_they_are_written(tmp_path: Path) -> None:
    X = _series(5)
    quoted = [f'"{text}"' for text in TEXTS]
    found = [
        as_cases(X, TEXTS, texts=True),
        read_npz(write_npz(tmp_path / "a.npz", X, y=np.array(TEXTS)), texts=True),
        read_table(write_steps(tmp_path / "a.csv", X, quoted), label="text", texts=True),
        read_ts(write_ts(tmp_path / "a.ts", X, TEXTS), texts=True),
    ]
    for cases in found:
        assert cases.labels is not None
        assert cases.labels.dtype == object
        assert cases.labels.tolist() == TEXTS
        assert cases.lengths.tolist() == [one.shape[1] for one in X]
        np.testing.assert_array_equal(cases.values, found[0].values)


def test_classes_of_the_same_files_are_not_texts(tmp_path: Path) -> None:
    X = _series(3)
    labels = read_ts(write_ts(tmp_path / "a.ts", X, ["1.0", "one", "two"])).labels
    assert labels is not None
    assert labels.tolist() == ["1", "one", "two"]


def test_declared_classes_do_not_bound_the_texts(tmp_path: Path) -> None:
    path = write_ts(tmp_path / "a.ts", _series(2), ["one two", "two"])
    path.write_text(path.read_text().replace("@classLabel true", "@classLabel true one two"))
    labels = read_ts(path, texts=True).labels
    assert labels is not None
    assert labels.tolist() == ["one two", "two"]
    with pytest.raises(DataError, match="'one two' is not a class"):
        read_ts(path)


@pytest.mark.parametrize("kind", ["npz", "table", "ts", "python"])
def test_cases_without_a_text_are_left_out_or_kept(kind: str, tmp_path: Path) -> None:
    X, y = _series(4), ["one", "", "two", " "]

    def read(missing: Any) -> Any:
        if kind == "npz":
            path = write_npz(tmp_path / "a.npz", X, y=np.array(y))
            return read_npz(path, texts=True, missing=missing)
        if kind == "table":
            path = write_steps(tmp_path / "a.csv", X, y)
            return read_table(path, label="text", texts=True, missing=missing)
        if kind == "ts":
            return read_ts(write_ts(tmp_path / "a.ts", X, y), texts=True, missing=missing)
        return as_cases(X, y, texts=True, missing=missing)

    skipped = read("skip")
    assert skipped.labels.tolist() == ["one", "two"]
    [note] = skipped.notes
    assert note.startswith("2 of 4 cases are left out: no text (")
    first, second = note.split("(")[1].split("; ")
    with pytest.raises(DataError, match=f"{first}: the text is missing; also {second[:-1]}"):
        read("refuse")
    with pytest.raises(DataError, match=r"the text is missing; also .*pass missing='skip'"):
        read("refuse")
    with pytest.raises(DataError, match="the text is missing"):
        read("interpolate")
    if kind != "python":
        assert read("keep").labels.tolist() == ["one", "", "two", ""]


def test_a_test_file_may_have_texts_of_its_own(tmp_path: Path) -> None:
    X = _series(3)
    train = write_npz(tmp_path / "a.npz", X, y=np.array(["a", "b", "c"]))
    test = write_npz(tmp_path / "b.npz", X, y=np.array(["a b", "c d", "e"]))
    _, found = load("npz", path=train, test_path=test, texts=True)
    assert found is not None
    assert found.labels is not None
    assert found.labels.tolist() == ["a b", "c d", "e"]
    bare = write_npz(tmp_path / "c.npz", X)
    with pytest.raises(DataError, match=r"c.npz has no labels, .*a.npz has texts"):
        load("npz", path=train, test_path=bare, texts=True)
    with pytest.raises(DataError, match="label 'a b' is not in .*a.npz"):
        load("npz", path=train, test_path=test)


def test_series_on_their_side_are_told_where_lengths_say_so(tmp_path: Path) -> None:
    lengths = np.array([7, 11])
    np.savez(tmp_path / "a.npz", X=np.zeros((2, 11, 3)), lengths=lengths)
    with pytest.raises(DataError, match="as its second axis has the lengths$"):
        read_npz(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", X=np.zeros((2, 13, 3)), lengths=lengths)
    with pytest.raises(DataError, match="wanted 1 to the 3 steps of X$"):
        read_npz(tmp_path / "a.npz")
    with pytest.raises(DataError, match=r"all have 3 steps; .*wanted \[channels, steps\]$"):
        as_cases([np.zeros((7, 3)), np.zeros((11, 3))])
    with pytest.raises(DataError, match="^X: case 1 has 11 channels, case 0 has 7$"):
        as_cases([np.zeros((7, 3)), np.zeros((11, 4))])
