"""The figures of a model on cases that it has not seen.

>>> import numpy as np
>>> from regard.metrics import regression_metrics
>>> truth, predicted = np.array([[1.0], [4.0]]), np.array([[2.0], [4.0]])
>>> regression_metrics(truth, predicted, ["price"], mean=np.array([3.0]))["mae"]
0.5
"""

from regard.metrics.classification import classification_metrics
from regard.metrics.forecasting import forecast_metrics
from regard.metrics.regression import regression_metrics

__all__ = ["classification_metrics", "forecast_metrics", "regression_metrics"]
