"""The partial folder: locked, resumed only by the same training, renamed when complete."""

import errno
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from damages import instead
from regard import disk
from regard.errors import DataError, RunError
from regard.runs import digest, first_difference, interrupted, partial_folder, unfinished_run

MADE_FROM = {"config": {"seed": 0, "model": {"layers": 1}}, "data": "abc"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run"


def _train_until(error: type[BaseException], path: Path) -> None:
    with unfinished_run(path, MADE_FROM, resume=False, overwrite=True) as run:
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
    with unfinished_run(path, MADE_FROM, resume=False, overwrite=True) as run:
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
    ("now", "said"),
    [
        (
            {**MADE_FROM, "config": {"seed": 0, "model": {"layers": 2}}},
            "training was started with another model.layers, 1 and not 2",
        ),
        ({**MADE_FROM, "data": "abd"}, "the data have changed since training was started"),
        (
            {**MADE_FROM, "versions": {"torch": "3"}},
            "training was started with another versions",
        ),
    ],
)
def test_another_training_does_not_resume_it(path: Path, now: Any, said: str) -> None:
    _interrupt(path, KeyboardInterrupt)
    message = f"run: {said}; choose another name or pass over"
    with pytest.raises(RunError, match=message), unfinished_run(path, now, resume=True):
        pytest.fail("resumed")
    with unfinished_run(path, MADE_FROM, resume=True) as run:
        assert run.checkpoint.read_text() == "epoch 3"


@pytest.mark.parametrize("resume", [False, True])
def test_two_trainings_do_not_write_one_run(path: Path, resume: bool) -> None:
    with unfinished_run(path, MADE_FROM, resume=False) as run:
        run.checkpoint.touch()
        with (
            pytest.raises(RunError, match="^.*run: another training writes there; wait for it"),
            unfinished_run(path, MADE_FROM, resume=resume),
        ):
            pytest.fail("not locked")
        assert run.checkpoint.exists()


def test_a_lock_does_not_outlive_its_training(path: Path) -> None:
    _interrupt(path, KeyboardInterrupt)
    assert [each.name for each in path.parent.iterdir()] == [".run.partial"]
    with unfinished_run(path, MADE_FROM, resume=True):
        assert (path.parent / ".run.lock").exists()
    assert [each.name for each in path.parent.iterdir()] == ["run"]


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
    assert not (partial_folder(path) / "training.json").exists()
    assert not interrupted(path)


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


def _finish(
    path: Path,
    *,
    resume: bool = False,
    overwrite: bool = False,
    meanwhile: Callable[[], object] = lambda: None,
) -> bool:
    """Train and write the run folder; whether that had happened before."""
    with unfinished_run(path, MADE_FROM, resume=resume, overwrite=overwrite) as run:
        if not run.whole:
            run.checkpoint.write_text("epoch 3")
            meanwhile()
            (run.folder / "config.json").write_text("new")
    return run.whole


def _files(folder: Path) -> dict[str, str]:
    found = (each for each in folder.rglob("*") if each.is_file())
    return {each.relative_to(folder).as_posix(): each.read_text() for each in found}


@pytest.mark.parametrize("one_step", [True, False])
@pytest.mark.parametrize("name", ["precious.txt", "config.json", ""])
def test_what_appears_while_training_runs_is_kept(
    path: Path, name: str, one_step: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not one_step:
        monkeypatch.setattr(disk, "_system_rename", lambda: None)
    kept = path.parent / "run-3"
    (path.parent / "run-2").write_text("mine too")

    def appears() -> None:
        path.mkdir()
        if name:
            (path / name).write_text("mine")

    with pytest.raises(RunError, match=f"run: exists.*; the run that is finished is {kept}"):
        _finish(path, meanwhile=appears)
    mine = {f"run/{name}": "mine"} if name else {}
    assert _files(path.parent) == {**mine, "run-2": "mine too", "run-3/config.json": "new"}
    assert path.is_dir()


def test_overwriting_replaces_a_run_and_nothing_of_others(path: Path) -> None:
    others = {".run.old": "mine", ".run.partial-2": "mine", ".run.new": "mine"}
    for name, text in others.items():
        (path.parent / name).write_text(text)
    for _ in range(2):
        assert not _finish(path, overwrite=True)
    assert _files(path.parent) == {**others, "run/config.json": "new"}


def test_what_is_a_run_no_more_is_not_overwritten(path: Path) -> None:
    def changes() -> None:
        (path / "config.json").rename(path / "thesis.tex")

    assert not _finish(path)
    with pytest.raises(RunError, match="run: exists and is not a run folder; .* is .*run-2"):
        _finish(path, overwrite=True, meanwhile=changes)
    assert (path / "thesis.tex").read_text() == "new"


def test_a_run_that_cannot_be_put_in_place_is_kept_and_put_there_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = disk.rename_new

    def fails(source: Path, target: Path) -> None:
        if target == path:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        rename(source, target)

    monkeypatch.setattr(sys.modules["regard.runs.writing"], "rename_new", fails)
    where = partial_folder(path) / "run"
    message = f"cannot be written: device or resource busy; the run that is finished is {where}; "
    with pytest.raises(RunError, match=message + "pass resume=True to continue"):
        _finish(path)
    assert _files(where) == {"config.json": "new"}
    monkeypatch.undo()
    assert _finish(path, resume=True)
    assert _files(path.parent) == {"run/config.json": "new"}


def test_a_finished_run_that_was_changed_is_not_put_in_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["regard.runs.unfinished"], "publish", fails)
    with pytest.raises(KeyboardInterrupt):
        _finish(path)
    monkeypatch.undo()
    (partial_folder(path) / "run" / "config.json").write_text("changed")
    with pytest.raises(RunError, match="partial/run: is damaged since it was written"):
        _finish(path, resume=True)
    assert not _finish(path, overwrite=True)


def _nested(file: Path) -> None:
    file.write_text("[" * 100_000)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_text(""),
    "truncated": lambda file: file.write_text(file.read_text()[:-9]),
    "junk": lambda file: file.write_bytes(b"\xff\x00junk"),
    "nested": _nested,
    "other": lambda file: file.write_text('{"overwrite": 1, "whole": "", "made_from": {}}'),
    "missing": Path.unlink,
    "folder": instead(Path.mkdir),
    "link": instead(lambda file: file.symlink_to("/dev/zero")),
    "pipe": instead(os.mkfifo),
    "huge": lambda file: os.truncate(file, 2**40),  # takes no room on the disk
}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_a_damaged_state_is_one_line_and_overwriting_gets_out(path: Path, damage: str) -> None:
    _interrupt(path, KeyboardInterrupt)
    DAMAGES[damage](partial_folder(path) / "training.json")
    with pytest.raises(RunError, match="training.json: is damaged: .*overwrite=True") as caught:
        _finish(path, resume=True)
    assert "\n" not in str(caught.value)
    assert not _finish(path, overwrite=True)
    assert _files(path.parent) == {"run/config.json": "new"}


@pytest.mark.parametrize("name", [".run.partial", ".run.lock", ".run.partial/resume"])
@pytest.mark.parametrize("what", ["file", "link", "folder"])
def test_what_stands_in_the_way_is_one_line_and_kept(path: Path, name: str, what: str) -> None:
    place, elsewhere = path.parent / name, path.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.txt").write_text("mine")
    if name.endswith("resume"):
        _interrupt(path, KeyboardInterrupt)
        shutil.rmtree(place)
    if what == "folder":
        shutil.copytree(elsewhere, place)
    elif what == "link":
        place.symlink_to(elsewhere)
    else:
        place.write_text("mine")
    goes = [(".run.lock", "file"), (".run.partial", "folder"), (".run.partial/resume", "folder")]
    if (name, what) not in goes:
        with pytest.raises(RunError, match="choose another name or pass overwrite=True$"):
            _finish(path, resume=True)
    assert not _finish(path, overwrite=True)
    found = _files(path.parent)
    assert found["run/config.json"] == "new"
    assert found["elsewhere/mine.txt"] == "mine"
    if what != "link" and not name.endswith("resume"):
        assert list(found.values()).count("mine") == 2


def test_a_run_that_is_newer_than_the_interrupted_training_is_kept(path: Path) -> None:
    def cut() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _finish(path, meanwhile=cut)
    path.mkdir()
    (path / "config.json").write_text("mine")
    with pytest.raises(RunError, match="run: is newer than the training to resume; move it away"):
        _finish(path, resume=True)
    assert _files(path) == {"config.json": "mine"}
    path.rename(path.parent / "moved")
    assert not _finish(path, resume=True)
