"""Configuration sections of sound."""

from typing import Literal

from pydantic import Field

from regard.config.files import Files, Learned, Rows
from regard.config.section import MOST_COUNT, MOST_WIDTH, FilePath, Section, Width
from regard.config.sections import Sections
from regard.inputs.transcript_config import transcript_sections

__all__ = ["sections"]

_MOST_RATE = 10**6  # Hz
_MOST_WINDOW = 60.0  # seconds


class _Sound(Section):
    """Fields of every kind of recordings."""

    rate: int | None = Field(
        None,
        ge=1000,
        le=_MOST_RATE,
        description="samples in a second: to which sound files are resampled, and of arrays, which "
        "need it; null: the highest rate of the files, and at most 16000",
    )
    max_seconds: float = Field(
        60.0,
        gt=0,
        le=MOST_COUNT,
        description="longest recording; longer ones are refused before they are decoded",
    )
    missing: Literal["refuse", "skip"] = Field(
        "refuse",
        description="what to do with recordings that cannot be used, such as missing, damaged or "
        "silent ones, or that have no label, in training: refuse the data, or leave them out, with "
        "a note; in predicting they get no answer",
    )
    features: Literal["mfcc", "log-mel"] = Field(
        "mfcc",
        description="what the model hears of each frame: mfcc, mel-frequency cepstral "
        "coefficients, or log-mel, the logarithms of the energies in mel bands; each channel is "
        "scaled to zero mean and unit variance in the training part",
    )
    window: float = Field(0.025, gt=0, le=_MOST_WINDOW, description="seconds that a frame sees")
    hop: float = Field(
        0.01, gt=0, le=_MOST_WINDOW, description="seconds from one frame to the next"
    )
    mels: int = Field(
        40, ge=2, le=MOST_WIDTH, description="number of mel bands, from 0 Hz to half the rate"
    )
    coefficients: Width = Field(13, description="number of coefficients of mfcc")
    deltas: Literal[0, 1, 2] | None = Field(
        None,
        description="1 adds the change of each channel, 2 also the change of that; null: 2 for "
        "mfcc, 0 for log-mel",
    )


class _Table(_Sound, Rows):
    """CSV, Parquet, Feather or JSON lines: the path of a recording in each row."""

    kind: Literal["recordings"]
    recording: str = Field("path", description="column with the paths of the sound files")
    id: str | None = Field(None, description="column that names the cases; by default their paths")


class _Recordings(_Table):
    """The path of a recording and its class in each row."""

    label: str = Field("label", description="column with the class of the recording")


class _Transcripts(_Table):
    """The path of a recording and its transcript in each row."""

    target: str = Field("text", description="column with the text to write for the recording")


class _Manifest(_Sound, Rows):
    """JSON lines: the parts that a recording is made of in each, with their places."""

    kind: Literal["manifest"]
    target: str = Field("text", description="column with the text to write for the recording")
    id: str | None = Field(None, description="column that names the cases; by default their lines")


class _Folder(_Sound, Files):
    """A folder with a sub-folder of recordings for each class."""

    kind: Literal["folder"]
    path: FilePath = Field(
        description="folder to train on, with a sub-folder of sound files for each class, relative "
        "to the working directory; ${NAME} stands for an environment variable"
    )
    test_path: FilePath | None = Field(
        None, description="such a folder for the figures, used whole; test_share is then ignored"
    )


class _ArrayData(_Sound, Learned):
    """Recordings from Python: the configuration of a saved estimator."""

    kind: Literal["arrays"]


class _Training(Section):
    """Training options of sound."""

    augmentation: Literal["specaugment", "none"] = Field(
        "specaugment",
        description="specaugment warps the time of each recording a little and hides bands of its "
        "frequencies and stretches of its time in training; none leaves them unchanged",
    )


def sections(target: str) -> Sections:
    """The sections of sound, for a kind of target."""
    if target == "tokens":
        return transcript_sections((_Transcripts, _Manifest, _ArrayData), _Training)
    return Sections(
        data=(_Recordings, _Folder, _ArrayData),
        training=_Training,
        defaults={"training.epochs": 40, "training.patience": 15},
    )
