"""Configuration of stories and questions."""

from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import Field, create_model

from regard.catalogue import SENTENCE_ENCODERS
from regard.config.attention import AttentionConfig, asked_by_states
from regard.config.files import Files, Learned, Made
from regard.config.model import NetworkConfig
from regard.config.section import MOST_COUNT, Count, Depth, FilePath, Length, Section, Share, Width
from regard.config.sections import Sections

__all__ = ["sections"]


class _Tokens(Section):
    """Fields of stories whose sentences are read whole."""

    tokens: Literal["word", "bpe", "wordpiece"] = Field(
        "word", description="tokens of a sentence: words, or subwords by BPE or WordPiece"
    )


class _Words(Section):
    """Fields of stories whose words are no target."""

    vocabulary: Annotated[int, Field(ge=3, le=MOST_COUNT)] = Field(
        20_000, description="largest number of tokens, the most frequent first"
    )
    min_count: Count = Field(
        1, description="least number of occurrences of a token in the training part"
    )
    lowercase: bool = Field(True, description="whether to lowercase texts")


class _Stories(Section):
    """Fields of every kind of stories."""

    max_sentences: Length = Field(
        100, description="of a longer story so many sentences are read, the last ones"
    )
    max_tokens: Length = Field(64, description="longer sentences and questions are truncated")
    missing: Literal["refuse", "skip"] = Field(
        "refuse",
        description="what to do with cases without a sentence, a question or an answer in "
        "training: refuse the data, or leave them out, with a note; in predicting they get no "
        "answer",
    )


class _Files(_Stories, Files):
    """Files with stories and questions."""

    validation_path: FilePath | None = Field(
        None, description="file for early stopping; validation_share is then ignored"
    )
    encoding: str = Field("utf-8", description="of the files")


class _BabiData(_Files):
    """bAbI's format: numbered lines of stories with questions in between."""

    kind: Literal["babi"]


class _StoryTableData(_Files):
    """CSV, Parquet, Feather or JSON lines: a story, a question and its answer in each row."""

    kind: Literal["table"]
    story: str = Field(
        "story",
        description="column with the story, which is divided into sentences at line ends and after "
        "sentences; of Parquet and JSON lines also a list of sentences",
    )
    question: str = Field("question", description="column with the question")
    answer: str = Field("answer", description="column with the answer")
    supporting: str | None = Field(
        None,
        description="column with the numbers of the sentences that the answer follows from, from "
        "1, separated by blanks; the attention is then measured against them",
    )
    id: str | None = Field(
        None, description="column that names the cases; by default their number, from 0"
    )


class _RoomsData(_Stories, Made):
    """Made-up stories of people who walk and carry things; see `regard.data.rooms`."""

    kind: Literal["rooms"]
    size_of: ClassVar[tuple[str, ...]] = ("stories", "questions", "longest")
    each: ClassVar[int] = 100
    stories: Count = Field(400, description="how many")
    questions: Length = Field(5, description="on each story")
    longest: Length = Field(12, description="sentences of each story")


class _PointedRoomsData(_RoomsData):
    """The same, with a further test part."""

    unseen: Annotated[int, Field(ge=0, le=MOST_COUNT)] = Field(
        100,
        description="how many stories of a second test part, about people, rooms and things that "
        "no other story names",
    )


class _StoryArrayData(_Stories, Learned):
    """Stories given from Python, in the configuration of a saved estimator."""

    kind: Literal["arrays"]


class _Model(NetworkConfig):
    """A reader of sentences, and hops of attention to them."""

    encoder: str = Field(
        "mlp",
        description="reads the words of a sentence: bag sums them; position sums them, weighted by "
        "their places; mlp has a hidden layer beside that; or an encoder of sequences beside the "
        "sum",
    )
    attention: AttentionConfig = Field(
        cast(AttentionConfig, {"score": "dot", "align": "entmax15"}),
        validate_default=True,
        description="the mechanism of every hop, from the question to the sentences: the name of a "
        "score, window or alignment, or a table of them; what it leaves open is as in the default",
    )
    hops: Depth = Field(
        3, description="how often the question attends to the story, each time with what it found"
    )
    echo: bool = Field(
        True,
        description="whether the vector of a sentence says which of its words come up again later "
        "in the story, which tells the last word on something from those before it",
    )
    dropout: Share = Field(
        0.15,
        description="dropout rate on the columns of the sentences' vectors, and between layers",
    )
    word_dropout: Share = Field(
        0.0, description="share of the words replaced by the unknown word in training"
    )
    time_noise: Share = Field(
        0.1,
        description="share of the sentences after which time goes on by one more in training, so "
        "that what is learned of the order of sentences holds for stories of other lengths",
    )

    @classmethod
    def _prepare(cls, given: dict[str, Any]) -> dict[str, Any]:
        """The attention, whose queries are states of the question."""
        default = cls.model_fields["attention"].default
        attention = asked_by_states(given.get("attention", default), default)
        return {**given, "attention": attention}


class _PointedModel(NetworkConfig):
    """A reader of words, and pointers to them."""

    encoder: str = Field(
        "bilstm", description="reads the words of question and story, with a state for each"
    )
    attention: AttentionConfig = Field(
        cast(AttentionConfig, "additive"),
        validate_default=True,
        description="the score of both pointers: its name, or a table of it; their weights are "
        "probabilities of all words of the story, so that there is no window, and softmax alone",
    )
    embedding_dim: Width = Field(48, description="width of the embedding of words")
    echo: bool = Field(
        True,
        description="whether each word attends to the other places of the same word in the story, "
        "after which the story is read again",
    )
    dropout: Share = Field(
        0.2,
        description="dropout rate on embedded words, on the columns of the states and between "
        "layers",
    )
    word_dropout: Share = Field(
        0.2,
        description="share of the different words of a case that are unknown in training, each at "
        "all its places, so that what is learned holds for words that were never seen",
    )

    @classmethod
    def _prepare(cls, given: dict[str, Any]) -> dict[str, Any]:
        """The attention, whose queries are the question's and whose weights are probabilities."""
        attention = given.get("attention", "additive")
        if not isinstance(attention, AttentionConfig):
            attention = AttentionConfig.model_validate(attention)
        if attention.score == "none":
            raise ValueError("attention: a pointer without a score points nowhere; wanted one")
        if attention.align != "softmax" or attention.window != {"global": {}}:
            raise ValueError(
                "attention: weights of a pointer are the probabilities of all words; wanted a "
                "score alone, such as additive"
            )
        return {**given, "attention": {"score": attention.score, "query": "states"}}


class _AnsweredModel(Section):
    """Fields of a reader of words, beside those of what writes the answer."""

    preferred_width: ClassVar[int] = 48
    joint: ClassVar[bool] = True  # one vocabulary of stories, questions and answers

    echo: bool = Field(
        True,
        description="whether each word attends to the other places of the same word in the story, "
        "after which the story is read again",
    )
    word_dropout: Share = Field(
        0.1,
        description="share of the different words of a case that are unknown in training, each at "
        "all its places, so that what is learned holds for words that were never seen",
    )
    copying: bool = Field(
        True,
        description="whether a token is either written from the vocabulary or copied from the "
        "story, with words that the vocabulary lacks (pointer-generator)",
    )


def sections(target: str) -> Sections:
    """The sections of stories, for a kind of target."""
    words: tuple[type[Section], ...]
    words = (_BabiData, _StoryTableData, _PointedRoomsData, _StoryArrayData)
    if target == "tokens":
        return Sections(
            data=words,
            model=_AnsweredModel,
            sizes=dict.fromkeys(("bilstm", "gru"), (48, 1)) | {"lstm": (96, 1)},
            defaults={
                "model.encoder": "bilstm",
                "model.tokens": "word",
                "model.dropout": 0.1,
                "model.embedding_dropout": 0.1,
                "training.epochs": 60,
                "training.patience": 30,
                "training.warmup": 0.1,
                "training.learning_rate": 0.004,
                "training.label_smoothing": 0.0,
            },
        )
    if target == "span":
        return Sections(
            data=_with(_Words, words),
            model=_PointedModel,
            sizes=dict.fromkeys(("bilstm", "gru"), (48, 1)) | {"lstm": (96, 1)},
            defaults={
                "training.epochs": 20,
                "training.patience": 10,
                "training.warmup": 0.1,
                "training.learning_rate": 0.004,
            },
        )
    whole = (_BabiData, _StoryTableData, _RoomsData, _StoryArrayData)
    return Sections(
        data=_with(_Tokens, _with(_Words, whole)),
        model=_Model,
        encoders=SENTENCE_ENCODERS,
        defaults={
            "training.epochs": 40,
            "training.patience": 40,
            "training.warmup": 0.1,
            "training.learning_rate": 0.01,
            "training.weight_decay": 0.3,
            "training.gradient_clip": 10.0,
            "training.average": 5,
        },
    )


def _with(fields: type[Section], kinds: tuple[type[Section], ...]) -> tuple[type[Section], ...]:
    """Each kind of data with more fields."""
    return tuple(create_model(each.__name__, __base__=(each, fields)) for each in kinds)
