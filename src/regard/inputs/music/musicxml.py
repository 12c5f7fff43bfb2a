"""Scores in MusicXML: notes in musical time, at sounding pitch.

music21 reads them, an extra of regard since it takes 115 MB: it is imported in 1.1 s where
partitura takes 3.8 s, has type hints, is released more often, and does not depend on a package that
was renamed (lark-parser). It is imported when a score is read.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from regard.errors import ConfigError, DataError
from regard.inputs.music.grid import Note, Part, Score

__all__ = ["musicxml_score"]

_LARGEST = 64 * 2**20  # bytes of a score, unpacked
_QUARTER = 10_080  # ticks, which all usual notes and tuplets have a whole number of
_CONTAINER = "META-INF/container.xml"


def musicxml_score(path: Path) -> Score:
    """The notes of a score: .musicxml, .xml, or compressed, .mxl.

    They are taken as written, so that repeats are not played, and sound as their instruments do.
    Tied notes are one. Grace notes have no length. Chord symbols are left out, and so are notes
    without a pitch, as percussion.

    Raises:
        DataError: it is no MusicXML, is damaged, too large or declares entities, or has no notes;
            the message does not have the path.
        ConfigError: music21 is not installed.
    """
    content = _content(path)
    _check(content)
    try:
        from music21.musicxml.xmlToM21 import MusicXMLImporter
    except ImportError:
        raise ConfigError(
            f"{path}: MusicXML needs the package music21: pip install music21"
        ) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what does not matter here, such as layout
            score = MusicXMLImporter().scoreFromFile(io.BytesIO(content)).toSoundingPitch()
            return _score(score)
    except DataError:
        raise
    except Exception as error:  # music21 raises any type for what it cannot read
        told = " ".join(str(error).split())
        raise DataError(f"it cannot be read as MusicXML: {told or type(error).__name__}") from None


def _content(path: Path) -> bytes:
    """The XML of a file, unpacked."""
    if path.stat().st_size > _LARGEST:
        raise DataError(f"it is larger than {_LARGEST // 2**20} MiB")
    content = path.read_bytes()
    if not content.strip():
        raise DataError("it is empty")
    if not content.startswith(b"PK"):
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _member(archive, _score_name(archive))
    except DataError:
        raise
    except Exception as error:  # zipfile raises many types for a damaged archive
        raise DataError(f"it cannot be unpacked: {error}") from None


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise DataError(f"its {name} is larger than {_LARGEST // 2**20} MiB")
    return content


def _score_name(archive: zipfile.ZipFile) -> str:
    """The member that is the score: the first that the container names, or the first in XML."""
    names = archive.namelist()
    if _CONTAINER in names:
        container = _member(archive, _CONTAINER)
        _check(container, roots=("container",))
        for each in ElementTree.fromstring(container).iter():
            if each.tag.rpartition("}")[2] == "rootfile" and each.get("full-path") in names:
                return str(each.get("full-path"))
    for name in names:
        if name.endswith((".xml", ".musicxml")) and not name.startswith("META-INF/"):
            return name
    raise DataError("it is a zip archive without MusicXML")


def _check(content: bytes, roots: tuple[str, ...] = ("score-partwise",)) -> None:
    """Refuse what is not well-formed, declares entities, or has another root.

    Entities, which make little XML very large, are refused where they are declared, and so before
    anything is expanded.
    """
    parser = expat.ParserCreate()

    def entity(name: str, *_: Any) -> None:
        raise DataError(f"it declares the entity {name!r}, which is refused; delete its <!ENTITY>")

    def start(tag: str, _: Any) -> None:
        if tag.rpartition(":")[2] not in roots:
            raise DataError(_foreign(tag))
        parser.StartElementHandler = None  # the root alone is looked at

    parser.EntityDeclHandler = entity
    parser.StartElementHandler = start
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise DataError(f"it is no MusicXML or is damaged: {error}") from None


def _foreign(tag: str) -> str:
    wanted = "wanted MusicXML, which is score-partwise"
    if tag == "score-timewise":
        return f"it is score-timewise; {wanted}: export it again"
    return f"it is XML of another kind, {tag}; {wanted}"


def _score(score: Any) -> Score:
    """The parts of a score of music21."""
    parts, percussion = [], 0
    for part in score.parts:
        notes, unpitched = _notes(part)
        percussion += unpitched
        if notes:
            parts.append(Part(" ".join(str(part.partName or "").split()), notes))
    if not parts:
        raise DataError(f"it has no notes{' but percussion' * bool(percussion)}")
    return Score(parts, Fraction(_QUARTER), percussion)


def _notes(part: Any) -> tuple[list[Note], int]:
    """The notes of a part with tied notes as one, and how many have no pitch."""
    found: list[Note] = []
    unpitched = 0
    tied: dict[int, int] = {}  # pitch to the note that is tied to the next of it
    for element in part.flatten().notes:
        if "Harmony" in element.classes:
            continue
        start, stop = (
            round(Fraction(time) * _QUARTER)
            for time in (element.offset, element.offset + element.duration.quarterLength)
        )
        for each in element.notes if element.isChord else (element,):
            if not each.isNote:
                unpitched += 1
                continue
            pitch = int(each.pitch.midi)
            tie = each.tie.type if each.tie else ""
            at = tied.pop(pitch, None) if tie in ("stop", "continue") else None
            if at is not None and found[at].stop == start:
                found[at] = found[at]._replace(stop=stop)
            else:
                at = len(found)
                found.append(Note(start, stop, pitch))
            if tie in ("start", "continue"):
                tied[pitch] = at
    return found, unpitched
