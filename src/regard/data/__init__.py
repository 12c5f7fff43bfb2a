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
from regard.data.calendar import guess_season, next_times, show_time
from regard.data.cases import Cases
from regard.data.delimited import read_csv
from regard.data.encoded import Encoded, sum_to_words, word_spans
from regard.data.load import kind_of, load, load_texts
from regard.data.ngrams import NgramFeatures, Ngrams
from regard.data.npz import read_npz
from regard.data.panel import Panel, constant_targets
from regard.data.panel_future import future_known, latest
from regard.data.panel_python import as_panel
from regard.data.panel_splits import split_times
from regard.data.panel_tables import read_panel
from regard.data.scaling import Scaler, choose_scaling
from regard.data.sentences import sentence_spans
from regard.data.sine import sine
from regard.data.splits import split
from regard.data.table import read_table
from regard.data.targets import target_names, targets_of
from regard.data.texts import Texts, as_texts, count_shared, read_lines, read_texts
from regard.data.tokenizer import Tokenizer
from regard.data.ts import read_ts
from regard.data.vectors import read_vectors
from regard.data.windows import Gathered, Windows, future_times, gather, rolling_origins, windows

__all__ = [
    "Cases",
    "Encoded",
    "Gathered",
    "NgramFeatures",
    "Ngrams",
    "Panel",
    "Scaler",
    "Texts",
    "Tokenizer",
    "Windows",
    "as_cases",
    "as_panel",
    "as_texts",
    "batch_indices",
    "choose_scaling",
    "constant_targets",
    "count_shared",
    "future_known",
    "future_times",
    "gather",
    "guess_season",
    "kind_of",
    "latest",
    "load",
    "load_texts",
    "next_times",
    "read_csv",
    "read_lines",
    "read_npz",
    "read_panel",
    "read_table",
    "read_texts",
    "read_ts",
    "read_vectors",
    "rolling_origins",
    "sentence_spans",
    "show_time",
    "sine",
    "split",
    "split_times",
    "sum_to_words",
    "target_names",
    "targets_of",
    "windows",
    "word_spans",
]
