"""The main jobs, from a configuration or a run folder to files or tables."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regard.jobs.auditing import audit
    from regard.jobs.checking import Checked, check
    from regard.jobs.comparison import Comparison, compare
    from regard.jobs.doctoring import doctor
    from regard.jobs.evaluating import evaluate_run
    from regard.jobs.examples import call_of, example_series, example_weights
    from regard.jobs.exporting import export
    from regard.jobs.listing import Listed, list_runs
    from regard.jobs.opening import check_device
    from regard.jobs.parts import load_parts
    from regard.jobs.pictures import Answer, answer, explain, explain_all
    from regard.jobs.prediction import predict
    from regard.jobs.starting import Started, start, write_config
    from regard.jobs.trained import Trained
    from regard.jobs.training import train

__all__ = [
    "Answer",
    "Checked",
    "Comparison",
    "Listed",
    "Started",
    "Trained",
    "answer",
    "audit",
    "call_of",
    "check",
    "check_device",
    "compare",
    "doctor",
    "evaluate_run",
    "example_series",
    "example_weights",
    "explain",
    "explain_all",
    "export",
    "list_runs",
    "load_parts",
    "predict",
    "start",
    "train",
    "write_config",
]

_MODULES = {
    "auditing": ("audit",),
    "checking": ("Checked", "check"),
    "comparison": ("Comparison", "compare"),
    "doctoring": ("doctor",),
    "evaluating": ("evaluate_run",),
    "examples": ("call_of", "example_series", "example_weights"),
    "exporting": ("export",),
    "listing": ("Listed", "list_runs"),
    "opening": ("check_device",),
    "parts": ("load_parts",),
    "pictures": ("Answer", "answer", "explain", "explain_all"),
    "prediction": ("predict",),
    "starting": ("Started", "start", "write_config"),
    "trained": ("Trained",),
    "training": ("train",),
}


# A module is imported when one of its jobs is first used: only some of them need torch at once.
def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"regard.jobs.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
