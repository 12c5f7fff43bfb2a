"""Tables with paths: where files are looked for, and what is said where they are not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile
from PIL import Image

from regard.data import read_manifest, read_pictures, read_recordings
from regard.errors import DataError
from sounds import tone

ENDINGS = {"picture": "png", "recording": "wav"}


def _write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".wav":
        soundfile.write(path, tone(500.0), 8000)
    else:
        Image.new("L", (6, 4), 50).save(path, "png")


def _table(folder: Path, *names: str, encoding: str = "utf-8") -> Path:
    path = folder / "t.csv"
    path.write_text("\n".join(["path,label", *(f"{name},x" for name in names)]), encoding=encoding)
    return path


@pytest.fixture(params=["picture", "recording"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ending(kind: str) -> str:
    return ENDINGS[kind]


@pytest.fixture
def read(kind: str) -> Callable[..., Any]:
    return read_pictures if kind == "picture" else read_recordings


def test_missing_files_are_told_in_one_line_with_where_they_were_looked_for(
    read: Callable[..., Any], ending: str, tmp_path: Path
) -> None:
    table = _table(tmp_path, *(f"{n}.{ending}" for n in range(5)))
    with pytest.raises(DataError) as caught:
        read(table)
    assert str(caught.value) == (
        f"{table}, row 2 (0.{ending}): there is no such file relative to the folder of the table; "
        f"also row 3 (1.{ending}) and row 4 (2.{ending}) (5 in all); pass folder"
    )


def test_a_folder_within_that_has_them_is_named(
    read: Callable[..., Any], ending: str, tmp_path: Path
) -> None:
    _write(tmp_path / "photos" / f"0.{ending}")
    table = _table(tmp_path, f"0.{ending}", f"1.{ending}")
    with pytest.raises(DataError) as caught:
        read(table)
    assert f"of the table (photos/0.{ending} is there); also" in str(caught.value)
    assert str(caught.value).endswith(f"; pass folder='{tmp_path / 'photos'}'")
    _write(tmp_path / "photos" / f"1.{ending}")
    found = read(table, folder=tmp_path / "photos")
    assert found.ids.tolist() == [f"0.{ending}", f"1.{ending}"]
    with pytest.raises(DataError, match=r"none: there is no folder|there is no folder .*none"):
        read(table, folder=tmp_path / "none")
    with pytest.raises(DataError, match=f"no such file relative to {tmp_path / 'photos'}; pass "):
        read(_table(tmp_path, f"7.{ending}"), folder=tmp_path / "photos")


def test_a_file_of_another_case_in_a_folder_within_is_named(
    read: Callable[..., Any], ending: str, tmp_path: Path
) -> None:
    _write(tmp_path / "photos" / f"A.{ending}")
    with pytest.raises(DataError, match=rf"of the table \(photos/A.{ending} is there\)$"):
        read(_table(tmp_path, f"a.{ending}"))


@pytest.mark.parametrize(
    ("there", "named"),
    [
        ("in/a.{}", "in/A.{}"),
        ("in/a.{}", "in/a"),
        ("in/a.{}", "in/a.jpeg"),
        ("in/fu\u0308r.{}", "in/f\u00fcr.tiff"),  # an accent of its own, as some disks have it
    ],
    ids=["case", "no suffix", "other suffix", "accent"],
)
def test_what_is_there_instead_is_named(
    there: str, named: str, read: Callable[..., Any], ending: str, tmp_path: Path
) -> None:
    _write(tmp_path / there.format(ending))
    with pytest.raises(DataError) as caught:
        read(_table(tmp_path, named.format(ending)))
    assert f"({there.format(ending)} is there)" in str(caught.value)


def test_a_folder_that_is_not_there_is_named(
    read: Callable[..., Any], ending: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"\(there is no folder photos\)"):
        read(_table(tmp_path, f"photos/new/a.{ending}"))


def test_backslashes_stand_between_folders(
    read: Callable[..., Any], ending: str, tmp_path: Path
) -> None:
    _write(tmp_path / "in" / "deep" / f"a.{ending}")
    found = read(_table(tmp_path, f"in\\deep\\a.{ending}"))
    assert found.ids.tolist() == [f"in\\deep\\a.{ending}"]


def test_a_column_of_long_texts_is_no_column_of_paths(
    read: Callable[..., Any], ending: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="cannot be opened|there is no such file"):
        read(_table(tmp_path, "word " * 200))


def test_what_is_left_out_is_named(read: Callable[..., Any], ending: str, tmp_path: Path) -> None:
    _write(tmp_path / f"a.{ending}")
    names = [f"{name}.{ending}" for name in "abcdef"]
    found = read(_table(tmp_path, *names), missing="skip")
    assert found.ids.tolist() == names[:1]
    assert found.notes == (
        "5 of 6 cases are left out: there is no such file relative to the folder of the table "
        f"(row 3 (b.{ending}); row 4 (c.{ending}); row 5 (d.{ending}); ...)",
    )


def test_tables_have_an_encoding(read: Callable[..., Any], ending: str, tmp_path: Path) -> None:
    _write(tmp_path / f"f\u00fcr.{ending}")
    for encoding in ("cp1252", "utf-16"):
        table = _table(tmp_path, f"f\u00fcr.{ending}", encoding=encoding)
        with pytest.raises(DataError, match=r"is not UTF-8 text; pass encoding='(latin-1|utf-16)'"):
            read(table)
        assert read(table, encoding=encoding).ids.tolist() == [f"f\u00fcr.{ending}"]


def test_json_lines_are_a_table_too(read: Callable[..., Any], ending: str, tmp_path: Path) -> None:
    _write(tmp_path / f"a.{ending}")
    path = tmp_path / "t.jsonl"
    path.write_text(f'{{"path": "a.{ending}", "label": 7}}\n{{"path": "b.{ending}", "label": 8}}')
    with pytest.raises(DataError, match=rf"t.jsonl, line 2 \(b.{ending}\): there is no such file"):
        read(path)
    assert read(path, missing="skip").labels.tolist() == ["7"]


@pytest.mark.parametrize("media", ["a.png", "a.jpg", "a.wav"])
def test_a_picture_or_a_recording_is_no_table(
    media: str, read: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / media
    if path.suffix == ".wav":
        _write(path)
    else:
        Image.new("L", (6, 4), 50).save(path)
    table = path.rename(tmp_path / "t.csv")
    with pytest.raises(DataError, match=r"t.csv is a \w+ (picture|recording); wanted a file of"):
        read(table)


def test_parts_of_a_manifest_have_a_folder_and_backslashes(tmp_path: Path) -> None:
    _write(tmp_path / "wav" / "in" / "a.wav")
    path = tmp_path / "m.jsonl"
    part = '{"path": "in\\\\a.wav", "word": "a", "start": 0, "end": 0.1}'
    path.write_text(f'{{"text": "a", "parts": [{part}]}}\n')
    assert len(read_manifest(path, folder=tmp_path / "wav")) == 1
    with pytest.raises(DataError, match=r"part 1 \(in.*\): there is no such file relative to the"):
        read_manifest(path)
