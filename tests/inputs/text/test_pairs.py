import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.errors import ConfigError, DataError
from regard.inputs.text.pairs import (
    as_pairs,
    note_copies,
    read_new_sources,
    read_pairs,
    read_parallel,
)
from regard.inputs.text.texts import Texts

TABLE = {"source": ["A dog.", "Two men"], "target": ["Ein Hund.", "Zwei Männer"]}


def targets_of(pairs: Texts) -> list[str]:
    assert pairs.labels is not None
    assert pairs.labels.dtype == object
    return list(pairs.labels.tolist())


def written(folder: Path, **files: str) -> list[Path]:
    paths = []
    for name, content in files.items():
        path = folder / name.replace("_", ".")
        path.write_text(content, encoding="utf-8")
        paths.append(path)
    return paths


def new(path: Path, *, table: bool, **options: Any) -> Texts:
    given = {"source": None, "target": None, "id": None, "header": True, "encoding": "utf-8"}
    return read_new_sources(path, **{"labelled": None, **given, **options}, table=table)


@pytest.mark.parametrize("ending", ["", "\n"])
def test_parallel_files_go_line_by_line(tmp_path: Path, ending: str) -> None:
    source, target = written(tmp_path, a_en=f"A dog.\r\n Two men{ending}", a_de="Ein Hund.\nZwei\n")
    pairs = read_parallel(source, target)
    assert pairs.texts == ("A dog.", "Two men")
    assert targets_of(pairs) == ["Ein Hund.", "Zwei"]
    assert pairs.ids.tolist() == [0, 1]


def test_parallel_files_may_be_gzipped_or_of_another_encoding(tmp_path: Path) -> None:
    source, target = tmp_path / "a.en.gz", tmp_path / "a.de"
    source.write_bytes(gzip.compress(b"a cafe\n"))
    target.write_bytes("ein Café\n".encode("cp1252"))
    with pytest.raises(DataError, match=r"a\.de, row 1: byte 0xe9 is not UTF-8 text; pass enc"):
        read_parallel(source, target)
    assert targets_of(read_parallel(source, target, encoding="cp1252")) == ["ein Café"]


def test_files_of_different_lengths_name_both_counts_and_the_first_blank_line(
    tmp_path: Path,
) -> None:
    source, target = written(tmp_path, a_en="a\n\nb\nc\n", a_de="d\n")
    with pytest.raises(DataError) as caught:
        read_parallel(source, target)
    assert str(caught.value) == (
        f"{source} has 4 lines, {target} has 1 line; wanted a target for each source; "
        f"line 2 of {source} is blank"
    )


def test_blank_lines_are_refused_with_their_places_or_left_out(tmp_path: Path) -> None:
    source, target = written(tmp_path, a_en="a\n\nb\n \nc\nd\n", a_de="e\nf\n\nh\ni\n\n")
    with pytest.raises(DataError) as caught:
        read_parallel(source, target)
    assert str(caught.value) == (
        f"{source} and {target}, line 2: the source is missing; also line 4; "
        "line 3: the target is missing; also line 6; pass missing='skip'"
    )
    pairs = read_parallel(source, target, missing="skip")
    assert (pairs.texts, targets_of(pairs)) == (("a", "c"), ["e", "i"])
    assert pairs.ids.tolist() == [0, 4]
    assert pairs.notes == (
        "2 of 6 cases are left out: no source (line 2; line 4)",
        "2 of 6 cases are left out: no target (line 3; line 6)",
    )


def test_an_empty_file_and_one_that_is_missing(tmp_path: Path) -> None:
    source, empty = written(tmp_path, a_en="a\n", a_de="\n")
    with pytest.raises(DataError, match=r"a\.de is empty$"):
        read_parallel(source, empty)
    with pytest.raises(DataError, match=r"no: there is no such file$"):
        read_parallel(source, tmp_path / "no")


def test_one_file_given_twice_is_said() -> None:
    equal = as_pairs(["a", "b", "c", "d", "e", "f", "g", "h", "i", "OK"], [*"abcdefghi", "gut"])
    assert note_copies(equal) == (
        "source and target are equal in 9 of 10 pairs: was one file or column given twice?",
    )
    assert note_copies(as_pairs(["a", "OK"], ["b", "OK"])) == ()


@pytest.mark.parametrize("form", ["csv", "tsv", "csv.gz", "parquet", "feather", "jsonl"])
def test_tables_of_every_form(tmp_path: Path, form: str) -> None:
    path, frame = tmp_path / f"pairs.{form}", pl.DataFrame(TABLE)
    if form == "parquet":
        frame.write_parquet(path)
    elif form == "feather":
        frame.write_ipc(path)
    elif form == "jsonl":
        frame.write_ndjson(path)
    else:
        text = frame.write_csv(separator="\t" if form == "tsv" else ",").encode()
        path.write_bytes(gzip.compress(text) if form.endswith("gz") else text)
    pairs = read_pairs(path)
    assert (list(pairs.texts), targets_of(pairs)) == (TABLE["source"], TABLE["target"])


def test_columns_by_name(tmp_path: Path) -> None:
    [path] = written(tmp_path, a_csv="n,en,de\nx,a,b\ny,c,d\n")
    pairs = read_pairs(path, source="de", target="en", id="n")
    assert (pairs.texts, targets_of(pairs), pairs.ids.tolist()) == (
        ("b", "d"),
        ["a", "c"],
        ["x", "y"],
    )
    with pytest.raises(DataError, match=r"has no column 'source' \(source\); choose one of n, en"):
        read_pairs(path)
    with pytest.raises(DataError, match=r"no column 'dee' \(target\).*did you mean 'de'"):
        read_pairs(path, source="en", target="dee")


def test_columns_by_number_without_a_header(tmp_path: Path) -> None:
    # A lone quotation mark, and one pair of them, are text between tabs.
    [path] = written(tmp_path, a_txt='"Go," he said.\tVa !\n5" tall\t"Haut"\n')
    pairs = read_pairs(path, header=False)
    assert pairs.texts == ('"Go," he said.', '5" tall')
    assert targets_of(pairs) == ["Va !", '"Haut"']
    swapped = read_pairs(path, header=False, source="2", target="1")
    assert swapped.texts == ("Va !", '"Haut"')
    with pytest.raises(DataError, match=r"no column 'source' .* pass header=False$"):
        read_pairs(path)
    with pytest.raises(DataError, match=r"has no column '3' \(target\); choose one of 1, 2$"):
        read_pairs(path, header=False, target="3")


def test_a_csv_without_a_header_keeps_quotation(tmp_path: Path) -> None:
    [path] = written(tmp_path, a_csv='"a, b",c\nd,\n')
    with pytest.raises(DataError, match=r"row 2, column '2': the target is missing; pass missing"):
        read_pairs(path, header=False)
    assert read_pairs(path, header=False, missing="skip").texts == ("a, b",)
    [path] = written(tmp_path, b_csv="a,b\nd,e,f\n")
    with pytest.raises(DataError, match=r"row 2: 3 cells, the first row has 2$"):
        read_pairs(path, header=False)


def test_a_cell_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"source": "a", "target": 3}))
    with pytest.raises(DataError, match=r"line 1, 'target': wanted text, given int$"):
        read_pairs(path)


def test_lists_from_python() -> None:
    pairs = as_pairs(np.array(["a", "b"]), pl.Series(["c", "d"]))
    assert (pairs.texts, targets_of(pairs)) == (("a", "b"), ["c", "d"])


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (["a", "b"], ["c"], "y: wanted a text for each of the 2 of X, given 1"),
        (["a"], None, "y: wanted the text to write for each text of X, given None"),
        ("a b", ["c"], "X: Iterable over raw text documents expected"),
        (["a"], "c", "y: Iterable over raw text documents expected"),
        (["a", "b"], ["c", 5], "X and y, case 1 of y: wanted text, given int"),
        ([b"a"], ["c"], "X and y, case 0 of X: wanted text, given bytes; decode it"),
        (
            ["a", None, "b"],
            ["c", "d", None],
            "X and y, case 1: the source is missing; case 2: the target is missing; "
            "pass missing='skip'",
        ),
        ([], [], "X: Found array with 0 sample"),
    ],
)
def test_lists_that_are_no_pairs(X: Any, y: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        as_pairs(X, y)
    assert str(caught.value).startswith(message)


def test_incomplete_pairs_are_left_out_if_asked() -> None:
    pairs = as_pairs(["a", None, "b", ""], ["c", "d", None, None], missing="skip")
    assert (pairs.texts, targets_of(pairs)) == (("a",), ["c"])
    assert pairs.notes == (
        "2 of 4 cases are left out: no source (case 1; case 3)",
        "1 of 4 cases is left out: no target (case 2)",
    )
    with pytest.raises(DataError, match="no case is left"):
        as_pairs([None], ["c"], missing="skip")
    with pytest.raises(ConfigError, match=r"^missing: "):
        as_pairs(["a"], ["b"], missing="drop")  # type: ignore[arg-type]


def test_new_lines_keep_their_rows(tmp_path: Path) -> None:
    [path] = written(tmp_path, a_txt="a\n\nb\n")
    texts = new(path, table=False)
    assert (texts.texts, texts.labels, texts.ids.tolist()) == (("a", "", "b"), None, [0, 1, 2])
    with pytest.raises(DataError, match="a file of lines has no targets; wanted a table"):
        new(path, table=False, labelled=True)


def test_a_new_table_may_lack_targets(tmp_path: Path) -> None:
    [path, bare] = written(tmp_path, a_csv="source,target\na,b\n,c\nd,\n", b_csv="source\na\n")
    texts = new(path, table=True)
    assert (texts.texts, targets_of(texts)) == (("a", "", "d"), ["b", "c", ""])
    assert new(path, table=True, labelled=False).labels is None
    assert new(bare, table=True).labels is None
    with pytest.raises(DataError, match=r"has no column 'target' \(target\)"):
        new(bare, table=True, labelled=True)


def test_without_a_header_a_tab_makes_a_table(tmp_path: Path) -> None:
    [pairs, lines] = written(tmp_path, a_txt="a\tb\nc\td\n", b_txt="a\nc\n")
    assert targets_of(new(pairs, table=False, header=False)) == ["b", "d"]
    assert new(lines, table=False, header=False).labels is None
