"""The main jobs, from a configuration or a run folder to files or tables."""

from regard.jobs.comparison import Comparison, compare
from regard.jobs.examples import call_of, example_series, example_weights
from regard.jobs.parts import load_parts
from regard.jobs.pictures import Answer, answer, explain, explain_all
from regard.jobs.prediction import predict
from regard.jobs.trained import Trained
from regard.jobs.training import train

__all__ = [
    "Answer",
    "Comparison",
    "Trained",
    "answer",
    "call_of",
    "compare",
    "example_series",
    "example_weights",
    "explain",
    "explain_all",
    "load_parts",
    "predict",
    "train",
]
