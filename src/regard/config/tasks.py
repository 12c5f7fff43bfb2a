"""The whole configuration, of each task."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from regard.config.model import ForecastModel, Model, RegressionModel, TextModel
from regard.config.panel_data import PanelArrayData, PanelTableData
from regard.config.section import Section
from regard.config.series_data import (
    ArrayData,
    CsvData,
    NpzData,
    SineData,
    TableData,
    TargetCsvData,
    TargetTableData,
    TsData,
)
from regard.config.text_data import LineData, TextArrayData, TextTableData
from regard.config.training import (
    ForecastTraining,
    RegressionTraining,
    SeriesTraining,
    TextTraining,
)

__all__ = [
    "TASKS",
    "ClassifyConfig",
    "Config",
    "ForecastConfig",
    "RegressConfig",
    "TextConfig",
]


class Config(Section):
    """Everything that a run is made from; each task has sections of its own."""

    task: str
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    data: Any
    model: Any
    training: Any
    versions: dict[str, str] = Field(
        default_factory=dict, description="what the run was made with; written, not read"
    )

    @classmethod
    def kinds(cls) -> dict[str, type[Section]]:
        """The kinds of data that the task can be trained on, by name."""
        sections = get_args(cls.model_fields["data"].annotation)
        return {get_args(each.model_fields["kind"].annotation)[0]: each for each in sections}


class ClassifyConfig(Config):
    """Series -> a class."""

    task: Literal["classify"] = "classify"
    data: SineData | CsvData | TsData | NpzData | TableData | ArrayData = Field(
        discriminator="kind"
    )
    model: Model = Model()
    training: SeriesTraining = SeriesTraining()


class TextConfig(Config):
    """Text -> a class."""

    task: Literal["classify-text"]
    data: TextTableData | LineData | TextArrayData = Field(discriminator="kind")
    model: TextModel = TextModel()
    training: TextTraining = TextTraining()


class RegressConfig(Config):
    """Series -> one or several numbers."""

    task: Literal["regress"]
    data: TargetCsvData | TsData | NpzData | TargetTableData | ArrayData = Field(
        discriminator="kind"
    )
    model: RegressionModel = RegressionModel()
    training: RegressionTraining = RegressionTraining()


class ForecastConfig(Config):
    """The past of series -> their future."""

    task: Literal["forecast"]
    data: PanelTableData | PanelArrayData = Field(discriminator="kind")
    model: ForecastModel = ForecastModel()
    training: ForecastTraining = ForecastTraining()


TASKS: Mapping[str, type[Config]] = {
    "classify": ClassifyConfig,
    "classify-text": TextConfig,
    "regress": RegressConfig,
    "forecast": ForecastConfig,
}
