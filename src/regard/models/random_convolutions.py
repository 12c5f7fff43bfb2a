"""A linear model of what random convolutions find in series, with the exact share of every step."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from math import floor, log2, sqrt
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["Plan", "RandomConvolutions"]

_HUGE: Any = {"over": "ignore", "invalid": "ignore"}  # what is not finite is refused later

_Floats = NDArray[np.float32]

_LENGTH = 9  # weights of a kernel
_TRIPLES = np.array(list(combinations(range(_LENGTH), 3)))  # [84, 3] places of the weights of 2
_BIASES = 59  # of each of the 84 kernels, over all dilations, of the series and of differences
_MOST_DILATIONS = 32
_GROUPS = 32  # of each dilation, of the series and of differences
_RIVALS = 8  # kernels of a group
_MOST_CHANNELS = 9  # that a kernel reads
_GOLDEN = (sqrt(5) + 1) / 2


class Plan(NamedTuple):
    """Which convolutions are taken.

    Attributes:
        spread: of the shares, each dilation and how many biases every kernel has at it.
        doubling: dilations of the contests.
        triples: [K, 3] places of the weights of 2.
    """

    spread: list[tuple[int, int]]
    doubling: list[int]
    triples: NDArray[np.int64]


class RandomConvolutions(nn.Module):
    """z = sum over the steps of weights * (what the convolutions find there) + bias.

    Convolutions with kernels of nine weights are taken at many dilations, of the series and of its
    first differences. Every feature is a mean over a case's steps, so the linear model is a sum
    over them, and what each step adds to z is exact:

    - shares: of the steps at which the response of one of 84 kernels exceeds a bias, which is a
      quantile of its responses in a training case;
    - wins: in groups of eight random kernels, the mean over all steps of the response of the
      kernel that has the highest, and the share of the steps at which a kernel's is the lowest.

    It is drawn and solved, not trained, so all that it has are buffers.

    Parameters:
        channels: C.
        steps: of the longest series to train on, which the widest dilations suit.
        outputs: N.

    Source: Dempster, Schmidt and Webb, 2021, "MiniRocket"; Tan, Dempster, Bergmeir and Webb, 2022,
    "MultiRocket" (the differences); Dempster, Schmidt and Webb, 2023, "Hydra: competing
    convolutional kernels" (there with the square roots of the counts, which do not add up).
    """

    def __init__(self, channels: int, steps: int, outputs: int) -> None:
        super().__init__()
        self._spread, self._counts = _dilations_of_shares(steps)
        self._doubling = 2 ** np.arange(1 + floor(log2(_reach(steps))))
        shared = len(self._spread), len(_TRIPLES)
        groups = len(self._doubling), _GROUPS
        biases = int(self._counts.sum()) * len(_TRIPLES)
        won = groups[0] * groups[1] * 2 * _RIVALS
        self._sizes = (biases, biases, won, won)
        # The first axis is of the series and of the differences.
        self.biases = nn.Buffer(torch.zeros(2, biases))
        self.share_channels = nn.Buffer(torch.ones(2, *shared, channels, dtype=torch.bool))
        self.rivals = nn.Buffer(torch.zeros(2, *groups, _RIVALS, _LENGTH))
        self.win_channels = nn.Buffer(torch.ones(2, *groups, channels, dtype=torch.bool))
        self.weights = nn.Buffer(torch.zeros(sum(self._sizes), outputs))
        self.bias = nn.Buffer(torch.zeros(outputs))
        self.common = nn.Buffer(torch.zeros(outputs, steps))

    def draw(self, series: _Floats, lengths: NDArray[np.int64], *, seed: int) -> None:
        """Draw kernels, channels and biases.

        Parameters:
            series: [B, C, T] training cases, whose responses the biases are quantiles of.
            lengths: [B] steps of each.
            seed: random seed.
        """
        random = np.random.default_rng(seed)
        channels = series.shape[1]
        drawn = random.standard_normal(self.rivals.shape)
        drawn -= drawn.mean(-1, keepdims=True)
        self.rivals.copy_(torch.from_numpy(drawn / np.abs(drawn).sum(-1, keepdims=True)))
        for read in (self.share_channels, self.win_channels):
            read.copy_(torch.from_numpy(_draw_channels(random, tuple(read.shape[:-1]), channels)))
        for of, cases in enumerate(_with_differences(series)):
            found = self._quantiles(cases, lengths, self.share_channels[of].numpy(), random)
            self.biases[of] = torch.from_numpy(found)

    def _quantiles(
        self,
        series: _Floats,
        lengths: NDArray[np.int64],
        read: NDArray[np.bool_],
        random: np.random.Generator,
    ) -> _Floats:
        """The biases: quantiles of the responses of each kernel in a case drawn for it."""
        weights = np.full((len(_TRIPLES), _LENGTH), -1.0, np.float32)
        np.put_along_axis(weights, _TRIPLES, 2.0, 1)
        spread = np.arange(1, self.biases.shape[1] + 1) * _GOLDEN % 1  # evenly, in any order
        found, at = [], 0
        for i, (dilation, count) in enumerate(zip(self._spread, self._counts, strict=True)):
            drawn = random.integers(len(series), size=len(_TRIPLES))
            steps = lengths[drawn]
            inside = np.arange(steps.max()) < steps[:, None]  # [84, T]
            cases = np.where(inside[:, None], series[drawn, :, : steps.max()], 0)
            heard = np.einsum("kct,kc->kt", cases, read[i])
            padded = np.pad(heard, ((0, 0), (_LENGTH // 2 * dilation,) * 2))
            responses = np.full(heard.shape, np.inf, np.float32)
            responses[inside] = sum(
                weights[:, j, None] * padded[:, j * dilation :][:, : heard.shape[1]]
                for j in range(_LENGTH)
            )[inside]
            own = spread[at : at + count * len(_TRIPLES)].reshape(len(_TRIPLES), count)
            found.append(np.sort(_quantiles(np.sort(responses, 1), steps, own), 1).ravel())
            at += own.size
        return np.concatenate(found)

    def features(self, series: _Floats, lengths: NDArray[np.int64]) -> _Floats:
        """[B, F] the features of series [B, C, T] with so many steps each."""
        nothing = np.empty((sum(self._sizes), 0), np.float32)
        return self._read(series, lengths, nothing)[0]

    def plan(self) -> Plan:
        """Which convolutions are taken."""
        spread = zip(self._spread.tolist(), self._counts.tolist(), strict=True)
        return Plan(list(spread), self._doubling.tolist(), _TRIPLES)

    def parts(self) -> list[Tensor]:
        """The weights [F, N] of shares of the series and of differences, then those of contests."""
        return list(torch.split(self.weights, list(self._sizes)))

    def set_weights(self, weights: NDArray[Any], bias: NDArray[Any]) -> None:
        """Take the solution: weights [F, N] of the features, and bias [N]."""
        self.weights.copy_(torch.from_numpy(weights))
        self.bias.copy_(torch.from_numpy(bias))

    def set_common(
        self, series: _Floats, lengths: NDArray[np.int64], factors: NDArray[np.float64]
    ) -> None:
        """Take what cases have in common: the mean of what they add at each step.

        Parameters:
            series: [B, C, T] training cases, T at most the steps of the longest.
            lengths: [B] steps of each.
            factors: [B] weights of the cases in the mean.
        """
        _, found = self._read(series, lengths, self.weights.cpu().numpy())
        counted = (np.arange(series.shape[2]) < lengths[:, None]) * factors[:, None]  # [B, T]
        with np.errstate(**_HUGE):
            mean = (found * counted[:, None]).sum(0) / np.maximum(counted.sum(0), 1e-300)
        self.common[:, : series.shape[2]] = torch.from_numpy(mean)

    def forward(self, series: Tensor, mask: Tensor | None) -> Tensor:
        """[B, C, T] series and mask [B, T] -> [B, N]."""
        cases, lengths = _on_cpu(series, mask)
        weights = self.weights.cpu().double().numpy()
        with np.errstate(**_HUGE):
            values = self.features(cases, lengths) @ weights + self.bias.cpu().numpy()
        return torch.from_numpy(values).to(series)

    def evidence(self, series: Tensor, mask: Tensor | None) -> Tensor:
        """[B, N, T] what each step adds beyond what steps at its place add in common.

        The bias and what is common are shared evenly, so that the sum is z; zero where mask is
        False.

        What a response adds is divided evenly among the nine steps that it is of: its middle, and
        four to either side, which are as many steps apart as the dilation says.
        """
        cases, lengths = _on_cpu(series, mask)
        _, found = self._read(cases, lengths, self.weights.cpu().numpy())
        true = np.arange(cases.shape[2]) < lengths[:, None]
        steps = min(cases.shape[2], self.common.shape[1])
        common = np.zeros(found.shape)
        common[..., :steps] = self.common[:, :steps].cpu().numpy()
        common *= true[:, None]
        shared = common.sum(2) + self.bias.cpu().numpy()  # [B, N]
        found += (true / lengths[:, None])[:, None] * shared[..., None] - common
        return torch.from_numpy(found).to(series)

    def _read(
        self, series: _Floats, lengths: NDArray[np.int64], weights: _Floats
    ) -> tuple[_Floats, NDArray[np.float64]]:
        """[B, F] features, and [B, N, T] what they add at each step with weights [F, N]."""
        from regard.models import convolution_kernels as kernels  # numba takes a while to import

        parts = np.split(weights, np.cumsum(self._sizes)[:-1])
        features = [np.empty((len(series), size), np.float32) for size in self._sizes]
        evidence = np.zeros((len(series), weights.shape[1], series.shape[2]))
        for of, cases in enumerate(_with_differences(series)):
            for at, compiled, given in (
                (of, kernels.shares, self._share_arguments(of)),
                (2 + of, kernels.wins, self._win_arguments(of)),
            ):
                split = cases, lengths, features[at], evidence
                _in_threads(compiled, split, (*given, np.ascontiguousarray(parts[at])))
        return np.concatenate(features, 1), evidence

    def _share_arguments(self, of: int) -> tuple[Any, ...]:
        read, biases = self.share_channels[of].cpu().numpy(), self.biases[of].cpu().numpy()
        return self._spread, self._counts, _TRIPLES, read, biases

    def _win_arguments(self, of: int) -> tuple[Any, ...]:
        rivals, read = self.rivals[of].cpu().numpy(), self.win_channels[of].cpu().numpy()
        return self._doubling, rivals, read


def _reach(steps: int) -> float:
    """The dilation at which a kernel is as wide as a series, at least 1."""
    return max(1.0, (steps - 1) / (_LENGTH - 1))


def _dilations_of_shares(steps: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Dilations, and how many biases each kernel has at each of them."""
    number = min(_BIASES, _MOST_DILATIONS)
    exponents = np.linspace(0, log2(_reach(steps)), number)
    dilations, counts = np.unique(np.floor(2**exponents).astype(np.int64), return_counts=True)
    counts = counts * _BIASES // number
    counts[: _BIASES - counts.sum()] += 1
    return dilations, counts


def _draw_channels(
    random: np.random.Generator, shape: Sequence[int], channels: int
) -> NDArray[np.bool_]:
    """[*shape, C] which channels a kernel reads: some, few more often than many."""
    read = np.zeros((*shape, channels), bool)
    most = log2(min(channels, _MOST_CHANNELS) + 1)
    for at in np.ndindex(*shape):
        count = floor(2 ** random.uniform(0, most))
        read[at][random.choice(channels, count, replace=False)] = True
    return read


def _with_differences(series: _Floats) -> tuple[_Floats, _Floats]:
    """The series and its first differences, 0 at the first step."""
    changes = np.zeros_like(series)
    with np.errstate(**_HUGE):
        np.subtract(series[..., 1:], series[..., :-1], out=changes[..., 1:])
    return series, changes


def _quantiles(
    ascending: _Floats, counts: NDArray[np.int64], q: NDArray[np.floating[Any]]
) -> _Floats:
    """[K, M] quantiles q of the first so many numbers of each row [K, T], interpolated linearly."""
    place = q * (counts[:, None] - 1)
    below = place.astype(np.int64)
    above = np.minimum(below + 1, counts[:, None] - 1)
    low, high = (np.take_along_axis(ascending, at, 1) for at in (below, above))
    return np.asarray(low + (high - low) * (place - below), np.float32)


def _on_cpu(series: Tensor, mask: Tensor | None) -> tuple[_Floats, NDArray[np.int64]]:
    """A batch as arrays, and the steps of each case."""
    cases = np.ascontiguousarray(series.detach().cpu().numpy(), np.float32)
    if mask is None:
        return cases, np.full(len(cases), cases.shape[2], np.int64)
    return cases, mask.sum(1).cpu().numpy().astype(np.int64)


def _in_threads(
    compiled: Callable[..., None], cases: tuple[NDArray[Any], ...], given: tuple[Any, ...]
) -> None:
    """Run compiled code on shares of the cases, on as many threads as torch has."""
    threads = min(torch.get_num_threads(), len(cases[0]))
    if threads == 1:
        compiled(*cases, *given)
        return
    parts = zip(*(np.array_split(each, threads) for each in cases), strict=True)
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(compiled, *own, *given) for own in parts]:
            done.result()
