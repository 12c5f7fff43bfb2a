"""scikit-learn estimators."""

from regard.estimators.base import AttentionEstimator
from regard.estimators.series_classifier import SeriesClassifier
from regard.estimators.series_regressor import SeriesRegressor
from regard.estimators.text_classifier import TextClassifier

__all__ = ["AttentionEstimator", "SeriesClassifier", "SeriesRegressor", "TextClassifier"]
