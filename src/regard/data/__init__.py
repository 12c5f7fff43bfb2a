"""Series as cases: drawn, read from files or taken from Python, and made ready for a model.

    training, test = load("ts", path="Gestures_TRAIN.ts", test_path="Gestures_TEST.ts")
    fitting, validation = split(training.labels, shares=(0.8, 0.2))
    scaler = Scaler("series").fit(training.take(fitting))
    values = scaler.transform(test)  # [B, C, T] float32

Messages count rows, lines and columns of files from 1, as editors show them, and cases, channels
and steps from 0, as Python does.
"""

from regard.data.arrays import as_cases
from regard.data.batches import batch_indices
from regard.data.cases import Cases
from regard.data.delimited import read_csv
from regard.data.load import kind_of, load
from regard.data.npz import read_npz
from regard.data.scaling import Scaler, choose_scaling
from regard.data.sine import sine
from regard.data.splits import split
from regard.data.table import read_table
from regard.data.ts import read_ts

__all__ = [
    "Cases",
    "Scaler",
    "as_cases",
    "batch_indices",
    "choose_scaling",
    "kind_of",
    "load",
    "read_csv",
    "read_npz",
    "read_table",
    "read_ts",
    "sine",
    "split",
]
