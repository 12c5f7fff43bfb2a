"""scikit-learn estimators."""

from regard.estimators.series_classifier import SeriesClassifier

__all__ = ["SeriesClassifier"]
