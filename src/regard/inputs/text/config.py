"""Configuration of texts."""

from typing import Annotated, Literal

from pydantic import Field

from regard.config.files import Files, Learned
from regard.config.section import MOST_COUNT, Count, FilePath, Length, Section, Share, Width
from regard.config.sections import Sections
from regard.inputs.text.pair_config import pair_sections

__all__ = ["sections"]


class _Texts(Section):
    """Fields of every kind of texts."""

    tokens: Literal["word", "bpe", "wordpiece"] = Field(
        "word", description="tokens of a text: words, or subwords by BPE or WordPiece"
    )
    vocabulary: int = Field(
        20_000, ge=3, le=MOST_COUNT, description="largest number of tokens, the most frequent first"
    )
    min_count: Count = Field(
        1, description="least number of occurrences of a token in the training part"
    )
    lowercase: bool = Field(True, description="whether to lowercase texts")
    max_tokens: Length = Field(512, description="longer texts are truncated, with a warning")
    missing: Literal["refuse", "skip"] = Field(
        "refuse",
        description="what to do with cases without a text or a class in training: refuse the "
        "data, or leave them out, with a note; in predicting they get no answer",
    )
    validation_share: Share | Literal["auto"] = Field(
        0.0, description=Learned.model_fields["validation_share"].description
    )


class _TextTableData(_Texts, Files):
    """CSV, Parquet, Feather or JSON lines: a row per text."""

    kind: Literal["table"]
    text: str | Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        "text",
        description="column with the text, or list of columns: one text, a line for each column",
    )
    label: str = Field("label", description="column with the class of the text")
    id: str | None = Field(
        None, description="column that names the cases; by default their number, from 0"
    )
    encoding: str = Field("utf-8", description="of the file")


class _LineData(_Texts, Files):
    """A label and a text per line."""

    kind: Literal["lines"]
    encoding: str = Field("utf-8", description="of the file")


class _TextArrayData(_Texts, Learned):
    """Texts given from Python, in the configuration of a saved estimator."""

    kind: Literal["arrays"]


class _Model(Section):
    """Model fields of texts."""

    embedding_dim: Width = Field(
        64, description="width of the embedding of a token; pretrained vectors have their own"
    )
    vectors: FilePath | None = Field(
        None, description="text file of pretrained word vectors: a word and its numbers a line"
    )
    word_dropout: Share = Field(
        0.1, description="share of the tokens replaced by the unknown token in training"
    )
    embedding_dropout: Share = Field(
        0.3, description="dropout rate on the embedding's columns, the same for a whole text"
    )


class _ClassModel(_Model):
    """Model fields of texts with classes."""

    ngrams: bool = Field(
        True,
        description="whether to add a linear model of the text's n-grams: of its words, pairs of "
        "words and characters within words",
    )


def sections(target: str) -> Sections:
    """The sections of texts, for a kind of target."""
    if target == "tokens":
        return pair_sections()
    return Sections(
        data=(_TextTableData, _LineData, _TextArrayData),
        model=_ClassModel if target == "class" else _Model,
        defaults={
            "model.encoder": "bilstm",
            "model.dropout": 0.5,
            "training.epochs": 8,
            "training.batch_size": 64,
            "training.learning_rate": 0.004,
            "training.weight_decay": 0.05,
            **({"training.calibration": "refit"} if target == "class" else {}),
        },
        sizes={"bilstm": (64, 1)},
        poolings={"hierarchical": "words to sentences, sentences to the text"},
        pooling="attention",
    )
