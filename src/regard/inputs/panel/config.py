"""The configuration of panels."""

from typing import Literal

from pydantic import Field

from regard.config.section import FilePath, Length, Section, Share
from regard.config.sections import Sections

__all__ = ["sections"]


class _Panel(Section):
    """Columns, window and horizon of a forecast."""

    time: str | None = Field(
        "ds", description="column of times; null if rows are steps without times"
    )
    id: str | None = Field(
        None, description="column that names the series of a row; by default unique_id, if present"
    )
    target: str | tuple[str, ...] | None = Field(
        None,
        description="column, or list of columns, to forecast; by default y, otherwise all columns "
        "of numbers without another role",
    )
    known: tuple[str, ...] = Field((), description="columns whose future is known")
    past: tuple[str, ...] = Field((), description="columns known only up to the present")
    horizon: Length = Field(1, description="steps to forecast")
    window: Length | None = Field(
        None, description="past steps to forecast from; by default chosen from season and horizon"
    )
    season: Length | None = Field(
        None, description="steps in a season; by default inferred from the times"
    )
    missing: Literal["refuse", "interpolate"] = Field(
        "refuse", description="how to handle missing values and missing times"
    )
    frequency: Literal["infer", "rows"] = Field(
        "infer",
        description="infer: times are a month, a business day or another step apart; rows: count "
        "rows as steps and ignore the times",
    )
    time_format: str | None = Field(
        None,
        description="how times are written, such as %d.%m.%Y, in the notation of Python's "
        "strptime; null for the year first, or where a day above 12 tells day and month apart",
    )
    time_zone: str | None = Field(
        None,
        description="zone whose days and months the times follow, such as Europe/Berlin, for times "
        "with different offsets from UTC; null for the zone that all times have",
    )
    validation_share: Share = Field(
        0.1, description="share of the time, before the test part, for early stopping"
    )


class _TableData(_Panel):
    """A table, CSV or Parquet: long (a row per series and time) or wide (a column per target)."""

    kind: Literal["table"]
    path: FilePath = Field(
        description="file, relative to the working directory; ${NAME} stands for an environment "
        "variable"
    )
    test_share: float = Field(
        0.2, gt=0, lt=1, description="share of the time, the last, for the test metrics"
    )


class _ArrayData(_Panel):
    """A table or arrays passed in Python; the configuration of a saved estimator."""

    kind: Literal["arrays"]


def sections(target: str) -> Sections:
    """The sections of the configuration for panels, whose targets are columns."""
    return Sections(data=(_TableData, _ArrayData))
