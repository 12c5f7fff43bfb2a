"""What is trained."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from regard.config.attention import Attention
from regard.config.section import FilePath, Section, Share

__all__ = ["ForecastModel", "Model", "RegressionModel", "TextModel"]

_Encoder = Literal["bilstm", "gru", "lstm", "conv", "conv-bilstm", "inception", "transformer"]
_Pooling = Literal["attention", "conjunctive", "stacked"]
_Form = Literal["lstm-attention", "lstm-bahdanau", "lstm-hierarchical"]


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
        "the states, then classify the context; by default conjunctive where the mechanism can",
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
    def _fill_sizes(cls, given: Any) -> Any:
        """Resolve hidden and layers, which each encoder has its own defaults for."""
        if not isinstance(given, dict):
            return given
        given = _lift_heads(given)
        encoder = given.get("encoder", cls.model_fields["encoder"].default)
        sizes = dict(zip(("hidden", "layers"), cls.sizes.get(str(encoder), ()), strict=False))
        return {**sizes, **{name: x for name, x in given.items() if x is not None}}

    @field_validator("pooling")
    @classmethod
    def _choose_pooling(cls, pooling: _Pooling | None, info: ValidationInfo) -> _Pooling:
        attention = info.data.get("attention")
        if attention is None:  # is wrong itself
            return "attention"
        reason = attention.why_not("conjunctive")
        if pooling == "conjunctive" and reason:
            raise ValueError(reason)
        return pooling or ("attention" if reason else "conjunctive")


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
    vectors: FilePath | None = Field(
        None, description="text file of word vectors to begin from: a word and its numbers a line"
    )


class RegressionModel(Model):
    """What is trained to predict numbers."""


class ForecastModel(Model):
    """What is trained to forecast."""
