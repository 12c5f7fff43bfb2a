"""A run folder of another is refused in one line, or answers, in bounded time and memory."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from hostile import TASKS, good_folder, small, try_folders, within
from regard import SeriesClassifier, SeriesForecaster
from regard.config import resolve_config
from regard.errors import ConfigError, RunError
from regard.runs import Run, read_run, write_run

COUNT = 30


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.filterwarnings("ignore")
def test_a_changed_folder_is_refused_or_answers(task: str, tmp_path: Path) -> None:
    ask = good_folder(task, tmp_path / "good")
    found = try_folders(tmp_path / "good", ask, count=COUNT)
    assert found["refused"] > COUNT / 2
    assert found["same"] > 0
    assert found["otherwise"] < COUNT / 10


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good") / "run"
    good_folder("classify", folder)
    return folder


@pytest.fixture
def run(good: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(good, tmp_path / "run"))


def _change(file: Path, change: Callable[[Any], Any]) -> None:
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def _refused(run: Path) -> str:
    """The one line with which it is refused, within a second's worth of memory and time."""
    with within(10.0, 2**29), pytest.raises(RunError) as caught:
        SeriesClassifier.load(run)
    assert str(caught.value).isprintable()
    return str(caught.value).removeprefix(f"{run}/")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("hidden", 10**9, "config.json: model.hidden: wanted less than or equal to 65536"),
        ("layers", 10**6, "config.json: model.layers: wanted less than or equal to 1000"),
        ("hidden", 65536, "model.safetensors: the weights are not those of its config.json: "),
        ("layers", 1000, "model.safetensors: the weights are not those of its config.json: "),
        ("heads", 1000, "model.safetensors: the weights are not those of its config.json: "),
        ("attention_dim", 65536, "model.safetensors: the weights are not those of its config"),
    ],
)
def test_absurd_sizes_take_no_memory(run: Path, field: str, value: int, message: str) -> None:
    _change(run / "config.json", lambda content: content["model"].update({field: value}))
    assert _refused(run).startswith(message)


def test_an_absurd_window_is_refused_before_training() -> None:
    with pytest.raises(ConfigError, match="window: wanted less than or equal to 1000000"):
        SeriesForecaster(window=10**9).resolve(0)


def test_a_model_that_is_too_large_is_not_trained() -> None:
    X = torch.zeros(4, 1, 9).numpy() + torch.arange(9).numpy() * [[[1]], [[2]], [[3]], [[4]]]
    large = SeriesClassifier(encoder="lstm", hidden=65536, layers=4, convolutions=False)
    with within(60.0, 2**30), pytest.raises(ConfigError, match="has more than 536,870,912 weights"):
        large.fit(X, [0, 1, 0, 1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda each: each.half(), "is float16 [3, 4], wanted float32 [3, 4]"),
        (lambda each: each.int(), "is int32 [3, 4], wanted float32 [3, 4]"),
        (lambda each: each[:, :2].contiguous(), "is float32 [3, 2], wanted float32 [3, 4]"),
        (lambda each: each * torch.nan, "are not finite: the training diverged, or the file is"),
    ],
)
def test_other_weights_are_refused(run: Path, change: Any, message: str) -> None:
    file = run / "model.safetensors"
    weights = load_file(file)
    name = next(name for name, each in weights.items() if each.ndim == 2)
    rows, columns = weights[name].shape
    weights[name] = change(weights[name])
    save_file(weights, file)
    for wanted in message.replace("3, 4", f"{rows}, {columns}").replace("3, 2", f"{rows}, 2"), name:
        assert wanted in _refused(run)


def test_weights_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    config = resolve_config({"data": {"kind": "sine"}})
    weights = {"a": torch.zeros(2, 3), "b": torch.zeros((), dtype=torch.int64)}
    write_run(tmp_path, Run(config, weights, {}))
    run = read_run(tmp_path)
    assert run.weights.layout == {  # type: ignore[attr-defined]
        "a": ("float32", (2, 3)),
        "b": ("int64", ()),
    }
    (tmp_path / "model.safetensors").write_bytes(b"x")
    with pytest.raises(RunError, match="is truncated or damaged"):
        dict(run.weights)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("config.json", "wanted at most 16,777,216"),
        ("preprocess.json", "wanted at most 536,870,912"),
        ("metrics.json", "wanted at most 67,108,864"),
        ("history.csv", "wanted at most 67,108,864"),
        ("model.safetensors", "wanted at most 2,164,260,864"),
    ],
)
def test_huge_files_are_not_read(run: Path, name: str, message: str) -> None:
    with (run / name).open("wb") as sparse:  # takes no room on the disk
        sparse.truncate(2**40)
    assert _refused(run) == (
        f"{name}: is truncated or damaged: has 1,099,511,627,776 bytes; {message}"
    )


def test_a_folder_that_would_not_be_read_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regard.runs import folder

    X, y = np.arange(36.0).reshape(4, 1, 9), ["a" * 999, "b", "a" * 999, "b"]
    model = small("classify", convolutions=False).fit(X, y)
    monkeypatch.setitem(folder._MOST_BYTES, "preprocess.json", 1000)
    with pytest.raises(RunError, match=r"preprocess.json: has 1,\d{3} bytes, and would not be"):
        model.save(tmp_path / "run")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["config.json", "preprocess.json", "metrics.json", "history.csv"])
def test_pipes_and_devices_are_not_read(run: Path, name: str) -> None:
    for special in ("pipe", "/dev/zero"):
        (run / name).unlink()
        os.mkfifo(run / name) if special == "pipe" else (run / name).symlink_to(special)
        what = "a pipe" if special == "pipe" else "a device or a socket"
        assert _refused(run) == f"{name}: is truncated or damaged: is {what}; wanted a file"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda kept: kept.update(channels=[]), "channels: wanted"),
        (lambda kept: kept.update(channels=3), "channels: wanted list, not 3"),
        (lambda kept: kept["channels"].append("c"), "scaler: wanted mean and std of 3 channels"),
        (lambda kept: kept.update(steps=[9, 10**18]), "steps.1: wanted less than or equal to"),
        (lambda kept: kept.update(steps=[9, 1]), "steps: wanted the fewest and the most"),
        (lambda kept: kept.update(classes=[1, 0]), "the classes are not in ascending order"),
        (lambda kept: kept.update(classes=[[1], [2]]), "classes"),
        (lambda kept: kept.update(positive=2), "positive: there is no class 2"),
        (lambda kept: kept["calibration"].update(temperature=0), "calibration.temperature: wanted"),
        (lambda kept: kept.pop("classes"), "it has no 'classes'"),
    ],
)
def test_what_is_kept_is_checked(run: Path, change: Any, message: str) -> None:
    _change(run / "config.json", lambda content: content["data"].update(scaling="channel"))
    _change(
        run / "preprocess.json",
        lambda kept: kept.update(scaler={"kind": "channel", "mean": [0, 0], "std": [1, 1]}),
    )
    SeriesClassifier.load(run)
    _change(run / "preprocess.json", change)
    assert _refused(run).startswith(f"preprocess.json: is damaged: {message}")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("metrics.json", '{"per_class": [{"class": "a"}]}', "it has no 'per_class.0.recall'"),
        ("metrics.json", '{"notes": 3}', "notes: wanted list, not 3"),
        ("metrics.json", '{"a": ' + "[" * 99 + "]" * 99 + "}", "nests more than 32 deep"),
        ("history.csv", "epoch,loss\n1,2,3\n", "wanted a number in every column"),
        ("history.csv", "epoch,epoch\n1,2\n", "a column is there twice"),
        ("history.csv", "loss\n1\n", "a row has no epoch"),
        ("preprocess.json", '{"a": NaN}', "wanted a finite number, not NaN"),
        ("preprocess.json", '{"a": 1, "a": 2}', 'the key "a" is there twice'),
    ],
)
def test_what_other_files_hold_is_checked(run: Path, name: str, text: str, message: str) -> None:
    (run / name).write_text(text)
    assert _refused(run) == f"{name}: is truncated or damaged: {message}"


def test_a_name_that_no_folder_can_have() -> None:
    with pytest.raises(RunError, match="x: cannot be opened: file name too long$"):
        read_run(Path("x" * 300))
