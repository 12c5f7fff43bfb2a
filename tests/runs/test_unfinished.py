"""The partial folder: locked, resumed only by the same training, renamed when complete."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from regard.errors import DataError, RunError
from regard.runs import digest, first_difference, partial_folder, unfinished_run

MADE_FROM = {"config": {"seed": 0, "model": {"layers": 1}}, "data": "abc"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run"


def _train_until(error: type[BaseException], path: Path) -> None:
    with unfinished_run(path, MADE_FROM, resume=False) as run:
        run.checkpoint.write_text("epoch 3")
        raise error("cut")


def _interrupt(path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error, match="cut"):
        _train_until(error, path)


def test_a_complete_run_gets_its_name_and_keeps_no_checkpoint(path: Path) -> None:
    with unfinished_run(path, MADE_FROM, resume=False) as run:
        run.checkpoint.touch()
        (run.folder / "config.json").touch()
        assert not path.exists()
    assert [file.name for file in path.rglob("*")] == ["config.json"]
    assert not partial_folder(path).exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interrupted_training_is_resumed_or_started_again(
    path: Path, error: type[BaseException]
) -> None:
    _interrupt(path, error)
    assert not path.exists()
    with unfinished_run(path, MADE_FROM, resume=True) as run:
        assert run.checkpoint.read_text() == "epoch 3"
    _interrupt(path, error)
    with unfinished_run(path, MADE_FROM, resume=False) as run:
        assert not run.checkpoint.exists()


def test_a_training_that_fails_leaves_nothing(path: Path) -> None:
    _interrupt(path, DataError)
    assert list(path.parent.iterdir()) == []


def test_a_full_disk_before_the_first_checkpoint_leaves_nothing(path: Path) -> None:
    with pytest.raises(OSError, match="full"), unfinished_run(path, MADE_FROM, resume=False):
        raise OSError("full")
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("error", [RuntimeError, ValueError, MemoryError])
def test_what_is_left_of_a_training_is_named_in_its_error(
    path: Path, error: type[Exception]
) -> None:
    with pytest.raises(error), unfinished_run(path, MADE_FROM, resume=False):
        raise error("before the first checkpoint")
    assert list(path.parent.iterdir()) == []
    with pytest.raises(error) as raised:
        _train_until(error, path)
    assert raised.value.__notes__ == [f"{partial_folder(path)} keeps the training, to resume"]
    with unfinished_run(path, MADE_FROM, resume=True) as run:
        assert run.checkpoint.read_text() == "epoch 3"


def _fill_the_disk(path: Path) -> None:
    with unfinished_run(path, MADE_FROM, resume=False) as run:
        run.checkpoint.touch()
        raise OSError(28, "No space left on device")


def test_a_full_disk_names_what_can_be_resumed(path: Path) -> None:
    message = r"run: cannot be written: no space left on device; .*partial keeps .* resume=True"
    with pytest.raises(RunError, match=message):
        _fill_the_disk(path)
    assert partial_folder(path).exists()


@pytest.mark.parametrize(
    ("now", "field"),
    [
        ({**MADE_FROM, "config": {"seed": 0, "model": {"layers": 2}}}, "model.layers, 1 and not 2"),
        ({**MADE_FROM, "data": "abd"}, "data"),
        ({**MADE_FROM, "versions": {"torch": "3"}}, "versions"),
    ],
)
def test_another_training_does_not_resume_it(path: Path, now: Any, field: str) -> None:
    _interrupt(path, KeyboardInterrupt)
    message = f"run: training was started with another {field}; choose another name or pass over"
    with pytest.raises(RunError, match=message), unfinished_run(path, now, resume=True):
        pytest.fail("resumed")
    with unfinished_run(path, MADE_FROM, resume=True) as run:
        assert run.checkpoint.read_text() == "epoch 3"


@pytest.mark.parametrize("resume", [False, True])
def test_two_trainings_do_not_write_one_run(path: Path, resume: bool) -> None:
    with unfinished_run(path, MADE_FROM, resume=False) as run:
        run.checkpoint.touch()
        with (
            pytest.raises(RunError, match="^.*run: the run folder is locked by another training$"),
            unfinished_run(path, MADE_FROM, resume=resume),
        ):
            pytest.fail("not locked")
        assert run.checkpoint.exists()


def test_a_lock_does_not_outlive_its_training(path: Path) -> None:
    _interrupt(path, KeyboardInterrupt)
    assert (partial_folder(path) / "resume" / "lock").exists()
    with unfinished_run(path, MADE_FROM, resume=True):
        pass


@dataclass
class _Data:
    values: NDArray[Any]
    names: tuple[str, ...] = ("a",)


def test_the_digest_sees_every_value() -> None:
    values = np.arange(6.0)
    same = digest((_Data(values), None))
    assert digest((_Data(values.copy()), None)) == same
    others = [
        _Data(values.reshape(2, 3)),
        _Data(values.astype(np.float32)),
        _Data(np.append(values[:-1], 7.0)),
        _Data(values, ("b",)),
        _Data(values.astype(object)),
    ]
    assert len({same, *(digest((other, None)) for other in others)}) == 6


def test_the_first_difference_is_named() -> None:
    before = {"a": {"b": 1, "c": [1]}, "d": None}
    assert first_difference(before, before) == ""
    assert first_difference(before, {"a": {"b": 1, "c": [2]}, "d": 0}) == "a.c"
    assert first_difference(before, {"a": 1}) == "a"
    assert first_difference(before, {**before, "e": 1}) == "e"


def test_made_from_is_written_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise OSError("cut")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="cut"), unfinished_run(path, MADE_FROM, resume=False):
        pass
    assert not (partial_folder(path) / "resume" / "made_from.json").exists()


def test_the_digest_sees_into_long_lists_and_tables() -> None:
    values = np.arange(2003.0)  # so long that its repr leaves out the middle
    changed = values.copy()
    changed[1000] += 1
    for wrap in (
        lambda x: [x],
        lambda x: {"x": x},
        lambda x: ({"x": [x]},),
        lambda x: x.astype(object),
    ):
        assert digest(wrap(values)) == digest(wrap(values.copy()))
        assert digest(wrap(values)) != digest(wrap(changed))
