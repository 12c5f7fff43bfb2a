"""Pictures and pages: draws results, computes nothing.

>>> import numpy as np
>>> from regard.plots import plot_attention
>>> axes = plot_attention(np.sin(np.arange(29)), np.full(29, 1 / 29), span=(5, 11))
>>> axes.get_xlabel()
'step'
"""

from regard.plots.attention import plot_attention
from regard.plots.case import CaseView, case_html, save_case
from regard.plots.confusion import plot_confusion
from regard.plots.history import plot_history
from regard.plots.report import Report, report_html
from regard.plots.weights import plot_weights, save_weights

__all__ = [
    "CaseView",
    "Report",
    "case_html",
    "plot_attention",
    "plot_confusion",
    "plot_history",
    "plot_weights",
    "report_html",
    "save_case",
    "save_weights",
]
