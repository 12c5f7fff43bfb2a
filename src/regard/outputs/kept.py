"""What a run folder keeps of outputs that keep little."""

from regard.kept import Kept, Positive, Size

__all__ = ["EventsKept", "SpanKept", "TokensKept"]


class SpanKept(Kept):
    """The most words of an answer."""

    longest: Size


class TokensKept(Kept):
    """The vocabulary of what is written, as JSON; None where it is that of the input."""

    target_vocabulary: str | None


class EventsKept(Kept):
    """The share of events that are unseen, and how many kinds of them there may be."""

    unseen: Positive
    unseen_kinds: Positive
