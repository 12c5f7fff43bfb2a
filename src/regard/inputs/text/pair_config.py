"""Configuration of texts with a text to write for each."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from regard.config.files import Files, Learned, Made, Split
from regard.config.section import MOST_LENGTH, Count, FilePath, Length, Section, Share
from regard.config.sections import Sections

__all__ = ["PairModel", "PairTraining", "ParallelData", "pair_sections"]


class _Pairs(Section):
    """Fields of every kind of pairs."""

    max_tokens: Length = Field(
        256,
        description="longest source or target in tokens; longer pairs are left out of the "
        "training, with a note, and a longer source is truncated in predicting",
    )
    missing: Literal["refuse", "skip"] = Field(
        "refuse",
        description="what to do with pairs without a source or a target in training: refuse the "
        "data, or leave them out, with a note; in predicting they get no answer",
    )


class ParallelData(Split):
    """Two files, a text a line: line n of one belongs to line n of the other."""

    kind: Literal["parallel"]
    source_path: FilePath = Field(
        description="file to read from, a text a line; paths are relative to the working "
        "directory, and ${NAME} stands for an environment variable"
    )
    target_path: FilePath = Field(description="file with what to write, a text a line")
    validation_source_path: FilePath | None = Field(
        None, description="sources for early stopping; validation_share is then ignored"
    )
    validation_target_path: FilePath | None = Field(None, description="their targets")
    test_source_path: FilePath | None = Field(
        None, description="sources for the figures, used whole; test_share is then ignored"
    )
    test_target_path: FilePath | None = Field(None, description="their targets")
    encoding: str = Field("utf-8", description="of the files")

    @model_validator(mode="after")
    def _refuse_halves(self) -> Self:
        for part in ("validation", "test"):
            names = f"{part}_source_path", f"{part}_target_path"
            given = [name for name in names if getattr(self, name) is not None]
            if len(given) == 1:
                [other] = set(names) - set(given)
                raise ValueError(f"{given[0]} is given without {other}; give both or none")
        return self

    @property
    def test_path(self) -> str | None:
        """The file of the test part's sources."""
        return self.test_source_path


class _ParallelData(_Pairs, ParallelData):
    """Two files, a text a line: line n of one belongs to line n of the other."""


class _PairTableData(_Pairs, Files):
    """CSV, TSV, Parquet, Feather or JSON lines: a source and its target in each row."""

    kind: Literal["table"]
    validation_path: FilePath | None = Field(
        None, description="file for early stopping; validation_share is then ignored"
    )
    source: str | None = Field(
        None,
        description="column to translate from; by default source, or the first without a header",
    )
    target: str | None = Field(
        None,
        description="column to translate to; by default target, or the second without a header",
    )
    id: str | None = Field(
        None, description="column that names the cases; by default their number, from 0"
    )
    header: bool = Field(
        True,
        description="whether the first row of a text file names the columns; otherwise they are "
        "called 1, 2 and so on",
    )
    encoding: str = Field("utf-8", description="of the file")


class _DateData(_Pairs, Made):
    """Dates in many written forms, to be written as 1979-05-03; see `regard.data.dates`."""

    kind: Literal["dates"]
    size_of: ClassVar[tuple[str, ...]] = ("cases",)
    each: ClassVar[int] = 1000
    cases: Count = Field(10_000, description="how many")
    languages: Annotated[tuple[Literal["en", "de"], ...], Field(min_length=1)] = Field(
        ("en", "de"), description="languages they are written in: en, de"
    )
    longer: Annotated[int, Field(ge=0, le=MOST_LENGTH)] = Field(
        500,
        description="how many cases of a second test part, whose sources are at least half again "
        "as long as the longest of all others",
    )


class _PairArrayData(_Pairs, Learned):
    """Texts given from Python, in the configuration of a saved estimator."""

    kind: Literal["arrays"]


class PairModel(Section):
    """Model fields of texts with a text to write."""

    joint: bool = Field(True, description="whether source and target share one vocabulary")
    word_dropout: Share = Field(
        0.0,
        description="share of the source's tokens replaced by the unknown token in training; with "
        "copying, of its different tokens that can only be copied, in source and target",
    )
    subword_dropout: Share = Field(
        0.0,
        description="probability with which a merge of BPE is skipped in training, so that words "
        "of both sides are cut into other subwords in every epoch (BPE-dropout); 0.1 is usual",
    )

    copying: bool = Field(
        False,
        description="whether a token is either written from the vocabulary or copied from the "
        "source, with words that the vocabulary lacks (pointer-generator); needs a joint "
        "vocabulary",
    )

    @model_validator(mode="after")
    def _refuse_copying(self) -> Self:
        if self.copying and not self.joint:
            raise ValueError(
                "copying needs one vocabulary of source and target; set joint to true, or "
                "copying to false"
            )
        if self.copying and self.subword_dropout:
            raise ValueError(
                "subword_dropout cuts source and target into other subwords, which cannot be "
                "copied; leave it, or set copying to false"
            )
        return self

    @model_validator(mode="after")
    def _refuse_dropout(self) -> Self:
        tokens = getattr(self, "tokens", "bpe")
        if self.subword_dropout and tokens != "bpe":
            raise ValueError(
                f"subword_dropout skips merges of bpe, and tokens is {tokens}; leave it"
            )
        return self


class PairTraining(Section):
    """Training fields of texts with a text to write."""

    batch_tokens: Count = Field(
        6_000,
        description="largest number of tokens in an update, of source and target together with "
        "their padding",
    )


def pair_sections() -> Sections:
    """The sections of texts with a text to write for each."""
    return Sections(
        data=(_ParallelData, _PairTableData, _DateData, _PairArrayData),
        model=PairModel,
        training=PairTraining,
        defaults={
            "model.encoder": "gru",
            "model.attention_dim": 128,
            "training.epochs": 40,
            "training.patience": 8,
            "training.batch_size": 512,
            "training.learning_rate": 0.002,
        },
        sizes={"gru": (128, 1), "bilstm": (128, 1), "lstm": (256, 1), "transformer": (128, 4)},
    )
