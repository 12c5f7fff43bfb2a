"""What is trained."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from regard.catalogue import find_mechanism
from regard.config.attention import Attention
from regard.config.section import FilePath, Section, Share

__all__ = ["ForecastModel", "Model", "RegressionModel", "TextModel"]

_Encoder = Literal["bilstm", "gru", "lstm", "conv", "conv-bilstm", "inception", "transformer"]
_Pooling = Literal["attention", "conjunctive", "stacked"]
_Form = Literal["lstm-attention", "lstm-bahdanau", "lstm-hierarchical"]

# Encoder, pooling, and who asks.
_FORMS = {
    "lstm-attention": ("lstm", "attention", "states"),
    "lstm-bahdanau": ("lstm", "attention", "last"),
    "lstm-hierarchical": ("bilstm", "stacked", "learned"),
}


class Model(Section):
    """What is trained."""

    encoder: _Encoder = Field("inception", description="how series become states")
    attention: Attention = Field(
        "additive",
        validate_default=True,
        description="the mechanism: the name of a score, window or alignment, or a table of them",
    )
    pooling: _Pooling | None = Field(
        None,
        validate_default=True,
        description="conjunctive: classify every state, gate each and average; attention: weigh "
        "the states, then classify the context; stacked: the states attend to each other, an LSTM "
        "reads what they found, and that is attended to; by default conjunctive where the "
        "mechanism can",
    )
    form: _Form | None = Field(
        None,
        description="a published model, which decides encoder, pooling and who asks: "
        "lstm-attention, lstm-bahdanau or lstm-hierarchical",
    )
    hidden: Annotated[int, Field(ge=1)] | None = Field(
        None, description="width inside the encoder; by default what suits it"
    )
    layers: Annotated[int, Field(ge=1)] | None = Field(
        None, description="of the encoder; by default what suits it"
    )
    attention_dim: Annotated[int, Field(ge=1)] = Field(
        64,
        description="width of the space in which additive attention compares, over all heads",
    )
    heads: int = Field(
        1,
        ge=1,
        description="of the pooling attention, each with its learned query; their weights are "
        "averaged",
    )
    dropout: Share = Field(
        0.1,
        description="share of the columns of the states, and between layers, dropped in training",
    )

    # Hidden width and layers: the published sizes, or those that did well for their cost.
    sizes: ClassVar[Mapping[str, tuple[int, int]]] = {
        "bilstm": (32, 1),
        "gru": (32, 1),
        "lstm": (64, 1),
        "conv": (64, 3),
        "conv-bilstm": (64, 1),
        "inception": (32, 3),
        "transformer": (64, 2),
    }

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        """Resolve what a form decides; hidden and layers, which each encoder has defaults for."""
        if not isinstance(given, dict):
            return given
        given = cls._take_form(_lift_heads(given))
        encoder = given.get("encoder", cls.model_fields["encoder"].default)
        sizes = dict(zip(("hidden", "layers"), cls.sizes.get(str(encoder), ()), strict=False))
        return {**sizes, **{name: x for name, x in given.items() if x is not None}}

    @classmethod
    def _take_form(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Encoder, pooling and who asks, as the form has them, where it is named."""
        form = given.get("form")
        if form not in _FORMS:
            return given
        encoder, pooling, query = _FORMS[form]
        attention = given.get("attention", cls.model_fields["attention"].default)
        if isinstance(attention, str):
            mechanism = find_mechanism(attention)
            attention = {mechanism.family: attention} if mechanism else attention
        asks = attention.get("query") if isinstance(attention, dict) else None
        defaults = {name: field.default for name, field in cls.model_fields.items()}
        for name, value, own in (
            ("encoder", given.get("encoder"), encoder),
            ("pooling", given.get("pooling"), pooling),
            ("attention.query", asks, query),
        ):
            if value not in (None, own, defaults.get(name)):
                raise ValueError(f"the form {form} has {name} {own}; leave out {name} or the form")
        if isinstance(attention, dict):
            attention = {**attention, "query": query}
        return {**given, "encoder": encoder, "pooling": pooling, "attention": attention}

    @field_validator("pooling")
    @classmethod
    def _choose_pooling(cls, pooling: _Pooling | None, info: ValidationInfo) -> _Pooling:
        if pooling is not None:
            _check_pooling(pooling, info)
            return pooling
        attention = info.data.get("attention")
        reason = attention is None or attention.why_not("conjunctive")
        return "attention" if reason else "conjunctive"


def _check_pooling(pooling: str, info: ValidationInfo) -> None:
    attention = info.data.get("attention")  # is not there where it is wrong itself
    reason = attention.why_not(pooling) if attention is not None else None
    if attention is not None and attention.query == "last" and pooling != "attention":
        reason = f"the last state asks under attention pooling, not {pooling}"
    if reason:
        raise ValueError(reason)


def _lift_heads(given: dict[str, Any]) -> dict[str, Any]:
    """The heads of an attention's table to where they are kept, in the place of those there."""
    attention = given.get("attention")
    if not isinstance(attention, dict) or "heads" not in attention:
        return given
    rest = {name: value for name, value in attention.items() if name != "heads"}
    return {**given, "attention": rest, "heads": attention["heads"]}


class TextModel(Model):
    """What is trained on texts."""

    encoder: _Encoder = Field("bilstm", description="how words become states")
    pooling: Literal["attention", "conjunctive", "stacked", "hierarchical"] | None = Field(  # type: ignore[assignment]
        None,
        validate_default=True,
        description="attention: weigh the states, then classify the context; conjunctive: classify "
        "every state, gate each and average; stacked: the states attend to each other, an LSTM "
        "reads what they found, and that is attended to; hierarchical: words to sentences to the "
        "text; by default attention",
    )
    embedding_dim: Annotated[int, Field(ge=1)] = Field(
        64, description="width of the embedding of a token; vectors from a file bring their own"
    )
    ngrams: bool = Field(
        True,
        description="whether to add what a linear model of the text's n-grams says: of its words, "
        "pairs of words and the letters within words",
    )
    vectors: FilePath | None = Field(
        None, description="text file of word vectors to begin from: a word and its numbers a line"
    )
    dropout: Share = Field(
        0.5,
        description="share of the columns of the states, and between layers, dropped in training",
    )
    word_dropout: Share = Field(
        0.1, description="share of the tokens that are taken for unknown in training"
    )
    embedding_dropout: Share = Field(
        0.3, description="share of the embedding's columns, of each text, dropped in training"
    )

    @field_validator("pooling")
    @classmethod
    def _choose_pooling(cls, pooling: Any, info: ValidationInfo) -> Any:
        if pooling is not None:
            _check_pooling(pooling, info)
        return pooling or "attention"

    sizes: ClassVar[Mapping[str, tuple[int, int]]] = {**Model.sizes, "bilstm": (64, 1)}


class RegressionModel(Model):
    """What is trained to predict numbers."""

    dropout: Share = Field(
        0.0,
        description="share of the columns of the states, and between layers, dropped in training",
    )
    members: Annotated[int, Field(ge=1)] | None = Field(
        None,
        validate_default=True,
        description="networks trained side by side, whose predictions are averaged; by default 3, "
        "or 1 where a form is named",
    )

    @field_validator("members")
    @classmethod
    def _choose_members(cls, members: int | None, info: ValidationInfo) -> int:
        return members or (1 if info.data.get("form") else 3)


_Level = Annotated[float, Field(gt=0, lt=1)]


def _as_tuple(given: Any) -> Any:
    return tuple(given) if isinstance(given, list) else given


class ForecastModel(Model):
    """What is trained to forecast."""

    encoder: _Encoder = Field("conv-bilstm", description="how the past becomes states")
    pooling: Literal["horizon", "attention", "stacked"] | None = Field(  # type: ignore[assignment]
        None,
        validate_default=True,
        description="horizon: every step to forecast asks by a query of its own; attention: one "
        "context for all of them; stacked: the states attend to each other, an LSTM reads what "
        "they found, and that is attended to; by default horizon where the mechanism can",
    )
    linear: bool | None = Field(
        None,
        validate_default=True,
        description="whether to add a linear model of the window; by default, unless a form is "
        "named",
    )
    quantiles: Annotated[tuple[_Level, ...], BeforeValidator(_as_tuple)] = Field(
        (), description="levels to forecast beside the middle, such as [0.1, 0.9]"
    )

    @field_validator("pooling")
    @classmethod
    def _choose_pooling(cls, pooling: Any, info: ValidationInfo) -> Any:
        attention = info.data.get("attention")
        query = "learned" if attention is None else attention.query
        learned = query == "learned"
        if pooling == "horizon" and not learned:
            raise ValueError(f"horizon asks by learned queries, not {query}; take attention")
        return pooling or ("horizon" if learned else "attention")

    @field_validator("linear")
    @classmethod
    def _choose_linear(cls, linear: bool | None, info: ValidationInfo) -> bool:
        return info.data.get("form") is None if linear is None else linear
