"""Configuration of tokens: sequences to write."""

from typing import Annotated, Any, Literal, cast

from pydantic import Field, ValidationInfo, field_validator

from regard.catalogue import find_mechanism
from regard.config.attention import AttentionConfig
from regard.config.model import NetworkConfig
from regard.config.section import (
    MOST_COUNT,
    MOST_DEPTH,
    MOST_NUMBER,
    Count,
    Depth,
    Length,
    Section,
    Share,
    Width,
)
from regard.config.sections import Sections

__all__ = ["sections"]

_RECURRENT = {"bilstm": "lstm", "lstm": "lstm", "conv-bilstm": "lstm", "transformer": "transformer"}


class _Model(NetworkConfig):
    """An encoder, a decoder that attends to its states, and a vocabulary."""

    attention: AttentionConfig = Field(
        cast(AttentionConfig, None),
        validate_default=True,
        description="the mechanism, from the decoder to the encoder's states: the name of a score, "
        "window or alignment, or a table of them; null takes additive scores for a recurrent "
        "decoder, location-sensitive ones for recordings and series, scaled dot products for a "
        "Transformer",
    )
    decoder: Literal["gru", "lstm", "transformer"] | None = Field(
        None,
        validate_default=True,
        description="writes the tokens; null takes the kind of the encoder",
    )
    decoder_layers: Depth | None = Field(
        None,
        validate_default=True,
        description="number of layers of the decoder; null takes that of the encoder",
    )
    order: Literal["bahdanau", "luong"] = Field(
        "bahdanau",
        description="of a recurrent decoder: bahdanau attends with the state before each step, "
        "luong with the state after it",
    )
    input_feeding: bool = Field(
        False, description="whether a decoder in Luong's order reads its previous output, too"
    )
    embedding_dim: Width | None = Field(
        None,
        validate_default=True,
        description="width of the embedding of a token; null takes 256, of summaries 128, of "
        "answers 48, or the width of a Transformer",
    )
    embedding_dropout: Share = Field(0.3, description="dropout rate on embedded tokens")
    tied: bool = Field(
        True, description="whether the projection to the vocabulary is the embedding of its tokens"
    )
    heads: Depth | None = Field(
        None,
        validate_default=True,
        description="number of heads of the decoder's attention, and of a Transformer's "
        "self-attention; null takes 4 for a Transformer, otherwise 1",
    )
    dropout: Share = Field(
        0.3,
        description="dropout rate between layers, on the encoder's states and on the outputs of "
        "the decoder",
    )
    ctc_weight: Share = Field(
        0.0,
        description="share of the loss, and of the scores of the search, that is connectionist "
        "temporal classification (CTC) of the encoder's states; the rest is the decoder's",
    )
    tokens: Literal["bpe", "word", "character"] = Field(
        "bpe", description="tokens of a text: subwords by BPE, words or characters"
    )
    vocabulary: Annotated[int, Field(ge=6, le=MOST_COUNT)] = Field(
        8_000, description="largest number of tokens, with those for begin, end and unknown"
    )
    min_count: Count = Field(
        1,
        description="least number of occurrences of a word, or of a letter and of a pair to merge",
    )
    beam: Depth = Field(5, description="hypotheses that the search keeps; 1 is greedy search")
    length_penalty: Annotated[float, Field(ge=0, le=MOST_NUMBER)] = Field(
        1.4, description="of the search; the higher, the longer the texts"
    )
    coverage_penalty: Annotated[float, Field(ge=0, le=MOST_NUMBER)] = Field(
        0.0, description="of the search, for source positions that got little attention"
    )
    longest: Annotated[float, Field(gt=0, le=MOST_DEPTH)] = Field(
        2.0, description="most tokens written for each position of the source, beside ten more"
    )
    max_length: Length | None = Field(
        None, description="most tokens written, however long the source is; null sets no limit"
    )
    min_length: Annotated[int, Field(ge=0, le=MOST_DEPTH)] = Field(
        0, description="least number of tokens written, without the end"
    )
    no_repeat: Annotated[int, Field(ge=0, le=MOST_DEPTH)] = Field(
        0,
        description="no sequence of so many tokens is written twice in a text: 3 forbids repeated "
        "trigrams; 0 allows repeats",
    )

    @classmethod
    def _prepare(cls, given: dict[str, Any]) -> dict[str, Any]:
        """The decoder, and the attention that goes with it; its queries are states."""
        encoder = given.get("encoder") or cls.model_fields["encoder"].default
        decoder = given.get("decoder") or _RECURRENT.get(str(encoder), "gru")
        attention = given.get("attention")
        if attention is None:
            preferred = getattr(cls, "preferred_attention", "additive")
            attention = "scaled-dot" if decoder == "transformer" else preferred
        mechanism = find_mechanism(attention) if isinstance(attention, str) else None
        if mechanism is not None and mechanism.family != "around":
            attention = {mechanism.family: mechanism.name}
        if isinstance(attention, dict):
            if attention.get("query") not in (None, "states"):
                raise ValueError("attention.query: the queries are the decoder's states; leave it")
            attention = {**attention, "query": "states"}
        heads = given.get("heads") or (4 if decoder == "transformer" else 1)
        if given.get("order") == "bahdanau":  # which has none, whatever the default
            given = {"input_feeding": False, **given}
        return {**given, "decoder": decoder, "attention": attention, "heads": heads}

    @field_validator("decoder_layers")
    @classmethod
    def _choose_layers(cls, layers: int | None, info: ValidationInfo) -> int | None:
        return layers or info.data.get("layers")

    @field_validator("embedding_dim")
    @classmethod
    def _choose_width(cls, width: int | None, info: ValidationInfo) -> int | None:
        if info.data.get("decoder") != "transformer":
            return width or getattr(cls, "preferred_width", 256)
        hidden = info.data.get("hidden")
        if width not in (None, hidden):
            raise ValueError(f"a Transformer's is its width, hidden {hidden}, not {width}")
        return hidden

    @field_validator("min_length")
    @classmethod
    def _refuse_lengths(cls, least: int, info: ValidationInfo) -> int:
        most = info.data.get("max_length")
        if most is not None and least > most:
            raise ValueError(f"is {least}, max_length {most}; wanted at most that")
        return least

    @field_validator("input_feeding")
    @classmethod
    def _refuse_feeding(cls, feeding: bool, info: ValidationInfo) -> bool:
        if feeding and info.data.get("order") == "bahdanau":
            raise ValueError("is of Luong's order; set order to luong")
        return feeding


class _Training(Section):
    """Training fields of tokens."""

    label_smoothing: Share = Field(
        0.1, description="share of the target distribution spread over the whole vocabulary"
    )
    doubly_stochastic: Annotated[float, Field(ge=0)] = Field(
        0.0,
        description="weight of a penalty on attention that leaves positions of the source out: of "
        "each text the sum over positions of (1 - sum over tokens of the weight) squared",
    )
    stop_on: Literal["loss", "bleu", "wer"] = Field(
        "loss",
        description="figure of the validation part by which training stops and the best weights "
        "are chosen; bleu and wer, the word error rate, are those of greedy search",
    )
    coverage: Annotated[float, Field(ge=0)] = Field(
        0.0,
        description="weight of a penalty on attention that returns to positions of the source: of "
        "each token the sum over positions of the lesser of its weight and of those before it",
    )
    scheduled_sampling: Literal["none", "linear", "exponential", "inverse-sigmoid"] = Field(
        "none",
        description="how the share of the decoder's inputs that are its own predictions grows "
        "from zero over the training",
    )
    sampled_share: Share = Field(
        0.25, description="that share at the end of training, with scheduled sampling"
    )
    risk_epochs: Annotated[int, Field(ge=0, le=MOST_COUNT)] = Field(
        0, description="epochs of fine-tuning by minimum risk after training; 0 is without"
    )
    risk_metric: Literal["bleu", "chrf", "exact"] = Field(
        "bleu", description="metric of a sentence whose expectation minimum risk training raises"
    )
    risk_samples: Annotated[int, Field(ge=2, le=MOST_DEPTH)] = Field(
        8, description="texts drawn for each case in minimum risk training"
    )
    risk_learning_rate: Annotated[float, Field(gt=0)] = Field(
        0.0001, description="peak learning rate of minimum risk training"
    )


def sections() -> Sections:
    """The sections of tokens."""
    return Sections(
        model=_Model,
        training=_Training,
        defaults={"training.precision": "auto"},
        target="tokens",
    )
