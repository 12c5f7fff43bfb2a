"""Configuration of pieces of music."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from regard.config.files import Files, Learned, Made
from regard.config.section import MOST_LENGTH, Count, Length, Section
from regard.config.sections import Sections

__all__ = ["sections"]


class _Pieces(Section):
    """Fields of every kind of pieces."""

    given: tuple[str, ...] = Field(
        (),
        description="names of the voices that are given, such as the melody; the others are "
        "written to them. Without any, pieces are continued",
    )
    max_steps: Length = Field(
        256,
        description="longest piece in steps; a longer one is divided, and of one to continue the "
        "last steps are read",
    )
    missing: Literal["refuse", "skip"] = Field(
        "refuse",
        description="what to do with pieces without an event in training: refuse the data, or "
        "leave them out, with a note; in predicting they get no answer",
    )


class _JsonData(_Pieces, Files):
    """JSON: a list of pieces, or one for each of the parts train, valid and test.

    A piece is a list of steps, a step a list of MIDI numbers: those that sound, or, where all have
    the same length, one for each voice, -1 where it rests.
    """

    kind: Literal["json"]
    voices: tuple[str, ...] = Field(
        (), description="names of the voices; by default voice 1, voice 2 and so on"
    )
    per_quarter: Length = Field(1, description="steps of a quarter note")


class _ChartData(_Pieces, Files):
    """JSON of lead sheets: sections of bars of chords."""

    kind: Literal["charts"]


class _ProgressionData(_Pieces, Files):
    """A text file with a chord progression a line: Dm7 G7 Cmaj7."""

    kind: Literal["progressions"]
    encoding: str = Field("utf-8", description="of the file")


class _ScoreData(_Pieces, Files):
    """A MIDI or MusicXML file, or a folder of them."""

    kind: Literal["scores"]
    form: Literal["voices", "notes"] | None = Field(
        None,
        description="voices: a track or part is a voice, which sounds one note at a time; notes: "
        "all that sounds in a step, from high to low; by default voices where every file has as "
        "many of them",
    )
    per_quarter: Length = Field(4, description="steps of a quarter note")


class _CanonData(_Pieces, Made):
    """Made-up canons: each voice sings what the first one sang; see `regard.data.canons`."""

    kind: Literal["canons"]
    size_of: ClassVar[tuple[str, ...]] = ("pieces", "steps", "voices")
    pieces: Count = Field(200, description="how many")
    steps: Annotated[int, Field(ge=2, le=MOST_LENGTH)] = Field(
        32, description="of the longest piece; the others have at least half as many"
    )
    voices: Annotated[int, Field(ge=2, le=8)] = Field(2, description="of each piece")
    delay: Length = Field(4, description="steps by which each voice follows the one before")


class _PieceArrayData(_Pieces, Learned):
    """Pieces given from Python, in the configuration of a saved estimator."""

    kind: Literal["arrays"]


class _Training(Section):
    """Training fields of pieces."""

    transpose: Annotated[int, Field(ge=0, le=12)] = Field(
        6,
        description="most semitones by which a piece is transposed in training, up or down, within "
        "the range of the training part; 0 leaves them as they are",
    )


def sections(target: str) -> Sections:
    """The sections of pieces, for a kind of target."""
    return Sections(
        data=(
            _JsonData,
            _ChartData,
            _ProgressionData,
            _ScoreData,
            _CanonData,
            _PieceArrayData,
        ),
        training=_Training,
    )
