"""Pictures, pages and reports of results that are computed elsewhere.

>>> import numpy as np
>>> from regard.plots import plot_attention
>>> axes = plot_attention(np.sin(np.arange(29)), np.full(29, 1 / 29), span=(5, 11))
>>> axes.get_xlabel()
'step'
"""

from regard.plots.alignment import plot_alignment
from regard.plots.attention import plot_attention
from regard.plots.caption import plot_caption
from regard.plots.confusion import plot_confusion
from regard.plots.explored import Answers
from regard.plots.forecast import ForecastView, plot_forecast
from regard.plots.history import plot_history
from regard.plots.horizon import plot_horizon
from regard.plots.lengths import plot_lengths
from regard.plots.outcome import Outcome
from regard.plots.picture import plot_picture
from regard.plots.predictions import plot_predictions
from regard.plots.reliability import plot_reliability
from regard.plots.report import Report, report_html
from regard.plots.series_transcript import plot_series_transcript
from regard.plots.sound import plot_sound
from regard.plots.text import Fragment, Passage, plot_text
from regard.plots.transcript import plot_transcript
from regard.plots.trust import Trust, said, said_of_uniform
from regard.plots.view import CaseView, FigureView
from regard.plots.weights import plot_weights, save_weights

__all__ = [
    "Answers",
    "CaseView",
    "FigureView",
    "ForecastView",
    "Fragment",
    "Outcome",
    "Passage",
    "Report",
    "Trust",
    "plot_alignment",
    "plot_attention",
    "plot_caption",
    "plot_confusion",
    "plot_forecast",
    "plot_history",
    "plot_horizon",
    "plot_lengths",
    "plot_picture",
    "plot_predictions",
    "plot_reliability",
    "plot_series_transcript",
    "plot_sound",
    "plot_text",
    "plot_transcript",
    "plot_weights",
    "report_html",
    "said",
    "said_of_uniform",
    "save_weights",
]
