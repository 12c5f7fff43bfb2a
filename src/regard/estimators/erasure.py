"""What moves the answers of an estimator: parts that are erased, gradients, weights in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from regard.attention import shuffled_weights
from regard.errors import ConfigError
from regard.estimators.passing import on, refuse_lost
from regard.explain import SHARES, as_weights, most_and_least
from regard.inference import Inference
from regard.outputs.output import Question
from regard.training import batch_indices

if TYPE_CHECKING:
    from regard.estimators.base import AttentionEstimator
    from regard.training import Batch

__all__ = ["METHODS", "Erasure", "Floats", "Maps", "Marked", "weighed"]

METHODS = ("attention", "evidence", "occlusion", "gradient", "integrated-gradients")
"""Of saying what moved an answer."""

_WINDOWS = 20  # that occlusion erases, one after the other
_SIDE = 5  # windows along each side of a picture
_SHUFFLES = 5
_PASS = 2**25  # positions of a pass of erased cases, roughly
_GRADIENTS = 64  # cases of a pass
_STOPS = 64  # on the way of integrated gradients
_BATCH = 256
_UNDRAWN = {"encoder", "self_attention"}  # modules whose attention is not that of the maps

Floats = NDArray[np.float64]
Maps = list[Floats]


class Marked(NamedTuple):
    """Maps of what is asked.

    Attributes:
        own: of each case.
        others: of another part of the same answer, or None.
    """

    own: Maps
    others: list[Floats | None]


class Erasure:
    """Some cases of an estimator, what is asked of their answers, and what is left of these.

    Parameters:
        estimator: fitted.
        cases: B, as its input takes them.
        generator: of what is asked, places and replacements.
        questions: what is asked, where it is not drawn.

    Attributes:
        values: [B, ...] what the model returns for the whole cases.
        questions: B of them.
        given: targets of each case that stay as they are, or None.
    """

    def __init__(
        self,
        estimator: AttentionEstimator,
        cases: Any,
        generator: np.random.Generator,
        questions: list[Question] | None = None,
    ) -> None:
        self.estimator, self.cases, self.generator = estimator, cases, generator
        self.input, self.output = estimator.input_, estimator.output_
        self.encoded = self.input.encode(cases)
        seen, self._laid = self._inferred()
        self.values = seen.values
        self.questions = questions or self.output.questions(self.values, generator)
        self.given = self.output.given(self.values)
        self._before = self._rows(self.encoded, np.arange(len(self)))

    def __len__(self) -> int:
        return len(self.cases)

    def _inferred(self) -> tuple[Inference, dict[str, Maps]]:
        """The answers, the attention, and the shares of the evidence where the model has them."""
        run = partial(self.estimator._run, self.estimator.model_, self.cases, self.encoded)
        try:
            seen = run(maps=("attention", "evidence"))
        except ConfigError:  # the pooling has no evidence
            seen = run(maps=("attention",))
            return seen, {"attention": seen.maps["attention"]}
        gates = seen.maps["attention"]
        evidence = [
            as_weights(self.output.share(each).ravel(), own.ravel()).reshape(own.shape)
            for each, own in zip(seen.maps["evidence"], gates, strict=True)
        ]
        attention = {"attention": gates} if self.input.attended else {}
        return seen, attention | {"evidence": evidence}

    @property
    def whole(self) -> bool:
        """Whether each case has one map, of all of its answer."""
        laid = next(iter(self._laid.values()))
        asked = all(each.part is None for each in self.questions)
        return asked and [each.shape for each in laid] == self.shapes

    @cached_property
    def maps(self) -> dict[str, Marked]:
        """The model's own maps of what is asked."""

        def of(laid: Maps, parts: Sequence[Any]) -> Maps:
            return [
                self.input.over_parts(self.output.row(each, part), self.encoded, n)
                for n, (each, part) in enumerate(zip(laid, parts, strict=True))
            ]

        def others(laid: Maps) -> list[Floats | None]:
            found = of(laid, [each.part if each.other is None else each.other for each in asked])
            pairs = zip(found, asked, strict=True)
            return [None if each.other is None else row for row, each in pairs]

        asked = self.questions
        return {
            name: Marked(of(laid, [each.part for each in asked]), others(laid))
            for name, laid in self._laid.items()
        }

    def moved(self, maps: Maps) -> Maps:
        """Each map at another place of its case."""
        return [self.input.elsewhere(each, self.generator) for each in maps]

    def elsewhere(self, marked: Marked) -> Maps:
        """The map of another part of each answer, or else each map at another place."""
        return [
            self.input.elsewhere(own, self.generator) if other is None else other
            for own, other in zip(*marked, strict=True)
        ]

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
        return self._left(self._erased(index, where, how), index, self._parts())

    @property
    def before(self) -> Floats:
        """[B] what is left of each answer where nothing is erased."""
        return self._left(self._before, np.arange(len(self)), self._parts())

    def _parts(self) -> list[Any]:
        return [each.part for each in self.questions]

    def _erased(
        self, index: NDArray[np.int64], where: Sequence[NDArray[np.bool_]], how: str
    ) -> list[Floats]:
        """What is said of cases without these positions."""
        found = []
        for part in _passes(where):
            options: dict[str, Any] = {"how": how, "generator": self.generator}
            encoded = self.input.erased(self.encoded, index[part], where[part], **options)
            found += self._rows(encoded, index[part])
        return found

    def _rows(self, encoded: Any, index: NDArray[np.int64]) -> list[Floats]:
        """What is said of encoded cases, which are those at these positions or parts of them."""
        given = None if self.given is None else [self.given[n] for n in index]
        return weighed(self.estimator, encoded, given)

    def _left(
        self, rows: Sequence[Floats], index: NDArray[np.int64], parts: Sequence[Any]
    ) -> Floats:
        before = [self._before[n] for n in index]
        found = self.output.left(rows, before, [parts[n] for n in index])
        refuse_lost(index[~np.isfinite(found)].tolist(), self.cases.ids)
        return found

    def short(self) -> NDArray[np.bool_]:
        """[B] whether a case has fewer than two positions."""
        return np.array([int(np.prod(shape)) < 2 for shape in self.shapes])

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Of the map of each case."""
        return [each.shape for each in next(iter(self.maps.values())).own]

    def references(self) -> dict[str, Marked]:
        """Maps that ask the model itself: by erasing window after window, and the gradient."""
        found = {"occlusion": self.occluded()}
        if self.whole and self.differentiable:
            found["gradient"] = Marked(self.gradient(), [None] * len(self))
        return found

    def occlusion(self) -> Maps:
        """What is lost with each window, or word, the mean of the replacements."""
        return self.occluded().own

    def occluded(self) -> Marked:
        """The same, also of the other parts of the answers."""
        owner, where = self._windowed()
        rows = [self._erased(owner, where, how) for how in self.input.replacements if where]

        def lost(parts: Sequence[Any]) -> Maps:
            maps = [np.zeros(shape) for shape in self.shapes]
            if rows:
                left = np.mean([self._left(each, owner, parts) for each in rows], axis=0)
                before = self._left(self._before, np.arange(len(self)), parts)
                for at, one, rest in zip(owner, where, left, strict=True):
                    maps[at][one] += before[at] - rest
            return maps

        asked = self.questions
        own = lost(self._parts())
        if all(each.other is None for each in asked):
            return Marked(own, [None] * len(self))
        others = lost([each.part if each.other is None else each.other for each in asked])
        pairs = zip(others, asked, strict=True)
        return Marked(own, [None if each.other is None else row for row, each in pairs])

    def _windowed(self) -> tuple[NDArray[np.int64], list[NDArray[np.bool_]]]:
        """The case of each window, and the windows; a case with one position has none."""
        windows = [_windows(shape) if np.prod(shape) > 1 else [] for shape in self.shapes]
        owner = np.repeat(np.arange(len(self)), [len(each) for each in windows])
        return owner, [one for each in windows for one in each]

    def occlusion_of_parts(self, parts: Sequence[Sequence[Any]]) -> Maps:
        """The same of each part of an answer, of the form of the model's own maps.

        Positions that are never erased have 0.

        Parameters:
            parts: of each answer, as `Output.parts`.
        """
        owner, where = self._windowed()
        maps = [np.zeros(each.shape) for each in next(iter(self._laid.values()))]
        if not where:
            return maps
        rows = [self._erased(owner, where, how) for how in self.input.replacements]
        places = []
        for n, (laid, each) in enumerate(zip(maps, parts, strict=True)):
            row = self.output.row(laid, each[0])
            numbers = np.arange(row.size, dtype=np.float64).reshape(row.shape)
            places.append(self.input.over_parts(numbers, self.encoded, n).astype(np.int64))
        for at in range(max(map(len, parts))):
            asked = [each[min(at, len(each) - 1)] for each in parts]
            before = self._left(self._before, np.arange(len(self)), asked)
            left = np.mean([self._left(each, owner, asked) for each in rows], axis=0)
            for n, one, rest in zip(owner, where, left, strict=True):
                self.output.row(maps[n], asked[n]).flat[places[n][one]] = before[n] - rest
        return maps

    def occlusion_by_channel(self) -> Maps:
        """[C, T] of each case: what is lost with each window of one channel after the other."""
        owner, where = self._windowed()
        channels = self.input.erased_channels
        maps = [np.zeros((channels, *shape)) for shape in self.shapes]
        before = self.before
        for c in range(channels if where else 0):
            alone = np.arange(channels)[:, None] == c
            of_channel = [alone & one for one in where]
            left = [self.left(owner, of_channel, how) for how in self.input.replacements]
            for at, one, rest in zip(owner, where, np.mean(left, axis=0), strict=True):
                maps[at][c, one] += before[at] - rest
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

    def gradient(self) -> Maps:
        """The size of the gradient of the network's answer: its L2 norm over channels.

        Of texts it is the gradient by the embedded token, and its norm that over the embedding.

        Source: Simonyan et al., 2014, "Deep inside convolutional networks" (ICLR workshop); of
        texts Atanasova et al., 2020, "A diagnostic study of explainability techniques for text
        classification" (EMNLP), with the L2 norm.
        """
        return self._sloped(lambda given, slopes, width: slopes(given).norm(dim=width))

    def gradient_by_channel(self) -> Maps:
        """[C, T] of each case: the size of the gradient by each number."""
        return self._sloped(lambda given, slopes, _: slopes(given).abs())

    def integrated_gradients(self) -> Maps:
        """The mean gradient on the way from the mean of the training part, times the way.

        It sums to the network's answer minus that for the mean, the sum over channels, signed. Of
        texts the way begins at zero, the embedding of padding, and the sum is over the embedding.

        Source: Sundararajan et al., 2017, "Axiomatic attribution for deep networks" (ICML).
        """
        return self._sloped(lambda given, slopes, width: _integrated(given, slopes).sum(width))

    def integrated_gradients_by_channel(self) -> Maps:
        """[C, T] of each case: the same before it is summed."""
        return self._sloped(lambda given, slopes, _: _integrated(given, slopes))

    def _sloped(self, take: Callable[[Tensor, Callable[[Tensor], Tensor], int], Tensor]) -> Maps:
        """What is taken of the gradient at the cases as the network gets them, scaled or embedded.

        Parameters:
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
            answered = self.output.answered([self._before[n] for n in index])
            answer = torch.from_numpy(answered).float().to(device)
            given, width = batch.inputs[0], 1
            if embedding is not None:
                with torch.no_grad():
                    given, width = embedding(given), 2
            slopes = partial(_slopes, model, batch, answer, embedding)
            laid = take(given, slopes, width).cpu().double().numpy()
            if embedding is not None:
                maps += self.input.of_tokens(laid, self.encoded, index)
                continue
            for each, shape in zip(laid, self.shapes[start:], strict=False):
                maps.append(each[(..., *map(slice, shape))])
        return maps

    def by(self, method: str, *, channels: bool = False) -> Maps:
        """What moves the answers, by one of `METHODS`; with `channels`, of each channel.

        Raises:
            ConfigError: the method cannot be used here.
        """
        own_maps = method in ("attention", "evidence")
        if channels and not self.input.erased_channels:
            raise ConfigError(
                "channels: only series of numbers that are classified or regressed "
                "have a map of each channel; leave it out"
            )
        if channels and own_maps:
            raise ConfigError(
                f"channels: the {method} has one number for all channels of a step; leave it out"
            )
        if method in self._laid:
            return self._laid[method]
        if own_maps:
            own = ", ".join(self._laid)
            raise ConfigError(f"method: this model has no {method}; it has {own}")
        if not self.whole:
            parts = self.output.parts(self.values)
            if parts is not None and method == "occlusion":
                return self.occlusion_of_parts(parts)
            instead = "leave it out" if parts is None else "occlusion gives all"
            raise ConfigError(
                f"method: a case has several maps here, of which {method} would give one; {instead}"
            )
        if method != "occlusion" and not self.differentiable:
            raise ConfigError(f"method: there is no {method} here; occlusion needs none")
        name = method.replace("-", "_") + ("_by_channel" if channels else "")
        found: Maps = getattr(self, name)()
        return found

    def moved_by_shuffling(self) -> Floats:
        """[B] how far the answers move with the weights of the attention in another order."""
        model = self.estimator.model_
        device = next(model.parameters()).device
        generator = torch.Generator(device).manual_seed(int(self.generator.integers(2**31)))
        drawn = [
            each
            for name, each in model.named_modules()
            if not _UNDRAWN.intersection(name.split("."))
        ]
        every = np.arange(len(self))
        with shuffled_weights(drawn, generator):
            moved = [
                self.output.moved_by(self._rows(self.encoded, every), self._before)
                for _ in range(_SHUFFLES)
            ]
        return np.asarray(np.mean(moved, axis=0))


def weighed(
    estimator: AttentionEstimator, encoded: Any, given: list[NDArray[np.int64]] | None = None
) -> list[Floats]:
    """What `Output.weighed` says of encoded cases, with the targets that are given."""
    output, model = estimator.output_, estimator.model_
    part = estimator.input_.part(encoded, targets=given, training=False)
    device = estimator._placed(model)
    found = [np.empty(0)] * len(part)
    with torch.inference_mode():
        for index in batch_indices(part.lengths.numpy(), batch_size=_BATCH, shuffle=False):
            rows = output.weighed(model, on(part[index], device)).cpu().double().numpy()
            for at, row in zip(index, rows, strict=True):
                found[at] = row if given is None else row[: len(given[at])]
    return found


def _slopes(
    model: nn.Module, batch: Batch, answer: Tensor, embedding: nn.Module | None, given: Tensor
) -> Tensor:
    """The gradient of the answers in place of the first input of a batch, or of its embedding."""
    leaf = given.detach().clone().requires_grad_()
    # Recurrent networks of cuDNN have no gradient outside training.
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        if embedding is None:
            values = model(leaf, *batch.inputs[1:], mask=batch.mask).values
        else:
            with embedding.register_forward_hook(lambda *_: leaf):
                values = model(*batch.inputs, mask=batch.mask).values
        (slope,) = torch.autograd.grad((values * answer).sum(), leaf)
    return slope


def _integrated(given: Tensor, slopes: Callable[[Tensor], Tensor]) -> Tensor:
    """The mean gradient on the way from zeros, times the way."""
    total = torch.zeros_like(given)
    for stop in range(_STOPS):
        total += slopes((stop + 0.5) / _STOPS * given)
    return given * total / _STOPS


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
