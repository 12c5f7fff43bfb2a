"""Folders of files, without what systems leave in them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from regard.data import read_folder, read_sound_folder
from regard.errors import DataError
from regard.inputs.folders import files_in
from sounds import tone

LEFT = ("Thumbs.db", "desktop.ini", ".DS_Store", "ehthumbs.db", "cat/Thumbs.db", "cat/._1.png")


def test_files_of_systems_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "cat" / ".cache").mkdir(parents=True)
    for name in (*LEFT, "cat/.cache/2.png", "cat/b.png", "a.txt", "cat/a.png"):
        (tmp_path / name).touch()
    assert [file.as_posix() for file in files_in(tmp_path)] == ["a.txt", "cat/a.png", "cat/b.png"]


def test_folders_of_classes_may_have_files_of_systems(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        Image.new("L", (6, 4), 50).save(tmp_path / name / "1.png")
        soundfile.write(tmp_path / name / "1.wav", tone(500.0), 8000)
    for name in LEFT:
        (tmp_path / name).write_bytes(b"\0")
    assert read_sound_folder(tmp_path).ids.tolist() == ["cat/1.wav", "dog/1.wav"]
    for name in ("cat", "dog"):
        (tmp_path / name / "1.wav").unlink()
    assert read_folder(tmp_path).ids.tolist() == ["cat/1.png", "dog/1.png"]
    (tmp_path / "cat" / "README.txt").write_text("about these pictures")
    with pytest.raises(DataError, match=r"cat/README.txt: is no picture that can be read, such"):
        read_folder(tmp_path)
    found = read_folder(tmp_path, missing="skip")
    assert found.notes[0].startswith("1 of 3 cases is left out: is no picture that can be read")
    assert found.notes[0].endswith("(cat/README.txt)")
    assert found.labels is not None
    assert found.labels.tolist() == ["cat", "dog"]
    np.testing.assert_array_equal(found.values[0], found.values[1])
