"""Scores in MusicXML, and folders of scores."""

import builtins
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard.data import read_scores, write_midi
from regard.errors import ConfigError, DataError
from regard.inputs.music import musicxml
from regard.inputs.music.musicxml import musicxml_score

_DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 3.1 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)


def _note(pitch: str, duration: int = 4, *, inside: str = "", before: str = "") -> str:
    """A note of a pitch such as C4 or F#4, or R for a rest; 4 is a quarter note."""
    if pitch == "R":
        return f"<note><rest/><duration>{duration}</duration></note>"
    alter = "<alter>1</alter>" * ("#" in pitch)
    return (
        f"<note>{before}<pitch><step>{pitch[0]}</step>{alter}<octave>{pitch[-1]}</octave></pitch>"
        f"<duration>{duration}</duration>{inside}</note>"
    )


def _score(*parts: tuple[str, str], head: str = "", attributes: str = "") -> str:
    """A score of parts, each a name and the content of its only measure."""
    names = "".join(
        f'<score-part id="P{at}"><part-name>{name}</part-name></score-part>'
        for at, (name, _) in enumerate(parts)
    )
    bodies = "".join(
        f'<part id="P{at}"><measure number="1"><attributes><divisions>4</divisions>{attributes}'
        f"</attributes>{body}</measure></part>"
        for at, (_, body) in enumerate(parts)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<score-partwise version="3.1">'
        f"<part-list>{names}</part-list>{bodies}</score-partwise>"
    )


def _write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


MELODY = _note("C4") + _note("R") + _note("F#4", 8)
BASS = _note("C2", 12) + _note("B2", 2) + _note("A2", 2)


def test_parts_of_a_score_are_voices(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.musicxml", _score(("High", MELODY), ("Low", BASS), head=_DOCTYPE))
    found = read_scores(path)
    assert (found.kind, found.voices, found.ids.tolist()) == (
        "voices",
        ("High", "Low"),
        ["a.musicxml"],
    )
    assert found.events[0].tolist() == [["60", "36"], ["-", "36~"], ["66", "36~"], ["66~", "47"]]
    assert found.notes == (
        "1 note is left out: shorter than a step (per_quarter) (first: a.musicxml)",
    )
    finer = read_scores(path, per_quarter=2, voices=("a", "b"))
    assert finer.voices == ("a", "b")
    assert finer.events[0][-2:].tolist() == [["66~", "47"], ["66~", "45"]]
    assert not finer.notes


def test_ties_chords_graces_and_transposition(tmp_path: Path) -> None:
    tie, stop = '<tie type="start"/>', '<tie type="stop"/>'
    body = (
        '<harmony><root><root-step>C</root-step></root><kind text="">major</kind></harmony>'
        + "<note><grace/><pitch><step>D</step><octave>4</octave></pitch></note>"
        + _note("C4", inside=tie)
        + _note("E4", before="<chord/>")
        + _note("C4", inside=stop)
        + _note("E4", before="<chord/>")
    )
    clarinet = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
    path = _write(tmp_path / "a.xml", _score(("", body), attributes=clarinet))
    found = read_scores(path)
    assert (found.kind, found.events[0].tolist()) == ("notes", [["62", "58"], ["62", "58~"]])
    assert found.notes[0].startswith("1 note is left out: shorter than a step")


def test_a_tie_that_leads_nowhere_ends(tmp_path: Path) -> None:
    tie, stop = '<tie type="start"/>', '<tie type="stop"/>'
    body = _note("C4", inside=tie) + _note("R") + _note("C4", inside=stop)
    found = read_scores(_write(tmp_path / "a.xml", _score(("", body))))
    assert found.events[0].tolist() == [["60"], ["-"], ["60"]]


def test_percussion_without_pitch_is_left_out(tmp_path: Path) -> None:
    drum = (
        "<note><unpitched><display-step>C</display-step><display-octave>5</display-octave>"
        "</unpitched><duration>4</duration></note>"
    )
    path = _write(tmp_path / "a.xml", _score(("Drum", drum), ("High", MELODY)))
    found = read_scores(path)
    assert (found.voices, found.notes) == (
        ("High",),
        ("1 note is left out: percussion (first: a.xml)",),
    )
    with pytest.raises(DataError, match=r"a\.xml: it has no notes but percussion"):
        read_scores(_write(path, _score(("Drum", drum))))


def test_any_encoding_is_read(tmp_path: Path) -> None:
    text = _score(("Flöte", MELODY)).replace("UTF-8", "UTF-16")
    assert read_scores(_write(tmp_path / "a.xml", text, "utf-16")).voices == ("Flöte",)


def _packed(path: Path, **members: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return path


CONTAINER = '<?xml version="1.0"?><container><rootfile full-path="b.xml"/></container>'


def test_compressed_scores_are_read(tmp_path: Path) -> None:
    high, low = _score(("High", MELODY)), _score(("Low", BASS))
    path = _packed(
        tmp_path / "a.mxl", a_xml=high, b_xml=low, **{"META-INF__container_xml": CONTAINER}
    )
    assert read_scores(path).voices == ("Low",)
    assert read_scores(_packed(path, a_xml=high, b_xml=low)).voices == ("High",)


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    "<score-partwise>&b;</score-partwise>"
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "it is empty"),
        ("no xml", "it is no MusicXML or is damaged: syntax error: line 1, column 0"),
        (_score(("", MELODY))[:-60], "it is no MusicXML or is damaged: unclosed token: line 1"),
        (ENTITIES, "it declares the entity 'a', which is refused; delete its <!ENTITY>"),
        (
            ENTITIES.replace("<!ENTITY a", '<!ENTITY % c SYSTEM "file:///etc/passwd"><!ENTITY a'),
            "it declares the entity 'c', which is refused",
        ),
        ("<feed/>", "it is XML of another kind, feed; wanted MusicXML, which is score-partwise"),
        (
            "<score-timewise/>",
            "it is score-timewise; wanted MusicXML, which is score-partwise: expo",
        ),
        (_score(("", _note("R"))), "it has no notes"),
        (_score(), "it has no notes"),
        (_score(("", MELODY.replace("<step>C", "<step>H"))), "it cannot be read as MusicXML: "),
        ("PK", "it cannot be unpacked: File is not a zip file"),
    ],
)
def test_what_is_no_score_is_one_clear_line(tmp_path: Path, content: str, message: str) -> None:
    path = _write(tmp_path / "a.xml", content)
    with pytest.raises(DataError) as caught:
        read_scores(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


def test_entities_in_any_encoding_are_refused(tmp_path: Path) -> None:
    text = ENTITIES.replace('"1.0"', '"1.0" encoding="UTF-16"')
    with pytest.raises(DataError, match="declares the entity 'a'"):
        musicxml_score(_write(tmp_path / "a.xml", text, "utf-16"))


def test_what_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _packed(tmp_path / "a.mxl", a_xml=b" " * (65 * 2**20))
    assert path.stat().st_size < 100_000
    with pytest.raises(DataError, match=r"its a\.xml is larger than 64 MiB"):
        musicxml_score(path)
    monkeypatch.setattr(musicxml, "_LARGEST", 2**20)
    (tmp_path / "b.xml").write_bytes(b" " * (2**20 + 1))
    with pytest.raises(DataError, match="it is larger than 1 MiB"):
        musicxml_score(tmp_path / "b.xml")


def test_archives_without_a_score_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="it is a zip archive without MusicXML"):
        musicxml_score(_packed(tmp_path / "a.mxl", **{"META-INF__container_xml": CONTAINER}))
    bomb = ENTITIES.replace("score-partwise", "container")
    with pytest.raises(DataError, match="declares the entity 'a'"):
        musicxml_score(_packed(tmp_path / "a.mxl", **{"META-INF__container_xml": bomb}))
    broken = _packed(tmp_path / "a.mxl", a_xml=_score(("", MELODY)) * 9).read_bytes()
    (tmp_path / "a.mxl").write_bytes(broken[:60] + b"\0\0\0\0" + broken[64:])
    with pytest.raises(DataError, match="it cannot be unpacked: "):
        musicxml_score(tmp_path / "a.mxl")


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **options: Any) -> Any:
        if name.startswith("music21"):
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    path = _write(tmp_path / "a.xml", _score(("", MELODY)))
    for missing in ("refuse", "skip", "keep"):
        with pytest.raises(ConfigError) as caught:
            read_scores(path, missing=missing)
        wanted = f"{path}: MusicXML needs the package music21: pip install music21"
        assert str(caught.value) == wanted


@pytest.mark.parametrize("name", ["bwv66.6", "bwv101.7"])
def test_chorales_that_come_with_music21_are_read(name: str) -> None:
    """Against the notes that sound at each eighth by the offsets of music21."""
    from music21 import corpus

    path = corpus.getWork(f"bach/{name}")
    found = read_scores(path, per_quarter=2)
    assert (found.kind, found.voices) == ("voices", ("Soprano", "Alto", "Tenor", "Bass"))
    for voice, part in enumerate(corpus.parse(f"bach/{name}", forceSource=True).parts):
        notes = [each for each in part.flatten().notes if each.quarterLength]
        for step, event in enumerate(found.events[0][:, voice].tolist()):
            time = step / 2
            sounding = [
                str(each.pitch.midi)
                for each in notes
                if each.offset <= time < each.offset + each.quarterLength
            ]
            assert event.rstrip("~") == (sounding or ["-"])[0]
            starts = any(
                each.offset == time and not (each.tie and each.tie.type != "start")
                for each in notes
            )
            assert event == "-" or event.endswith("~") != starts


# Folders.


def _midi(path: Path, events: list[list[str]], kind: Any = "voices", **options: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    write_midi(path, np.array(events), kind=kind, per_quarter=1, **options)


def test_a_folder_is_read_in_order_of_its_paths(tmp_path: Path) -> None:
    _midi(tmp_path / "b" / "2.mid", [["60", "48"], ["62", "48~"]], names=("high", "low"))
    _midi(tmp_path / "a.MID", [["47", "59"]], names=("low", "high"))
    _write(tmp_path / "c.musicxml", _score(("low", BASS), ("high", MELODY)))
    (tmp_path / "README.txt").write_text("about")
    found = read_scores(tmp_path)
    assert found.ids.tolist() == ["a.MID", "b/2.mid", "c.musicxml"]
    assert (found.kind, found.voices) == ("voices", ("low", "high"))
    assert [each[0].tolist() for each in found.events] == [["47", "59"], ["48", "60"], ["36", "60"]]
    ordered = read_scores(tmp_path, voices=("high", "low"))
    assert [each[0].tolist() for each in ordered.events] == [
        ["59", "47"],
        ["60", "48"],
        ["60", "36"],
    ]
    assert read_scores(tmp_path, kind="notes").events[0].tolist() == [["59", "47"]]


def test_files_of_other_voices_make_notes_of_all(tmp_path: Path) -> None:
    for name in ("a.mid", "c.mid"):
        _midi(tmp_path / name, [["60", "48"]])
    _midi(tmp_path / "b.mid", [["64", "60"]], kind="notes")
    found = read_scores(tmp_path)
    assert (found.kind, found.voices) == ("notes", ())
    assert found.notes == (
        "all are read as notes: b.mid has several notes at a time, and others have 2 voices",
    )
    _midi(tmp_path / "b.mid", [["64"]])
    assert "b.mid has 1 voice," in read_scores(tmp_path).notes[0]


def test_voices_may_be_wanted(tmp_path: Path) -> None:
    for name in ("a.mid", "c.mid"):
        _midi(tmp_path / name, [["60", "48"]], names=("", ""))
    _midi(tmp_path / "b.mid", [["64", "60"]], kind="notes", names=("Piano",))
    _midi(tmp_path / "d.mid", [["64", "60", "55"]], names="abc")
    with pytest.raises(DataError) as caught:
        read_scores(tmp_path, kind="voices")
    assert str(caught.value) == (
        f"{tmp_path}, b.mid: it has other voices: part 1 (Piano) has several notes at a time; "
        "d.mid: it has other voices: it has 3 parts, wanted 2 (voice 1, voice 2); pass kind='notes'"
    )
    found = read_scores(tmp_path, kind="voices", missing="skip")
    assert found.ids.tolist() == ["a.mid", "c.mid"]
    kept = read_scores(tmp_path, voices=("x", "y"), missing="keep")
    assert kept.lengths.tolist() == [1, 0, 1, 0]
    assert [bool(fault) for fault in kept.faults] == [False, True, False, True]
    with pytest.raises(DataError, match=r"several notes at a time; pass kind='notes'"):
        read_scores(tmp_path / "b.mid", kind="voices")


def test_parts_are_taken_by_the_names_of_voices(tmp_path: Path) -> None:
    _midi(tmp_path / "a.mid", [["60", "48", "36"]], names=("horn", "high", "low"))
    _midi(tmp_path / "b.mid", [["62", "50"]])
    found = read_scores(tmp_path, voices=("low", "high"))
    assert [each.tolist() for each in found.events] == [[["36", "48"]], [["62", "50"]]]
    assert found.notes == ("1 part is left out: named as none of the voices (first: a.mid)",)
    _midi(tmp_path / "b.mid", [["62", "50", "40"]], names=("low", "high", "high"))
    with pytest.raises(DataError, match=r"b\.mid: it has other voices: it has 3 parts, wanted 2"):
        read_scores(tmp_path, voices=("low", "high"))


def test_files_that_cannot_be_used_are_refused_or_left_out(tmp_path: Path) -> None:
    _midi(tmp_path / "a.mid", [["60"]])
    (tmp_path / "b.mid").write_bytes(b"MThd")
    (tmp_path / "c.xml").write_text("<feed/>")
    (tmp_path / "d.mid").symlink_to(tmp_path / "none")
    with pytest.raises(DataError) as caught:
        read_scores(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}, b.mid: it is truncated or damaged; c.xml: it is XML of another kind, feed; "
        "wanted MusicXML, which is score-partwise; d.mid: there is no such file; "
        "pass missing='skip'"
    )
    found = read_scores(tmp_path, missing="skip")
    assert found.ids.tolist() == ["a.mid"]
    assert found.notes[0] == "1 of 4 cases is left out: it is truncated or damaged (b.mid)"
    assert read_scores(tmp_path, missing="keep").lengths.tolist() == [1, 0, 0, 0]
    (tmp_path / "a.mid").unlink()
    with pytest.raises(DataError, match="no piece is left"):
        read_scores(tmp_path, missing="skip")
    assert read_scores(tmp_path, missing="keep").kind == "notes"
    assert read_scores(tmp_path, kind="voices", missing="keep").lengths.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.mid", "none.mid: there is no such file"),
        (
            "a.txt",
            "a.txt: wanted MIDI or MusicXML (.mid, .midi, .kar, .musicxml, .mxl, .xml), or a",
        ),
        ("empty", "empty: holds no MIDI or MusicXML (.mid, .midi, .kar, .musicxml, .mxl, .xml)"),
    ],
)
def test_what_holds_no_scores_is_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(DataError) as caught:
        read_scores(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path}/{message}")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "chords"}, "kind: no 'chords'; choose one of voices, notes"),
        ({"per_quarter": 0}, "per_quarter: wanted a number in (0, 96], given 0"),
        ({"kind": "notes", "voices": ["a"]}, "voices: pieces of the kind notes have none"),
    ],
)
def test_parameters_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_scores("none", **options)
    assert str(caught.value) == message


def test_music21_is_imported_for_musicxml_alone(tmp_path: Path) -> None:
    import subprocess

    _midi(tmp_path / "a.mid", [["60"]])
    code = (
        "import sys; from regard.data import read_scores; read_scores(sys.argv[1]);"
        "print('music21' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert run.stdout == "False\n"
