"""Models whose maps are known to be right or wrong, to try verdicts on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from regard import SeriesClassifier
from regard.data import Cases
from regard.estimators import AttentionEstimator
from regard.models import Predicted

__all__ = ["Planted", "planted_models", "relabelled", "turn"]

_LENGTHS = 120, 260
_TRAIN, _TEST = 800, 300
_FEW = 200  # for the default network, which takes longer
_SPAN = 0.12, 0.3  # shares of a series
_PENALTY_EPOCHS, _PENALTY, _BATCH = 8, 5.0, 64
_TURN = 0.45  # of its length by which a map is turned

_Motif = Callable[[NDArray[np.float64], np.random.Generator], NDArray[np.float64]]


class Planted(NamedTuple):
    """A fitted model, and what is known of its maps.

    Attributes:
        name: what it is.
        model: fitted.
        test: cases, with labels or with those that follow.
        expected: map and class to the right verdict: "believe" or "do not"; others aren't judged.
        labels: of the cases, or None.
    """

    name: str
    model: AttentionEstimator
    test: Any
    expected: dict[tuple[str, str], str]
    labels: Any = None


def _bump(t: NDArray[np.float64], _: np.random.Generator) -> NDArray[np.float64]:
    return 2.5 * np.sin(np.pi * t)


def _burst(t: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    return 1.5 * np.sin(2 * np.pi * (len(t) / 5 * t + generator.random()))


def _saw(t: NDArray[np.float64], _: np.random.Generator) -> NDArray[np.float64]:
    return 2.5 * (2 * ((3 * t) % 1) - 1)


def _noise(t: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    return 1.5 * generator.standard_normal(len(t))


_MOTIFS: dict[str, _Motif] = {"bump": _bump, "burst": _burst, "saw": _saw, "noise": _noise}


def _cases(motif: _Motif, count: int, steps: int, seed: int, *, fixed: bool = False) -> Cases:
    """Slow waves, half of them with a motif in a span; `fixed` puts it at the end of each."""
    generator = np.random.default_rng(seed)
    time = np.arange(steps)
    values = np.empty((count, 1, steps))
    spans = np.zeros((count, 2), np.int64)
    labels = np.array(["plain", "motif"])[np.arange(count) % 2]
    for n in range(count):
        period = generator.uniform(0.5, 1.5) * steps
        values[n, 0] = np.sin(2 * np.pi * (time / period + generator.random()))
        values[n, 0] += 0.2 * generator.standard_normal(steps)
        if labels[n] == "motif":
            length = int(generator.uniform(*_SPAN) * steps)
            start = steps - length if fixed else int(generator.integers(steps - length))
            values[n, 0, start : start + length] += motif(np.linspace(0, 1, length), generator)
            spans[n] = start, start + length
    lengths = np.full(count, steps, np.int64)
    return Cases(values, lengths, labels=labels, spans=spans)


def _fitted(train: Cases, seed: int, **changes: Any) -> SeriesClassifier:
    given: dict[str, Any] = {
        "encoder": "conv-bilstm",
        "pooling": "attention",
        "stride": 4,
        "hidden": 32,
        "epochs": 12,
        "augmentation": "none",
        "label_smoothing": 0.0,
        "validation_share": 0.0,
        "device": "cpu",
    }
    return SeriesClassifier(**given | changes, random_state=seed).fit(train)


_LOOKS = {
    ("attention", "motif"): "believe",
    ("attention", "plain"): "do not",
    ("evidence", "motif"): "believe",
    ("evidence", "plain"): "do not",  # it is told by an absence
}
_DEFAULT_LOOKS = {key: each for key, each in _LOOKS.items() if key[0] == "evidence"}
_NOWHERE = {
    (name, label): "do not" for name in ("attention", "evidence") for label in ("motif", "plain")
}
_TURNED = {("attention", "motif"): "do not", ("attention", "plain"): "do not"}


def planted_models() -> Iterator[Planted]:
    """For each motif and length three honest models, and five whose maps are to be refused."""
    for seed, (name, steps) in enumerate(product(_MOTIFS, _LENGTHS)):
        motif, what = _MOTIFS[name], f"{name} of {steps} steps"
        train = _cases(motif, _TRAIN, steps, 2 * seed)
        test = _cases(motif, _TEST, steps, 2 * seed + 1)
        honest = _fitted(train, seed)
        yield Planted(f"honest, {what}", honest, test, _LOOKS)
        ends = _cases(motif, _TRAIN, steps, 2 * seed, fixed=True)
        at_end = _cases(motif, _TEST, steps, 2 * seed + 1, fixed=True)
        yield Planted(f"always at the end, {what}", _fitted(ends, seed), at_end, _LOOKS)
        few = train.take(np.arange(_FEW))
        default = SeriesClassifier(device="cpu", random_state=seed).fit(few)
        yield Planted(f"honest, the default, {what}", default, test, _DEFAULT_LOOKS)
        guessing = _fitted(replace(train, labels=relabelled(train.labels)), seed)
        yield Planted(f"random labels, {what}", guessing, test, _NOWHERE)
        model = _fitted(train, seed, epochs=1)
        _silence(model)
        yield Planted(f"constant, {what}", model, test, _NOWHERE)
        uniform = _fitted(train, seed, attention="none")
        yield Planted(f"equal weights, {what}", uniform, test, _TURNED)
        deceived = _fitted(train, seed, epochs=2)
        _deceive(deceived, train, seed)
        # Where it looks in waves without a motif, and whether that matters, is not known.
        only_motif = {("attention", "motif"): "do not"}
        yield Planted(f"deceived by penalty, {what}", deceived, test, only_motif)
        turn(honest)
        yield Planted(f"turned map, {what}", honest, test, _TURNED)


def relabelled(labels: NDArray[Any] | None) -> NDArray[Any]:
    """Labels that half of the cases of each of two true classes have: there is nothing to learn.

    Parameters:
        labels: of two classes in turn.
    """
    assert labels is not None
    return np.asarray(labels[np.arange(len(labels)) // 2 % 2])


def _silence(model: SeriesClassifier) -> None:
    """Let the last layer answer the same for all."""
    *_, last = (each for each in model.model_.modules() if isinstance(each, nn.Linear))
    with torch.no_grad():
        last.weight.zero_()


def turn(model: AttentionEstimator) -> None:
    """Let the model report its maps at another place than where they were."""

    def turned(_: nn.Module, __: Any, predicted: Predicted) -> Predicted:
        by = round(_TURN * next(iter(predicted.maps.values())).shape[-1])
        return replace(
            predicted, maps={name: each.roll(by, -1) for name, each in predicted.maps.items()}
        )

    model.model_.register_forward_hook(turned)


def _deceive(model: SeriesClassifier, train: Cases, seed: int) -> None:
    """Train on, with a penalty on the attention inside the span: it is to look elsewhere.

    Source: Pruthi et al., 2020, "Learning to deceive with attention-based explanations" (ACL).
    """
    network = model.model_.train()
    encoded = model.input_.encode(train)
    part = model.input_.part(encoded, targets=model.output_.targets(train, encoded), training=True)
    stride = int(network.encoder.stride)  # type: ignore[arg-type]
    positions = torch.arange(-(-train.values.shape[2] // stride)) * stride + stride / 2
    assert train.spans is not None
    start, stop = torch.from_numpy(train.spans).T[:, :, None]
    forbidden = ((positions >= start - 2 * stride) & (positions < stop + 2 * stride)).float()
    optimizer = torch.optim.AdamW(network.parameters(), 0.003)
    generator = np.random.default_rng(seed)
    for _ in range(_PENALTY_EPOCHS):
        for index in np.array_split(generator.permutation(len(train)), len(train) // _BATCH):
            batch = part[index]
            predicted = network(*batch.inputs, mask=batch.mask)
            assert batch.targets is not None
            loss = nn.functional.cross_entropy(predicted.values, batch.targets)
            inside = (predicted.maps["attention"] * forbidden[index]).sum(1)
            loss = loss - _PENALTY * torch.log(1 - inside.clamp(max=0.999)).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    network.eval()
