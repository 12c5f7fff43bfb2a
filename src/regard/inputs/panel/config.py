"""The part of panels in the configuration."""

from typing import Annotated, Literal

from pydantic import Field

from regard.config.section import FilePath, Section, Share
from regard.config.sections import Sections

__all__ = ["sections"]


class _Panel(Section):
    """What is forecast from what."""

    time: str | None = Field(
        "ds", description="column with the times; null where rows are steps without times"
    )
    id: str | None = Field(
        None, description="column that says which series a row belongs to; by default unique_id"
    )
    target: str | tuple[str, ...] | None = Field(
        None,
        description="column, or list of columns, to forecast; by default y, or else all that are "
        "nothing else",
    )
    known: tuple[str, ...] = Field((), description="columns whose future is known beforehand")
    past: tuple[str, ...] = Field((), description="columns known of the past only")
    horizon: int = Field(1, ge=1, description="steps to forecast")
    window: Annotated[int, Field(ge=1)] | None = Field(
        None, description="past steps to forecast from; by default what suits season and horizon"
    )
    season: Annotated[int, Field(ge=1)] | None = Field(
        None, description="steps in a season; by default told from the times"
    )
    missing: Literal["refuse", "interpolate"] = Field(
        "refuse", description="what to do with missing values and missing times"
    )
    frequency: Literal["infer", "rows"] = Field(
        "infer",
        description="infer: times are a month, a business day or another step apart; rows: rows "
        "are steps whatever their times",
    )
    validation_share: Share = Field(
        0.1, description="share of the time, before the test part, that training is stopped by"
    )


class _TableData(_Panel):
    """A table with a time column, CSV or Parquet: long (a row per series and time) or wide."""

    kind: Literal["table"]
    path: FilePath = Field(
        description="file, relative to the working directory; ${NAME} stands for an environment "
        "variable"
    )
    test_share: float = Field(
        0.2, gt=0, lt=1, description="share of the time, the last, kept for the figures"
    )


class _ArrayData(_Panel):
    """A table or arrays given from Python: the configuration of an estimator that was saved."""

    kind: Literal["arrays"]


def sections(target: str) -> Sections:
    """The sections of panels, whose targets are columns."""
    return Sections(data=(_TableData, _ArrayData))
