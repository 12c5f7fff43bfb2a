"""The base class of alignments that are more than a function `align(scores, mask) -> weights`."""

from inspect import isbuiltin, signature
from typing import Any, NamedTuple

from torch import Tensor, nn

from regard.attention.score import RecurrentScore, Score
from regard.attention.window import Global, Window
from regard.errors import ConfigError

__all__ = ["Alignment", "Sampled", "SequentialAlignment", "check_align"]


class Sampled(NamedTuple):
    """Weights and, where they were sampled, the log-probability of the sample.

    Attributes:
        weights: [..., K]; sampled, one at the sampled position and zero elsewhere.
        log_prob: [...], of the sampled position; its gradient is what REINFORCE needs.
        entropy: [...], of the distribution it was sampled from.
    """

    weights: Tensor
    log_prob: Tensor | None = None
    entropy: Tensor | None = None


class Alignment(nn.Module):
    """Turns scores [B, Q, K] and a mask into weights, or into `Sampled`.

    A plain function does as well. A subclass can in addition refuse the scores and windows that
    it does not work with.
    """

    def check(self, score: Score, window: Window) -> None:
        """Raise a `ConfigError` if the alignment does not work with this score or window."""

    def forward(self, scores: Tensor, mask: Tensor | None = None) -> Tensor | Sampled:
        """[..., K] scores and a mask that broadcasts to them -> [..., K] weights."""
        raise NotImplementedError


class SequentialAlignment(Alignment):
    """An alignment in which each query starts from the weights of the previous query.

    It computes the scores it needs itself, and so may compute fewer than all of them.
    """

    def check(self, score: Score, window: Window) -> None:
        """Refuse every window but `Global`, and scores that depend on the previous weights too."""
        name = type(self).__name__
        if not isinstance(window, Global):
            raise ConfigError(
                f"{name} cannot be combined with the window {type(window).__name__}: which keys a "
                "query may attend to depends on where the previous query stopped"
            )
        if isinstance(score, RecurrentScore):
            raise ConfigError(
                f"{name} computes one score at a time, and {type(score).__name__} needs the "
                "weights of all keys: align by softmax, sparsemax, entmax15 or Hard"
            )

    def align(
        self, score: Score, query: Tensor, prepared: Tensor, mask: Tensor | None, state: Tensor
    ) -> Tensor:
        """Weights of all queries, in order.

        Parameters:
            score: computes the scores.
            query: [B, Q, Dq].
            prepared: [B, K, width], by `score.prepare`.
            mask: boolean, broadcast to [B, Q, K]; True means may be attended. None allows all.
            state: [B, K], the weights of the previous query.

        Returns:
            [B, Q, K] weights.
        """
        raise NotImplementedError

    def start(self, prepared: Tensor) -> Tensor:
        """The state before the first query, [B, K]."""
        raise NotImplementedError


def check_align(align: Any) -> None:
    """Raise a `ConfigError` unless this can be called with scores and a mask."""
    if not callable(align):
        raise ConfigError(f"align must be a function or module, such as sparsemax, not {align!r}")
    try:
        called = signature(align.forward if isinstance(align, nn.Module) else align)
        names = list(called.bind(None, None).arguments)
    except TypeError:  # takes another number of arguments
        names = ["dim"]
    except ValueError:  # has no signature: built in, as torch.softmax is, or compiled
        names = ["dim"] if isbuiltin(align) else []
    # the second argument of functions like torch's softmax is no mask
    if "dim" in names:
        name = getattr(align, "__name__", type(align).__name__)
        raise ConfigError(
            f"align must be called as align(scores, mask), such as masked_softmax, and not {name}"
        )
