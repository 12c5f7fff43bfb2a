"""The tables of inputs, outputs and tasks; a task is a pair of an input and an output."""

from typing import Any, NamedTuple

from regard.registry import Registry

__all__ = ["INPUTS", "OUTPUTS", "TASKS", "Side", "Task"]


class Side(NamedTuple):
    """An input or an output.

    Attributes:
        sections: its part of the configuration, or `"module:object"`; see `config.Sections`.
        code: its class, or `"module:object"`; see `inputs.Input` and `outputs.Output`.
    """

    sections: Any
    code: Any


class Task(NamedTuple):
    """A pair of an input and an output.

    Attributes:
        input: name of the input.
        output: name of the output.
        estimator: its class, or `"module:object"`; None for one without a name of its own.
    """

    input: str
    output: str
    estimator: Any = None


def _built_in(kind: str, name: str) -> Side:
    folder = f"regard.{kind}s.{name}"
    return Side(
        f"{folder}.config:sections", f"{folder}.{kind}:{name.capitalize()}{kind.capitalize()}"
    )


INPUTS = Registry(
    "input",
    {
        name: _built_in("input", name)
        for name in ("series", "text", "document", "story", "panel", "sound", "image", "music")
    },
)

OUTPUTS = Registry(
    "output",
    {
        name: _built_in("output", name)
        for name in ("classes", "numbers", "future", "span", "tokens", "events")
    },
)

TASKS = Registry(
    "task",
    {
        "classify": Task("series", "classes", "regard.estimators:SeriesClassifier"),
        "classify-text": Task("text", "classes", "regard.estimators:TextClassifier"),
        "classify-sound": Task("sound", "classes", "regard.estimators:SoundClassifier"),
        "classify-image": Task("image", "classes", "regard.estimators:ImageClassifier"),
        "answer": Task("story", "classes", "regard.estimators:QuestionAnswerer"),
        "answer-span": Task("story", "span", "regard.estimators:SpanAnswerer"),
        "answer-text": Task("story", "tokens", "regard.estimators:TextAnswerer"),
        "caption": Task("image", "tokens", "regard.estimators:Captioner"),
        "regress": Task("series", "numbers", "regard.estimators:SeriesRegressor"),
        "translate": Task("text", "tokens", "regard.estimators:Translator"),
        "summarize": Task("document", "tokens", "regard.estimators:Summarizer"),
        "transcribe": Task("sound", "tokens", "regard.estimators:Transcriber"),
        "transcribe-series": Task("series", "tokens", "regard.estimators:SeriesTranscriber"),
        "compose": Task("music", "events", "regard.estimators:Composer"),
        "forecast": Task("panel", "future", "regard.estimators:SeriesForecaster"),
    },
)
