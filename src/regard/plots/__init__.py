"""Pictures and pages: draws results, computes nothing.

>>> import numpy as np
>>> from regard.plots import plot_attention
>>> axes = plot_attention(np.sin(np.arange(29)), np.full(29, 1 / 29), span=(5, 11))
>>> axes.get_xlabel()
'step'
"""

from regard.plots._fragments import TextView
from regard.plots.attention import plot_attention
from regard.plots.case import CaseView, case_html, save_case
from regard.plots.confusion import plot_confusion
from regard.plots.forecast import ForecastView, plot_forecast
from regard.plots.forecast_page import forecast_html, save_forecast
from regard.plots.history import plot_history
from regard.plots.horizon import plot_horizon
from regard.plots.predictions import plot_predictions
from regard.plots.report import Report, report_html
from regard.plots.report_classification import ClassificationReport
from regard.plots.report_forecast import ForecastReport
from regard.plots.report_regression import RegressionReport
from regard.plots.terminal import text_ansi
from regard.plots.text import save_text, text_html
from regard.plots.weights import plot_weights, save_weights
from regard.plots.words import plot_text

__all__ = [
    "CaseView",
    "ClassificationReport",
    "ForecastReport",
    "ForecastView",
    "RegressionReport",
    "Report",
    "TextView",
    "case_html",
    "forecast_html",
    "plot_attention",
    "plot_confusion",
    "plot_forecast",
    "plot_history",
    "plot_horizon",
    "plot_predictions",
    "plot_text",
    "plot_weights",
    "report_html",
    "save_case",
    "save_forecast",
    "save_text",
    "save_weights",
    "text_ansi",
    "text_html",
]
