"""Every mechanism exported to ONNX and run by onnxruntime: the same numbers, masked rows too."""

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from mechanisms import (
    ALIGNS,
    HEADS,
    POOLINGS,
    SCORES,
    WINDOWS,
    Each,
    attention_inputs,
    pooling_inputs,
    tensors_of,
)
from torch import Tensor, nn
from torch.export import Dim

from regard.attention import Attention

_Run = Callable[..., list[np.ndarray]]


def _attention(
    score: str, window: str = "global", align: str = "softmax"
) -> Callable[[], Attention]:
    return lambda: Attention(SCORES[score](), window=WINDOWS[window](), align=ALIGNS[align]())


MEMBERS: dict[str, Callable[[], nn.Module]] = {
    **{name: _attention(name) for name in SCORES},
    **{name: _attention("scaled dot", window=name) for name in WINDOWS},
    **{name: _attention("general", align=name) for name in ALIGNS},
    **HEADS,
    **{f"{name} pooling": pooling for name, pooling in POOLINGS.items()},
}
# Exported once for every length, and not in a group for one.
OF_EVERY_LENGTH = ("additive", "location", "local-p", "entmax15", "hard by reinforce", "rotary")
# These only vary another that is exported.
VARIANTS = (
    *("scaled dot", "cosine", "softmax", "global", "causal and alibi", "hard by gumbel"),
    *("attention of two pooling", "mean pooling"),
)


def _each(names: Iterable[str]) -> Each:
    return Each({name: MEMBERS[name]() for name in names}).eval()


GROUPS = {
    name: [each for each in members if each not in (*OF_EVERY_LENGTH, *VARIANTS)]
    for name, members in {
        "scores": SCORES,
        "windows and aligns": [*WINDOWS, *ALIGNS],
        "heads": HEADS,
        "poolings": [f"{name} pooling" for name in POOLINGS],
    }.items()
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Without what the exporter says about itself."""
    torch.manual_seed(0)
    logging.disable(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"`isinstance\(treespec, LeafSpec\)`", FutureWarning)
        yield
    logging.disable(logging.NOTSET)


def _export(module: Each, inputs: tuple[Tensor, ...], **how: Any) -> _Run:
    program = torch.onnx.export(module, inputs, dynamo=True, verbose=False, **how)
    assert program is not None
    session = onnxruntime.InferenceSession(
        program.model_proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in session.get_inputs()]

    def run(*given: Tensor) -> list[np.ndarray]:
        feed = {name: each.numpy() for name, each in zip(names, given, strict=True)}
        outputs: list[np.ndarray] = session.run(None, feed)
        return outputs

    return run


def _assert_same(run: _Run, module: Each, inputs: tuple[Tensor, ...]) -> None:
    expected = tensors_of(module(*inputs))
    results = run(*inputs)
    assert len(results) == len(expected)
    for (place, tensor), result in zip(expected.items(), results, strict=True):
        np.testing.assert_allclose(
            result, tensor.detach().numpy(), rtol=1e-5, atol=1e-5, err_msg=place
        )


@pytest.mark.parametrize("name", GROUPS)
def test_onnxruntime_gives_the_same(name: str) -> None:
    module = _each(GROUPS[name])
    inputs = pooling_inputs if name == "poolings" else attention_inputs
    # The exporter's own optimizer, which takes as long as the export, is left to the file below.
    run = _export(module, inputs(), optimize=False)
    for seed in (0, 1):
        _assert_same(run, module, inputs(seed=seed))


@pytest.mark.filterwarnings("ignore:# The axis name. [BQK] will not be used:UserWarning")
def test_one_file_serves_every_length() -> None:
    module = _each(OF_EVERY_LENGTH)
    batch, queries, keys = Dim("B"), Dim("Q"), Dim("K", max=17)  # as many as Location was made for
    shapes = ({0: batch, 1: queries}, *({0: batch, 1: keys},) * 2, {0: batch, 1: queries, 2: keys})
    run = _export(module, attention_inputs(), dynamic_shapes=(shapes,))
    for sizes in ((2, 3, 7), (3, 5, 11), (5, 2, 13)):
        _assert_same(run, module, _of_sizes(*sizes))


def _of_sizes(batch: int, queries: int, keys: int) -> tuple[Tensor, ...]:
    mask = torch.rand(batch, queries, keys) < 0.7
    mask[1, 1] = False
    query, key = torch.randn(batch, queries, 5), torch.randn(batch, keys, 5)
    return query, key, torch.randn(batch, keys, 11), mask
