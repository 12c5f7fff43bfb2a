"""What files as people have them are taken for."""

import json
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from regard.config import read_config
from regard.errors import RegardError
from regard.jobs import load_parts, start, write_config

RANDOM = np.random.default_rng(0)
WORDS = [
    "red",
    "blue",
    "green",
    "old",
    "new",
    "large",
    "shoe",
    "coat",
    "hat",
    "rain",
    "sun",
    "home",
]


def _lines(*rows: Any, mark: str = ",") -> str:
    return "\n".join(mark.join(map(str, row)) for row in rows) + "\n"


def _steps(count: int = 12) -> list[str]:
    return [f"{value:.3f}" for value in RANDOM.normal(size=count)]


def _sentence(count: int = 9) -> str:
    return " ".join(RANDOM.choice(WORDS, count))


def _series(n: int = 30) -> list[list[Any]]:
    return [[f"trace {at}", *_steps(), ["calm", "windy"][at % 2]] for at in range(n)]


HEADER = ["id", *[f"s{at}" for at in range(12)], "state"]
MONTHS = [f"{year}-{month:02}" for year in range(2012, 2020) for month in range(1, 13)]


def _tide(n: int) -> list[str]:
    return [f"{value:.3f}" for value in np.sin(np.arange(n) / 2) + RANDOM.normal(size=n) / 9]


TEXTS: dict[str, tuple[Callable[[], str], str, dict[str, Any]]] = {
    "header, id first, label last": (
        lambda: _lines(HEADER, *_series()),
        "classify",
        {"kind": "csv", "id": "id", "label": "state"},
    ),
    "semicolons": (
        lambda: _lines(HEADER, *_series(), mark=";"),
        "classify",
        {"kind": "csv", "id": "id", "label": "state"},
    ),
    "index of a data frame": (
        lambda: _lines(["", *HEADER[1:]], *[[at, *row[1:]] for at, row in enumerate(_series())]),
        "classify",
        {"kind": "csv", "label": "state"},
    ),
    "no header, label first": (
        lambda: _lines(*[[row[-1], *row[1:-1]] for row in _series()]),
        "classify",
        {"kind": "csv", "label": "first"},
    ),
    "no header, label last": (
        lambda: _lines(*[row[1:] for row in _series()]),
        "classify",
        {"kind": "csv", "label": "last"},
    ),
    "no header, classes of numbers first, blanks": (
        lambda: _lines(*[[at % 3, *row[1:-1]] for at, row in enumerate(_series())], mark=" "),
        "classify",
        {"kind": "csv", "label": "first"},
    ),
    "numbers to predict": (
        lambda: _lines(
            ["trace", *HEADER[1:-1], "load"],
            *[[row[0], *row[1:-1], f"{RANDOM.normal():.4f}"] for row in _series()],
        ),
        "regress",
        {"kind": "csv", "id": "trace", "label": "load"},
    ),
    "gaps": (
        lambda: _lines(
            HEADER,
            *[[row[0], row[1] if at % 3 else "", *row[2:]] for at, row in enumerate(_series())],
        ),
        "classify",
        {"kind": "csv", "id": "id", "label": "state", "missing": "interpolate"},
    ),
    "a further column of texts": (
        lambda: _lines(
            [*HEADER[:-1], "site", "state"],
            *[
                [*row[:-1], ["north", "south"][at % 7 > 3], row[-1]]
                for at, row in enumerate(_series())
            ],
        ),
        "classify",
        {"kind": "csv", "id": "id", "label": "state", "ignore": ["site"]},
    ),
    "a class with one case": (
        lambda: _lines(HEADER, *_series(), ["trace x", *_steps(), "storm"]),
        "classify",
        {"kind": "csv", "id": "id", "label": "state"},
    ),
    "texts and a label": (
        lambda: _lines(
            ["nr", "review", "stars"],
            *[[f"r{at}", _sentence(), at % 5 + 1] for at in range(60)],
        ),
        "classify-text",
        {"kind": "table", "text": "review", "label": "stars", "id": "nr"},
    ),
    "the label before the text": (
        lambda: _lines(
            ["topic", "body"], *[[["shop", "sport"][at % 2], _sentence()] for at in range(40)]
        ),
        "classify-text",
        {"kind": "table", "text": "body", "label": "topic"},
    ),
    "one series in time": (
        lambda: _lines(["month", "passengers"], *zip(MONTHS, _tide(96), strict=True)),
        "forecast",
        {"kind": "table", "time": "month", "target": "passengers", "horizon": 9},
    ),
    "several series in time": (
        lambda: _lines(
            ["shop", "month", "sold"],
            *[[shop, *row] for shop in "ab" for row in zip(MONTHS, _tide(96), strict=True)],
        ),
        "forecast",
        {"kind": "table", "time": "month", "id": "shop", "target": "sold", "horizon": 9},
    ),
    "a column for each series": (
        lambda: _lines(
            ["month", "north", "south"],
            *zip(MONTHS, _tide(96), _tide(96), strict=True),
        ),
        "forecast",
        {"kind": "table", "time": "month", "target": ["north", "south"], "horizon": 9},
    ),
    "points for dates": (
        lambda: _lines(
            ["Datum", "Wert"],
            *[
                [f"{at % 28 + 1:02}.{at // 28 + 1:02}.2024", value]
                for at, value in enumerate(_tide(300))
            ],
            mark=";",
        ),
        "forecast",
        {"kind": "table", "time": "Datum", "target": "Wert"},
    ),
    "dates of which nothing says the order": (
        lambda: _lines(
            ["date", "y"],
            *[[f"0{at % 9 + 1}/0{at // 9 % 9 + 1}/{1900 + at // 81}", at % 7] for at in range(80)],
        ),
        "forecast",
        {"kind": "table", "time": "date", "target": "y", "time_format": "%d/%m/%Y"},
    ),
    "a row for each step, with a class": (
        lambda: _lines(
            ["device", "t", "x", "y", "state"],
            *[
                [f"d{case}", step, *_steps(2), ["ok", "worn"][case % 2]]
                for case in range(20)
                for step in range(9)
            ],
        ),
        "classify",
        {"kind": "table", "case": "device", "time": "t", "label": "state"},
    ),
    "pairs by name": (
        lambda: _lines(
            ["source", "target"], *[[_sentence(5), _sentence(5)] for _ in range(30)], mark="\t"
        ),
        "translate",
        {"kind": "table", "source": "source", "target": "target"},
    ),
    "pairs without a header": (
        lambda: _lines(*[[_sentence(7), _sentence(7)] for _ in range(30)], mark="\t"),
        "translate",
        {"kind": "table", "header": False},
    ),
    "short pairs without a header": (
        lambda: (
            "Go.\tVa !\n" + _lines(*[[_sentence(4), _sentence(4)] for _ in range(30)], mark="\t")
        ),
        "translate",
        {"kind": "table", "header": False},
    ),
    "prose with commas": (
        lambda: _lines(
            *[[at % 2, f"{_sentence()}, {'so, ' * (at % 3)}."] for at in range(30)], mark=" "
        ),
        "classify-text",
        {"kind": "lines"},
    ),
    "summaries": (
        lambda: _lines(["article", "summary"], *[[_sentence(60), _sentence(6)] for _ in range(30)]),
        "summarize",
        {"kind": "table", "source": "article", "target": "summary"},
    ),
    "a label and a text a line": (
        lambda: _lines(*[[["HUM", "LOC"][at % 2], _sentence()] for at in range(30)], mark=" "),
        "classify-text",
        {"kind": "lines"},
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_of_text(name: str, tmp_path: Path) -> None:
    make, task, data = TEXTS[name]
    path = tmp_path / "data.csv"
    path.write_text(make(), encoding="utf-8")
    started = start(str(path))
    assert started.config.task == task
    content = dict(started.content["data"])
    assert content.pop("path") == str(path)
    if task == "forecast" and "horizon" not in data:
        assert 1 <= content.pop("horizon") <= 30
    if "time_format" in data:
        content.pop("frequency", None)
        content.pop("missing", None)
    if name == "points for dates":
        content.pop("missing", None)
        content.pop("frequency", None)
    assert content == data


@pytest.mark.parametrize("ending", [".parquet", ".feather", ".jsonl"])
def test_series_in_rows_of_other_tables(ending: str, tmp_path: Path) -> None:
    rows = [
        dict(zip(HEADER, [row[0], *map(float, row[1:-1]), row[-1]], strict=True))
        for row in _series()
    ]
    path = tmp_path / f"data{ending}"
    if ending == ".jsonl":
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    else:
        frame = pl.DataFrame(rows)
        (frame.write_parquet if ending == ".parquet" else frame.write_ipc)(path)
    started = start(str(path))
    assert started.content["task"] == "classify"
    assert started.content["data"] == {
        "kind": "csv",
        "path": str(path),
        "label": "state",
        "id": "id",
    }


def test_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rows = [[row[0], *row[1:-1], ["groß", "klein –"][at % 2]] for at, row in enumerate(_series())]
    path.write_bytes(_lines(HEADER, *rows).encode("cp1252"))
    started = start(str(path))
    assert started.content["data"]["encoding"] == "cp1252"
    assert "classes: 2: groß 15, klein – 15" in started.found


def test_an_archive(tmp_path: Path) -> None:
    X = RANDOM.normal(size=(20, 2, 11))
    np.savez(tmp_path / "series.npz", X=X, y=np.arange(20) % 2)
    np.savez(tmp_path / "numbers.npz", X=X, y=RANDOM.normal(size=20))
    np.savez(tmp_path / "pictures.npz", X=np.ones((20, 9, 9), np.uint8), y=np.arange(20) % 2)
    found = [
        start(str(tmp_path / f"{name}.npz")).config.task
        for name in ("series", "numbers", "pictures")
    ]
    assert found == ["classify", "regress", "classify-image"]


def test_a_ts_file(tmp_path: Path) -> None:
    path = tmp_path / "data.ts"
    cases = "\n".join(f"{','.join(_steps())}:{'ab'[at % 2]}" for at in range(20))
    path.write_text(f"@problemName x\n@classLabel true a b\n@data\n{cases}\n")
    assert start(str(path)).content == {
        "task": "classify",
        "data": {"kind": "ts", "path": str(path)},
    }


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    for at in range(12):
        folder = tmp_path / "pictures" / ["boot", "hat"][at % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RANDOM.integers(0, 255, (9, 7), np.uint8)).save(folder / f"{at}.png")
    started = start(str(tmp_path / "pictures"))
    assert started.config.task == "classify-image"
    assert "classes: 2: boot 6, hat 6" in started.found
    assert "pictures: up to 9 x 7 pixels, grey" in started.found
    with pytest.raises(RegardError, match="a folder for each class"):
        start(str(tmp_path / "pictures" / "hat"))


def _sound(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(RANDOM.integers(-9999, 9999, 4000, np.int16).tobytes())


def test_recordings(tmp_path: Path) -> None:
    rows = []
    for at in range(12):
        label = ["no", "yes"][at % 2]
        _sound(tmp_path / "words" / label / f"{at}.wav")
        rows.append([f"words/{label}/{at}.wav", label])
    started = start(str(tmp_path / "words"))
    assert started.config.task == "classify-sound"
    assert "recordings: 0.50 to 0.50 s, 8000 Hz" in started.found
    (tmp_path / "words.csv").write_text(_lines(["file", "word"], *rows))
    started = start(str(tmp_path / "words.csv"))
    assert started.content["task"] == "classify-sound"
    assert started.content["data"] == {
        "kind": "recordings",
        "path": str(tmp_path / "words.csv"),
        "recording": "file",
        "label": "word",
    }


def test_parallel_files(tmp_path: Path) -> None:
    paths = [tmp_path / "text.en", tmp_path / "text.de"]
    for path in paths:
        path.write_text("\n".join(_sentence() for _ in range(30)), encoding="utf-8")
    started = start(*map(str, paths))
    assert started.config.task == "translate"
    assert started.content["data"]["kind"] == "parallel"


def test_the_task_can_be_said(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rows = [[row[0], *row[1:-1], at % 4] for at, row in enumerate(_series())]
    path.write_text(_lines(HEADER, *rows))
    guessed = start(str(path))
    assert guessed.config.task == "classify"
    assert any("--task regress" in doubt for doubt in guessed.doubts)
    assert start(str(path), task="regress").config.task == "regress"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "is empty"),
        (
            "only prose in one file\nwithout any label\nthat could be learned\n",
            "name the second file",
        ),
        ("a,b\nx,y\nz,w\n", "write a configuration"),
    ],
)
def test_what_cannot_be_guessed_is_one_line(text: str, wanted: str, tmp_path: Path) -> None:
    path = tmp_path / "data.txt"
    path.write_text(text)
    with pytest.raises(RegardError, match=wanted) as caught:
        start(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ending", [".toml", ".yaml", ".json"])
@pytest.mark.parametrize("name", ["gaps", "a column for each series", "texts and a label"])
def test_what_is_written_says_the_same(name: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(TEXTS[name][0](), encoding="utf-8")
    started = start(str(path))
    out = tmp_path / f"config{ending}"
    write_config(started, out)
    assert read_config(out) == started.config
    assert len(load_parts(read_config(out)).train) == len(started.parts.train)
    text = out.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) < 400
    assert ("# cases: " in text) == (ending != ".json")
