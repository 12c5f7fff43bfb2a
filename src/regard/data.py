"""The readers of series, texts, stories, recordings, panels, pictures and music, and their results.

    training, test = load("ts", path="Gestures_TRAIN.ts", test_path="Gestures_TEST.ts")
    fitting, validation = split(training.labels, shares=(0.8, 0.2))
    scaler = Scaler("series").fit(training.take(fitting))
    values = scaler.transform(test)  # [B, C, T] float32

Messages count rows, lines and columns of files from 1, as editors show them, and cases, channels
and steps from 0, as Python does.
"""

from regard.inputs.document.requests import requests
from regard.inputs.image.archives import read_idx, read_npz_pictures
from regard.inputs.image.arrays import as_pictures
from regard.inputs.image.clutter import clutter
from regard.inputs.image.files import read_folder, read_pictures
from regard.inputs.image.pictures import Pictures
from regard.inputs.image.scenes import scenes
from regard.inputs.music.canons import canons
from regard.inputs.music.charts import read_charts, read_progressions
from regard.inputs.music.json_pieces import read_json_pieces
from regard.inputs.music.pieces import Pieces
from regard.inputs.music.scores import read_scores
from regard.inputs.music.take import as_pieces
from regard.inputs.music.write_midi import write_midi
from regard.inputs.music.written import parse_piece, piece_text
from regard.inputs.panel.frames import as_panel
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.splits import split_times
from regard.inputs.panel.tables import read_panel
from regard.inputs.series.arrays import as_cases
from regard.inputs.series.cases import Cases
from regard.inputs.series.delimited import read_csv
from regard.inputs.series.load import kind_of, load
from regard.inputs.series.npz import read_npz
from regard.inputs.series.scaling import Scaler
from regard.inputs.series.sine import sine
from regard.inputs.series.table import read_table
from regard.inputs.series.ts import read_ts
from regard.inputs.series.webtraffic import webtraffic
from regard.inputs.sound.manifest import read_manifest
from regard.inputs.sound.readers import as_recordings, read_recordings, read_sound_folder
from regard.inputs.sound.recordings import Recordings, Word
from regard.inputs.story.babi import read_babi
from regard.inputs.story.files import read_stories
from regard.inputs.story.rooms import rooms
from regard.inputs.story.stories import Stories, as_stories
from regard.inputs.text.dates import dates
from regard.inputs.text.files import read_lines, read_texts
from regard.inputs.text.load import load_texts
from regard.inputs.text.pairs import as_pairs, read_pairs, read_parallel
from regard.inputs.text.texts import Texts, as_texts
from regard.inputs.text.tokenizer import Tokenizer
from regard.splits import split
from regard.tables.limits import reading

__all__ = [
    "Cases",
    "Panel",
    "Pictures",
    "Pieces",
    "Recordings",
    "Scaler",
    "Stories",
    "Texts",
    "Tokenizer",
    "Word",
    "as_cases",
    "as_pairs",
    "as_panel",
    "as_pictures",
    "as_pieces",
    "as_recordings",
    "as_stories",
    "as_texts",
    "canons",
    "clutter",
    "dates",
    "kind_of",
    "load",
    "load_texts",
    "parse_piece",
    "piece_text",
    "read_babi",
    "read_charts",
    "read_csv",
    "read_folder",
    "read_idx",
    "read_json_pieces",
    "read_lines",
    "read_manifest",
    "read_npz",
    "read_npz_pictures",
    "read_pairs",
    "read_panel",
    "read_parallel",
    "read_pictures",
    "read_progressions",
    "read_recordings",
    "read_scores",
    "read_sound_folder",
    "read_stories",
    "read_table",
    "read_texts",
    "read_ts",
    "reading",
    "requests",
    "rooms",
    "scenes",
    "sine",
    "split",
    "split_times",
    "webtraffic",
    "write_midi",
]
