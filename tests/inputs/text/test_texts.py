import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import scipy.sparse

from regard.errors import ConfigError, DataError
from regard.inputs.text.files import read_lines, read_texts
from regard.inputs.text.texts import Texts, as_texts

FOLDER = Path(os.environ.get("REGARD_DATA", "."))

published = pytest.mark.skipif(
    "REGARD_DATA" not in os.environ,
    reason="REGARD_DATA is unset: it names the folder of the published data sets",
)


def labels_of(texts: Texts) -> list[Any]:
    assert texts.labels is not None
    return list(texts.labels.tolist())


def test_take_keeps_rows_together() -> None:
    texts = as_texts(["a", "b", "c"], [5, 7, 11]).take(np.array([2, 0]))
    assert texts.texts == ("c", "a")
    assert labels_of(texts) == [11, 5]
    assert texts.ids.tolist() == [2, 0]
    assert len(texts) == 2
    assert as_texts(["a", "b"]).take(np.array([1])).labels is None


def test_lengths_must_agree() -> None:
    with pytest.raises(DataError, match=r"^labels: wanted one for each of 2 texts, given 1$"):
        Texts(("a", "b"), np.array(["x"]))


@pytest.mark.parametrize(
    "X",
    [
        ["a b", "c"],
        ("a b", "c"),
        np.array(["a b", "c"]),
        np.array(["a b", "c"], dtype=object),
        pl.Series(["a b", "c"]),
    ],
)
def test_from_python(X: Any) -> None:
    texts = as_texts(X)
    assert texts.texts == ("a b", "c")
    assert all(type(text) is str for text in texts.texts)
    assert texts.labels is None
    assert texts.ids.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("y", "kind"), [(["u", "v"], "U"), ([1, 2], "i"), ([1.0, 2.0], "f"), ([True, False], "b")]
)
def test_classes_are_kept_as_they_are(y: list[Any], kind: str) -> None:
    texts = as_texts(["a", "b"], y)
    assert labels_of(texts) == y
    assert texts.labels is not None
    assert texts.labels.dtype.kind == kind


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (
            "a",
            None,
            "X: Iterable over raw text documents expected, string object received; "
            "for one text write [text]",
        ),
        (
            [],
            None,
            "X: Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required.",
        ),
        ({"a": 1}, None, "X: wanted a list of texts, given dict"),
        (7, None, "X: wanted a list of texts, given int"),
        (["a", 3], None, "X, case 1: wanted text, given int"),
        (["a", ["b"]], None, "X, case 1: wanted text, given list"),
        ([b"a"], None, "X, case 0: wanted text, given bytes; decode it"),
        (["a", None], None, "X, case 1: the text is missing; pass missing='skip'"),
        (["a", float("nan")], None, "X, case 1: the text is missing; pass missing='skip'"),
        (pl.Series(["a", None]), None, "X, case 1: the text is missing; pass missing='skip'"),
        (["a", " \n\t"], None, "X, case 1: the text is missing; pass missing='skip'"),
        (["a", ""], None, "X, case 1: the text is missing; pass missing='skip'"),
        (["a", "b\ud800"], None, "X, case 1: an unpaired surrogate ('\\ud800') at 1"),
        (
            np.array([["a"], ["b"]]),
            None,
            "X has the shape [2, 1]; wanted one text for each case: [cases]",
        ),
        (
            scipy.sparse.csr_matrix([[1]]),
            None,
            "X has the shape [1, 1]; wanted one text for each case: [cases]",
        ),
        (
            pl.DataFrame({"said": ["a"], "by": ["b"]}),
            None,
            "X is a data frame, whose columns are said, by; give the one with the texts, such as "
            "X['text']",
        ),
        (["a", "b"], ["u"], "y has 1 labels, X has 2 cases; wanted one for each"),
        (["a", "b"], ["u", None], "y, case 1: the label is missing; pass missing='skip'"),
        (
            ["a", "b"],
            [1, 1.5],
            "y: Unknown label type: continuous; labels are numbers with fractions "
            "(1.5 of case 1); classify needs classes",
        ),
        (
            ["a", "b"],
            np.array([1, 0.25], dtype=object),
            "y: Unknown label type: continuous; labels are numbers with fractions "
            "(0.25 of case 1); classify needs classes",
        ),
    ],
)
def test_what_is_refused(X: Any, y: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        as_texts(X, y)
    assert str(caught.value) == message


def test_columns_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    X, y = pandas.Series(["a", "b"], index=[7, 11]), pandas.Series(["u", "v"])
    texts = as_texts(X, y)
    assert texts.texts == ("a", "b")
    assert labels_of(texts) == ["u", "v"]
    with pytest.raises(DataError, match=r"^X, case 1: the text is missing; pass missing='skip'$"):
        as_texts(pandas.Series(["a", None]))
    assert as_texts(pandas.DataFrame({"text": ["a"]})).texts == ("a",)


ROWS = [("It works.", "good"), ("It broke,\ntwice", "bad"), ('a "5" mm', "good")]
COMMA = 'text,label\nIt works.,good\n"It broke,\ntwice",bad\n"a ""5"" mm",good\n'


def file_of(kind: str, folder: Path) -> Path:
    path = folder / f"toy.{kind}"
    frame = pl.DataFrame(ROWS, schema=["text", "label"], orient="row")
    if kind == "parquet":
        frame.write_parquet(path)
    elif kind == "jsonl":
        lines = [json.dumps({"text": text, "label": label}) for text, label in ROWS]
        path.write_text("\n\n".join(lines))
    elif kind == "ndjson.gz":
        frame.write_ndjson(folder / "plain")
        path.write_bytes(gzip.compress((folder / "plain").read_bytes()))
    else:
        mark = {"csv": ",", "tsv": "\t"}[kind]
        frame.write_csv(path, separator=mark)
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "jsonl", "ndjson.gz"])
def test_every_kind_of_file(kind: str, tmp_path: Path) -> None:
    path = file_of(kind, tmp_path)
    texts = read_texts(path)
    assert texts.texts == tuple(text for text, _ in ROWS)
    assert labels_of(texts) == ["good", "bad", "good"]
    assert texts.ids.tolist() == [0, 1, 2]
    assert read_texts(path, label=None).labels is None


def reading(content: str | bytes, folder: Path, name: str = "toy.csv", **options: Any) -> Texts:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_texts(path, **options)


def refusal(content: str | bytes, folder: Path, name: str = "toy.csv", **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        reading(content, folder, name, **options)
    return str(caught.value).replace(f"{folder}/", "")


def test_columns_are_named(tmp_path: Path) -> None:
    texts = reading("klass;x;y\n1.0;un;2\n2;deux;3\n", tmp_path, text="x", label="klass")
    assert texts.texts == ("un", "deux")
    assert labels_of(texts) == ["1", "2"]


def test_whole_floats_of_parquet_are_classes(tmp_path: Path) -> None:
    pl.DataFrame({"text": ["a", "b"], "label": [1.0, 2.0]}).write_parquet(tmp_path / "x.parquet")
    assert labels_of(read_texts(tmp_path / "x.parquet")) == ["1", "2"]


def test_labels_of_json_are_written_in_one_way(tmp_path: Path) -> None:
    lines = "".join(
        f'{{"text": "a", "label": {label}}}\n' for label in ("1", "2.0", '"3"', "true", '"x y"')
    )
    assert labels_of(reading(lines, tmp_path, "x.jsonl")) == ["1", "2", "3", "true", "x y"]


def test_a_lone_quotation_mark_is_text(tmp_path: Path) -> None:
    texts = reading('text,label\n5" pipe,tool\n\n"say ""hi"",\nyou",talk\n', tmp_path)
    assert texts.texts == ('5" pipe', 'say "hi",\nyou')
    assert labels_of(texts) == ["tool", "talk"]
    assert "row 4, column 'label': the label is missing" in refusal(
        'text,label\n5" a,b\n\nc,\n', tmp_path
    )
    assert "two columns 'text'" in refusal('text,label,text\n5" a,b,c\n', tmp_path)


def test_other_encodings(tmp_path: Path) -> None:
    content = "text,label\ncafé,a\n"
    for encoding in ("latin-1", "utf-16", "cp1252", "utf-8-sig", "UTF8"):
        texts = reading(content.encode(encoding), tmp_path, encoding=encoding)
        assert texts.texts == ("café",)
    assert reading(content.encode("utf-8-sig"), tmp_path).texts == ("café",)


@pytest.mark.parametrize("encoding", ["latn", "base64", "", "rot13"])
def test_encodings_that_are_none(encoding: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        reading("text,label\na,b\n", tmp_path, encoding=encoding)
    assert str(caught.value) == (
        f"encoding: no {encoding!r}; wanted a name such as 'utf-8', 'latin-1' or 'cp1252'"
    )


MANY = [f"c{at}" for at in range(101)]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (
            COMMA,
            {"text": "txt"},
            "toy.csv has no column 'txt' (text); there are text, label; did you mean 'text'?",
        ),
        (
            COMMA,
            {"label": "klass"},
            "toy.csv has no column 'klass' (label); choose one of text, label",
        ),
        (
            ",".join(MANY) + "\n" + ",".join(MANY),
            {},
            f"toy.csv has no column 'text' (text); choose one of {', '.join(MANY[:20])}, 81 more",
        ),
        (
            f"3,{'It works well. ' * 7}\n3,b\n",
            {},
            "toy.csv has no column 'text' (text); choose one of 3, It works well. It works well. "
            "It work...; the first row must be a header, which names the columns",
        ),
        ("text,label,text\na,b,c\n", {}, "toy.csv has two columns 'text' (text); rename one"),
        ("text,label\n", {}, "toy.csv has a header and no rows"),
        ("", {}, "toy.csv is empty"),
        (
            COMMA + ",good\n",
            {},
            "toy.csv, row 5, column 'text': the text is missing; pass missing='skip'",
        ),
        (
            COMMA + '"  ",good\n',
            {},
            "toy.csv, row 5, column 'text': the text is missing; pass missing='skip'",
        ),
        (
            COMMA + "fine,\n",
            {},
            "toy.csv, row 5, column 'label': the label is missing; pass missing='skip'",
        ),
        (
            COMMA + "fine,  \n",
            {},
            "toy.csv, row 5, column 'label': the label is missing; pass missing='skip'",
        ),
        (
            "text,label\na,1\nb,2.5\n",
            {},
            "toy.csv, row 3, column 'label': labels are numbers with fractions (2.5); "
            "classify needs classes",
        ),
        (
            'text,label\nx,y\n"a,b\nc,d\n',
            {},
            "toy.csv, row 4: 1 cells, the header has 2; is a quotation mark of row 3 not closed?",
        ),
        (
            b"text,label\na,b\ncaf\xe9,c\n",
            {},
            "toy.csv, row 3: byte 0xe9 is not UTF-8 text; pass encoding='latin-1'",
        ),
        (
            b"\xef\xbb\xbftext,label\n\xe9,c\n",
            {},
            "toy.csv, row 2: byte 0xe9 is not UTF-8 text; pass encoding='latin-1'",
        ),
        (
            "text,label\na,b\n".encode("utf-16"),
            {},
            "toy.csv, row 1: byte 0xff is not UTF-8 text; pass encoding='utf-16'",
        ),
        (
            b"text,label\n\x81,b\n",
            {"encoding": "cp1252"},
            "toy.csv, row 2: byte 0x81 is not CP1252 text; pass encoding",
        ),
    ],
)
def test_bad_tables(
    content: str | bytes, options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    assert refusal(content, tmp_path, **options) == message


def test_a_column_of_numbers_is_no_text(tmp_path: Path) -> None:
    pl.DataFrame({"text": [1.5], "label": ["a"]}).write_parquet(tmp_path / "x.parquet")
    with pytest.raises(
        DataError, match=r"x.parquet, row 1, column 'text': wanted text, given float$"
    ):
        read_texts(tmp_path / "x.parquet")


GOOD = '{"text": "a", "label": "b"}\n\n'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "a"', "toy.jsonl, line 3: not JSON: Expecting ',' delimiter"),
        (
            '["a"]',
            'toy.jsonl, line 3: no object; wanted one a line, such as {"text": "It works."}',
        ),
        (
            '{"txt": "a", "label": 1}',
            "toy.jsonl, line 3, 'text': the text is missing; pass missing='skip'",
        ),
        (
            '{"text": "a"}',
            "toy.jsonl, line 3, 'label': the label is missing; pass missing='skip'",
        ),
        (
            '{"text": null, "label": 1}',
            "toy.jsonl, line 3, 'text': the text is missing; pass missing='skip'",
        ),
        (
            '{"text": " ", "label": 1}',
            "toy.jsonl, line 3, 'text': the text is missing; pass missing='skip'",
        ),
        ('{"text": 7, "label": 1}', "toy.jsonl, line 3, 'text': wanted text, given int"),
        (
            '{"text": "\\ud800", "label": 1}',
            "toy.jsonl, line 3, 'text': an unpaired surrogate ('\\ud800') at 0",
        ),
        (
            '{"text": "a", "label": null}',
            "toy.jsonl, line 3, 'label': the label is missing; pass missing='skip'",
        ),
        (
            '{"text": "a", "label": NaN}',
            "toy.jsonl, line 3, 'label': the label is missing; pass missing='skip'",
        ),
        (
            '{"text": "a", "label": ""}',
            "toy.jsonl, line 3, 'label': the label is missing; pass missing='skip'",
        ),
        ('{"text": "a", "label": [1]}', "toy.jsonl, line 3, 'label': a list; wanted a class"),
    ],
)
def test_bad_lines_of_json(line: str, message: str, tmp_path: Path) -> None:
    assert refusal(GOOD + line, tmp_path, "toy.jsonl") == message


def test_a_field_that_no_line_has(tmp_path: Path) -> None:
    lines = '{"txt": "a", "label": 1}\n{"txt": "b", "more": 2}\n'
    assert refusal(lines, tmp_path, "toy.jsonl") == (
        "toy.jsonl has no 'text' (text); there are txt, label, more; did you mean 'txt'?"
    )
    assert refusal(lines, tmp_path, "toy.jsonl", text="txt", label="class") == (
        "toy.jsonl has no 'class' (label); choose one of txt, label, more"
    )


def test_all_problems_of_a_file_are_told(tmp_path: Path) -> None:
    rows = [*["fine,up"] * 2, ",up", "bad,", ",down", "so,down", *[",up"] * 5]
    assert refusal("\n".join(["text,label", *rows]), tmp_path) == (
        "toy.csv, row 4, column 'text': the text is missing; also row 6, column 'text' and row 8, "
        "column 'text' (7 in all); row 5, column 'label': the label is missing; pass missing='skip'"
    )
    lines = '{"text": "a", "label": 1}\n{\n[]\n}\n'
    assert refusal(lines, tmp_path, "toy.jsonl") == (
        "toy.jsonl, line 2: not JSON: Expecting property name enclosed in double quotes; line 3: "
        'no object; wanted one a line, such as {"text": "It works."}; line 4: not JSON: Expecting '
        "value"
    )


def test_rows_without_a_text_or_a_class_are_skipped(tmp_path: Path) -> None:
    rows = ["fine,up", ",up", "bad,", '" ",', "so,down"]
    texts = reading("\n".join(["text,label", *rows]), tmp_path, missing="skip")
    assert texts.texts == ("fine", "so")
    assert labels_of(texts) == ["up", "down"]
    assert texts.ids.tolist() == [0, 4]
    assert texts.notes == (
        "2 of 5 cases are left out: no text (row 3, column 'text'; row 5, column 'text')",
        "1 of 5 cases is left out: no label (row 4, column 'label')",
    )
    assert texts.take(np.array([0])).notes == ()
    assert refusal("text,label\n,up\nbad,\n", tmp_path, missing="skip") == (
        "toy.csv: no case is left; 1 of 2 cases is left out: no text (row 2, column 'text'), 1 of "
        "2 cases is left out: no label (row 3, column 'label')"
    )
    with pytest.raises(ConfigError, match=r"^missing: no 'drop'; choose one of refuse, skip$"):
        reading("text,label\na,b\n", tmp_path, missing="drop")
    (tmp_path / "a.txt").write_text("up fine\ndown\nup so\n")
    assert read_lines(tmp_path / "a.txt", missing="skip").ids.tolist() == [0, 2]


@pytest.mark.parametrize("y", [["u", None, "v", "u"], [1.0, float("nan"), 2.0, 1.0]])
def test_cases_without_a_text_or_a_class_are_skipped(y: list[Any]) -> None:
    texts = as_texts(["a", "b", "", "d"], y, missing="skip")
    assert texts.texts == ("a", "d")
    assert labels_of(texts) == [y[0], y[3]]
    assert texts.notes == (
        "1 of 4 cases is left out: no text (case 2)",
        "1 of 4 cases is left out: no label (case 1)",
    )


def test_several_columns_are_one_text(tmp_path: Path) -> None:
    rows = ["subject,body,class,n", "Late,Where is it?,delivery,1", ",Twice!,billing,2", "Hm,,x,3"]
    options: dict[str, Any] = {"text": ["subject", "body"], "label": "class"}
    texts = reading("\n".join(rows), tmp_path, **options)
    assert texts.texts == ("Late\nWhere is it?", "Twice!", "Hm")
    assert reading("\n".join(rows), tmp_path, **options | {"text": ("body",)}, missing="skip").ids[
        1:
    ].tolist() == [1]
    lines = '{"a": "x", "b": null, "label": 1}\n{"a": "y", "b": "z", "label": 1}\n'
    assert reading(lines, tmp_path, "t.jsonl", text=["b", "a"]).texts == ("x", "z\ny")
    assert refusal("\n".join([*rows, ",,x,4"]), tmp_path, **options) == (
        "toy.csv, row 5, column 'subject, body': the text is missing; pass missing='skip'"
    )
    assert "has no column 'boby' (text)" in refusal(
        "\n".join(rows), tmp_path, text=["subject", "boby"], label="class"
    )
    with pytest.raises(ConfigError, match=r"^text: wanted a column, or a list of columns$"):
        reading("\n".join(rows), tmp_path, text=[], label="class")


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_ids_are_as_in_the_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    frame = pl.DataFrame(
        {"ticket": ["007", "T 8", "ü"], "text": ["a", "b", "c"], "label": [1, 2, 1]}
    )
    writers: dict[str, Any] = {
        "csv": frame.write_csv,
        "parquet": frame.write_parquet,
        "jsonl": frame.write_ndjson,
    }
    writers[kind](path)
    texts = read_texts(path, id="ticket")
    assert texts.ids.tolist() == ["007", "T 8", "ü"]
    assert texts.take(np.array([2, 0])).ids.tolist() == ["ü", "007"]
    with pytest.raises(DataError, match=r"has no (column )?'tickets' \(id\)"):
        read_texts(path, id="tickets")


def test_fractions_and_arrays_of_json(tmp_path: Path) -> None:
    assert refusal('{"text": "a", "label": 0.5}', tmp_path, "toy.jsonl") == (
        "toy.jsonl, line 1, 'label': labels are numbers with fractions (0.5); "
        "classify needs classes"
    )
    assert refusal("[]", tmp_path, "toy.json") == (
        "toy.json: JSON is read as one object a line, from a file named .jsonl or .ndjson"
    )


def test_lines(tmp_path: Path) -> None:
    path = tmp_path / "toy.txt"
    path.write_bytes("1 It  works . \r\n\n0\ttab here\n  DESC:x lead\x85in\n".encode())
    texts = read_lines(path)
    assert texts.texts == ("It  works .", "tab here", "lead\x85in")
    assert labels_of(texts) == ["1", "0", "DESC:x"]
    plain = read_lines(path, label="none")
    assert plain.texts[1] == "0\ttab here"
    assert plain.labels is None
    path.write_bytes("1 café\n".encode("latin-1"))
    assert read_lines(path, encoding="latin-1").texts == ("café",)


def test_bad_lines(tmp_path: Path) -> None:
    path = tmp_path / "toy.txt"
    path.write_text("1 fine\n\n0\n")
    with pytest.raises(DataError) as caught:
        read_lines(path)
    assert str(caught.value) == (f"{path}, line 3: the text is missing; pass missing='skip'")
    path.write_text("1 fine\n0.5 half\n")
    with pytest.raises(DataError, match=r"line 2: labels are numbers with fractions \(0.5\)"):
        read_lines(path)
    with pytest.raises(ConfigError, match=r"^label: no 'last'; choose one of first, none$"):
        read_lines(path, label="last")  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"there is no such file"):
        read_lines(tmp_path / "none.txt")


@published
def test_published_tables() -> None:
    path = FOLDER / "text" / "fashion.csv"
    texts = read_texts(path, text="description", label="category")
    assert len(texts) == 6940
    assert len(set(labels_of(texts))) == 21
    with pytest.raises(DataError, match=r"choose one of description, category$"):
        read_texts(path)
    with pytest.raises(DataError) as caught:
        read_texts(FOLDER / "text" / "agnews" / "agnews.csv")
    assert "agnews.csv has no column 'text' (text); choose one of 3, Fears for T N" in str(
        caught.value
    )
    assert str(caught.value).endswith("; the first row must be a header, which names the columns")


@published
@pytest.mark.parametrize(
    ("name", "encoding", "size", "classes"),
    [
        ("trec/TREC.train.all", "latin-1", 5452, "012345"),
        ("trec/TREC.test.all", "latin-1", 500, "012345"),
        ("sst2/stsa.binary.train", "utf-8", 6920, "01"),
        ("sst2/stsa.binary.dev", "utf-8", 872, "01"),
        ("sst2/stsa.binary.test", "utf-8", 1821, "01"),
    ],
)
def test_published_lines(name: str, encoding: str, size: int, classes: str) -> None:
    texts = read_lines(FOLDER / "text" / name, encoding=encoding)
    assert len(texts) == size
    assert sorted(set(labels_of(texts))) == list(classes)
    assert all(text == text.strip() for text in texts.texts)


@published
def test_published_lines_in_latin_1_say_so() -> None:
    with pytest.raises(DataError, match=r"row 66: byte 0xf0 is not UTF-8 text; pass encoding"):
        read_lines(FOLDER / "text" / "trec" / "TREC.train.all")
