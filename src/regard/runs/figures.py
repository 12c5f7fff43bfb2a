"""What `metrics.json` and `history.csv` hold, described field by field."""

import csv
from collections.abc import Mapping
from io import StringIO
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from regard.kept import Kept, check_kept

__all__ = ["check_figures", "history_of"]

_Value = str | int | float | bool | None
_Figure = Annotated[float, Field(allow_inf_nan=True)]  # 0 of 0 cases, in runs from before


class _Open(Kept):
    """With further fields, of any content."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=True)


class _Class(_Open):
    name: Annotated[_Value, Field(alias="class")]
    recall: _Figure
    support: int


class _Target(_Open):
    target: _Value
    mae: _Figure


class _Baseline(_Open):
    mae: _Figure


class _Series(_Open):
    series: _Value
    target: _Value
    mae: _Figure
    baselines: dict[str, _Figure]
    best: str = ""


class _Lengths(_Open):
    start: Annotated[int, Field(alias="from")]
    to: int
    cases: int
    exact_match: _Figure
    wer: _Figure = 0.0
    bleu: _Figure = 0.0


class _Mistake(_Open):
    kind: str
    cases: int


class _Figures(_Open):
    """Those that are shown; a task may have others."""

    __pydantic_extra__: dict[str, _Value | list[Any] | dict[str, Any]]
    per_class: list[_Class] = Field(default_factory=list)
    per_target: list[_Target] = Field(default_factory=list)
    per_series: list[_Series] = Field(default_factory=list)
    by_length: list[_Lengths] = Field(default_factory=list)
    mistakes: list[_Mistake] = Field(default_factory=list)
    baselines: dict[str, _Baseline] = Field(default_factory=dict)
    signatures: dict[str, str] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list)
    positive_class: str | None = None


def check_figures(metrics: Mapping[str, Any]) -> None:
    """Raise a ValueError for figures that cannot be shown."""
    check_kept(_Figures, metrics)


def history_of(text: str) -> list[dict[str, float]]:
    """The rows of a table of numbers, one for each epoch.

    Raises:
        ValueError: it is none.

    >>> history_of("epoch,loss,validation_loss\\n1,0.5,\\n")
    [{'epoch': 1.0, 'loss': 0.5}]
    """
    reader = csv.DictReader(StringIO(text, newline=""))
    try:
        if len(set(reader.fieldnames or ())) < len(reader.fieldnames or ()):
            raise ValueError("a column is there twice")
        rows = [{name: float(x) for name, x in row.items() if x != ""} for row in reader]
    except (TypeError, csv.Error):
        raise ValueError("wanted a number in every column") from None
    except ValueError as error:
        twice = "twice" in str(error)
        raise ValueError(str(error) if twice else "wanted a number in every column") from None
    if any("epoch" not in row for row in rows):
        raise ValueError("a row has no epoch")
    return rows
