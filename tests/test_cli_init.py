"""From a file of data to a run in one command: init, check, train."""

import json
from pathlib import Path

import numpy as np
import pytest

from commands import TINY, Regard
from regard.runs import read_run

QUICK = ("--set", "training.epochs=1", "--set", "training.updates_per_epoch=1")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    values = np.random.default_rng(0).normal(size=(30, 11)).round(3)
    rows = [["id", *[f"s{at}" for at in range(11)], "state"]]
    rows += [[f"trace {n}", *map(str, row), "ab"[n % 2]] for n, row in enumerate(values.tolist())]
    path = tmp_path / "flights.csv"
    path.write_text("\n".join(";".join(row) for row in rows) + "\n")
    return path


def test_init_writes_a_configuration_that_trains(regard: Regard, data: Path) -> None:
    assert regard("init", "flights.csv") == 0
    assert "regard train flights.toml" in regard.out
    assert "classes: 2: a 15, b 15" in regard.err
    assert regard("train", "flights.toml", *QUICK) == 0
    config = read_run(Path("runs/flights")).config
    assert (config.data.id, config.data.label) == ("id", "state")


def test_a_configuration_is_not_overwritten_unasked(regard: Regard, data: Path) -> None:
    Path("flights.toml").write_text("mine")
    assert regard.fails("init", data.name).endswith(
        "exists; choose another name or use --overwrite"
    )
    assert Path("flights.toml").read_text() == "mine"


def test_train_takes_data_at_once(regard: Regard, data: Path) -> None:
    assert regard("train", "flights.csv", *QUICK) == 0
    assert Path("runs/flights/report.html").exists()
    config = read_run(Path("runs/flights")).config
    assert config.data.path == "flights.csv"
    assert config.training.epochs == 1


def test_options_of_data_are_not_for_configurations(regard: Regard, data: Path) -> None:
    Path("c.json").write_text(json.dumps(TINY))
    message = regard.fails("train", "c.json", "--task", "regress")
    assert message == "error: --task: is for data; c.json is a configuration"


def test_check_trains_and_writes_nothing(regard: Regard, data: Path) -> None:
    before = sorted(data.parent.rglob("*"))
    assert regard("check", "flights.csv", *QUICK) == 0
    assert sorted(data.parent.rglob("*")) == before
    assert "parameters: " in regard.out
    assert "training: at most 1 updates, about " in regard.out
    assert regard("check", "flights.csv", *QUICK, "--json") == 0
    found = json.loads(regard.out)
    assert found["config"]["training"]["epochs"] == 1
    assert found["updates"] == 1
    assert found["seconds"] > 0


def test_check_takes_windows_of_series(regard: Regard, tmp_path: Path) -> None:
    rows = [f"{2000 + at // 12}-{at % 12 + 1:02},{np.sin(at):.3f}" for at in range(120)]
    path = tmp_path / "tide.csv"
    path.write_text("\n".join(["month,level", *rows]))
    assert regard("check", path, *QUICK) == 0
    assert "a step is 1 month; to forecast: level" in regard.out


def test_check_takes_batches_by_tokens(regard: Regard, tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    config = {"task": "translate", "data": {"kind": "dates", "cases": 60, "longer": 0}}
    path.write_text(json.dumps(config))
    assert regard("check", path, *QUICK, "--set", "training.batch_tokens=500") == 0
    assert "parameters: " in regard.out


def test_check_refuses_what_training_would(regard: Regard, data: Path) -> None:
    assert regard("check", data, "--set", "model.encoder=resnet") == 2
    assert 'model.encoder: "resnet" is not one of' in regard.err
    assert "there is no such file" in regard.fails("check", data.with_name("none.csv"))
