from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard.data import kind_of, load
from regard.errors import ConfigError, DataError, RegardError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(kind: str, training: str, test: str, **options: Any) -> str:
    Path("training").write_text(training)
    Path("test").write_text(test)
    with pytest.raises(RegardError) as caught:
        load(kind, path="training", test_path="test", **options)
    return str(caught.value)


def test_every_kind_has_its_reader() -> None:
    Path("a.csv").write_text("up,1,2\n")
    Path("a.ts").write_text("@classLabel true up\n@data\n1,2:up\n")
    Path("table.csv").write_text("case,time,label,x\n0,0,up,1\n0,1,up,2\n")
    np.savez("a.npz", X=[[1, 2]], y=["up"])
    for kind, path in [("csv", "a.csv"), ("ts", "a.ts"), ("table", "table.csv"), ("npz", "a.npz")]:
        training, test = load(kind, path=path, test_path=path)
        assert test is not None
        for cases in (training, test):
            assert cases.values.tolist() == [[[1, 2]]]
            assert cases.labels is not None
            assert cases.labels.tolist() == ["up"]
        assert load(kind, path=path)[1] is None


def test_options_reach_the_reader() -> None:
    Path("a.csv").write_text("1,,3\n")
    cases, _ = load("csv", path="a.csv", label="none", missing="interpolate")
    assert cases.values.tolist() == [[[1, 2, 3]]]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("a.csv", "csv"), ("b/A.TSV", "csv"), ("a.txt", "csv"), ("a.b.ts", "ts"), ("a.npz", "npz")],
)
def test_the_name_of_a_file_says_its_kind(path: str, kind: str) -> None:
    assert kind_of(path) == kind
    assert kind_of(Path(path)) == kind
    assert kind_of("a.parquet") == "table"


def test_a_name_that_says_nothing() -> None:
    with pytest.raises(DataError) as caught:
        kind_of("series.xlsx")
    assert str(caught.value) == (
        "series.xlsx: the kind of file cannot be inferred from its name; wanted a name that "
        "ends in one of .csv, .feather, .jsonl, .ndjson, .npz, .parquet, .ts, .tsv, .txt, or a "
        "kind: csv, npz, table, ts"
    )


def test_unknown_kinds_and_options() -> None:
    with pytest.raises(ConfigError, match=r"^kind: no 'tables'; did you mean 'table'\?$"):
        load("tables", path="a")
    with pytest.raises(
        ConfigError, match=r"^mising: the kind 'csv' has no such option; did you mean 'missing'\?$"
    ):
        load("csv", path="a", mising="refuse")


TABLE = "case,time,label,{}\n7,0,up,1,2\n"


@pytest.mark.parametrize(
    ("kind", "training", "test", "message"),
    [
        (
            "csv",
            "up,1,2\ndown,3,4\n",
            "up,1,2\nleft,3,4\n",
            "test, case 1: label 'left' is not in training, which has down, up",
        ),
        (
            "table",
            TABLE.format("x,y"),
            TABLE.format("x,y").replace("up", "left"),
            "test, case 7: label 'left' is not in training, which has up",
        ),
        (
            "ts",
            "@classLabel true a\n@data\n1,2:3,4:a\n",
            "@classLabel true a\n@data\n1,2:a\n",
            "test has 1 channels, training has 2",
        ),
        (
            "table",
            TABLE.format("x,y"),
            TABLE.format("y,x"),
            "test has the channel 'y' where training has 'x'; "
            "name the channels in the order that both should have (channels=)",
        ),
        (
            "ts",
            "@classLabel true a\n@data\n1,2:a\n",
            "@classLabel false\n@data\n1,2\n",
            "test has no labels, training has classes",
        ),
        (
            "ts",
            "@classLabel false\n@data\n1,2\n",
            "@classLabel true a\n@data\n1,2:a\n",
            "test has classes, training has no labels",
        ),
        (
            "ts",
            "@classLabel true 1\n@data\n1,2:1\n",
            "@targetLabel true\n@data\n1,2:1\n",
            "test has targets, training has classes",
        ),
    ],
)
def test_files_that_do_not_go_together(kind: str, training: str, test: str, message: str) -> None:
    assert refusal(kind, training, test) == message


def test_what_is_allowed_to_differ() -> None:
    Path("a.ts").write_text("@targetLabel true\n@data\n1,2:0.5\n")
    Path("b.ts").write_text("@targetLabel true\n@data\n1,2,3:0.7\n")
    _, test = load("ts", path="a.ts", test_path="b.ts")  # lengths and targets do
    assert test is not None
    assert test.values.shape == (1, 1, 3)
    Path("a.csv").write_text("1,2\n")
    training, test = load("csv", path="a.csv", test_path="a.csv", label="none")
    assert training.labels is None


def test_an_error_names_the_file_it_is_in() -> None:
    assert refusal("csv", "up,1,2\n", "up,1,x\n") == "test, row 1, column 3: 'x' is not a number"
