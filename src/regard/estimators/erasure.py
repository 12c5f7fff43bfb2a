"""What moves the answers of an estimator: parts that are erased, gradients, weights in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from regard.attention import shuffled_weights
from regard.errors import ConfigError
from regard.estimators.passing import on
from regard.explain import SHARES, as_weights, most_and_least

if TYPE_CHECKING:
    from regard.estimators.base import AttentionEstimator
    from regard.training import Batch

__all__ = ["METHODS", "Erasure", "Floats", "Maps"]

METHODS = ("attention", "evidence", "occlusion", "gradient", "integrated-gradients")
"""Of saying what moved an answer."""

_WINDOWS = 20  # that occlusion erases, one after the other
_SIDE = 5  # windows along each side of a picture
_SHUFFLES = 5
_PASS = 2**25  # positions of a pass of erased cases, roughly
_GRADIENTS = 64  # cases of a pass
_STOPS = 64  # on the way of integrated gradients

Floats = NDArray[np.float64]
Maps = list[Floats]


class Erasure:
    """Some cases of an estimator, their answers, and what is left of these.

    Parameters:
        estimator: fitted.
        cases: B, as its input takes them.
        generator: of places and replacements.

    Attributes:
        values: [B, ...] what the model returns for the whole cases.
    """

    def __init__(
        self, estimator: AttentionEstimator, cases: Any, generator: np.random.Generator
    ) -> None:
        self.estimator, self.cases, self.generator = estimator, cases, generator
        self.input, self.output = estimator.input_, estimator.output_
        self.encoded = self.input.encode(cases)
        self.values = self._values(self.encoded, cases)

    def __len__(self) -> int:
        return len(self.values)

    def _values(self, encoded: Any, cases: Any) -> Any:
        return self.estimator._run(self.estimator.model_, cases, encoded).values

    def maps(self) -> dict[str, Maps]:
        """The attention, and the shares of the evidence, where the model has them."""
        try:
            laid = self._laid("attention", "evidence")
        except ConfigError:  # the pooling has no evidence
            return {"attention": list(self._laid("attention")["attention"])}
        pairs = zip(laid["evidence"], laid["attention"], strict=True)
        evidence = [
            as_weights(self.output.share(each).ravel(), gates.ravel()).reshape(gates.shape)
            for each, gates in pairs
        ]
        attention = {"attention": list(laid["attention"])} if self.input.attended else {}
        return attention | {"evidence": evidence}

    def _laid(self, *names: str) -> Mapping[str, Maps]:
        model = self.estimator.model_
        return self.estimator._run(model, self.cases, self.encoded, maps=names).maps

    def elsewhere(self, maps: Maps) -> Maps:
        """Each map at another place."""
        return [self.input.elsewhere(each, self.generator) for each in maps]

    def gains(self, maps: Maps) -> Floats:
        """[B] left(least erased) - left(most erased), the mean of shares and replacements."""
        most, least = self.ends(maps)
        return np.asarray((least - most).mean(0))

    def ends(self, maps: Maps) -> Floats:
        """[2, shares, B] what is left without the highest weights, and without the lowest."""
        ends = [[most_and_least(each, share) for share in SHARES] for each in maps]
        found = np.zeros((2, len(SHARES), len(self)))
        for how in self.input.replacements:
            for at in range(len(SHARES)):
                for end in range(2):
                    where = [each[at][end] for each in ends]
                    found[end, at] += self.left(np.arange(len(self)), where, how)
        return found / len(self.input.replacements)

    def left(
        self, index: NDArray[np.int64], where: Sequence[NDArray[np.bool_]], how: str
    ) -> Floats:
        """[b] what is left of each answer without these positions.

        Parameters:
            index: [b] positions of cases, also several times.
            where: of each of them what is erased, of the form of its map.
            how: one of the input's replacements.
        """
        found = []
        for part in _passes(where):
            some = index[part]
            options: dict[str, Any] = {"how": how, "generator": self.generator}
            encoded = self.input.erased(self.encoded, some, where[part], **options)
            values = self._values(encoded, self.cases.take(some))
            found.append(self.output.left(values, self.values[some]))
        return np.concatenate(found)

    def short(self) -> NDArray[np.bool_]:
        """[B] whether a case has fewer than two positions."""
        return np.array([int(np.prod(shape)) < 2 for shape in self.shapes()])

    def shapes(self) -> list[tuple[int, ...]]:
        """Of the map of each case."""
        return [each.shape for each in next(iter(self.maps().values()))]

    def references(self) -> dict[str, Maps]:
        """Maps that ask the model itself: by erasing window after window, and the gradient."""
        shapes = self.shapes()
        found = {"occlusion": self.occlusion(shapes)}
        if self.differentiable:
            found["gradient"] = self.gradient(shapes)
        return found

    def occlusion(self, shapes: Sequence[tuple[int, ...]]) -> Maps:
        """What is lost with each window, or word, the mean of the replacements."""
        # Of a case with one position nothing would be left.
        windows = [_windows(shape) if np.prod(shape) > 1 else [] for shape in shapes]
        owner = np.repeat(np.arange(len(self)), [len(each) for each in windows])
        where = [one for each in windows for one in each]
        maps = [np.zeros(shape) for shape in shapes]
        if not where:
            return maps
        left = np.mean([self.left(owner, where, how) for how in self.input.replacements], axis=0)
        whole = self.output.left(self.values, self.values)
        for at, one, rest in zip(owner, where, left, strict=True):
            maps[at][one] += whole[at] - rest
        return maps

    @property
    def differentiable(self) -> bool:
        """Whether there is a gradient: a network reads numbers, or tokens that it embeds."""
        if not (len(self) and self.input.attended):
            return False
        if self.input.embedding(self.estimator.model_) is not None:
            return True
        part = self.input.part(self.encoded, targets=None, training=True)
        return part[np.arange(1)].inputs[0].is_floating_point()

    def gradient(self, shapes: Sequence[tuple[int, ...]]) -> Maps:
        """The size of the gradient of the network's answer: its L2 norm over channels.

        Of texts it is the gradient by the embedded token, and its norm that over the embedding.

        Source: Simonyan et al., 2014, "Deep inside convolutional networks" (ICLR workshop); of
        texts Atanasova et al., 2020, "A diagnostic study of explainability techniques for text
        classification" (EMNLP), with the L2 norm.
        """
        return self._sloped(shapes, lambda given, slopes, width: slopes(given).norm(dim=width))

    def integrated_gradients(self, shapes: Sequence[tuple[int, ...]]) -> Maps:
        """The mean gradient on the way from the mean of the training part, times the way.

        It sums to the network's answer minus that for the mean, the sum over channels, signed. Of
        texts the way begins at zero, the embedding of padding, and the sum is over the embedding.

        Source: Sundararajan et al., 2017, "Axiomatic attribution for deep networks" (ICML).
        """

        def integrated(given: Tensor, slopes: Callable[[Tensor], Tensor], width: int) -> Tensor:
            total = torch.zeros_like(given)
            for stop in range(_STOPS):
                total += slopes((stop + 0.5) / _STOPS * given)
            return (given * total / _STOPS).sum(width)

        return self._sloped(shapes, integrated)

    def _sloped(
        self,
        shapes: Sequence[tuple[int, ...]],
        take: Callable[[Tensor, Callable[[Tensor], Tensor], int], Tensor],
    ) -> Maps:
        """What is taken of the gradient at the cases as the network gets them, scaled or embedded.

        Parameters:
            shapes: of the maps.
            take: is given the cases, their gradient, and the axis of channels or the embedding.
        """
        model = self.estimator.model_
        embedding = self.input.embedding(model)
        device = next(model.parameters()).device
        part = self.input.part(self.encoded, targets=None, training=True)
        maps: Maps = []
        for start in range(0, len(self), _GRADIENTS):
            index = np.arange(start, min(start + _GRADIENTS, len(self)))
            batch = on(part[index], device)
            answer = torch.from_numpy(self.output.answered(self.values[index])).float().to(device)
            given, width = batch.inputs[0], 1
            if embedding is not None:
                with torch.no_grad():
                    given, width = embedding(given), 2
            slopes = partial(_slopes, model, batch, answer, embedding)
            laid = take(given, slopes, width).cpu().double().numpy()
            if embedding is not None:
                maps += self.input.of_tokens(laid, self.encoded, index)
                continue
            for each, shape in zip(laid, shapes[start:], strict=False):
                maps.append(each[tuple(map(slice, shape))])
        return maps

    def by(self, method: str) -> Maps:
        """What moves the answers, by one of `METHODS`.

        Raises:
            ConfigError: the method cannot be used here.
        """
        own = self.maps()
        if method in own:
            return own[method]
        if method in ("attention", "evidence"):
            raise ConfigError(f"method: this model has no {method}; it has {', '.join(own)}")
        if method != "occlusion" and not self.differentiable:
            raise ConfigError(f"method: there is no {method} here; occlusion needs none")
        shapes = [each.shape for each in next(iter(own.values()))]
        found: Maps = getattr(self, method.replace("-", "_"))(shapes)
        return found

    def moved_by_shuffling(self) -> Floats:
        """[B] how far the answers move with the weights of the attention in another order."""
        model = self.estimator.model_
        device = next(model.parameters()).device
        generator = torch.Generator(device).manual_seed(int(self.generator.integers(2**31)))
        outside = [each for name, each in model.named_modules() if "encoder" not in name.split(".")]
        with shuffled_weights(outside, generator):
            moved = [
                self.output.moved_by(self._values(self.encoded, self.cases), self.values)
                for _ in range(_SHUFFLES)
            ]
        return np.asarray(np.mean(moved, axis=0))


def _slopes(
    model: nn.Module, batch: Batch, answer: Tensor, embedding: nn.Module | None, given: Tensor
) -> Tensor:
    """The gradient of the answers in place of the first input of a batch, or of its embedding."""
    leaf = given.detach().clone().requires_grad_()
    with torch.enable_grad():
        if embedding is None:
            values = model(leaf, *batch.inputs[1:], mask=batch.mask).values
        else:
            with embedding.register_forward_hook(lambda *_: leaf):
                values = model(*batch.inputs, mask=batch.mask).values
        (slope,) = torch.autograd.grad((values * answer).sum(), leaf)
    return slope


def _passes(where: Sequence[NDArray[np.bool_]]) -> Iterator[slice]:
    """Parts of some cases that are erased and run together."""
    rows = max(1, _PASS // max(each.size for each in where))
    for start in range(0, len(where), rows):
        yield slice(start, start + rows)


def _windows(shape: tuple[int, ...]) -> list[NDArray[np.bool_]]:
    """Up to twenty windows along a map, or five by five of a picture."""
    most = _WINDOWS if len(shape) == 1 else _SIDE
    sides = [
        list(pairwise(np.unique(np.linspace(0, size, min(most, size) + 1).round().astype(int))))
        for size in shape
    ]
    found = []
    for window in np.ndindex(*map(len, sides)):
        one = np.zeros(shape, bool)
        one[tuple(slice(*side[at]) for side, at in zip(sides, window, strict=True))] = True
        found.append(one)
    return found
