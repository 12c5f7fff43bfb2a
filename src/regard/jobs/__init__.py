"""The main jobs, from a configuration or a run folder to files: train, predict, explain."""

from regard.jobs._parts import split_parts
from regard.jobs._predict import explain, predict
from regard.jobs._train import train

__all__ = ["explain", "predict", "split_parts", "train"]
