"""What comes out: a folder for each kind of output, and the contract of all of them.

check, fit, targets          the targets of cases
head, objective, answer      the end of the model, its loss, and how it is run
calibrate                    what is fitted on held-out cases after training
metrics, compared            figures on the test part
case_figure, case_scores     the score of each of its cases
outcome, columns, report     a prediction in words, in a table, and in the report
rated, worst                 what is predicted of each class or target; the worst cases
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regard.outputs.output import CaseScores, Compared, Output, Rated

__all__ = ["CaseScores", "Compared", "Output", "Rated"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("regard.outputs.output"), name)
