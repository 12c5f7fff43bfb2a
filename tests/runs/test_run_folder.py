"""The run folder: what is written is read, and nothing in it is executed."""

import os
import pickle
from pathlib import Path

import pytest
import torch

from regard.config import resolve_config
from regard.errors import RunError
from regard.runs import Run, partial_folder, read_run, write_run, writing

RUN = Run(
    config=resolve_config({"data": {"kind": "sine"}}),
    weights={"a.weight": torch.arange(6.0).reshape(2, 3)},
    preprocess={"classes": ["æ", "b"]},
    metrics={"accuracy": 0.5},
    history=[{"epoch": 1, "loss": 0.25}, {"epoch": 2, "loss": 0.125}],
)


def _write(path: Path) -> None:
    with writing(path, overwrite=False) as folder:
        write_run(folder, RUN)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run"
    _write(path)
    run = read_run(path)
    assert run.config.data == RUN.config.data
    assert set(run.config.versions) >= {"python", "regard", "torch"}
    torch.testing.assert_close(run.weights, RUN.weights)
    assert (run.preprocess, run.metrics) == (RUN.preprocess, RUN.metrics)
    assert run.history == RUN.history
    assert [file.name for file in path.parent.iterdir()] == ["run"]


def test_a_run_that_is_missing_or_not_finished(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="run: no such run folder"):
        read_run(tmp_path / "run")
    partial_folder(tmp_path / "run").mkdir()
    with pytest.raises(RunError, match="run: training is not finished; resume it first"):
        read_run(tmp_path / "run")


def test_a_foreign_folder(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a run folder: it has no config.json"):
        read_run(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "preprocess.json", "model.safetensors"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    _write(tmp_path / "run")
    (tmp_path / "run" / name).unlink()
    with pytest.raises(RunError, match=f"is incomplete: it has no {name}"):
        read_run(tmp_path / "run")


@pytest.mark.parametrize(
    "name", ["config.json", "preprocess.json", "model.safetensors", "metrics.json"]
)
def test_a_truncated_file_is_named(tmp_path: Path, name: str) -> None:
    _write(tmp_path / "run")
    file = tmp_path / "run" / name
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(RunError, match=f"{name}: is truncated or damaged"):
        read_run(tmp_path / "run")


def test_weights_that_begin_like_a_pickle_are_read(tmp_path: Path) -> None:
    # The file begins with the length of its header: this one makes it 0x0280, as pickles begin.
    for length in range(400, 700):
        run = Run(RUN.config, {"n" * length: torch.zeros(1)}, RUN.preprocess)
        with writing(tmp_path / "run", overwrite=True) as folder:
            write_run(folder, run)
        if (tmp_path / "run" / "model.safetensors").read_bytes()[:2] == b"\x80\x02":
            break
    else:
        pytest.fail("no header of this length was made")
    assert list(read_run(tmp_path / "run").weights) == ["n" * length]


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch exploded",)


@pytest.mark.parametrize("torch_format", [False, True])
def test_a_pickle_is_refused_and_not_executed(
    tmp_path: Path, torch_format: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _write(tmp_path / "run")
    weights = tmp_path / "run" / "model.safetensors"
    if torch_format:
        torch.save(_Bomb(), weights)
    else:
        weights.write_bytes(pickle.dumps(_Bomb()))
    with pytest.raises(RunError, match="model.safetensors: is a pickle, which could run code"):
        read_run(tmp_path / "run")
    _write(tmp_path / "other")
    (tmp_path / "other" / "extra.pkl").write_bytes(pickle.dumps(_Bomb()))
    with pytest.raises(RunError, match="holds extra.pkl, which could run code"):
        read_run(tmp_path / "other")
    assert not (tmp_path / "exploded").exists()


def test_a_configuration_of_another_version(tmp_path: Path) -> None:
    _write(tmp_path / "run")
    config = tmp_path / "run" / "config.json"
    config.write_text(config.read_text().replace('"encoder"', '"encodre"'))
    with pytest.raises(RunError, match=r"encodre: unknown key.*run of another version of regard\?"):
        read_run(tmp_path / "run")
