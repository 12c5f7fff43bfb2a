"""Which kernel is taken for what, and what is refused."""

import importlib
import importlib.util
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from torch import Tensor

from regard.attention import Additive, Attention, Concat
from regard.attention.kernels import (
    KERNELS,
    additive_attention,
    additive_score,
    check_kernel,
    choose,
)
from regard.errors import ConfigError


def of(*shape: int, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.empty(shape, device=device, dtype=dtype)


# B Q K A of just 2^21 elements, and of some less
LARGE = ((2, 128, 64), (2, 128, 64))
SMALL = ((2, 128, 64), (2, 127, 64))


def chosen(shapes: tuple[tuple[int, ...], tuple[int, ...]], **how: Any) -> str:
    query, keys = shapes
    return choose(of(*query, **how), of(*keys, **how))


def _with_triton(monkeypatch: pytest.MonkeyPatch, found: bool) -> None:
    choice = importlib.import_module("regard.attention.kernels._choice")

    def find_spec(name: str) -> object:
        assert name == "triton"
        return object() if found else None

    monkeypatch.setattr(choice, "find_spec", find_spec)


class _OnGpu:
    """What `choose` reads of a tensor, of one that needs no GPU."""

    def __init__(self, *shape: int, dtype: torch.dtype = torch.float32) -> None:
        self.shape, self.dtype = torch.Size(shape), dtype
        self.device = torch.device("cuda")


def on_gpu(shapes: tuple[tuple[int, ...], tuple[int, ...]], kernel: str | None = None) -> str:
    query, keys = (_OnGpu(*shape) for shape in shapes)
    return choose(query, keys, kernel)  # type: ignore[arg-type]


def test_the_formula_for_what_is_small() -> None:
    assert chosen(SMALL) == "plain"
    assert chosen(LARGE) == "numba"
    assert chosen(SMALL, device="meta") == "plain"
    assert chosen(((2, 128, 64), (2, 0, 64))) == "plain"
    # Every dimension counts.
    assert chosen(((2, 4, 32, 64), (2, 4, 128, 64))) == "numba"
    assert chosen(((2, 3, 32, 64), (2, 3, 128, 64))) == "plain"


def test_the_threshold_is_one_number(monkeypatch: pytest.MonkeyPatch) -> None:
    choice = importlib.import_module("regard.attention.kernels._choice")
    monkeypatch.setattr(choice, "_SMALL", 2 * 3 * 5 * 7)
    assert chosen(((2, 3, 7), (2, 5, 7))) == "numba"
    assert chosen(((2, 3, 7), (2, 4, 7))) == "plain"


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_numba_on_the_cpu(dtype: torch.dtype) -> None:
    assert chosen(LARGE, dtype=dtype) == "numba"


def test_blocks_elsewhere() -> None:
    assert chosen(LARGE, device="meta") == "blocked"
    assert chosen(LARGE, dtype=torch.float64) == "blocked"
    single, double = of(*LARGE[0]), of(*LARGE[0], dtype=torch.float64)
    assert choose(single, double) == choose(double, single) == "blocked"


def test_triton_by_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_triton(monkeypatch, True)
    assert on_gpu(LARGE) == "blocked"
    assert on_gpu(LARGE, "triton") == "triton"
    assert on_gpu(SMALL) == "plain"


def test_a_choice_made_already_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_triton(monkeypatch, True)
    for shapes in (SMALL, LARGE):
        query, keys = (of(*shape) for shape in shapes)
        for kernel in ("plain", "blocked", "numba"):
            assert choose(query, keys, kernel) == kernel
        gpu: Any = _OnGpu(*shapes[0])
        for kernel in ("plain", "blocked", "triton"):
            assert choose(gpu, gpu, kernel) == kernel
    double = of(*LARGE[0], dtype=torch.float64)
    assert choose(double, double, "plain") == "plain"
    assert choose(double, double, "blocked") == "blocked"


def refusal(query: Any, keys: Any, kernel: str) -> str:
    with pytest.raises(ConfigError) as raised:
        choose(query, keys, kernel)
    return str(raised.value)


def test_refusals_say_what_to_take_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_triton(monkeypatch, True)
    single, double = of(*SMALL[0]), of(*SMALL[0], dtype=torch.float64)
    for kernel in ("numba", "triton"):
        for query, keys in ((double, double), (double, single), (single, double)):
            assert (
                refusal(query, keys, kernel)
                == f"the kernel {kernel} has no float64; use blocked or plain, or float32"
            )
    gpu = _OnGpu(*SMALL[0])
    assert refusal(gpu, gpu, "numba") == "the kernel numba is for the CPU, not for cuda"
    meta = of(*SMALL[0], device="meta")
    assert refusal(meta, meta, "numba") == "the kernel numba is for the CPU, not for meta"
    assert refusal(single, single, "triton") == "the kernel triton is for NVIDIA GPUs, not for cpu"
    _with_triton(monkeypatch, False)
    assert (
        refusal(gpu, gpu, "triton")
        == "the kernel triton needs the package triton: pip install triton"
    )


WORDING = "kernel must be one of plain, blocked, numba, triton, not 'nonsense'"


def test_names_that_there_are_not() -> None:
    assert check_kernel(None) is None
    assert [check_kernel(kernel) for kernel in KERNELS] == list(KERNELS)
    query, keys, vector = of(1, 2, 3), of(1, 5, 3), of(3)
    with pytest.raises(ConfigError) as raised:
        check_kernel("nonsense")
    assert str(raised.value) == WORDING
    assert refusal(query, keys, "nonsense") == WORDING
    with pytest.raises(ConfigError, match=WORDING):
        additive_score(query, keys, vector, kernel="nonsense")
    with pytest.raises(ConfigError, match=WORDING):
        additive_attention(query, keys, keys, vector, kernel="nonsense")


@pytest.mark.parametrize("score", [Additive, Concat])
def test_a_score_refuses_them_when_it_is_made(score: type[Additive] | type[Concat]) -> None:
    with pytest.raises(ConfigError, match=WORDING):
        score(3, 5, 7, kernel="nonsense")
    assert score(3, 5, 7).kernel is None
    assert [score(3, 5, 7, kernel=kernel).kernel for kernel in KERNELS] == list(KERNELS)


@pytest.mark.parametrize("score", [Additive, Concat])
@pytest.mark.parametrize("need_weights", [True, False])
def test_a_score_computes_by_what_it_was_told(
    score: type[Additive] | type[Concat], need_weights: bool
) -> None:
    attention = Attention(score(3, 5, 7, kernel="numba")).double()
    query, keys = of(1, 2, 3, dtype=torch.float64), of(1, 11, 5, dtype=torch.float64)
    with pytest.raises(ConfigError, match="the kernel numba has no float64"):
        attention(query, keys, need_weights=need_weights)


@pytest.mark.parametrize("kernel", ["blocked", "numba"])
def test_what_is_chosen_is_what_computes(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = importlib.import_module(f"regard.attention.kernels._{kernel}")
    compute = Mock(wraps=engine.score)
    monkeypatch.setattr(engine, "score", compute)
    query, keys, vector = torch.randn(2, 3, 7), torch.randn(2, 5, 7), torch.randn(7)
    additive_score(query, keys, vector, kernel=kernel)
    assert compute.call_count == 1
    additive_attention(query, keys, keys, vector, kernel=kernel)
    assert compute.call_count == 2
    for other in {"plain", "blocked", "numba"} - {kernel}:
        additive_score(query, keys, vector, kernel=other)
        additive_attention(query, keys, keys, vector, kernel=other)
    assert compute.call_count == 2


def test_there_is_a_module_for_every_kernel() -> None:
    package = importlib.util.find_spec("regard.attention.kernels")
    assert package is not None
    assert package.origin is not None
    modules = {path.stem.removeprefix("_") for path in Path(package.origin).parent.glob("_*.py")}
    assert set(KERNELS) - {"plain"} <= modules
