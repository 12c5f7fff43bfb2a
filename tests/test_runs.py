"""The run folder: whole or not at all, and opened without executing anything."""

import errno
import os
import pickle
from pathlib import Path

import pytest
import torch

from regard.config import resolve_config
from regard.errors import RunError
from regard.runs import Run, check_free, partial_folder, publish, read_run, write_run, writing

RUN = Run(
    config=resolve_config({"data": {"kind": "sine"}}),
    weights={"a.weight": torch.arange(6.0).reshape(2, 3)},
    preprocess={"classes": ["æ", "b"]},
    metrics={"accuracy": 0.5},
    history=[{"epoch": 1, "loss": 0.25}, {"epoch": 2, "loss": 0.125}],
)


def _write(path: Path, *, overwrite: bool = False) -> None:
    with writing(path, overwrite=overwrite) as folder:
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


def test_nothing_is_overwritten_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "run"
    _write(path)
    (path / "metrics.json").write_text('{"accuracy": 0.75}')
    with pytest.raises(RunError, match="run: exists; choose another name or say --overwrite"):
        _write(path)
    assert read_run(path).metrics == {"accuracy": 0.75}
    _write(path, overwrite=True)
    assert read_run(path).metrics == RUN.metrics
    assert [file.name for file in tmp_path.iterdir()] == ["run"]


def test_a_folder_that_is_no_run_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RunError, match="is not a run folder, and will not be overwritten"):
        _write(tmp_path, overwrite=True)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
    with pytest.raises(RunError, match="not a folder that can be written"):
        check_free(Path("/"), overwrite=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    _write(empty, overwrite=True)
    assert read_run(empty).metrics == RUN.metrics


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run"
    _write(path)

    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RunError, match="run: cannot be written: no space left on device"):
        _write(path, overwrite=True)
    monkeypatch.undo()
    assert [file.name for file in tmp_path.iterdir()] == ["run"]
    assert read_run(path).metrics == RUN.metrics


def test_a_run_that_is_not_there_or_not_finished(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="run: no such run folder"):
        read_run(tmp_path / "run")
    partial_folder(tmp_path / "run").mkdir()
    with pytest.raises(RunError, match="training has not ended; go on with --resume"):
        read_run(tmp_path / "run")


def test_a_foreign_folder(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a run folder: it has no config.json"):
        read_run(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "preprocess.json", "model.safetensors"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    _write(tmp_path / "run")
    (tmp_path / "run" / name).unlink()
    with pytest.raises(RunError, match=f"is truncated: it has no {name}"):
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


def test_a_cut_between_the_two_renames_keeps_one_whole_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, new = tmp_path / "run", tmp_path / "new"
    _write(path)
    _write(new)
    rename = os.rename

    def fails_second(source: Path, target: Path) -> None:
        if source == new:
            raise OSError(errno.EIO, "input/output error")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fails_second)
    with pytest.raises(OSError, match="input/output"):
        publish(new, path)
    monkeypatch.undo()
    assert read_run(path).metrics == RUN.metrics
