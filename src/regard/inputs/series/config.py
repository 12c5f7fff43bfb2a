"""Configuration sections of series."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from regard.config.files import Files, Learned, Made
from regard.config.section import MOST_LENGTH, MOST_NUMBER, Count, Length, Range, Section
from regard.config.sections import Sections
from regard.inputs.transcript_config import transcript_sections

__all__ = ["sections"]


class _Series(Section):
    """Fields of every kind of series."""

    scaling: Literal["auto", "series", "channel", "log", "none"] = Field(
        "auto",
        description="to zero mean and unit variance: series, each case by itself; channel, with "
        "the training part's figures; log, the same of logarithms; none; auto: the kind "
        "with which random convolutions err least on training cases left out; without them "
        "channel, unless the sizes of the cases differ tenfold or more between quartiles, then "
        "series, or log for numbers to predict",
    )
    missing: Literal["refuse", "interpolate", "skip"] = Field(
        "refuse",
        description="what to do with missing values: refuse; interpolate; skip, which leaves out "
        "cases with missing values or labels",
    )
    rate: Annotated[float, Field(ge=1e-9, le=1e12)] | None = Field(
        None, description="steps in a second, for pictures with seconds on their axis"
    )


class _SineData(_Series, Made):
    """Sine waves, some with a flat stretch; see `regard.data.sine`."""

    kind: Literal["sine"]
    size_of: ClassVar[tuple[str, ...]] = ("series", "steps")
    series: Count = Field(10_000, description="how many")
    steps: int = Field(500, ge=2, le=MOST_LENGTH, description="of each, over [0, 2 pi]")
    normal_share: float = Field(0.5, ge=0, le=1, description="share without a flat stretch")
    frequency: Range = Field((1.0, 4.0), description="range it is drawn from")
    amplitude: Range = Field((1.0, 10.0), description="range it is drawn from")
    start: Range = Field((0.0, 0.9), description="of the stretch, as a share of the steps")
    length: Range = Field((0.1, 0.5), description="of the stretch, as a share of the steps")
    noise: float = Field(
        0.0, ge=0, le=MOST_NUMBER, description="standard deviation, as a share of the amplitude"
    )
    phase: Range = Field((0.0, 0.0), description="range it is drawn from, in radians")


class _WebTrafficData(_Series, Made):
    """Weeks of web traffic, nine in ten with a signature; see `regard.data.webtraffic`."""

    kind: Literal["webtraffic"]
    size_of: ClassVar[tuple[str, ...]] = ("series",)
    each: ClassVar[int] = 1008
    series: Count = Field(1000, description="how many, of 1,008 steps each")


class _Rows(_Series, Files):
    """CSV, TSV, Parquet or JSON lines: one series a row."""

    kind: Literal["csv"]
    id: str | None = Field(None, description="column that names the cases")
    ignore: tuple[str, ...] = Field((), description="columns to leave out")
    header: bool | None = Field(
        None,
        description="whether the first row names the columns; by default recognised, and refused "
        "where it may be a series as well",
    )
    encoding: str = Field("utf-8", description="of a text file")


class _CsvData(_Rows):
    """CSV, TSV, Parquet or JSON lines: one series a row, after its label."""

    label: str = Field(
        "first", description="column with the class: first, last, or its name in the header"
    )


class _TsData(_Series, Files):
    """The .ts format of the time-series archives."""

    kind: Literal["ts"]


class _NpzData(_Series, Files):
    """A NumPy archive with X, y and, for unequal lengths, lengths."""

    kind: Literal["npz"]


class _Table(_Series, Files):
    """A long table, CSV or Parquet: a row for each step of each case."""

    kind: Literal["table"]
    case: str = Field("case", description="column that says which case a row belongs to")
    time: str = Field("time", description="column by which the steps of a case are ordered")
    channels: tuple[str, ...] | None = Field(
        None, description="columns to use; by default all that are not case, time or label"
    )


class _TableData(_Table):
    """A long table with the class of the case in each row."""

    label: str = Field("label", description="column with the class of the case")


class _TextTableData(_Table):
    """A long table with the text to write for the case in each row."""

    target: str = Field("text", description="column with the text to write for the case")


class _TargetCsvData(_Rows):
    """CSV, TSV, Parquet or JSON lines: one series a row, after the numbers to predict."""

    label: str | tuple[str, ...] = Field(
        "first",
        description="columns with the numbers to predict: first, last, or a name or a list of "
        "names in the header",
    )
    targets: Length = Field(1, description="how many numbers, first or last in the row, to predict")


class _TargetTableData(_Table):
    """A long table with the numbers to predict in each row."""

    label: str | tuple[str, ...] = Field(
        "label", description="column, or list of columns, with the numbers to predict"
    )


class _ArrayData(_Series, Learned):
    """Arrays from Python: the configuration of a saved estimator."""

    kind: Literal["arrays"]


class _Model(Section):
    """Model options of classes and numbers."""

    convolutions: Literal["auto", False, True, "only"] = Field(
        "auto",
        description="whether to add a linear model of what random convolutions find, which is "
        "solved and not trained; auto: beside the encoder inception, with up to 4,000 training "
        "cases; only: without a network, so that there is no encoder, no attention and nothing to "
        "train",
    )
    stride: Length | None = Field(
        None,
        description="steps for each position of the encoder, by a strided convolution; null: of "
        "inception, as many as keep a training of all epochs near 11 million positions; 1 of the "
        "others, and 10 at 500 steps of conv-bilstm, which strides itself",
    )

    @field_validator("convolutions")
    @classmethod
    def _refuse_form(
        cls, convolutions: Literal["auto", False, True, "only"], info: ValidationInfo
    ) -> Literal["auto", False, True, "only"]:
        form = info.data.get("form")
        if convolutions == "only" and form:
            raise ValueError(f"the form {form} is a network; leave out the form, or set it to true")
        return convolutions


class _ClassTraining(Section):
    """Training options of classifiers of series."""

    augmentation: Literal["auto", "warp", "none"] = Field(
        "auto",
        description="warp varies each case's speed, start and scale a little in training; none "
        "leaves them unchanged; auto: warp, unless the steps are so little like their neighbours "
        "that reading between them would smooth away what they are",
    )


_DEFAULTS = {"training.epochs": None}


class _TextTraining(Section):
    """Training options of what writes texts from series."""

    augmentation: Literal["warp", "specaugment", "none"] = Field(
        "warp",
        description="warp varies each case's speed, start and scale a little in training; "
        "specaugment warps its time a little and hides bands of neighbouring channels and "
        "stretches of time; none leaves them unchanged",
    )


def sections(target: str) -> Sections:
    """The sections of series for a kind of target: "class", "numbers" or "tokens"."""
    if target == "tokens":
        return transcript_sections((_TsData, _NpzData, _TextTableData, _ArrayData), _TextTraining)
    if target == "numbers":
        return Sections(
            data=(_TargetCsvData, _TsData, _NpzData, _TargetTableData, _ArrayData),
            model=_Model,
            defaults=_DEFAULTS,
        )
    return Sections(
        data=(_SineData, _WebTrafficData, _CsvData, _TsData, _NpzData, _TableData, _ArrayData),
        model=_Model,
        training=_ClassTraining,
        defaults=_DEFAULTS,
    )
