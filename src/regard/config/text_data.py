"""The data of tasks on texts."""

from typing import Annotated, Literal

from pydantic import Field

from regard.config.files import Files, Learned
from regard.config.section import Section, Share

__all__ = ["LineData", "TextArrayData", "TextTableData"]


class _Texts(Section):
    """What texts of every kind have."""

    tokens: Literal["word", "bpe", "wordpiece"] = Field(
        "word", description="what a text is cut into: words, or the parts of words that are common"
    )
    vocabulary: int = Field(
        20_000, ge=3, description="tokens that are known, at the most, the commonest first"
    )
    min_count: int = Field(
        1, ge=1, description="how often a token must be in the training part to be known"
    )
    lowercase: bool = Field(True, description="whether capitals are read as small letters")
    max_tokens: Annotated[int, Field(ge=1)] = Field(
        512, description="of a text; longer ones are cut, which is said"
    )
    validation_share: Share | Literal["auto"] = Field(
        0.0,
        description="share of all cases that training is stopped by; auto: 0.1 when at least "
        "1,000 cases remain to train on, otherwise none",
    )


class TextTableData(_Texts, Files):
    """CSV, Parquet or JSONL: a row per text."""

    kind: Literal["table"]
    text: str = Field("text", description="column with the text")
    label: str = Field("label", description="column with the class of the text")
    encoding: str = Field("utf-8", description="of the file")


class LineData(_Texts, Files):
    """A text a line, its label first."""

    kind: Literal["lines"]
    encoding: str = Field("utf-8", description="of the file")


class TextArrayData(_Texts, Learned):
    """Texts given from Python: the configuration of an estimator that was saved."""

    kind: Literal["arrays"]
