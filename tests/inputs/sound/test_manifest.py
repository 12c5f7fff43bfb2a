"""Recordings made of parts of others: where sound and words lie, and what is refused."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from regard.errors import DataError
from regard.inputs.sound.manifest import read_manifest
from regard.inputs.sound.readers import read_recordings
from regard.inputs.sound.recordings import Word

RATE = 8000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sound files, of 0.1 s and of 0.05 s, which are constant but for their first sample."""
    for name, value, samples in (("a.wav", 0.5, 800), ("b.wav", -0.25, 400)):
        wave = np.full(samples, value, np.float32)
        wave[0] = 0.125
        soundfile.write(tmp_path / name, wave, RATE)
    return tmp_path


def _part(path: str, start: Any, end: Any, **more: Any) -> dict[str, Any]:
    return {"path": path, "word": path[0], "start": start, "end": end, **more}


def _manifest(folder: Path, *rows: dict[str, Any], name: str = "m.jsonl") -> Path:
    text = "\n".join(json.dumps({"text": "a b", **row}) for row in rows)
    path = folder / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def test_parts_lie_at_their_places_with_silence_between(folder: Path) -> None:
    parts = [_part("a.wav", 0.02, 0.12), _part("b.wav", 0.2, 0.25)]
    row = {"id": "x", "split": "dev", "seconds": 0.3, "parts": parts}
    path = _manifest(folder, row, {**row, "id": "y", "seconds": None}, name="m.jsonl.gz")
    found = read_manifest(path, id="id", split="split")
    assert found.rate == RATE
    assert found.ids.tolist() == ["x", "y"]
    assert found.parts is not None
    assert found.parts.tolist() == ["valid", "valid"]
    assert found.labels is not None
    assert found.labels.tolist() == ["a b", "a b"]
    assert found.words == ((Word("a", 0.02, 0.12), Word("b", 0.2, 0.25)),) * 2
    wave, shorter = found.waves
    wanted = np.zeros(2400)
    wanted[160:960], wanted[1600:2000] = 0.5, -0.25
    wanted[[160, 1600]] = 0.125
    np.testing.assert_allclose(wave, wanted)
    np.testing.assert_allclose(shorter, wanted[:2000])


def test_the_end_of_a_part_cuts_its_sound_and_overlapping_parts_are_added(folder: Path) -> None:
    parts = [_part("a.wav", 0.0, 0.06), _part("b.wav", 0.05, 0.1)]
    [wave] = read_manifest(_manifest(folder, {"parts": parts})).waves
    assert len(wave) == 800
    assert wave[399] == 0.5
    assert wave[401] == 0.25  # 0.5 - 0.25
    assert wave[481] == -0.25  # a has been cut
    assert not wave[800:].any()


def test_parts_are_resampled_and_decoded_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    from regard.inputs.sound import files

    original = files._samples

    def counted(path: Path, rate: int) -> Any:
        read.append(path.name)
        return original(path, rate)

    monkeypatch.setattr(files, "_samples", counted)
    rows = [{"parts": [_part("a.wav", 0.1 * n, 0.1 * n + 0.1)]} for n in range(1, 4)]
    found = read_manifest(_manifest(folder, *rows), rate=4000)
    assert read == ["a.wav"]
    assert found.rate == 4000
    assert [len(wave) for wave in found.waves] == [800, 1200, 1600]
    assert not found.waves[0][:400].any()
    assert found.waves[0][500:700] == pytest.approx(np.full(200, 0.5), abs=0.01)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (None, 'it has no parts; wanted a list of objects such as {"path": "wav/one_7.wav"'),
        ([], "it has no parts"),
        (["a.wav"], "part 1 has no path"),
        ([{"start": 0, "end": 1}], "part 1 has no path"),
        (
            [_part("a.wav", 0, 0.1), _part("b.wav", 0.3, 0.2)],
            "part 2 (b.wav): wanted start and end in seconds, start before end, given 0.3 and 0.2",
        ),
        ([_part("a.wav", -0.1, 0.2)], "part 1 (a.wav): wanted start and end in seconds"),
        ([_part("a.wav", None, 0.2)], "part 1 (a.wav): wanted start and end in seconds"),
        ([_part("none.wav", 0, 1)], "part 1 (none.wav): there is no such file"),
        ([_part("text.wav", 0, 1)], "part 1 (text.wav): it is no sound file, such as wav or flac"),
        ([_part("a.wav", 0, 1), _part("a.wav", 1, 61)], "it is longer than 60 s (max_seconds)"),
        ([_part("silent.wav", 0, 1)], "part 1 (silent.wav): it is silent"),
    ],
)
def test_what_cannot_be_made_is_refused_with_its_line(parts: Any, words: str, folder: Path) -> None:
    (folder / "text.wav").write_text("no sound")
    soundfile.write(folder / "silent.wav", np.zeros(800), RATE)
    good = {"parts": [_part("a.wav", 0, 0.1)]}
    path = _manifest(folder, good, {"parts": parts})
    with pytest.raises(DataError) as caught:
        read_manifest(path)
    assert str(caught.value).startswith(f"{path}, line 2: {words}")
    assert str(caught.value).endswith("; pass missing='skip'")
    left = read_manifest(path, missing="skip")
    assert len(left) == 1
    assert left.words == ((Word("a", 0.0, 0.1),),)
    assert left.notes[-1].startswith("1 of 2 cases is left out: ")
    kept = read_manifest(path, missing="keep")
    assert kept.usable.tolist() == [True, False]


def test_a_text_that_is_missing_or_empty_is_refused(folder: Path) -> None:
    row = {"parts": [_part("a.wav", 0, 0.1)]}
    path = _manifest(folder, row, {**row, "text": None}, {**row, "text": "  "})
    with pytest.raises(DataError, match="line 2: the text is missing; also line 3; pass missing="):
        read_manifest(path)
    left = read_manifest(path, missing="skip")
    assert left.notes[-1] == "2 of 3 cases are left out: no text (line 2; line 3)"
    assert read_manifest(path, label=None).labels is None


def test_a_length_before_the_end_of_the_last_part_is_refused(folder: Path) -> None:
    row = {"parts": [_part("a.wav", 0, 0.1)], "text": "a"}
    for seconds in (0.05, "long", -1, True):
        path = _manifest(folder, row, {**row, "seconds": seconds})
        with pytest.raises(DataError, match=r"line 2: seconds: wanted at least the end of its l"):
            read_manifest(path)


def test_a_text_with_other_words_than_its_parts_is_noted(folder: Path) -> None:
    row = {"parts": [_part("a.wav", 0, 0.1)]}
    path = _manifest(folder, {**row, "text": "A."}, {**row, "text": "a b"})
    assert read_manifest(path).notes == (
        "1 of 2 texts has not as many words as their parts (first: line 2)",
    )


def test_a_manifest_and_a_table_name_the_other_kind(folder: Path) -> None:
    path = _manifest(folder, {"parts": [_part("a.wav", 0, 0.1)], "text": "a"})
    with pytest.raises(DataError, match="is a manifest, whose lines have parts and no 'path'"):
        read_recordings(path, label="text", texts=True)
    table = folder / "speech.csv"
    table.write_text("path,text\na.wav,a\n")
    with pytest.raises(DataError, match="of a table of recordings the kind is"):
        read_manifest(table)


def test_fields_that_are_not_there_are_refused(folder: Path) -> None:
    path = _manifest(folder, {"parts": [_part("a.wav", 0, 0.1)], "split": "tset"})
    with pytest.raises(
        DataError, match=r"has no 'words' \(target\); choose one of text, parts, split"
    ):
        read_manifest(path, label="words")
    with pytest.raises(DataError, match="'tset' is no part: wanted train, valid or test"):
        read_manifest(path, split="split")
    with pytest.raises(DataError, match=r"has no 'parts' \(parts\)"):
        read_manifest(_manifest(folder, {"path": "a.wav"}))
