"""Every command with what cannot be used: one line on standard error, and nothing left behind."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from commands import TINY, Regard
from regard import jobs
from regard.data import sine


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, data of its form, and damaged ones."""
    root = tmp_path_factory.mktemp("inputs")
    jobs.train(TINY, root / "run")
    waves = sine(series=12, steps=41, seed=3)
    assert waves.labels is not None
    rows = [
        ",".join([str(label), *map(str, row.round(4))])
        for label, row in zip(waves.labels, waves.values[:, 0], strict=True)
    ]
    (root / "new.csv").write_text("\n".join(rows) + "\n")
    (root / "empty.csv").write_text("")
    (root / "binary.csv").write_bytes(bytes(range(256)) * 9)
    (root / "words.csv").write_text("0,a,b\n1,c,d\n")
    (root / "short.csv").write_text("\n".join(row[:12].rpartition(",")[0] for row in rows))
    (root / "nothing").mkdir()
    for name, change in (("truncated", _truncate), ("foreign", _rename), ("bare", _strip)):
        shutil.copytree(root / "run", root / name)
        change(root / name)
    (root / "config.json").write_text(json.dumps(TINY))
    return root


def _truncate(run: Path) -> None:
    weights = run / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])


def _rename(run: Path) -> None:
    config = json.loads((run / "config.json").read_text())
    config["model"]["encoder"] = "conv-bigru"
    (run / "config.json").write_text(json.dumps(config))


def _strip(run: Path) -> None:
    (run / "config.json").unlink()


_RUNS = ("none", "new.csv", "nothing", "truncated", "foreign", "bare")
_OF_RUNS: dict[str, Sequence[str]] = {
    "predict": ("new.csv",),
    "explain": ("new.csv",),
    "evaluate": ("new.csv",),
    "audit": (),
    "export": ("--to", "pt2"),
    "serve": ("--port", "0"),
    "show": (),
}


def _kept(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def _fails(regard: Regard, folder: Path, *words: Any) -> str:
    before = _kept(folder)
    message = regard.fails(*words)
    assert message.startswith("error: ")
    assert regard.out == ""
    assert _kept(folder) == before
    return message


@pytest.mark.parametrize("run", _RUNS)
@pytest.mark.parametrize("command", _OF_RUNS)
def test_a_run_that_cannot_be_opened(
    regard: Regard, folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, run: str
) -> None:
    if command == "show" and run == "truncated":
        pytest.skip("show reads no weights")
    if command == "show" and run == "foreign":
        pytest.skip("show builds no model")
    monkeypatch.chdir(folder)
    message = _fails(regard, folder, command, run, *_OF_RUNS[command])
    assert run in message


@pytest.mark.parametrize(
    "source", ["none.csv", "empty.csv", "binary.csv", "words.csv", "short.csv"]
)
@pytest.mark.parametrize("command", ["predict", "explain", "evaluate", "audit"])
def test_cases_that_cannot_be_read(
    regard: Regard, folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, source: str
) -> None:
    monkeypatch.chdir(folder)
    assert source in _fails(regard, folder, command, "run", source)


@pytest.mark.parametrize("source", ["none.csv", "empty.csv", "binary.csv", "nothing", "none.json"])
@pytest.mark.parametrize("command", ["init", "check", "train"])
def test_data_that_cannot_be_learned_from(
    regard: Regard, folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, source: str
) -> None:
    monkeypatch.chdir(folder)
    assert source in _fails(regard, folder, command, source)


@pytest.mark.parametrize(
    "words",
    [
        ("train", "config.json", "--out", "run"),
        ("predict", "run", "new.csv", "--out", "new.csv"),
        ("predict", "run", "new.csv", "--out", "new.csv/table.csv"),
        ("predict", "run", "new.csv", "--out", "table.xlsx"),
        ("explain", "run", "new.csv", "--out", "new.csv/case.png"),
        ("explain", "run", "new.csv", "--all", "--out", "nothing"),
        ("evaluate", "run", "new.csv", "--out", "new.csv"),
        ("export", "run", "--out", "model.bin"),
        ("init", "new.csv", "--out", "config.json"),
        ("mechanisms", "additive", "--out", "picture.bmp"),
    ],
)
def test_outputs_that_cannot_be_written(
    regard: Regard, folder: Path, monkeypatch: pytest.MonkeyPatch, words: Sequence[str]
) -> None:
    monkeypatch.chdir(folder)
    _fails(regard, folder, *words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train", "new.csv"), "--device: wanted auto, cpu or cuda, not 'gpu'"),
        (("predict", "run", "new.csv"), "--device: wanted auto, cpu or cuda, not 'gpu'"),
        (("explain", "run", "new.csv"), "--device: wanted auto, cpu or cuda, not 'gpu'"),
        (("evaluate", "run", "new.csv"), "--device: wanted auto, cpu or cuda, not 'gpu'"),
        (("audit", "run"), "--device: wanted auto, cpu or cuda, not 'gpu'"),
        (("serve", "run", "--port", "0"), "--device: wanted auto, cpu or cuda, not 'gpu'"),
    ],
)
def test_an_unknown_device(
    regard: Regard,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: Sequence[str],
    said: str,
) -> None:
    monkeypatch.chdir(folder)
    assert said in _fails(regard, folder, *words, "--device", "gpu")


def test_the_device_may_be_named(
    regard: Regard, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert regard("predict", "run", "new.csv", "-q") == 0
    table = regard.out
    assert regard("predict", "run", "new.csv", "-q", "--device", "cpu") == 0
    assert regard.out == table
    for words in (
        ("explain", "run", "new.csv", "-o", tmp_path / "case.png"),
        ("evaluate", "run", "new.csv"),
        ("audit", "run", "--cases", "10"),
    ):
        assert regard(*words, "--device", "cpu") == 0


@pytest.mark.parametrize(
    "words",
    [
        ("init", "new.csv", "-o", "{}/new.toml"),
        ("check", "new.csv"),
        ("train", "config.json", "-o", "{}/run"),
        ("evaluate", "run", "new.csv"),
        ("audit", "run", "--cases", "10"),
        ("show", "run"),
        ("list", "."),
        ("mechanisms",),
        ("mechanisms", "additive"),
        ("doctor",),
    ],
)
def test_json_alone_is_printed(
    regard: Regard,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: Sequence[str],
) -> None:
    monkeypatch.chdir(folder)
    assert regard(*(word.format(tmp_path) for word in words), "--json") == 0
    assert json.loads(regard.out)
