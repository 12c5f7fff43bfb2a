"""Recordings from tables, folders and Python."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from regard.data import Recordings, Word, as_recordings, read_recordings, read_sound_folder
from regard.errors import ConfigError, DataError
from sounds import tone, write_table, write_tones

WAVE = tone(700.0)


def test_a_table_has_paths_beside_labels(tmp_path: Path) -> None:
    rows = write_tones(tmp_path / "wav", 4)
    rows = [(f"wav/{name}", label) for name, label in rows]
    table = write_table(tmp_path / "t.csv", rows)
    found = read_recordings(table)
    assert found.ids.tolist() == [name for name, _ in rows]
    assert found.labels is not None
    assert found.labels.tolist() == ["low", "high", "low", "high"]
    assert (found.rate, found.notes) == (8000, ())
    np.testing.assert_allclose(found.waves[1], tone(1500.0, seed=1), atol=1e-4)
    assert found.seconds.tolist() == [0.3] * 4
    taken = found.take(np.array([3, 0]))
    assert taken.ids.tolist() == [rows[3][0], rows[0][0]]
    np.testing.assert_array_equal(taken.waves[0], found.waves[3])


def test_columns_are_named_and_rows_may_say_their_part(tmp_path: Path) -> None:
    rows = [(name, label) for name, label in write_tones(tmp_path, 4, ending="flac")]
    parts = ("train", "Dev", "test", "train")
    full = [(f"n{n}", *row, part) for n, (row, part) in enumerate(zip(rows, parts, strict=True))]
    table = write_table(tmp_path / "t.csv", full, header="name,file,word,part")
    options: dict[str, Any] = {"recording": "file", "label": "word", "id": "name", "split": "part"}
    found = read_recordings(table, **options)
    assert found.parts is not None
    assert found.parts.tolist() == ["train", "valid", "test", "train"]
    assert found.ids.tolist() == ["n0", "n1", "n2", "n3"]
    wrong = write_table(tmp_path / "w.csv", [(*full[0][:3], "rest")], header="name,file,word,part")
    with pytest.raises(DataError, match="row 2, column 'part': 'rest' is no part: wanted train"):
        read_recordings(wrong, **options)


def _bad_table(folder: Path) -> Path:
    soundfile.write(folder / "fine.wav", WAVE, 8000)
    soundfile.write(folder / "silent.wav", 0 * WAVE, 8000)
    (folder / "text.wav").write_text("no sound")
    names = ("fine.wav", "none.wav", "silent.wav", "text.wav", "gone.wav", "fine.wav", "")
    labels = ("a", "b", "a", "b", "a", "", "b")
    return write_table(folder / "t.csv", list(zip(names, labels, strict=True)))


def test_all_that_is_wrong_is_told_at_once_with_its_rows(tmp_path: Path) -> None:
    table = _bad_table(tmp_path)
    with pytest.raises(DataError) as caught:
        read_recordings(table)
    assert str(caught.value) == (
        f"{table}, row 3 (none.wav): there is no such file relative to the folder of the table; "
        "also row 6 (gone.wav); "
        "row 4 (silent.wav): it is silent: all samples are the same; "
        "row 5 (text.wav): it is no sound file, such as wav or flac; 2 more problems; "
        "pass missing='skip'"
    )


def test_what_cannot_be_used_is_skipped_or_kept_on_demand(tmp_path: Path) -> None:
    table = _bad_table(tmp_path)
    found = read_recordings(table, missing="skip")
    assert found.ids.tolist() == ["fine.wav"]
    assert found.notes == (
        "2 of 7 cases are left out: there is no such file relative to the folder of the "
        "table (row 3 (none.wav); row 6 (gone.wav))",
        "1 of 7 cases is left out: it is silent: all samples are the same (row 4 (silent.wav))",
        "1 of 7 cases is left out: it is no sound file, such as wav or flac (row 5 (text.wav))",
        "1 of 7 cases is left out: it has no path (row 8)",
        "1 of 7 cases is left out: no label (row 7 (fine.wav))",
    )
    kept = read_recordings(table, missing="keep")
    assert kept.usable.tolist() == [True, False, False, False, False, True, False]
    only = write_table(tmp_path / "o.csv", [("none.wav", "a")])
    with pytest.raises(DataError, match="no recording is left"):
        read_recordings(only, missing="skip")


def test_an_empty_label_names_its_row(tmp_path: Path) -> None:
    write_tones(tmp_path, 2)
    table = write_table(tmp_path / "t.csv", [("low-00.wav", "low"), ("high-01.wav", "")])
    with pytest.raises(DataError, match=r"row 3 \(high-01.wav\): the label is missing"):
        read_recordings(table)


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.csv", [("a.wav", "x")], header="file,label")
    with pytest.raises(DataError, match=r"has no column 'path' \(recording\)"):
        read_recordings(table)


def test_a_folder_has_a_folder_for_each_class(tmp_path: Path) -> None:
    for word in ("left", "right"):
        (tmp_path / word / "anna").mkdir(parents=True)
        soundfile.write(tmp_path / word / "anna" / "1.wav", WAVE, 8000)
        soundfile.write(tmp_path / word / "2.flac", WAVE, 8000)
    (tmp_path / "README.md").write_text("about these recordings")
    found = read_sound_folder(tmp_path)
    wanted = ["left/2.flac", "left/anna/1.wav", "right/2.flac", "right/anna/1.wav"]
    assert found.ids.tolist() == wanted
    assert found.labels is not None
    assert found.labels.tolist() == ["left", "left", "right", "right"]
    assert read_sound_folder(tmp_path, labelled=False).labels is None
    soundfile.write(tmp_path / "stray.wav", WAVE, 8000)
    with pytest.raises(DataError, match="stray.wav: it is in no folder of a class"):
        read_sound_folder(tmp_path)


def test_what_is_no_folder_of_sounds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no sound file, such as .wav or .flac"):
        read_sound_folder(tmp_path)
    with pytest.raises(DataError, match="there is no such folder"):
        read_sound_folder(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="is a file; wanted a folder"):
        read_sound_folder(tmp_path / "file")


@pytest.mark.parametrize(
    ("given", "close"),
    [
        (WAVE, 0),
        (WAVE.tolist(), 1e-7),
        (torch.from_numpy(WAVE), 0),
        (WAVE.astype(np.float64), 1e-7),
        ((WAVE * 32768).astype(np.int16), 1e-4),
        ((WAVE.astype(np.float64) * 2**31).astype(np.int32), 1e-6),
        (((WAVE + 1) * 128).astype(np.uint8), 1e-2),
    ],
)
def test_arrays_of_any_type_become_waves(given: Any, close: float) -> None:
    found = as_recordings([given, given], ["a", "b"], rate=8000)
    assert found.waves[1].dtype == np.float32
    np.testing.assert_allclose(found.waves[1], WAVE, atol=close)


def test_an_array_of_equal_recordings_and_lists_of_paths_are_taken(tmp_path: Path) -> None:
    assert len(as_recordings(np.stack([WAVE, WAVE, WAVE]), rate=8000)) == 3
    soundfile.write(tmp_path / "a.wav", WAVE, 8000)
    found = as_recordings([tmp_path / "a.wav", str(tmp_path / "a.wav")], [2, 1])
    assert found.ids.tolist() == [str(tmp_path / "a.wav")] * 2
    assert found.rate == 8000
    assert as_recordings([tmp_path / "a.wav"], rate=4000).rate == 4000


@pytest.mark.parametrize(
    ("X", "options", "words"),
    [
        ("a.wav", {}, "X: wanted a list of paths or of arrays, given str"),
        ([], {}, "X: there are no recordings"),
        (
            ["a.wav", WAVE],
            {"rate": 8000},
            "case 0 is a path and case 1 is no path; wanted one kind",
        ),
        (["none.wav"], {}, r"X, case 0 \(none.wav\): there is no such file; pass missing='skip'"),
        ([np.stack([WAVE, WAVE])], {"rate": 8000}, r"X: case 0 has the shape \[2, 2400\]; wanted"),
        ([["a", "b"]], {"rate": 8000}, "X: case 0 holds <U1; wanted numbers"),
        ([WAVE, WAVE[:0]], {"rate": 8000}, "X, case 1: it has no samples"),
        ([WAVE, 0 * WAVE], {"rate": 8000}, "X, case 1: it is silent"),
        ([WAVE], {"rate": 8000, "max_seconds": 0.2}, r"case 0: it is longer than 0.2 s"),
        ([WAVE], {"rate": 8000, "y": ["a", "b"]}, "y has 2 labels, X has 1 cases"),
        ([WAVE], {"rate": 8000, "y": [""]}, "y, case 0: the label is missing"),
        ([WAVE], {"rate": 8000, "spans": [[0.2, 0.1]]}, "spans: wanted a start and a stop"),
    ],
)
def test_what_is_no_list_of_recordings_is_refused(
    X: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        as_recordings(X, **options)


def test_arrays_need_a_rate() -> None:
    with pytest.raises(ConfigError, match="rate: arrays do not say .*; pass rate$"):
        as_recordings([WAVE], ["a"])


def test_recordings_have_one_of_each_for_every_wave() -> None:
    with pytest.raises(DataError, match="labels: wanted one for each of 1 recordings, given 2"):
        Recordings((WAVE,), 8000, np.array(["a", "b"]))
    found = Recordings((WAVE,), 8000).resampled(4000)
    assert (found.rate, len(found.waves[0])) == (4000, 1200)


def test_words_from_python_are_kept_with_their_places() -> None:
    waves = [np.sin(np.arange(800)), np.sin(np.arange(400))]
    words: Any = [[("one", 0.01, 0.05), ["two", 0.06, 0.1]], []]
    found = as_recordings(waves, ["one two", "x"], texts=True, rate=8000, words=words)
    assert found.words == ((Word("one", 0.01, 0.05), Word("two", 0.06, 0.1)), ())
    assert found.take(np.array([1])).words == ((),)
    with pytest.raises(DataError, match="words: wanted those of 2 recordings, given 1"):
        as_recordings(waves, rate=8000, words=words[:1])
    swapped: Any = [[("one", 0.05, 0.01)], []]
    with pytest.raises(DataError, match=r"words: case 0: wanted a start before the stop .* 'one'"):
        as_recordings(waves, rate=8000, words=swapped)
