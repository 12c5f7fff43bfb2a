"""The main jobs, from a configuration or a run folder to files or tables."""

from regard.jobs._compare import Comparison, Trained, compare
from regard.jobs._mechanisms import example_series, example_weights
from regard.jobs._predict import answer, explain, predict
from regard.jobs._tasks import split_parts
from regard.jobs._train import train

__all__ = [
    "Comparison",
    "Trained",
    "answer",
    "compare",
    "example_series",
    "example_weights",
    "explain",
    "predict",
    "split_parts",
    "train",
]
