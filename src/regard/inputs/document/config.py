"""Configuration of texts to be summarised."""

from typing import ClassVar, Literal

from pydantic import Field

from regard.config.files import Files, Learned, Made
from regard.config.section import Count, FilePath, Length, Section
from regard.config.sections import Sections
from regard.inputs.text.pair_config import PairModel, PairTraining, ParallelData

__all__ = ["sections"]


class _Documents(Section):
    """Fields of every kind of texts with their summaries."""

    max_tokens: Length = Field(
        200,
        description="longest text in tokens; longer ones are truncated, with a note, and longer "
        "summaries are left out of the training",
    )
    missing: Literal["refuse", "skip"] = Field(
        "refuse",
        description="what to do with rows without a text or a summary in training: refuse the "
        "data, or leave them out, with a note; in predicting they get no answer",
    )


class _ParallelData(_Documents, ParallelData):
    """Two files, a text a line: line n of one has the summary of line n of the other."""


class _TableData(_Documents, Files):
    """CSV, TSV, Parquet, Feather or JSON lines: a text and its summary in each row."""

    kind: Literal["table"]
    validation_path: FilePath | None = Field(
        None, description="file for early stopping; validation_share is then ignored"
    )
    source: str = Field("text", description="column with the text")
    target: str = Field("summary", description="column with its summary")
    id: str | None = Field(
        None, description="column that names the cases; by default their number, from 0"
    )
    encoding: str = Field("utf-8", description="of the file")


class _RequestData(_Documents, Made):
    """Requests with names that occur nowhere else; see `regard.data.requests`."""

    kind: Literal["requests"]
    size_of: ClassVar[tuple[str, ...]] = ("cases",)
    each: ClassVar[int] = 1000
    cases: Count = Field(3_000, description="how many")


class _ArrayData(_Documents, Learned):
    """Texts given from Python, in the configuration of a saved estimator."""

    kind: Literal["arrays"]


class _Model(PairModel):
    """Model fields of texts to be summarised."""

    preferred_width: ClassVar[int] = 128


def sections(target: str) -> Sections:
    """The sections of texts to be summarised."""
    return Sections(
        data=(_ParallelData, _TableData, _RequestData, _ArrayData),
        model=_Model,
        training=PairTraining,
        defaults={
            "model.copying": True,
            "model.encoder": "gru",
            "model.attention_dim": 128,
            "model.tokens": "word",
            "model.vocabulary": 10_000,
            "model.min_count": 3,
            "model.longest": 0.25,
            "model.no_repeat": 3,
            "training.epochs": 8,
            "training.patience": 3,
            "training.batch_size": 512,
            "training.batch_tokens": 12_000,
            "training.learning_rate": 0.002,
        },
        sizes={"gru": (128, 1), "bilstm": (128, 1), "lstm": (256, 1), "transformer": (128, 2)},
    )
