"""The command line on music: the jobs end to end, and one clear line for what goes wrong."""

import csv
import io
import json
import wave
from pathlib import Path
from typing import Any

import pytest

from commands import Regard
from regard import cli, jobs
from regard.data import read_scores
from regard.outputs.events.config import MOST_STEPS

TINY: dict[str, Any] = {
    "model": {"hidden": 8, "layers": 1, "heads": 2, "steps": 5},
    "training": {"epochs": 1, "device": "cpu"},
}
CANONS = {"task": "compose", "data": {"kind": "canons", "pieces": 10, "steps": 8}, **TINY}
CHORDS = "Dm7 G7 | Cmaj7\nAm7 Dm7 G7 Cmaj7\nDm7 G7 Em7 A7\nFm7 Bb7 Ebmaj7\n"


@pytest.fixture(scope="module")
def canons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("canons") / "run"
    jobs.train(CANONS, out)
    return out


@pytest.fixture(scope="module")
def harmonised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("harmonised") / "run"
    jobs.train({**CANONS, "data": {**CANONS["data"], "given": ["voice 1"]}}, out)
    return out


@pytest.fixture(scope="module")
def chords(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chords")
    (folder / "tunes.txt").write_text(CHORDS, encoding="utf-8")
    data = {"kind": "progressions", "path": str(folder / "tunes.txt"), "test_share": 0.25}
    jobs.train({"task": "compose", "data": data, **TINY}, folder / "run")
    return folder / "run"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_training_says_the_figures_beside_those_of_counting(regard: Regard) -> None:
    Path("canons.json").write_text(json.dumps(CANONS), encoding="utf-8")
    assert regard("train", "canons.json", "--out", "run") == 0
    for name in ("nll per step", "next right", "trigram nll per step"):
        assert name in regard.out
    report = Path("run/report.html").read_text(encoding="utf-8")
    assert "<audio" in report
    assert "Written by the model" in report


def test_a_melody_gets_its_other_voice_in_midi_and_sound(
    regard: Regard, canons: Path, harmonised: Path
) -> None:
    assert regard("predict", canons, "--text", "60,- 62,- 64,-") == 0  # a primer of two steps
    Path("melody.txt").write_text("72 74 76 77\n", encoding="utf-8")
    assert regard("predict", harmonised, "melody.txt", "--out", "both.mid") == 0
    both = read_scores("both.mid", per_quarter=1)
    assert both.events[0][:, 0].tolist() == ["72", "74", "76", "77"]
    assert regard("predict", harmonised, "both.mid", "--out", "again.mid") == 0  # with all voices
    assert read_scores("again.mid", per_quarter=1).events[0].tolist() == both.events[0].tolist()
    assert regard("predict", harmonised, "melody.txt", "--out", "both.wav") == 0
    with wave.open("both.wav") as sound:
        assert sound.getnframes() / sound.getframerate() == pytest.approx(4 * 60 / 90, abs=1.0)


def test_a_progression_is_continued(regard: Regard, chords: Path) -> None:
    Path("new.txt").write_text("Dm7 G7\nAm7 | D7\n", encoding="utf-8")
    assert regard("predict", chords, "new.txt") == 0
    rows = list(csv.DictReader(io.StringIO(regard.out)))
    assert [row["piece"].split()[:2] for row in rows] == [["Dm7", "G7"], ["Am7", "D7"]]
    assert {len(row["piece"].split()) for row in rows} == {7}
    assert regard("predict", chords, "new.txt", "--steps", "2", "--seed", "5") == 0
    first = regard.out
    assert regard("predict", chords, "new.txt", "--steps", "2", "--seed", "5") == 0
    assert regard.out == first
    assert regard("predict", chords, "new.txt", "--out", "new.mid", "--top-k", "1") == 0
    assert sorted(path.name for path in Path().glob("new-*.mid")) == ["new-1.mid", "new-2.mid"]
    assert "in files of their own, new-1.mid to new-2.mid" in regard.out
    assert "new.txt: is what is read" in regard.fails(
        "predict", chords, "new.txt", "--out", "new.txt", "--overwrite"
    )
    assert regard("predict", chords, "new.txt", "--out", "written.txt") == 0
    assert len(Path("written.txt").read_text(encoding="utf-8").splitlines()) == 2


def test_a_piece_is_explained_in_a_picture_and_on_a_page(regard: Regard, chords: Path) -> None:
    assert regard("explain", chords, "--text", "Dm7 G7", "--out", "a.html") == 0
    page = Path("a.html").read_text(encoding="utf-8")
    assert "Dm7" in page
    assert "<audio" in page
    assert regard("explain", chords, "--text", "Dm7 G7", "--out", "a.png", "--steps", "3") == 0
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")


def test_attentions_are_compared(regard: Regard) -> None:
    Path("canons.json").write_text(json.dumps(CANONS), encoding="utf-8")
    words = ("--attention", "relative,alibi", "--seeds", "1", "--out", "compared")
    assert regard("compare", "canons.json", *words) == 0
    assert "NLL per step" in regard.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--text", "Dm7", "--steps", "-1"), "steps"),
        (("--text", "Dm7", "--steps", "1001"), "--steps: wanted at most 1000, given 1001"),
        (("--text", "Dm7", "--temperature", "0"), "temperature: wanted above 0, given 0"),
        (("--text", "Dm7", "--top-p", "1.5"), "--top-p: wanted above 0 and at most 1, given 1.5"),
        (("--text", "Dm7", "--beam", "2"), "compose, which takes no such option"),
        (("nothing.txt",), "nothing.txt"),
    ],
)
def test_what_cannot_be_continued(
    regard: Regard, chords: Path, words: tuple[str, ...], said: str
) -> None:
    assert said in regard.fails("predict", chords, *words)


def test_help_says_the_most_steps_and_what_the_prompt_takes(regard: Regard) -> None:
    assert regard("predict", "--help") == 0
    said = " ".join(regard.out.split())
    assert f"steps to continue by, at most {MOST_STEPS}." in said
    assert "stories or music opens an interactive prompt" in said
    assert "(Dm7 G7 Cmaj7)" in said
    assert "(C5,67 72~,65 -,64)" in said


def test_progress_is_told_step_by_step(chords: Path, canons: Path, harmonised: Path) -> None:
    Path("new.txt").write_text("60,64 62,65\n72,- -,60 72,62\n", encoding="utf-8")
    told: list[tuple[int, int]] = []
    jobs.predict(
        canons, "new.txt", "new.csv", steps=4, watch=lambda done, of: told.append((done, of))
    )
    assert told == [(step, 7) for step in range(8)]
    told.clear()
    jobs.predict(harmonised, "new.txt", "b.csv", seed=1, watch=lambda *each: told.append(each))
    assert told == [(step, 3) for step in range(4)]


def test_progress_is_shown_at_a_terminal(
    regard: Regard, chords: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert regard("predict", chords, "--text", "Dm7", "--steps", "3") == 0
    assert not regard.err
    monkeypatch.setattr(cli.using, "_OFTEN", -1)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert regard("predict", chords, "--text", "Dm7", "--steps", "3") == 0
    assert "\rstep 2 of 4\rstep 3 of 4\r" in regard.err


def test_files_of_another_kind_are_named(regard: Regard, canons: Path, chords: Path) -> None:
    progressions = "wanted a text file (.txt) with a chord progression a line, such as Dm7 G7 Cmaj7"
    Path("a.txt").write_text("60,64 62,65\n", encoding="utf-8")
    assert regard("predict", canons, "a.txt", "--out", "a.mid") == 0
    said = regard.fails("predict", chords, "a.mid")
    assert said == (
        f"error: a.mid is a score, which has notes and no chord symbols; {progressions}"
    )
    assert regard.fails("predict", chords, ".") == f"error: . is a folder; {progressions}"
    Path("a.mid").rename("b.txt")
    said = regard.fails("predict", chords, "b.txt")
    assert said == f"error: b.txt is a MIDI file; {progressions}"
    weights = canons / "model.safetensors"
    said = regard.fails("predict", canons, weights)
    assert said == (
        f"error: {weights} is a binary file; wanted a MIDI (.mid) or MusicXML file, or a text file "
        "(.txt) with a piece a line"
    )


def test_a_primer_outside_the_vocabulary_is_said(regard: Regard, chords: Path) -> None:
    assert regard("predict", chords, "--text", "Xyz") == 0
    assert "not in the training part: Xyz" in regard.out
    assert regard("explain", chords, "--text", "Xyz", "--out", "xyz.html") == 0
    page = Path("xyz.html").read_text(encoding="utf-8")
    assert "1 event is not in the training part: Xyz." in page
    Path("new.txt").write_text("Xyz\nDm7\n", encoding="utf-8")
    assert regard("predict", chords, "new.txt", "--out", "new.csv") == 0
    assert "1 with events that the training part does not have" in regard.out


def test_pieces_with_other_voices_get_no_answer(regard: Regard, harmonised: Path) -> None:
    Path("new.txt").write_text("60,61,62 60,61,62\n72 74\n", encoding="utf-8")
    assert regard("predict", harmonised, "new.txt", "--out", "new.csv") == 0
    assert "1 without an answer: has 3 voices, wanted voice 1" in regard.out
    said = regard.fails("predict", harmonised, "new.txt", "--steps", "3")
    assert "the piece ends with the voices that are given" in said


def test_an_error_of_many_pieces_is_said_once(regard: Regard, canons: Path) -> None:
    Path("new.txt").write_text("60,64\nDm7 G7\nAm7\n60,61 x,60\n", encoding="utf-8")
    assert regard("predict", canons, "new.txt", "--out", "new.csv") == 0
    assert regard.out.count("wanted a MIDI number") == 1
    assert "3 without an answer: step 0, event 0: wanted a MIDI number" in regard.out
    assert "given 'Dm7' (first: 1)" in regard.out


def test_music_is_written_by_composers_alone(regard: Regard, tmp_path: Path) -> None:
    jobs.train(
        {
            "task": "answer",
            "data": {"kind": "rooms", "stories": 20},
            "model": {"hidden": 4},
            "training": {"epochs": 1, "device": "cpu"},
        },
        tmp_path / "rooms",
    )
    Path("new.txt").write_text("1 Anna went home.\n2 Where is Anna?\n", encoding="utf-8")
    said = regard.fails("predict", "rooms", "new.txt", "--out", "a.mid")
    assert "whose predictions are no music" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('data.given=["tenor"]', "given: there is no voice 'tenor'; the data has the voices"),
        ('data.given=["voice 1","voice 2"]', "all voices are given"),
        ("data.delay=8", "delay: the last of 2 voices begins at step 8 of 8"),
        ("model.attention=coverage", "coverage does not go with self-attention over events"),
        ("model.attention=hard", "hard does not go with"),
        ("model.heads=3", "hidden 8 is not divisible by 3 heads"),
        ("model.top_p=0", "top_p"),
    ],
)
def test_configurations_that_are_refused(regard: Regard, change: str, said: str) -> None:
    Path("canons.json").write_text(json.dumps(CANONS), encoding="utf-8")
    assert said in regard.fails("train", "canons.json", "--out", "run", "--set", change)
    assert not Path("run").exists()
