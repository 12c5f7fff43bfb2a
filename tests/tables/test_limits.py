"""Small files that hold much: refused before it is unpacked, in every reader."""

import gzip
import io
import struct
import subprocess
import sys
import tracemalloc
import wave
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard import data
from regard.errors import ConfigError, DataError
from regard.tables.files import read_bytes, rows_of
from regard.tables.frames import Table
from regard.tables.limits import RATIO, SMALL, reading, too_large
from regard.tables.packed import feather_size, parquet_size

HELD = 2 * SMALL
FORMATS: Any = np.lib.format


def gzipped(path: Path, start: bytes = b"", row: bytes = b"0,") -> Path:
    """A file that holds 128 MiB, packed a thousand times, in members that follow each other."""
    member = gzip.compress(row * (2**20 // len(row)))
    path.write_bytes(gzip.compress(start) + member * (HELD // 2**20))
    return path


def archived(path: Path) -> Path:
    header = io.BytesIO()
    said = {"descr": "<f8", "fortran_order": False, "shape": (1, HELD // 8)}
    FORMATS.write_array_header_1_0(header, said)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("X.npy", "w") as file,
    ):
        file.write(header.getvalue())
        for _ in range(HELD // 2**20):
            file.write(bytes(2**20))
    return path


def parquet(path: Path) -> Path:
    pl.DataFrame({"text": np.zeros(HELD // 8), "label": "a"}).write_parquet(path)
    return path


def feather(path: Path) -> Path:
    pl.DataFrame({"text": np.zeros(HELD // 8)}).write_ipc(path, compression="zstd")
    return path


def png(path: Path) -> Path:
    """A header of 8000 x 8000 pixels in colour, and one row of them."""

    def chunk(name: bytes, content: bytes) -> bytes:
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 8000, 8000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(24_001))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows))
    return path


def flac(path: Path) -> Path:
    """A header of 8 channels and a minute at the highest rate, and no samples."""
    rate, channels, samples = 655_350, 8, 655_350 * 59
    bits = rate << 44 | (channels - 1) << 41 | 15 << 36 | samples
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + bits.to_bytes(8, "big") + bytes(16)
    path.write_bytes(b"fLaC" + b"\x80\0\0\x22" + info + b"\xff\xf8" + bytes(200))
    return path


def listed(read: Callable[[Path], Any], name: str) -> Callable[[Path], Any]:
    """Reads a file by way of a table with its path."""

    def by_table(path: Path) -> Any:
        table = path.with_suffix(".csv")
        table.write_text(f"{name},label\n{path.name},a\n{path.name},b\n")
        return read(table)

    return by_table


BOMBS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Any]]] = {
    "a.npz": (archived, data.read_npz),
    "b.npz": (archived, data.read_npz_pictures),
    "a.csv.gz": (gzipped, data.read_csv),
    "a.ts.gz": (gzipped, data.read_ts),
    "a.txt.gz": (gzipped, data.read_lines),
    "b.csv.gz": (gzipped, data.read_texts),
    "c.csv.gz": (gzipped, data.read_panel),
    "a.jsonl.gz": (gzipped, data.read_manifest),
    "a.json.gz": (gzipped, data.read_json_pieces),
    "b.json.gz": (gzipped, data.read_charts),
    "idx3.gz": (lambda path: gzipped(path, bytes((0, 0, 8, 3))), data.read_idx),
    "a.parquet": (parquet, data.read_texts),
    "a.feather": (feather, data.read_texts),
    "a.png": (png, listed(data.read_pictures, "path")),
    "a.flac": (flac, listed(data.read_recordings, "path")),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_holds_more_than_a_hundred_times_its_size_is_refused(
    name: str, tmp_path: Path
) -> None:
    make, read = BOMBS[name]
    path = make(tmp_path / name)
    assert path.stat().st_size < HELD / RATIO / 2
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="holds more than 64 MiB") as caught:
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 1.3 * SMALL
    finally:
        tracemalloc.stop()
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_vectors_are_read_row_by_row_within_the_ratio(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a.gz: it holds more than 64 MiB; read it within"):
        list(rows_of(gzipped(tmp_path / "a.gz", row=b"a" + b" 1" * 511 + b"\n")))
    with pytest.raises(DataError, match=r"b.gz: a line is longer than 16 MiB"):
        list(rows_of(gzipped(tmp_path / "b.gz")))
    (tmp_path / "c.txt").write_bytes(b"a 1\n" * 5)
    assert list(rows_of(tmp_path / "c.txt")) == [b"a 1\n"] * 5


def test_the_limit_can_be_raised_and_lowered(tmp_path: Path) -> None:
    path = gzipped(tmp_path / "a.gz")
    with reading(max_gib=HELD / 2**30):
        assert len(read_bytes(path)) == HELD
    with (
        reading(max_gib=0.1),
        pytest.raises(DataError, match=r"a.gz: it holds more than 102 MiB; read"),
    ):
        read_bytes(path)
    with pytest.raises(DataError, match=r"a.gz: it holds more than 64 MiB; read"):
        read_bytes(path)
    with pytest.raises(ConfigError, match="max_gib: wanted a number in"), reading(max_gib=0):
        pass


def test_files_of_their_own_size_are_limited_by_memory_alone() -> None:
    assert too_large(3 * 2**30, of=3 * 2**30) == ""
    assert too_large(5 * 2**30, of=5 * 2**30) == "it holds more than 4 GiB"
    assert too_large(5 * 2**30, of=5 * 2**30, streamed=True) == ""
    assert too_large(2**30, of=2**24) == ""


@pytest.mark.parametrize("compression", ["zstd", "lz4", "uncompressed"])
def test_sizes_of_tables_are_those_of_their_values(compression: Any, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "a": np.arange(70_001.0),
            "b": ["x" * 23] * 70_001,
            "c": [*[None, 1] * 35_000, None],
        }
    )
    frame.write_parquet(tmp_path / "a", compression=compression, row_group_size=10_007)
    frame.write_ipc(tmp_path / "b", compression=compression, record_batch_size=10_007)
    least = frame.estimated_size() * 0.7  # a column of one text is a dictionary
    assert least < parquet_size(tmp_path / "a") < 3 * least
    assert least < feather_size(tmp_path / "b") < 5 * least
    assert Table.open(tmp_path / "a").frame.equals(frame)
    assert Table.open(tmp_path / "b").frame.equals(frame)


def test_arrays_and_archives_that_say_more_than_they_hold_are_damaged(tmp_path: Path) -> None:
    header = io.BytesIO()
    said = {"descr": "<f8", "fortran_order": False, "shape": (10**6, 10**6)}
    FORMATS.write_array_header_1_0(header, said)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("X.npy", header.getvalue() + bytes(8))
    with pytest.raises(DataError, match=r"a.npz: array 'X' is damaged: it says 8,000,000,000,"):
        data.read_npz(tmp_path / "a.npz")
    (tmp_path / "a.idx").write_bytes(bytes((0, 0, 8, 3)) + b"\xff" * 12 + bytes(9))
    with pytest.raises(DataError, match="it says 4294967295 x 4294967295 x 4294967295 bytes"):
        data.read_idx(tmp_path / "a.idx")
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(range(200)) * 50)
    content = bytearray((tmp_path / "a.wav").read_bytes())
    content[40:44] = struct.pack("<I", 10**9)
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(DataError, match="it is truncated"):
        listed(data.read_recordings, "path")(tmp_path / "a.wav")


def test_the_command_line_says_how_to_read_more_and_does(tmp_path: Path) -> None:
    gzipped(tmp_path / "a.csv.gz", row=b"0.5,")
    (tmp_path / "c.json").write_text('{"data": {"kind": "csv", "path": "a.csv.gz"}}')

    def told(*before: str) -> str:
        words = [sys.executable, "-m", "regard.cli", *before, "train", "c.json"]
        ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ended.returncode == 2
        return ended.stderr

    assert told() == (
        "error: a.csv.gz: it holds more than 64 MiB; allow more with regard --max-gib GIB\n"
    )
    assert told("--max-gib", "0.11") == (
        "error: a.csv.gz: it holds more than 113 MiB; allow more with regard --max-gib GIB\n"
    )
