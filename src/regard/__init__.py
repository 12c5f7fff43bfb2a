"""Attention models on sequences that show where every prediction looked.

>>> import regard
>>> model = regard.SeriesClassifier(random_state=0)         # doctest: +SKIP
>>> model.fit(X, y).attend(X_new)                           # doctest: +SKIP
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from regard.errors import ConfigError, DataError, RegardError, RegardWarning, RunError

if TYPE_CHECKING:
    from regard.estimators import (
        Captioner,
        Composer,
        ImageClassifier,
        QuestionAnswerer,
        SeriesClassifier,
        SeriesForecaster,
        SeriesRegressor,
        SeriesTranscriber,
        SoundClassifier,
        SpanAnswerer,
        Summarizer,
        TextAnswerer,
        TextClassifier,
        Transcriber,
        Translator,
        load,
    )
    from regard.jobs import train

__all__ = [
    "Captioner",
    "Composer",
    "ConfigError",
    "DataError",
    "ImageClassifier",
    "QuestionAnswerer",
    "RegardError",
    "RegardWarning",
    "RunError",
    "SeriesClassifier",
    "SeriesForecaster",
    "SeriesRegressor",
    "SeriesTranscriber",
    "SoundClassifier",
    "SpanAnswerer",
    "Summarizer",
    "TextAnswerer",
    "TextClassifier",
    "Transcriber",
    "Translator",
    "__version__",
    "load",
    "train",
]

__version__ = version("regard")

# Names that need torch are imported when first used, so that `import regard` takes no time.
_LATE = {
    "Captioner": "regard.estimators",
    "Composer": "regard.estimators",
    "ImageClassifier": "regard.estimators",
    "QuestionAnswerer": "regard.estimators",
    "SeriesClassifier": "regard.estimators",
    "SeriesForecaster": "regard.estimators",
    "SeriesRegressor": "regard.estimators",
    "SeriesTranscriber": "regard.estimators",
    "SoundClassifier": "regard.estimators",
    "SpanAnswerer": "regard.estimators",
    "Summarizer": "regard.estimators",
    "TextAnswerer": "regard.estimators",
    "TextClassifier": "regard.estimators",
    "Transcriber": "regard.estimators",
    "Translator": "regard.estimators",
    "load": "regard.estimators",
    "train": "regard.jobs",
}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module 'regard' has no attribute '{name}'")
    return getattr(import_module(_LATE[name]), name)


def __dir__() -> list[str]:
    return __all__
