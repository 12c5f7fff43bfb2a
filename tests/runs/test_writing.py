"""Outputs: complete or not written, and never overwritten unless asked."""

import errno
import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest
import torch

from regard import disk
from regard.config import resolve_config
from regard.errors import RunError
from regard.runs import Run, check_output, read_run, replacing, write_run, writing
from regard.runs.writing import publish

RUN = Run(
    config=resolve_config({"data": {"kind": "sine"}}),
    weights={"a.weight": torch.zeros(2, 3)},
    preprocess={},
    metrics={"accuracy": 0.5},
)

Kind = Literal["file", "run", "pictures", "folder"]


def _write(path: Path, *, overwrite: bool = False) -> None:
    with writing(path, overwrite=overwrite) as folder:
        write_run(folder, RUN)


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """One of each that an output path may name."""
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.tex").touch()
    _write(tmp_path / "run")
    return tmp_path


FREE, ALLOWED = "", "exists; choose another name or pass overwrite=True"
IS_FILE, IS_FOLDER = (
    "is a file; choose the name of a folder",
    "is a folder; choose the name of a file",
)


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("file", "new", FREE),
        ("file", "file", ALLOWED),
        ("file", "empty", IS_FOLDER),
        ("file", "run", IS_FOLDER),
        ("run", "new", FREE),
        ("run", "file", IS_FILE),
        ("run", "empty", ALLOWED),
        ("run", "run", ALLOWED),
        ("run", "foreign", "exists and is not a run folder; choose another name"),
        ("folder", "new", FREE),
        ("folder", "file", IS_FILE),
        ("folder", "empty", ALLOWED),
        ("folder", "foreign", ALLOWED),
    ],
)
def test_an_output_is_checked(outputs: Path, kind: Kind, name: str, expected: str) -> None:
    path = outputs / name
    for overwrite in (False, True):
        if expected == FREE or (overwrite and expected == ALLOWED):
            check_output(path, kind, overwrite=overwrite)
        else:
            with pytest.raises(RunError) as caught:
                check_output(path, kind, overwrite=overwrite)
            assert str(caught.value) == f"{path}: {expected}"


def test_the_root_is_never_replaced() -> None:
    with pytest.raises(RunError, match="^/: cannot be replaced; choose another name"):
        check_output(Path("/"), "run", overwrite=True)


def test_the_caller_names_what_lets_it_overwrite(outputs: Path) -> None:
    with pytest.raises(RunError) as caught:
        check_output(outputs / "run", "folder", overwrite=False, fixes=("resume", "overwrite"))
    assert caught.value.fixes == ("resume", "overwrite")


def test_nothing_is_overwritten_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "run"
    _write(path)
    (path / "metrics.json").write_text('{"accuracy": 0.75}')
    with pytest.raises(RunError, match="run: exists; choose another name or pass overwrite=True"):
        _write(path)
    assert read_run(path).metrics == {"accuracy": 0.75}
    _write(path, overwrite=True)
    assert read_run(path).metrics == RUN.metrics
    assert [file.name for file in tmp_path.iterdir()] == ["run"]


def test_a_folder_that_is_no_run_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RunError, match="exists and is not a run folder; choose another name"):
        _write(tmp_path, overwrite=True)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
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


def _write_half(path: Path) -> None:
    path.write_text("half")
    raise RunError("cut")


def test_a_file_is_replaced_only_when_complete(tmp_path: Path) -> None:
    path = tmp_path / "new" / "table.csv"
    with replacing(path, overwrite=False) as beside:
        assert beside.suffix == ".csv"
        beside.write_text("first")
    with pytest.raises(RunError, match="cut"), replacing(path, overwrite=True) as beside:
        _write_half(beside)
    assert path.read_text() == "first"
    assert list(path.parent.iterdir()) == [path]


def test_a_cut_between_two_renames_keeps_one_whole_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, new = tmp_path / "run", tmp_path / "new"
    _write(path)
    _write(new)
    monkeypatch.setattr(disk, "_system_rename", lambda: None)  # which needs but one
    rename = os.rename

    def fails_second(source: Path, target: Path) -> None:
        if source == new:
            raise OSError(errno.EIO, "input/output error")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fails_second)
    with pytest.raises(OSError, match="input/output"):
        publish(new, path, "run", overwrite=True)
    monkeypatch.undo()
    assert read_run(path).metrics == RUN.metrics
    assert read_run(new).metrics == RUN.metrics


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    path, kept = tmp_path / "table.csv", tmp_path / "table-2.csv"

    def write() -> None:
        with replacing(path, overwrite=False) as beside:
            beside.write_text("new")
            path.write_text("mine")

    with pytest.raises(RunError, match=f"csv: exists; what was to be written there is {kept}"):
        write()
    assert (path.read_text(), kept.read_text()) == ("mine", "new")
    assert len(list(tmp_path.iterdir())) == 2


LINK, LONG = "is a link; name what it leads to", "cannot be written: file name too long"


@pytest.mark.parametrize("kind", ["file", "run", "pictures", "folder"])
def test_places_that_cannot_be_written_are_refused_before(tmp_path: Path, kind: Kind) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "nowhere").symlink_to(tmp_path / "none")
    (tmp_path / "link").symlink_to(tmp_path / ("file" if kind == "file" else "folder"))
    os.mkfifo(tmp_path / "pipe")
    deep = "/".join(["a" * 200] * 20)
    wanted = {
        "nowhere": LINK,
        "link": "exists" if kind == "folder" else LINK,
        "pipe": "is neither a file nor a folder",
        "a" * 300: LONG,
        deep: LONG,
        f"{deep}/{'a' * 60}": LONG,
        "file/below": "cannot be written: not a directory",
        "pipe/below": "cannot be written: not a directory",
    }
    if kind == "run":
        wanted["a" * 250] = LONG  # the partial folder has a longer name
    for name, message in wanted.items():
        with pytest.raises(RunError, match=message) as caught:
            check_output(tmp_path / name, kind, overwrite=message != "exists")
        assert "\n" not in str(caught.value)
    check_output(tmp_path / "new" / ("a" * 200), kind, overwrite=False)
    assert len(list(tmp_path.iterdir())) == 5


def test_folders_that_cannot_be_replaced_are_refused_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path / "run")
    monkeypatch.setattr(os.path, "ismount", lambda path: path == tmp_path / "run")
    with pytest.raises(RunError, match="run: is a mount point; choose another name"):
        check_output(tmp_path / "run", "run", overwrite=True)
    with pytest.raises(RunError, match="cannot be replaced; choose another name"):
        check_output(tmp_path / "run" / "..", "run", overwrite=True)

    def refused(*_: object, **__: object) -> str:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(sys.modules["regard.runs.writing"], "mkdtemp", refused)
    with pytest.raises(RunError, match="new: cannot be written: permission denied"):
        check_output(tmp_path / "new", "run", overwrite=False)


@pytest.mark.parametrize("one_step", [True, False])
@pytest.mark.parametrize("overwrite", [False, True])
def test_saves_of_many_threads_are_whole_or_refused(
    tmp_path: Path, overwrite: bool, one_step: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not one_step:
        monkeypatch.setattr(disk, "_system_rename", lambda: None)
    shared = tmp_path / "shared"

    def save(number: int) -> str:
        _write(tmp_path / str(number))
        try:
            _write(shared, overwrite=overwrite)
        except RunError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(save, range(40)))
    refused = f"{shared}: exists; choose another name or pass overwrite=True"
    assert set(said) == ({""} if overwrite else {"", refused})
    assert said.count("") == (40 if overwrite else 1)
    for path in (shared, *(tmp_path / str(number) for number in range(40))):
        assert read_run(path).metrics == RUN.metrics
    assert len(list(tmp_path.iterdir())) == 41


_SAVES = """
    import sys
    from pathlib import Path
    from regard.errors import RunError
    from regard.runs import writing
    path, overwrite, own = Path(sys.argv[1]), sys.argv[2] == "True", sys.argv[3]
    for number in range(100):
        try:
            with writing(path, overwrite=overwrite) as folder:
                for name in ("config.json", "model.safetensors"):
                    (folder / name).write_text(f"{own} {number}")
        except RunError as error:
            if overwrite or f"{path}: exists; " not in str(error):
                raise
        else:
            print(f"{own} {number}")
"""


@pytest.mark.parametrize("overwrite", [False, True])
def test_saves_of_several_processes_are_whole_or_refused(tmp_path: Path, overwrite: bool) -> None:
    path = tmp_path / "shared"
    code = textwrap.dedent(_SAVES)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, path, str(overwrite), own],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for own in ("a", "b", "c")
    ]
    said = [process.communicate() for process in started]
    assert [errors for _, errors in said] == ["", "", ""]
    saved = [line for lines, _ in said for line in lines.splitlines()]
    assert len(saved) == (300 if overwrite else 1)
    first, second = ((path / name).read_text() for name in ("config.json", "model.safetensors"))
    assert first == second
    assert first in saved
    assert [each.name for each in tmp_path.iterdir()] == ["shared"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_read_is_never_overwritten(tmp_path: Path, overwrite: bool) -> None:
    source = tmp_path / "new.csv"
    source.write_text("mine")
    (tmp_path / "link.csv").hardlink_to(source)
    for out in (source, tmp_path / "link.csv"):
        with pytest.raises(RunError, match="csv: is what is read; choose another name$"):
            check_output(out, "file", overwrite=overwrite, sources=(None, tmp_path / "no", source))
    check_output(tmp_path / "other.csv", "file", overwrite=overwrite, sources=(source,))


def test_files_of_a_run_are_not_overwritten_one_by_one(tmp_path: Path) -> None:
    _write(tmp_path / "run")
    with pytest.raises(RunError, match="metrics.json: is a file of a run folder"):
        check_output(tmp_path / "run" / "metrics.json", "file", overwrite=True)
    with pytest.raises(RunError, match="history.csv: is a file of a run folder"):
        check_output(tmp_path / "run" / "history.csv", "file", overwrite=True)
    check_output(tmp_path / "run" / "case3.png", "file", overwrite=True)


def test_a_run_folder_that_holds_more_is_not_overwritten(tmp_path: Path) -> None:
    _write(tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="run: exists and holds more than a run: notes.txt; move it"):
        _write(tmp_path / "run", overwrite=True)
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"
    (tmp_path / "run" / "notes.txt").unlink()
    _write(tmp_path / "run", overwrite=True)


@pytest.mark.parametrize("kind", ["run", "file"])
def test_what_appears_after_the_last_look_is_kept(
    tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["regard.runs.writing"]
    look, made, path = module._check_name, tmp_path / "made", tmp_path / "output"

    def write(place: Path, content: str) -> None:
        if kind == "run":
            place.mkdir()
            place /= "config.json"
        place.write_text(content)

    def look_before_it_appears(*given: object, **how: object) -> None:
        look(*given, **how)
        write(path, "theirs")

    write(made, "ours")
    monkeypatch.setattr(module, "_check_name", look_before_it_appears)
    with pytest.raises(RunError, match="output: exists"):
        publish(made, path, kind, overwrite=False)
    for place, content in ((path, "theirs"), (made, "ours")):
        assert (place / "config.json" if kind == "run" else place).read_text() == content


def test_a_name_that_was_taken_for_a_moment_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_: object) -> None:
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))

    (tmp_path / "made").mkdir()
    monkeypatch.setattr(disk, "_system_rename", lambda: None)
    monkeypatch.setattr(os, "rename", taken)
    with pytest.raises(FileExistsError):
        disk.rename_new(tmp_path / "made", tmp_path / "gone")
