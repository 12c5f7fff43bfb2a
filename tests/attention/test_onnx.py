"""Every mechanism exported to ONNX and run by onnxruntime: the same numbers, masked rows too."""

import logging
import warnings
from collections.abc import Callable, Iterator
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
from torch import Tensor
from torch.export import Dim

from regard.attention import Attention

_Run = Callable[..., list[np.ndarray]]

GROUPS: dict[str, Callable[[], Each]] = {
    "scores": lambda: Each({name: Attention(score()) for name, score in SCORES.items()}),
    "windows": lambda: Each(
        {
            name: Attention(SCORES["scaled dot"](), window=window())
            for name, window in WINDOWS.items()
        }
    ),
    "aligns": lambda: Each(
        {name: Attention(SCORES["general"](), align=align()) for name, align in ALIGNS.items()}
    ),
    "heads": lambda: Each({name: heads() for name, heads in HEADS.items()}),
    "poolings": lambda: Each({name: pooling() for name, pooling in POOLINGS.items()}),
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
    module = GROUPS[name]().eval()
    inputs = pooling_inputs if name == "poolings" else attention_inputs
    run = _export(module, inputs())
    for seed in (0, 1):
        _assert_same(run, module, inputs(seed=seed))


@pytest.mark.filterwarnings("ignore:# The axis name. [BQK] will not be used:UserWarning")
def test_one_file_serves_every_length() -> None:
    members = {
        name: Attention(score())
        for name, score in SCORES.items()
        if name in ("additive", "location")
    }
    members["local-p"] = Attention(SCORES["dot"](), window=WINDOWS["local-p"]())
    for name in ("entmax15", "hard by reinforce"):
        members[name] = Attention(SCORES["dot"](), align=ALIGNS[name]())
    module = Each({**members, "rotary": HEADS["rotary"]()}).eval()
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
