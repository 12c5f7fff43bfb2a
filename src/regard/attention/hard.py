"""Hard attention: each query looks at one position alone, drawn by its scores."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from regard.attention.softmax import masked_log_softmax, masked_softmax
from regard.errors import ConfigError

__all__ = ["Hard", "Reinforce", "Sampled", "gumbel_softmax", "sample_one"]


class Sampled(NamedTuple):
    """What sampling one position per query gives.

    Attributes:
        weights: [..., K], one at the position drawn and zero elsewhere.
        log_prob: [...], of the position drawn; its gradient is what REINFORCE needs.
        entropy: [...], of the distribution that it was drawn from.
    """

    weights: Tensor
    log_prob: Tensor | None
    entropy: Tensor | None


def sample_one(
    scores: Tensor, mask: Tensor | None = None, *, generator: torch.Generator | None = None
) -> Sampled:
    """Draw one position per query from softmax(scores); no gradient flows through the draw.

    A query that may attend to nothing gets zero weights, log-probability and entropy.

    Parameters:
        scores: [..., K].
        mask: boolean, broadcast to the scores; True means may be attended. None allows all.
        generator: to draw from; torch's own when None, as dropout does.

    Source: Xu et al., 2015, "Show, attend and tell", section 4.1.
    """
    log_probabilities = masked_log_softmax(scores, mask)
    probabilities = masked_softmax(scores, mask)
    none = probabilities.detach().sum(-1, keepdim=True) == 0
    rows = (probabilities.detach().float() + none).flatten(0, -2)
    drawn = torch.multinomial(rows, 1, generator=generator).reshape(scores.shape[:-1])
    log_prob = log_probabilities.gather(-1, drawn.unsqueeze(-1)).squeeze(-1)
    # 0 log 0 = 0: where the weights are zero the masked log-probability is 0, too
    entropy = -(probabilities * log_probabilities).sum(-1)
    return Sampled(_one_at(drawn, scores).masked_fill(none, 0.0), log_prob, entropy)


def gumbel_softmax(
    scores: Tensor,
    mask: Tensor | None = None,
    *,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw one position per query; the gradient is that of the softmax that was drawn from.

    Gumbel noise added to the scores makes their highest a draw from softmax(scores); going back,
    the softmax of the noisy scores stands for it (straight through). Biased, of low variance.

    Parameters:
        scores: [..., K].
        mask: boolean, broadcast to the scores; True means may be attended. None allows all.
        temperature: of the softmax that the gradient is taken of.
        generator: to draw from; torch's own when None, as dropout does.

    Returns:
        [..., K] weights, one at the position drawn; zeros where nothing is allowed.

    Source: Jang, Gu and Poole, 2017, "Categorical reparameterization with Gumbel-softmax",
    equations 1 and 2 and section 2.2.
    """
    waiting = torch.empty_like(scores, dtype=torch.float32).exponential_(generator=generator)
    gumbel = -waiting.clamp(min=torch.finfo(torch.float32).tiny).log()
    noisy = scores + gumbel.to(scores.dtype)
    soft = masked_softmax(noisy / temperature, mask)
    return _highest(noisy.detach(), mask) + (soft - soft.detach())


def _highest(scores: Tensor, mask: Tensor | None) -> Tensor:
    """One at the first highest allowed score of each row, zeros where nothing is allowed."""
    if mask is None:
        return _one_at(scores.argmax(-1), scores)
    allowed = scores.masked_fill(~mask, -torch.inf)
    return _one_at(allowed.argmax(-1), scores).masked_fill(~mask, 0.0)


def _one_at(places: Tensor, scores: Tensor) -> Tensor:
    """[...] places -> one there and zeros elsewhere, like the scores [..., K].

    `torch.nn.functional.one_hot` would tie a compiled graph to the K that it was compiled for.
    """
    keys = torch.arange(scores.shape[-1], device=scores.device)
    return (keys == places.unsqueeze(-1)).to(scores.dtype)


class Hard(nn.Module):
    """One position per query: drawn in training, the one of the highest score in evaluation.

    Parameters:
        estimator: how the scores learn. "reinforce": weights carry no gradient to the scores; the
            log-probability of the draw is handed back for `Reinforce`. "gumbel": straight-through
            Gumbel-softmax.
        temperature: of the Gumbel-softmax.

    Source: Xu et al., 2015, "Show, attend and tell: neural image caption generation with visual
    attention", section 4.1; Jang, Gu and Poole, 2017, for "gumbel".

    >>> Hard().eval()(torch.tensor([[1.0, 3.0, 2.0]])).weights
    tensor([[0., 1., 0.]])
    """

    def __init__(
        self,
        estimator: Literal["reinforce", "gumbel"] = "reinforce",
        *,
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        if estimator not in ("reinforce", "gumbel"):
            raise ConfigError(f"estimator must be 'reinforce' or 'gumbel', not {estimator!r}")
        if not temperature > 0:
            raise ConfigError(f"temperature must be above 0, not {temperature}")
        self.estimator = estimator
        self.temperature = temperature

    def extra_repr(self) -> str:
        """The estimator."""
        return self.estimator

    def forward(self, scores: Tensor, mask: Tensor | None = None) -> Sampled:
        """[..., K] scores -> weights and, in training by REINFORCE, their log-probability."""
        if scores.shape[-1] == 0:  # nothing to draw from
            none = scores.sum(-1) if self.training and self.estimator == "reinforce" else None
            return Sampled(scores, none, none)
        if not self.training:
            return Sampled(_highest(scores, mask), None, None)
        if self.estimator == "gumbel":
            weights = gumbel_softmax(scores, mask, temperature=self.temperature)
            return Sampled(weights, None, None)
        return sample_one(scores, mask)


class Reinforce(nn.Module):
    """The loss whose gradient teaches what was drawn: reward above a moving baseline, and entropy.

    loss = -mean((reward - baseline) log_prob + entropy_weight * entropy), and after each batch
    baseline = momentum * baseline + (1 - momentum) * mean reward. The first batch sets it.

    Parameters:
        momentum: of the baseline; the paper's is 0.9.
        entropy_weight: the paper's lambda_e.

    Source: Xu et al., 2015, section 4.1, equations 11 and 12; Williams, 1992, "Simple statistical
    gradient-following algorithms for connectionist reinforcement learning".
    """

    baseline: Tensor

    def __init__(self, *, momentum: float = 0.9, entropy_weight: float = 0.01) -> None:
        super().__init__()
        self.momentum = momentum
        self.entropy_weight = entropy_weight
        self.register_buffer("baseline", torch.tensor(torch.nan))

    def forward(self, log_prob: Tensor | None, entropy: Tensor | None, reward: Tensor) -> Tensor:
        """The loss to add.

        Parameters:
            log_prob: [B], of everything that was drawn for a case.
            entropy: [B], of what it was drawn from.
            reward: [B], how well the case went: the log-likelihood of its target.

        Raises:
            ConfigError: nothing was drawn, or not the same number of cases.
        """
        if log_prob is None or entropy is None:
            raise ConfigError('log_prob is None: only Hard("reinforce") in training hands it back')
        if not log_prob.shape == entropy.shape == reward.shape:
            raise ConfigError(
                "log_prob, entropy and reward must be of one shape, [B], not "
                f"{list(log_prob.shape)}, {list(entropy.shape)} and {list(reward.shape)}"
            )
        reward = reward.detach()
        baseline = torch.where(self.baseline.isnan(), reward.mean(), self.baseline)
        if self.training:
            self.baseline.copy_(self.momentum * baseline + (1 - self.momentum) * reward.mean())
        return -((reward - baseline) * log_prob + self.entropy_weight * entropy).mean()
