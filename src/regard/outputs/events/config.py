"""Configuration of events to write."""

from typing import Annotated, Any, Literal, Self, cast

from pydantic import Field, model_validator

from regard.catalogue import ALIGNMENTS, SCORES
from regard.config.attention import AttentionConfig, asked_by_states
from regard.config.section import MOST_NUMBER, Count, Depth, Section, Share, Width
from regard.config.sections import Sections

__all__ = ["MOST_STEPS", "sections"]

MOST_STEPS = 1000
"""By which a piece can be continued: time and memory grow with the square of its length."""

_NAMED = ("causal", "local-p")  # windows that do not go with it


class _Model(Section):
    """A Transformer over events, and how it writes."""

    attention: AttentionConfig = Field(
        cast(AttentionConfig, {"score": "scaled-dot", "window": {"relative": 128}}),
        validate_default=True,
        description="the self-attention of every layer, from each event to those it may depend on: "
        "the name of a score, window or alignment, or a table of them; what it leaves open is as "
        "in the default",
    )
    hidden: Width = Field(128, description="width of the states")
    layers: Depth = Field(3, description="number of layers")
    heads: Depth = Field(4, description="number of heads of every layer, which divides hidden")
    attention_dim: Width = Field(
        64, description="width A of the space in which additive scores compare, over all heads"
    )
    dropout: Share = Field(0.2, description="dropout rate in every layer")
    embedding_dropout: Share = Field(0.1, description="dropout rate on the embedded events")
    unknown: Share = Field(
        0.02, description="share of the events read as the unknown event in training"
    )
    steps: Annotated[int, Field(ge=1, le=MOST_STEPS)] = Field(
        32, description=f"how many a piece is continued by, at most {MOST_STEPS}"
    )
    temperature: Annotated[float, Field(gt=0, le=MOST_NUMBER)] = Field(
        1.0,
        description="by which log-probabilities are divided before an event is drawn: below 1 "
        "nearer to the likeliest, above 1 more even",
    )
    top_k: Count | None = Field(
        None, description="events to draw from, the likeliest; null draws from all"
    )
    top_p: Annotated[float, Field(gt=0, le=1)] = Field(
        1.0,
        description="share of the probability to draw from, the likeliest events that have it "
        "together",
    )
    written: Literal["likeliest", "drawn"] = Field(
        "likeliest",
        description="what is written to voices that are given: the likeliest event of each place, "
        "as these alone tell it, or events drawn one after the other; temperature, top_k, top_p or "
        "seed in predicting draw",
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        """The attention, whose queries are states."""
        if not isinstance(given, dict):
            return given
        default = cls.model_fields["attention"].default
        attention = asked_by_states(given.get("attention", default), default)
        return {**given, "attention": attention}

    @model_validator(mode="after")
    def _refuse_nonsense(self) -> Self:
        """What needs an order of queries that events do not have, or a sample that is trained."""
        chosen = self.attention
        odd = [name for name in _NAMED if name in chosen.window]
        odd += [chosen.align] if ALIGNMENTS[chosen.align].traits else []
        odd += [chosen.score] if "asked-by-states" in SCORES[chosen.score].traits else []
        if odd:
            raise ValueError(
                f"attention: {odd[0]} does not go with self-attention over events, each of which "
                "sees those before it anyway; take another score (dot, scaled-dot, general, "
                "additive, concat, cosine, none), window (relative, alibi, sliding, local-m, "
                "global) or alignment (softmax, sparsemax, entmax15)"
            )
        if self.hidden % self.heads:
            raise ValueError(f"hidden {self.hidden} is not divisible by {self.heads} heads")
        return self


def sections() -> Sections:
    """The sections of events to write."""
    return Sections(
        model=_Model,
        target="events",
        defaults={
            "training.epochs": 100,
            "training.patience": 20,
            "training.batch_size": 8,
            "training.learning_rate": 0.001,
            "training.warmup": 0.05,
            "training.weight_decay": 0.02,
        },
    )
