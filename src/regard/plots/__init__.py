"""Pictures and pages: draws results, computes nothing.

>>> import numpy as np
>>> from regard.plots import plot_attention
>>> axes = plot_attention(np.sin(np.arange(29)), np.full(29, 1 / 29), span=(5, 11))
>>> axes.get_xlabel()
'step'
"""

from .attention import plot_attention
from .case import CaseView, case_html, save_case
from .confusion import plot_confusion
from .history import plot_history
from .report import Report, report_html

__all__ = [
    "CaseView",
    "Report",
    "case_html",
    "plot_attention",
    "plot_confusion",
    "plot_history",
    "report_html",
    "save_case",
]
