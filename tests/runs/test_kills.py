"""A process that is killed at any moment leaves what was there, or what is whole."""

from collections.abc import Callable
from pathlib import Path

import pytest

from killing import Ended, killed
from regard import disk
from regard.errors import RunError
from regard.runs import clear, interrupted, partial_folder, replacing, unfinished_run, writing

MADE_FROM = {"config": {"seed": 0}}


def _train(path: Path, *, resume: bool = False, overwrite: bool = False) -> None:
    with unfinished_run(path, MADE_FROM, resume=resume, overwrite=overwrite) as run:
        if run.whole:
            return
        seen = run.checkpoint.exists()
        run.checkpoint.write_text("learned")
        (run.folder / "config.json").write_text("new")
        (run.folder / "resumed").write_text(str(seen))


def _said(path: Path) -> str | None:
    file = path / "config.json"
    return file.read_text() if file.exists() else None


def _every_kill(
    folder: Path,
    work: Callable[[Path], object],
    check: Callable[[Path], None],
    *,
    old: bool,
) -> int:
    """Kill before every look at the folder, and check what is left; the number of kills.

    Parameters:
        folder: in which each kill has its own.
        work: writes to it.
        check: what is left.
        old: whether there is a run to be replaced, and a table.
    """
    kills = 0
    while True:
        own = folder / str(kills)
        own.mkdir()
        if old:
            (own / "run").mkdir()
            (own / "run" / "config.json").write_text("old")
            (own / "table.csv").write_text("old")
        ended = killed(lambda own=own: work(own), own, look=kills + 1)  # type: ignore[misc]
        check(own)
        if ended.code == 0:
            return kills
        assert ended == Ended(-9, 0, ended.seconds)
        kills += 1


@pytest.mark.parametrize("exchanging", [True, False])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_training_killed_at_any_moment_is_resumed(
    tmp_path: Path, overwrite: bool, exchanging: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchanging:  # as on systems that cannot
        monkeypatch.setattr(disk, "_system_rename", lambda: None)
    learned = 0

    def work(own: Path) -> None:
        _train(own / "run", overwrite=overwrite)

    def check(own: Path) -> None:
        nonlocal learned
        path = own / "run"
        before = _said(path)
        if overwrite and not path.exists() and exchanging:
            pytest.fail("nothing has the name")
        has_learned = (partial_folder(path) / "resume" / "last.ckpt").exists()
        if interrupted(path):
            _train(path, resume=True)
        elif before != "new":
            _train(path, overwrite=True)
        assert _said(path) == "new"
        if has_learned and before != "new":
            learned += (path / "resumed").read_text() == "True"
        clear(path)
        left = {each.name for each in own.iterdir()}
        assert left - {"table.csv"} == {"run"}

    assert _every_kill(tmp_path, work, check, old=overwrite) > 20
    assert learned > 0


def test_what_was_saved_before_outlives_a_kill(tmp_path: Path) -> None:
    def work(own: Path) -> None:
        with writing(own / "run", overwrite=True) as folder:
            (folder / "config.json").write_text("new")
        with replacing(own / "table.csv", overwrite=True) as file:
            file.write_text("new")

    def check(own: Path) -> None:
        found = (own / "run" / "config.json").read_text(), (own / "table.csv").read_text()
        assert found in [("old", "old"), ("new", "old"), ("new", "new")]

    assert _every_kill(tmp_path, work, check, old=True) > 20


def test_a_kill_releases_the_lock(tmp_path: Path) -> None:
    path, marks = tmp_path / "run", tmp_path / "marks"

    def refused() -> None:
        with pytest.raises(RunError, match="another training writes there"):
            _train(path, resume=True)

    def work() -> None:
        with unfinished_run(path, MADE_FROM, resume=False):
            assert killed(refused, marks).code == 0
            marks.touch()  # the first look

    assert killed(work, marks, look=1).code == -9
    assert (tmp_path / ".run.lock").exists()
    _train(path, resume=True)
    assert _said(path) == "new"
    assert [each.name for each in tmp_path.iterdir()] == ["run"]
