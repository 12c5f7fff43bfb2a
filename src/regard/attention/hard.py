"""Hard attention: each query attends to one position, sampled from its scores."""

from copy import copy
from typing import Literal, TypeVar

import torch
from torch import Tensor, nn

from regard.attention.alignment import Alignment, Sampled
from regard.attention.checks import check_boolean
from regard.attention.score import Score
from regard.attention.softmax import masked_log_softmax, masked_softmax
from regard.attention.window import Window
from regard.errors import ConfigError

__all__ = ["Hard", "Reinforce", "expected", "gumbel_softmax", "sample_one"]

_Module = TypeVar("_Module", bound=nn.Module)


def sample_one(
    scores: Tensor, mask: Tensor | None = None, *, generator: torch.Generator | None = None
) -> Sampled:
    """Sample one position per query from softmax(scores); the sample passes no gradient on.

    A query that may attend to nothing gets zero weights, log-probability and entropy; one of whose
    scores a softmax is NaN gets NaN.

    Parameters:
        scores: [..., K].
        mask: boolean, broadcast to the scores; True means may be attended. None allows all.
        generator: for the sample; None uses torch's default generator.

    Source: Xu et al., 2015, "Show, attend and tell", section 4.1.

    >>> sample_one(torch.tensor([[0.0, 100.0, 0.0]])).weights
    tensor([[0., 1., 0.]])
    """
    log_probabilities = masked_log_softmax(scores, mask)
    probabilities = masked_softmax(scores, mask)
    none = probabilities.detach().sum(-1, keepdim=True) == 0
    nan = probabilities.detach().sum(-1, keepdim=True).isnan()
    rows = (probabilities.detach().float() + none).masked_fill(nan, 1.0).flatten(0, -2)
    drawn = torch.multinomial(rows, 1, generator=generator).reshape(scores.shape[:-1])
    log_prob = log_probabilities.gather(-1, drawn.unsqueeze(-1)).squeeze(-1)
    # 0 log 0 = 0: where the weights are zero the masked log-probability is 0, too
    entropy = -(probabilities * log_probabilities).sum(-1)
    weights = _one_at(drawn, scores).masked_fill(none, 0.0).masked_fill(nan, torch.nan)
    return Sampled(weights, log_prob, entropy)


def gumbel_softmax(
    scores: Tensor,
    mask: Tensor | None = None,
    *,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Sample one position per query, with the gradient of a softmax.

    The highest of the scores plus Gumbel noise is a sample from softmax(scores). The backward pass
    uses the gradient of the softmax of the noisy scores (straight-through): biased, but of low
    variance.

    Parameters:
        scores, mask, generator: as for `sample_one`.
        temperature: of the softmax in the backward pass.

    Returns:
        [..., K] weights, one at the sampled position; zeros where nothing is allowed.

    Source: Jang, Gu and Poole, 2017, "Categorical reparameterization with Gumbel-softmax",
    equations 1 and 2 and section 2.2.

    >>> gumbel_softmax(torch.tensor([[0.0, 100.0, 0.0]]))
    tensor([[0., 1., 0.]])
    """
    waiting = torch.empty_like(scores, dtype=torch.float32).exponential_(generator=generator)
    gumbel = -waiting.clamp(min=torch.finfo(torch.float32).tiny).log()
    noisy = scores + gumbel.to(scores.dtype)
    soft = masked_softmax(noisy / temperature, mask)
    return _highest(noisy.detach(), mask) + (soft - soft.detach())


def _highest(scores: Tensor, mask: Tensor | None) -> Tensor:
    """One at the first highest allowed score of each row, zeros where nothing is allowed.

    NaN where one of them is.
    """
    allowed = scores if mask is None else scores.masked_fill(~mask, -torch.inf)
    highest = _one_at(allowed.argmax(-1), scores)
    if mask is not None:
        highest = highest.masked_fill(~mask, 0.0)
    return highest.masked_fill(allowed.isnan().any(-1, keepdim=True), torch.nan)


def _one_at(places: Tensor, scores: Tensor) -> Tensor:
    """[...] places -> one there and zeros elsewhere, like the scores [..., K].

    `torch.nn.functional.one_hot` would fix K in a compiled graph.
    """
    keys = torch.arange(scores.shape[-1], device=scores.device)
    return (keys == places.unsqueeze(-1)).to(scores.dtype)


class Hard(Alignment):
    """One position per query: sampled in training, the highest score in evaluation.

    Parameters:
        estimator: of the gradient of the scores. "reinforce": the weights pass no gradient on; the
            log-probability of the sample is returned for `Reinforce`. "gumbel": straight-through
            Gumbel-softmax.
        temperature: of the Gumbel-softmax.

    Source: Xu et al., 2015, "Show, attend and tell: neural image caption generation with visual
    attention", section 4.1; Jang, Gu and Poole, 2017, for "gumbel".

    >>> Hard().eval()(torch.tensor([[1.0, 3.0, 2.0]])).weights
    tensor([[0., 1., 0.]])
    """

    def __init__(
        self, estimator: Literal["reinforce", "gumbel"] = "reinforce", *, temperature: float = 1.0
    ) -> None:
        super().__init__()
        if estimator not in ("reinforce", "gumbel"):
            raise ConfigError(f"estimator must be 'reinforce' or 'gumbel', not {estimator!r}")
        if not temperature > 0:
            raise ConfigError(f"temperature must be above 0, not {temperature}")
        self.estimator = estimator
        self.temperature = temperature

    def extra_repr(self) -> str:
        return self.estimator

    def check(self, score: Score, window: Window) -> None:
        if window.has_gain:
            raise ConfigError(
                f"Hard attends to one position, and the gain of {type(window).__name__} would only "
                "scale its value: align by softmax, sparsemax or entmax15, or use another window"
            )

    def forward(self, scores: Tensor, mask: Tensor | None = None) -> Sampled:
        if mask is not None:
            check_boolean(mask)
        if scores.shape[-1] == 0:  # nothing to sample from
            none = scores.sum(-1) if self.training and self.estimator == "reinforce" else None
            return Sampled(scores, none, none)
        if not self.training:
            return Sampled(_highest(scores, mask))
        if self.estimator == "gumbel":
            return Sampled(gumbel_softmax(scores, mask, temperature=self.temperature))
        return sample_one(scores, mask)


def expected(module: _Module) -> _Module:
    """The same module with expectations in place of samples: softmax where it has `Hard`.

    All parameters are shared, so that gradients of both reach them.

    Source: Xu et al., 2015, section 4.1: the expected context is used in place of a sampled one for
    half of the cases, which "improves the robustness of the stochastic attention learning".

    >>> from regard.attention import Attention, Dot
    >>> twin = expected(Attention(Dot(), align=Hard()))
    >>> twin(torch.zeros(1, 1, 3), torch.zeros(1, 2, 3)).weights
    tensor([[[0.5000, 0.5000]]])
    """
    twin = copy(module)
    twin._modules = {}
    for name, child in module._modules.items():
        if isinstance(child, Hard):
            setattr(twin, name, masked_softmax)
        else:
            twin._modules[name] = None if child is None else expected(child)
    return twin


class Reinforce(nn.Module):
    """The REINFORCE loss of sampled positions, with a moving-average baseline and an entropy bonus.

    loss = -mean((reward - baseline) log_prob + entropy_weight * entropy); each training batch
    updates baseline = momentum * baseline + (1 - momentum) * mean reward. It starts at the mean
    reward of the first batch. A baseline of each sample's own is taken where it is given.

    Parameters:
        momentum: of the baseline; the paper's is 0.9.
        entropy_weight: the paper's lambda_e.

    Source: Xu et al., 2015, section 4.1, equations 11 and 12; Williams, 1992, "Simple statistical
    gradient-following algorithms for connectionist reinforcement learning".

    >>> log_prob, entropy, reward = torch.randn(3), torch.rand(3), torch.rand(3)
    >>> Reinforce()(log_prob, entropy, reward).shape
    torch.Size([])
    """

    baseline: Tensor

    def __init__(self, *, momentum: float = 0.9, entropy_weight: float = 0.01) -> None:
        super().__init__()
        self.momentum = momentum
        self.entropy_weight = entropy_weight
        self.register_buffer("baseline", torch.tensor(torch.nan))

    def forward(
        self,
        log_prob: Tensor | None,
        entropy: Tensor | None,
        reward: Tensor,
        baseline: Tensor | None = None,
    ) -> Tensor:
        """The loss, to be added to that of the model.

        Parameters:
            log_prob: [B], of all positions sampled for a case.
            entropy: [B], of the distributions they were sampled from.
            reward: [B], such as the log-likelihood of the target.
            baseline: [B], what is expected of the reward, independent of the sample; None takes the
                moving average.

        Raises:
            ConfigError: nothing was sampled, or the shapes differ.
        """
        if log_prob is None or entropy is None:
            raise ConfigError('log_prob is None: only Hard("reinforce") in training returns it')
        if not log_prob.shape == entropy.shape == reward.shape:
            raise ConfigError(
                "log_prob, entropy and reward must be of one shape, [B], not "
                f"{list(log_prob.shape)}, {list(entropy.shape)} and {list(reward.shape)}"
            )
        reward = reward.detach()
        if baseline is None:
            baseline = torch.where(self.baseline.isnan(), reward.mean(), self.baseline)
            if self.training:
                self.baseline.copy_(self.momentum * baseline + (1 - self.momentum) * reward.mean())
        return -((reward - baseline) * log_prob + self.entropy_weight * entropy).mean()
