"""What a file is, told from its bytes, and its encoding."""

import gzip
import io
import os
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.data import (
    read_charts,
    read_csv,
    read_idx,
    read_json_pieces,
    read_lines,
    read_manifest,
    read_npz,
    read_panel,
    read_pictures,
    read_recordings,
    read_scores,
    read_texts,
    read_ts,
)
from regard.errors import DataError, FileKindError, in_configuration
from regard.tables.files import file_fault, read_text
from regard.tables.frames import Table

FRAME = pl.DataFrame({"text": ["a", "b"], "label": ["x", "y"]})


def packed(names: list[str]) -> bytes:
    """A zip archive of files with these names."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, "x" * 100)
    return target.getvalue()


def npz() -> bytes:
    target = io.BytesIO()
    np.savez(target, X=np.zeros((2, 1, 3)))
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (packed(["[Content_Types].xml", "xl/workbook.xml"]), "is an Excel workbook; save its"),
        (packed(["a.csv"]), "is a zip archive; unpack it"),
        (packed(["[Content_Types].xml", "xl/workbook.xml"])[:60], "is an Excel workbook or "),
        (packed(["word/document.xml"]), "is a Word document; "),
        (npz(), "is an .npz file of NumPy arrays"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "is an Excel workbook (.xls); save its sheet"),
        (b"BZh91AY&SY", "is packed with bzip2; unpack it"),
        (b"\xfd7zXZ\x00", "is packed with xz; unpack it"),
        (b"%PDF-1.7", "is a PDF document"),
        (pickle.dumps([1]), "is a pickle"),
    ],
    ids=["xlsx", "zip", "cut xlsx", "docx", "npz", "xls", "bzip2", "xz", "pdf", "pickle"],
)
def test_what_is_no_text_is_named(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    for read in (read_texts, read_lines, read_csv, read_panel, read_text):
        with pytest.raises(DataError) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path} {said}")
    path.write_bytes(gzip.compress(content))
    with pytest.raises(DataError, match=f"a.csv {re.escape(said)}"):
        read_text(path)


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.jsonl")
    return folder / "pipe.jsonl"


def device(folder: Path) -> Path:
    (folder / "zero.jsonl").symlink_to("/dev/zero")
    return folder / "zero.jsonl"


def inner(folder: Path) -> Path:
    (folder / "a.jsonl").mkdir()
    return folder / "a.jsonl"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (pipe, "is a pipe; wanted a file"),
        (device, "is a device or a socket; wanted a file"),
        (inner, "is a folder; wanted a file"),
    ],
    ids=["pipe", "device", "folder"],
)
def test_what_is_no_regular_file_is_refused_unopened(
    make: Callable[[Path], Path], said: str, tmp_path: Path
) -> None:
    path = make(tmp_path)
    assert file_fault(path) == said
    readers: list[Callable[[Path], Any]] = [read_text, read_csv, read_texts, read_lines, read_npz]
    readers += [read_panel, read_idx, read_charts, read_json_pieces, read_manifest]
    for read in readers:
        with pytest.raises(DataError) as caught:
            read(path)
        assert str(caught.value) == f"{path} {said}"
    score = path.rename(tmp_path / "a.mid")
    (tmp_path / "a.jsonl").write_text('{"path": "a.mid", "label": "b"}\n')
    told = f"{tmp_path / 'a.jsonl'}, line 1 (a.mid): "
    for read, wanted in ((read_pictures, "a picture"), (read_recordings, "a sound file")):
        with pytest.raises(DataError) as caught:
            read(tmp_path / "a.jsonl")
        fault = f"{said.removesuffix('a file')}{wanted}; pass missing='skip'"
        assert str(caught.value) == f"{told}{'it ' * (wanted != 'a picture')}{fault}"
    if not score.is_dir():
        with pytest.raises(DataError) as caught:
            read_scores(score)
        assert str(caught.value) == f"{score} {said}"


@pytest.mark.parametrize("name", ["a.csv", "a.feather", "a.parquet", "a"])
def test_tables_are_told_by_their_content(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    FRAME.write_ipc(path)
    assert Table.open(path).frame.equals(FRAME)
    assert Table.open(path).rows.tolist() == [1, 2]
    assert read_texts(path).texts == ("a", "b")
    FRAME.write_parquet(path)
    assert Table.open(path).frame.equals(FRAME)
    assert Table.open(path).rows.tolist() == [1, 2]
    with pytest.raises(DataError, match="is a Parquet file; save it as text"):
        read_text(path)


@pytest.mark.parametrize(
    ("encoding", "content", "guess"),
    [
        ("utf-8", "café".encode("latin-1"), "latin-1"),
        ("utf-8", "“café” – 5 €".encode("cp1252"), "cp1252"),
        ("utf-8", "text\ncafé".encode("utf-16"), "utf-16"),
        ("utf-8", "text\ncafé".encode("utf-16-le"), "utf-16-le"),
        ("utf-8", "text\ncafé".encode("utf-16-be"), "utf-16-be"),
        ("ascii", "café".encode(), "utf-8"),
        ("utf-8", b"\xe9\x81", None),
        ("utf-8", b"\xe9\x00abcdefghijklmn", "latin-1"),
    ],
)
def test_another_encoding_is_found(
    encoding: str, content: bytes, guess: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_text(path, encoding=encoding)
    fix = f"pass encoding={guess!r}" if guess else "pass encoding"
    assert str(caught.value).endswith(f" is not {encoding.upper()} text; {fix}")
    caught.value.speech = in_configuration
    fix = f'set "encoding": "{guess}" in "data"' if guess else 'set "encoding" in "data"'
    assert str(caught.value).endswith(fix)
    if guess:
        assert read_text(path, encoding=guess) == content.decode(guess).removeprefix("\ufeff")


def test_files_whose_encoding_cannot_be_set_are_to_be_saved(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    path.write_bytes("café".encode("latin-1"))
    with pytest.raises(DataError, match=r"byte 0xe9 is not UTF-8 text; save the file as UTF-8$"):
        read_ts(path)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "iso8859-15"])
def test_utf_8_is_not_read_as_something_else(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for written in ("utf-8", "utf-8-sig"):
        path.write_text("café", encoding=written)
        with pytest.raises(DataError) as caught:
            read_text(path, encoding=encoding)
        assert str(caught.value) == (
            f"{path} is UTF-8 text, not {encoding.upper()}; pass encoding='utf-8'"
        )
    path.write_text("plain")
    assert read_text(path, encoding=encoding) == "plain"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("written", ["utf-8", "latin-1", "cp1252"])
def test_bytes_are_not_read_in_pairs(written: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    names = {"utf-8": "UTF-8", "latin-1": "Latin-1", "cp1252": "Windows-1252"}
    content = ("café" if written == "latin-1" else "café 5€").encode(written)
    path.write_bytes(content + b"!" * (len(content) % 2))  # of pairs, so that it can be decoded
    with pytest.raises(DataError) as caught:
        read_text(path, encoding=encoding)
    assert str(caught.value) == (
        f"{path} is {names[written]} text, not {encoding.upper()}; pass encoding={written!r}"
    )
    path.write_bytes("漢字".encode("utf-16"))
    assert read_text(path, encoding="utf-16") == "漢字"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16-le"])
def test_what_is_no_text_in_any_encoding_is_a_binary_file(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(np.random.default_rng(0).bytes(1000))
    with pytest.raises(FileKindError) as caught:
        read_text(path, encoding=encoding)
    assert str(caught.value) == f"{path} is a binary file; wanted a file of text, such as CSV"


def test_a_lone_nul_is_a_character(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"some words\0here")
    assert read_text(path) == "some words\0here"


@pytest.mark.parametrize(
    ("written", "read"), [("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-16", "utf-16-le")]
)
def test_no_byte_order_mark_is_left(written: str, read: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("text".encode(written))
    assert read_text(path, encoding=read) == "text"


def test_rows_of_other_widths_are_told_together(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,b\nc\nd,e,f\ng\n")
    with pytest.raises(DataError) as caught:
        read_texts(path)
    assert str(caught.value) == (
        f"{path}, row 3: 1 cells, the header has 2; also row 5; row 4: 3 cells, the header has 2"
    )


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_blank_rows_may_be_kept(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    frame = pl.DataFrame({"text": ["a", None, None, "b", None]})
    frame.write_csv(path) if name.endswith("csv") else frame.write_parquet(path)
    assert Table.open(path).values("text") == ["a", "b"]
    kept = Table.open(path, keep_blank=True)
    assert kept.values("text") == ["a", None, None, "b"]
    assert (kept.rows - kept.rows[0]).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("encoding", ["latin-1", "iso8859-15"])
def test_windows_1252_is_not_read_as_latin_1(encoding: str, tmp_path: Path) -> None:
    """Latin-1 has control characters where Windows-1252 has dashes and quotation marks."""
    path = tmp_path / "a.txt"
    path.write_bytes("“café” – 5 €".encode("cp1252"))
    with pytest.raises(DataError) as caught:
        read_text(path, encoding=encoding)
    assert str(caught.value) == (
        f"{path} is Windows-1252 text, not {encoding.upper()}; pass encoding='cp1252'"
    )
    assert read_text(path, encoding="cp1252") == "“café” – 5 €"
    path.write_bytes("café".encode(encoding))
    assert read_text(path, encoding=encoding) == "café"
