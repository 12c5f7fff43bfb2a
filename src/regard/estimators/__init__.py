"""scikit-learn estimators."""

from regard.estimators.base import AttentionEstimator
from regard.estimators.panel_windows import PanelWindows, choose_window, divide_panel, season_of
from regard.estimators.series_classifier import SeriesClassifier
from regard.estimators.series_forecaster import Forecast, SeriesForecaster
from regard.estimators.series_regressor import SeriesRegressor
from regard.estimators.text_classifier import TextClassifier

__all__ = [
    "AttentionEstimator",
    "Forecast",
    "PanelWindows",
    "SeriesClassifier",
    "SeriesForecaster",
    "SeriesRegressor",
    "TextClassifier",
    "choose_window",
    "divide_panel",
    "season_of",
]
