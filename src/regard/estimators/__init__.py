"""scikit-learn estimators: each is the name of a pair of an input and an output."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regard.estimators.auditing import Audit, CaseAudit, Uniform, attributed, refuse_unaudited
    from regard.estimators.base import AttentionEstimator, estimator_of
    from regard.estimators.captioner import Captioner
    from regard.estimators.composer import Composer
    from regard.estimators.image_classifier import ImageClassifier
    from regard.estimators.opening import load
    from regard.estimators.question_answerer import QuestionAnswerer
    from regard.estimators.series_classifier import SeriesClassifier
    from regard.estimators.series_forecaster import Forecast, SeriesForecaster
    from regard.estimators.series_regressor import SeriesRegressor
    from regard.estimators.series_transcriber import SeriesTranscriber
    from regard.estimators.sound_classifier import SoundClassifier
    from regard.estimators.span_answerer import SpanAnswerer
    from regard.estimators.summarizer import Summarizer
    from regard.estimators.text_answerer import TextAnswerer
    from regard.estimators.text_classifier import TextClassifier
    from regard.estimators.text_to_text import Alignment
    from regard.estimators.transcriber import Transcriber
    from regard.estimators.translator import Translator

__all__ = [
    "Alignment",
    "AttentionEstimator",
    "Audit",
    "Captioner",
    "CaseAudit",
    "Composer",
    "Forecast",
    "ImageClassifier",
    "QuestionAnswerer",
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
    "Uniform",
    "attributed",
    "estimator_of",
    "load",
    "refuse_unaudited",
]

# Each is imported when first used: it describes all its parameters, which takes time.
_MODULES = {
    "auditing": (
        "Audit",
        "CaseAudit",
        "Uniform",
        "attributed",
        "refuse_unaudited",
    ),
    "base": (
        "AttentionEstimator",
        "estimator_of",
    ),
    "captioner": ("Captioner",),
    "composer": ("Composer",),
    "image_classifier": ("ImageClassifier",),
    "opening": ("load",),
    "question_answerer": ("QuestionAnswerer",),
    "series_classifier": ("SeriesClassifier",),
    "series_forecaster": (
        "Forecast",
        "SeriesForecaster",
    ),
    "series_regressor": ("SeriesRegressor",),
    "series_transcriber": ("SeriesTranscriber",),
    "sound_classifier": ("SoundClassifier",),
    "span_answerer": ("SpanAnswerer",),
    "summarizer": ("Summarizer",),
    "text_answerer": ("TextAnswerer",),
    "text_classifier": ("TextClassifier",),
    "text_to_text": ("Alignment",),
    "transcriber": ("Transcriber",),
    "translator": ("Translator",),
}
_LATE = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"regard.estimators.{_LATE[name]}"), name)


def __dir__() -> list[str]:
    return __all__
