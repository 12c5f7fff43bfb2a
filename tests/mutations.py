"""Files with a few bytes changed, given to every reader: each is read, or refused in one line.

    python tests/mutations.py --count 2000 --seed 0

prints how many of each kind were read and refused, and fails where a reader raised anything else,
took longer than 30 seconds, or the process more than 4 GB.
"""

from __future__ import annotations

import argparse
import faulthandler
import gzip
import io
import json
import resource
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import soundfile
from PIL import Image

from regard import data
from regard.errors import RegardError
from regard.inputs.text.vectors import read_vectors

SECONDS = 30
MEMORY = 4 * 10**9

Read = Callable[[Path], Any]


class Kind(NamedTuple):
    """A file that a reader takes.

    Attributes:
        name: of the file.
        content: its bytes.
        read: takes its path.
    """

    name: str
    content: bytes
    read: Read


class Outcome(NamedTuple):
    """What came of the files of a kind.

    Attributes:
        read: how many were read.
        refused: how many were refused in one line.
        wrong: what happened to the others.
        slowest: seconds of the slowest.
    """

    read: int
    refused: int
    wrong: list[str]
    slowest: float


def kinds() -> list[Kind]:
    """A small file for every reader of files."""
    return [*_texts(), *_tables(), *_arrays(), *_pictures(), *_sounds(), *_music()]


def try_kind(kind: Kind, folder: Path, *, count: int, seed: int) -> Outcome:
    """Read so many mutations of a file; the same for the same seed."""
    path = folder / kind.name
    path.write_bytes(kind.content)
    kind.read(path)  # the file itself is a good one
    read = refused = 0
    slowest = 0.0
    wrong = []
    for at in range(count):
        content = mutated(kind.content, np.random.default_rng([seed, at, len(kind.content)]))
        path.write_bytes(content)
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        start = monotonic()
        try:
            kind.read(path)
            read += 1
        except RegardError as error:
            refused += 1
            if "\n" in str(error) or len(str(error)) > 2000:
                wrong.append(f"{kind.name}, mutation {at}: {str(error)[:200]!r} is no line")
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            told = " ".join(str(error).split())[:200]
            wrong.append(
                f"{kind.name}, mutation {at}: {type(error).__name__}: {told} "
                f"({Path(place.filename).name}:{place.lineno})"
            )
        finally:
            faulthandler.cancel_dump_traceback_later()
        slowest = max(slowest, monotonic() - start)
    return Outcome(read, refused, wrong, slowest)


def mutated(content: bytes, random: np.random.Generator) -> bytes:
    """The content with one to three changes."""
    changed = bytearray(content)
    for _ in range(random.choice([1, 1, 2, 3])):
        if not changed:
            break
        at = int(random.integers(len(changed)))
        length = int(random.integers(1, 1 + min(64, len(changed) - at)))
        change = int(random.integers(9))
        if change == 0:  # a bit
            changed[at] ^= 1 << int(random.integers(8))
        elif change == 1:  # some bytes
            changed[at : at + length] = random.bytes(length)
        elif change == 2:  # cut off
            del changed[at:]
        elif change == 3:  # left out
            del changed[at : at + length]
        elif change == 4:  # twice, or many times
            changed[at:at] = changed[at : at + length] * int(random.choice([1, 50]))
        elif change == 5:  # the largest and the smallest numbers
            extreme = random.choice(["ffffffff", "7fffffff", "80000000", "00000000", "ffffff7f"])
            changed[at : at + 4] = bytes.fromhex(str(extreme))
        elif change == 6:  # what texts have trouble with
            changed[at:at] = _ODD[int(random.integers(len(_ODD)))]
        elif change == 7:  # at the start, where headers are
            changed[int(random.integers(min(64, len(changed))))] = int(random.integers(256))
        else:  # at the end, where footers are
            changed[-1 - int(random.integers(min(64, len(changed))))] = int(random.integers(256))
    return bytes(changed)


_ODD = [b"\0", b"\r", b'"', b"\n\n", b"\x1b[2J", "\u202e".encode(), b"\xff", b"9" * 400, b"1e999"]
_ODD += [b"-", b"nan", b"[" * 2000, b'{"a":' * 500, b",", b"\t", b"=", b"\xef\xbb\xbf", b"@data\n"]

_CSV = "".join(f"{'ab'[n % 2]},{n}.5,{n * n},0.25,{-n}\n" for n in range(12))
_HEADED = "label,t0,t1,t2,t3\n" + _CSV
_LONG = {
    "case": ["a", "a", "b", "b", "c", "c"],
    "time": [0, 1, 0, 1, 0, 1],
    "label": ["x", "x", "y", "y", "x", "x"],
    "heat": [0.5, 1.5, 2.5, 3.5, 4.5, 5.5],
    "noise": [1, 2, 3, 4, 5, 6],
}
_HOURS = {
    "ds": [f"2024-01-01T{hour:02}:00" for hour in range(24)],
    "y": [0.5 * hour for hour in range(24)],
}
_TS = """# a comment
@problemName Toy
@univariate false
@dimensions 2
@classLabel true left right
@data
1.0,2.0,3.0:4.0,5.0,6.0:left
1.5,2.5:4.5,5.5:right
"""
_STORY = """1 Mary moved to the bathroom.
2 John went to the hallway.
3 Where is Mary? \tbathroom\t1
4 John went to the garden.
5 Where is John? \tgarden\t4
"""
_SCORE = """<?xml version="1.0"?><score-partwise version="3.1"><part-list><score-part id="P1">
<part-name>One</part-name></score-part></part-list><part id="P1"><measure number="1"><attributes>
<divisions>1</divisions></attributes>NOTE NOTE</measure></part></score-partwise>"""
_NOTE = """<note><pitch><step>C</step><octave>4</octave></pitch><duration>1</duration></note>"""


def _texts() -> Iterator[Kind]:
    lines = [{"text": f"words of {n}", "label": "xy"[n % 2]} for n in range(9)]
    objects = "".join(json.dumps(line) + "\n" for line in lines).encode()
    table = pl.DataFrame(lines).write_csv().encode()
    yield Kind("texts.csv", table, data.read_texts)
    yield Kind("texts.csv.gz", gzip.compress(table), data.read_texts)
    yield Kind("texts.jsonl", objects, data.read_texts)
    yield Kind("lines.txt", b"x some words\ny others\nx more\n" * 3, data.read_lines)
    pairs = b"source\ttarget\na b\tc d\ne f\tg h\n" * 3
    yield Kind("pairs.tsv", pairs, data.read_pairs)
    yield Kind("babi.txt", _STORY.encode(), data.read_babi)
    story = b"story,question,answer\n" + b'"Mary went home. John sat.",Where is Mary?,home\n' * 3
    yield Kind("stories.csv", story, data.read_stories)
    vectors = b"2 3\nthe 0.1 -0.2 0.3\ncat 0.4 0.5 -0.6\n"
    yield Kind("vectors.txt", vectors, lambda path: read_vectors(path, ["the", "cat"]))
    yield Kind("vectors.gz", gzip.compress(vectors), lambda path: read_vectors(path, ["the"]))


def _tables() -> Iterator[Kind]:
    yield Kind("rows.csv", _CSV.encode(), data.read_csv)
    yield Kind("headed.csv", _HEADED.encode(), data.read_csv)
    yield Kind("rows.tsv", _CSV.replace(",", "\t").encode(), data.read_csv)
    yield Kind("rows.csv.gz", gzip.compress(_CSV.encode()), data.read_csv)
    yield Kind("series.ts", _TS.encode(), data.read_ts)
    for kept, read in ((_LONG, data.read_table), (_HOURS, data.read_panel)):
        frame, name = pl.DataFrame(kept), "long" if kept is _LONG else "hours"
        yield Kind(f"{name}.csv", frame.write_csv().encode(), read)
        for compression in ("zstd", "uncompressed"):
            content = io.BytesIO()
            frame.write_parquet(content, compression=compression)
            yield Kind(f"{name}-{compression}.parquet", content.getvalue(), read)
        content = io.BytesIO()
        frame.write_ipc(content, compression="lz4")
        yield Kind(f"{name}.feather", content.getvalue(), read)


def _arrays() -> Iterator[Kind]:
    series, labels = np.arange(30.0).reshape(5, 2, 3), np.array(["a", "b", "a", "b", "a"])
    pixels = (np.arange(5 * 7 * 6) % 256).astype(np.uint8).reshape(5, 7, 6)
    for save in (np.savez, np.savez_compressed):
        content = io.BytesIO()
        save(content, X=series, y=labels, lengths=np.array([3, 2, 3, 1, 3]))
        yield Kind(f"{save.__name__}.npz", content.getvalue(), data.read_npz)
    content = io.BytesIO()
    np.savez_compressed(content, X=pixels, y=labels)
    yield Kind("pictures.npz", content.getvalue(), data.read_npz_pictures)
    head = bytes((0, 0, 8, 3)) + b"".join(n.to_bytes(4, "big") for n in pixels.shape)
    yield Kind("pictures.idx", head + pixels.tobytes(), data.read_idx)
    yield Kind("pictures.idx.gz", gzip.compress(head + pixels.tobytes()), data.read_idx)


def _listed(read: Callable[..., Any], **fields: Any) -> Read:
    """By way of a table that has the path twice."""

    def by_table(path: Path) -> Any:
        table = path.parent / "listed.jsonl"
        rows = [{"path": path.name, "label": label} | fields for label in "ab"]
        table.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return read(table)

    return by_table


def _pictures() -> Iterator[Kind]:
    pixels = (np.arange(19 * 23 * 3) % 256).astype(np.uint8).reshape(19, 23, 3)
    for ending in ("png", "jpg", "gif", "bmp", "webp", "tif"):
        content = io.BytesIO()
        Image.fromarray(pixels).save(content, {"jpg": "JPEG", "tif": "TIFF"}.get(ending, ending))
        yield Kind(f"picture.{ending}", content.getvalue(), _listed(data.read_pictures))
    table = b'{"path": "picture.png", "label": "a"}\n' * 3
    yield Kind("pictures.jsonl", table, data.read_pictures)


def _sounds() -> Iterator[Kind]:
    wave = np.sin(np.arange(2000) / 3).astype(np.float32)
    for ending in ("wav", "flac", "ogg", "mp3", "aiff"):
        content = io.BytesIO()
        soundfile.write(content, wave, 8000, format=ending.upper())
        yield Kind(f"sound.{ending}", content.getvalue(), _listed(data.read_recordings))
    part = {"path": "sound.wav", "word": "one", "start": 0.0, "end": 0.2}
    line = json.dumps({"parts": [part, part | {"start": 0.3, "end": 0.5}], "text": "one one"})
    yield Kind("manifest.jsonl", f"{line}\n".encode() * 2, data.read_manifest)


def _music() -> Iterator[Kind]:
    events = np.array([["60", "55"], ["60~", "57"], ["62", "-"], ["64", "59"]])
    content = io.BytesIO()
    data.write_midi(content, events, kind="voices", per_quarter=1.0)
    yield Kind("piece.mid", content.getvalue(), data.read_scores)
    yield Kind("score.musicxml", _SCORE.replace("NOTE", _NOTE).encode(), data.read_scores)
    pieces = json.dumps([[[72, 67], [71, 66]], [[60, 55], [62, -1]]]).encode()
    yield Kind("pieces.json", pieces, data.read_json_pieces)
    tune = {"Title": "T", "Sections": [{"MainSegment": {"Chords": "Dm7,G7|Cmaj7"}}]}
    yield Kind("charts.json", json.dumps([tune, tune]).encode(), data.read_charts)
    yield Kind("progressions.txt", b"Dm7 G7 | Cmaj7\nAm7 D7\n", data.read_progressions)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="mutations of all kinds together")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    every = kinds()
    each = -(-asked.count // len(every))
    wrong: list[str] = []
    totals = np.zeros(2, int)
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for other in every:  # that tables of paths name
            (Path(folder) / other.name).write_bytes(other.content)
        for kind in every:
            found = try_kind(kind, Path(folder), count=each, seed=asked.seed)
            (Path(folder) / kind.name).write_bytes(kind.content)
            print(f"{kind.name:26} {found.read:5} read {found.refused:5} refused", flush=True)
            totals += found.read, found.refused
            slowest = max(slowest, found.slowest)
            wrong += found.wrong
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{each * len(every)} mutated files: {totals[0]} read, {totals[1]} refused, "
        f"{len(wrong)} wrong; slowest {slowest:.1f} s, largest {largest:.2f} GiB"
    )
    print(*wrong, sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
