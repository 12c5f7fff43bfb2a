"""One typed configuration for each task, the same words as the estimators' parameters.

    {"task": "classify", "seed": 0, "data": {...}, "model": {...}, "training": {...}}

Everything but the data has a default; `config.json` of a run folder holds all of it, resolved.
"""

from regard.config.attention import Attention
from regard.config.model import ForecastModel, Model, RegressionModel, TextModel
from regard.config.panel_data import PanelArrayData, PanelTableData
from regard.config.read import read_config, resolve_config
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
from regard.config.tasks import (
    TASKS,
    ClassifyConfig,
    Config,
    ForecastConfig,
    RegressConfig,
    TextConfig,
)
from regard.config.text_data import LineData, TextArrayData, TextTableData
from regard.config.training import (
    ForecastTraining,
    RegressionTraining,
    SeriesTraining,
    TextTraining,
    Training,
)

__all__ = [
    "TASKS",
    "ArrayData",
    "Attention",
    "ClassifyConfig",
    "Config",
    "CsvData",
    "ForecastConfig",
    "ForecastModel",
    "ForecastTraining",
    "LineData",
    "Model",
    "NpzData",
    "PanelArrayData",
    "PanelTableData",
    "RegressConfig",
    "RegressionModel",
    "RegressionTraining",
    "SeriesTraining",
    "SineData",
    "TableData",
    "TargetCsvData",
    "TargetTableData",
    "TextArrayData",
    "TextConfig",
    "TextModel",
    "TextTableData",
    "TextTraining",
    "Training",
    "TsData",
    "read_config",
    "resolve_config",
]
