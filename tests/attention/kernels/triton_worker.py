"""What `test_triton_kernels.py` runs in a process of its own, under Triton's interpreter.

The oracle is tanh itself, in float64, with autograd.
"""

import importlib
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

pytestmark = [
    # the interpreter computes in NumPy, which warns where a GPU goes on with inf or 0
    pytest.mark.filterwarnings("ignore:.*encountered:RuntimeWarning"),
    # that of Triton 3.6 takes arrays of one number for numbers
    pytest.mark.filterwarnings("ignore:Conversion of an array with ndim:DeprecationWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def _patched_once() -> Iterator[None]:
    """The interpreter puts its own functions in the language once, and not at every call.

    That takes it as long as what is then computed.
    """
    interpreter = importlib.import_module("triton.runtime.interpreter")
    patched: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch_language = interpreter._patch_lang

        def once(function: Any) -> Any:
            if function.__module__ not in patched:
                patched[function.__module__] = patch_language(function)
            return SimpleNamespace(restore=lambda: None)

        patch.setattr(interpreter, "_patch_lang", once)
        yield


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The kernels, taking more than one part of the queries at small sizes."""
    module = importlib.import_module("regard.attention.kernels._triton")
    monkeypatch.setattr(module, "_SCRATCH", 1)
    return module


class Inputs(NamedTuple):
    query: Tensor
    keys: Tensor
    values: Tensor
    vector: Tensor


def inputs(B: int, Q: int, K: int, A: int, Dv: int, dtype: torch.dtype = torch.float32) -> Inputs:
    draw = torch.Generator().manual_seed(B + Q + K)
    return Inputs(
        *(
            torch.randn(shape, generator=draw).to(dtype)
            for shape in [(B, Q, A), (B, K, A), (B, K, Dv), (A,)]
        )
    )


def both_ways(
    kernels: ModuleType, given: Inputs, mask: Tensor | None
) -> list[tuple[Tensor, Tensor]]:
    """`attend` by the kernel that holds no scores, where it can, and in parts."""
    found = []
    for programs in (1, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kernels, "_PROGRAMS", programs)
            found.append(kernels.attend(*given[:3], given.vector, mask))
    return found


def scores(query: Tensor, keys: Tensor, vector: Tensor) -> Tensor:
    return torch.tanh(query[:, :, None] + keys[:, None]) @ vector


def check(kernels: ModuleType, given: Inputs, mask: Tensor | None) -> None:
    """All four functions against the oracle."""
    torch.manual_seed(1)  # of the gradients that come in
    query, keys, values, vector = given
    wide = Inputs(*(each.detach().double().requires_grad_() for each in given))
    allowed = torch.ones(()) > 0 if mask is None else mask
    raw = scores(wide.query, wide.keys, wide.vector)
    allowed = allowed.expand(raw.shape)
    expected = raw.masked_fill(~allowed, 0)
    near(kernels.score(query, keys, vector, mask), expected, query.dtype, 1e-6)

    grad = torch.randn(raw.shape).to(query.dtype)
    ignored = grad.masked_fill(~allowed, torch.nan)
    leaves = [wide.query, wide.keys, wide.vector]
    wanted = torch.autograd.grad(expected, leaves, grad.double(), retain_graph=True)
    for found, right, like in zip(
        kernels.score_backward(ignored, query, keys, vector, mask),
        wanted,
        (query, keys, vector),
        strict=True,
    ):
        near(found, right, like.dtype, 5e-6)

    # the lowest of numbers and not -inf, of which softmax has the gradient nan where all are
    some = allowed.any(-1, keepdim=True)
    expected = (raw.masked_fill(~allowed, -1e300).softmax(-1) * some) @ wide.values
    normalizer = raw.masked_fill(~allowed, -torch.inf).logsumexp(-1)
    for context, lse in both_ways(kernels, given, mask):
        near(context, expected, values.dtype, 5e-6)
        near(lse, normalizer, torch.float32, 1e-6)

    grad = torch.randn(context.shape).to(values.dtype)
    wanted = torch.autograd.grad(expected, wide, grad.double())
    gradients = kernels.attend_backward(grad, query, keys, values, vector, mask, context, lse)
    for found, right, like in zip(gradients, wanted, (query, keys, values, vector), strict=True):
        # grad . values is of the size of 1 and its mean over the keys is taken off: of one key,
        # all of it
        near(found, right, like.dtype, 5e-6, least=1 / keys.shape[1])


def near(
    found: Tensor, expected: Tensor, dtype: torch.dtype, tolerance: float, least: float = 0
) -> None:
    """Within a tolerance, in parts of the largest number expected, or of the least given."""
    assert found.dtype == dtype
    assert found.shape == expected.shape
    if dtype != torch.float32:
        tolerance = 3 * torch.finfo(dtype).eps
    expected, finite = expected.detach(), expected.isfinite()
    assert torch.equal(found[~finite].double(), expected[~finite])
    scale = max(least, float(expected[finite].abs().max()))
    error = float((found[finite].double() - expected[finite]).abs().max())
    assert error <= tolerance * scale


@pytest.mark.parametrize(
    "sizes",
    [
        (2, 5, 7, 3, 11),  # a part of one tile
        (1, 35, 37, 5, 5),  # more than one block of queries, of keys, of A
        (1, 1, 263, 5, 3),  # one learned query, more keys than a tile of one query has
        (1, 37, 1, 5, 7),
        (1, 2, 3, 1, 1),
        (2, 32, 64, 8, 16),  # nothing to fill up
    ],
)
def test_agrees_with_tanh(kernels: ModuleType, sizes: tuple[int, int, int, int, int]) -> None:
    check(kernels, inputs(*sizes), None)


def test_wide_values(kernels: ModuleType) -> None:
    check(kernels, inputs(2, 37, 5, 3, 67), None)
    check(kernels, inputs(2, 37, 5, 3, 131), None)  # wider than what is held in registers


def test_padding(kernels: ModuleType) -> None:
    # beyond 31 whole tiles of keys are forbidden; 0 leaves a case without keys
    lengths = torch.tensor([41, 31, 0])
    mask = (torch.arange(41) < lengths[:, None])[:, None]
    assert mask.shape == (3, 1, 41)
    check(kernels, inputs(3, 35, 41, 2, 7), mask)


def test_a_mask_of_each_query(kernels: ModuleType) -> None:
    mask = torch.rand(2, 37, 43, generator=torch.Generator().manual_seed(1)) > 0.5
    mask[1, 3] = False  # a row alone in its block with nothing allowed
    mask[0, 5, :32] = False  # and one whose first tile allows it nothing
    given = inputs(2, 37, 43, 3, 7)
    check(kernels, given, mask)
    for context, lse in both_ways(kernels, given, mask):
        assert (context[1, 3] == 0).all()
        assert lse[1, 3] == -torch.inf


def test_causal_mask_of_any_strides(kernels: ModuleType) -> None:
    mask = torch.ones(47, 37, dtype=torch.bool).triu().mT  # [37, 47], and no batch
    assert not mask.is_contiguous()
    check(kernels, inputs(2, 37, 47, 3, 7), mask)


def test_inputs_of_any_strides(kernels: ModuleType) -> None:
    query, keys, values, vector = inputs(2, 37, 41, 3, 7)
    given = Inputs(
        query[:1].expand(2, 37, 3),
        keys.mT.contiguous().mT,
        values.transpose(0, 1).contiguous().transpose(0, 1),
        torch.stack([vector, vector], 1)[:, 0],
    )
    assert not any(each.is_contiguous() for each in given)
    before = [each.clone() for each in given]
    check(kernels, given, None)
    assert all(map(torch.equal, given, before))


def test_a_gradient_of_any_strides(kernels: ModuleType) -> None:
    query, keys, _, vector = inputs(2, 37, 41, 5, 1)
    grad = torch.arange(1.0, 1 + 41 * 37).reshape(1, 41, 37).expand(2, 41, 37).mT
    found = kernels.score_backward(grad, query, keys, vector, None)
    wanted = kernels.score_backward(grad.contiguous(), query, keys, vector, None)
    assert all(map(torch.equal, found, wanted))


@pytest.mark.parametrize(
    ("queries", "keys"),
    [
        (100, -100.25),  # opposite: tanh(-0.25)
        (44.5, -44.5),  # the first alone overflows
        (60, -38.5),  # more than is sure
        (43, 42.5),  # the largest product there is, which overflows
        (-42.5, -43),
        (1000, 3),  # beyond the clamp, and sure
        (1e30, -1e30),
        (3e38, 3e38),
    ],
)
def test_extremes(kernels: ModuleType, queries: float, keys: float) -> None:
    given = inputs(1, 37, 41, 3, 5)
    given.query[0, 3] = queries + torch.tensor([-0.25, 0, 0.125])  # in one tile of several
    given.keys[0, 5] = keys + torch.tensor([0, 0.25, -0.125])
    given.keys[0, 40, 1] = keys
    check(kernels, given, None)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision(kernels: ModuleType, dtype: torch.dtype) -> None:
    given = inputs(1, 37, 41, 3, 7, dtype)
    check(kernels, given, None)
    given.query[0, 0] += 100
    given.keys[0, 0] -= 100
    check(kernels, given, torch.rand(1, 1, 41, generator=torch.Generator().manual_seed(2)) > 0.3)


def test_small_scores_keep_their_digits(kernels: ModuleType) -> None:
    query, keys, _, vector = inputs(2, 5, 7, 67, 1)
    query, keys = query * 1e-3, keys * 1e-3
    wanted = scores(query.double(), keys.double(), vector.double())
    near(kernels.score(query, keys, vector, None), wanted, torch.float32, 1e-4)


def test_nan_is_nan(kernels: ModuleType) -> None:
    given = inputs(2, 37, 41, 5, 7)
    given.keys[1, 3, 2] = torch.nan
    given.keys[1, 4] = 100  # in a block with nan
    given.query[1, 5] = -40
    found = kernels.score(given.query, given.keys, given.vector, None)
    assert found.isnan().any(1).nonzero().tolist() == [[1, 3]]
    wanted = scores(given.query.double(), given.keys.double(), given.vector.double())
    near(found.nan_to_num(), wanted.nan_to_num(), torch.float32, 1e-6)
    for context, _ in both_ways(kernels, given, None):
        assert context[1].isnan().all()
        assert context[0].isfinite().all()
    given.query[0, 2] = torch.nan
    for context, lse in both_ways(kernels, given, None):
        assert context[0, 2].isnan().all()
        assert lse[0].isnan().nonzero().tolist() == [[2]]


@pytest.mark.parametrize("sizes", [(2, 0, 3, 5, 7), (2, 3, 0, 5, 7), (0, 3, 2, 5, 7)])
def test_nothing_there(kernels: ModuleType, sizes: tuple[int, int, int, int, int]) -> None:
    given = inputs(*sizes)
    query, keys, values, vector = given
    found = kernels.score(query, keys, vector, None)
    assert found.shape == (*query.shape[:2], keys.shape[1])
    context, lse = kernels.attend(query, keys, values, vector, None)
    assert (context == 0).all()
    assert (lse == -torch.inf).all()
    for gradients in (
        kernels.score_backward(found, query, keys, vector, None),
        kernels.attend_backward(
            torch.ones_like(context), query, keys, values, vector, None, context, lse
        ),
    ):
        assert all((each == 0).all() for each in gradients)


def test_the_same_on_every_run(kernels: ModuleType) -> None:
    given = inputs(1, 37, 41, 3, 7)
    runs = []
    for _ in range(2):
        (context, lse), _ = both_ways(kernels, given, None)
        gradients = kernels.attend_backward(context, *given[:3], given.vector, None, context, lse)
        runs.append([context, lse, *gradients])
    assert all(map(torch.equal, *runs))


@pytest.mark.parametrize("size", [1e-6, 1e-2, 0.1])
def test_small_numbers_keep_their_digits(kernels: ModuleType, size: float) -> None:
    given = inputs(1, 37, 41, 5, 3)
    query, keys, vector = given.query * size, given.keys * size, given.vector
    wide = [each.double().requires_grad_() for each in (query, keys, vector)]
    expected = scores(*wide)
    near(kernels.score(query, keys, vector, None), expected, torch.float32, 2e-6)
    grad = torch.randn(expected.shape)
    found = kernels.score_backward(grad, query, keys, vector, None)
    for mine, right in zip(found, torch.autograd.grad(expected, wide, grad.double()), strict=True):
        near(mine, right, torch.float32, 5e-6)
