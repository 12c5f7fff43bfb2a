"""scikit-learn estimators."""

from regard.estimators.base import AttentionEstimator
from regard.estimators.series_classifier import SeriesClassifier

__all__ = ["AttentionEstimator", "SeriesClassifier"]
