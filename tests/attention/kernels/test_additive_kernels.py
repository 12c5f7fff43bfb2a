"""Additive scores by every kernel against tanh in float64: values, gradients, extremes, masks."""

import importlib
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck
from torch.export import Dim

from regard.attention import Additive, Attention, Causal, masked_softmax, sparsemax
from regard.attention.kernels import Band, additive_score, exponentials

KERNELS = ("plain", "blocked", "numba")
FAST = ("blocked", "numba")

each_kernel = pytest.mark.parametrize("kernel", KERNELS)
each_fast = pytest.mark.parametrize("kernel", FAST)

Sides = tuple[Tensor, Tensor, Tensor]


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def oracle(query: Tensor, keys: Tensor, vector: Tensor, mask: Tensor | None = None) -> Tensor:
    """The formula, by way of [..., Q, K, A]."""
    scores = (torch.tanh(query[..., :, None, :] + keys[..., None, :, :]) * vector).sum(-1)
    return scores if mask is None else torch.where(mask, scores, 0.0)


def sides(
    N: int, Q: int, K: int, A: int, *, scale: float = 1.0, dtype: torch.dtype = torch.float32
) -> Sides:
    generator = torch.Generator().manual_seed(N + Q + K + A)
    query, keys, vector = (
        torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape in ((N, Q, A), (N, K, A), (A,))
    )
    return (query * scale).to(dtype), (keys * scale).to(dtype), vector.to(dtype)


def numbers(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def close(found: Tensor, wanted: Tensor, tolerance: float = 1e-6, least: float = 0.0) -> None:
    """Differences of at most so much of the largest magnitude, or of `least`."""
    assert found.shape == wanted.shape
    if found.numel():
        error = float((found.double() - wanted).abs().max())
        assert error <= tolerance * max(least, float(wanted.abs().max()))


def with_gradients(
    score: Callable[..., Tensor], given: Sides, grad: Tensor, *more: Tensor | None, **how: Any
) -> tuple[Tensor, ...]:
    """The scores, and the gradients of query, keys and vector."""
    leaves = [side.detach().requires_grad_() for side in given]
    scores = score(*leaves, *more, **how)
    return (scores.detach(), *torch.autograd.grad(scores, leaves, grad))


def check(
    kernel: str | None,
    given: Sides,
    mask: Tensor | None = None,
    *,
    tolerance: float = 1e-6,
    least: float = 0.0,
    **how: Any,
) -> None:
    """Scores and gradients against the oracle's, of the same numbers in float64."""
    query, keys, vector = given
    grad = numbers(*query.shape[:-1], keys.shape[-2]).to(query.dtype)
    found = with_gradients(additive_score, given, grad, mask, kernel=kernel, **how)
    exact = (query.double(), keys.double(), vector.double())
    wanted = with_gradients(oracle, exact, grad.double(), mask)
    for one, other in zip(found, wanted, strict=True):
        close(one, other, tolerance, least)


def blocks_of(monkeypatch: pytest.MonkeyPatch, elements: int) -> None:
    blocked = importlib.import_module("regard.attention.kernels._blocked")
    monkeypatch.setattr(blocked, "_BLOCK", elements)


# Values and gradients


@each_kernel
@pytest.mark.parametrize("sizes", [(2, 5, 7, 11), (3, 13, 29, 37), (1, 1, 31, 17), (5, 2, 3, 64)])
def test_ordinary_numbers(kernel: str, sizes: tuple[int, int, int, int]) -> None:
    check(kernel, sides(*sizes))


@each_fast
@pytest.mark.parametrize("queries", [2, 131])
def test_more_than_one_share_of_the_work(kernel: str, queries: int) -> None:
    check(kernel, sides(3, queries, 149, 61))


@pytest.mark.parametrize("elements", [1, 60, 500, 3000])
def test_any_size_of_blocks(elements: int, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks_of(monkeypatch, elements)
    check("blocked", sides(3, 5, 13, 11))
    check("blocked", sides(3, 5, 13, 11), numbers(3, 5, 13) > 0)


@each_fast
@pytest.mark.parametrize("width", [1, 3, 15, 16, 17, 31, 37, 63, 64, 65, 128, 131])
def test_every_width_and_number_of_keys(kernel: str, width: int) -> None:
    for keys in range(1, 10):
        for queries in (2, 5):
            check(kernel, sides(3, queries, keys, width))


@each_kernel
@pytest.mark.parametrize("scale", [1e-4, 1e-2, 10.0])
def test_small_and_large_numbers(kernel: str, scale: float) -> None:
    # Larger factors tell less of their sum: e^20 is known to 20 times the rounding of one.
    tolerance = 1e-5 if scale > 1 else 1e-6 if scale < 1e-3 else 2e-6
    check(kernel, sides(3, 7, 11, 37, scale=scale), tolerance=tolerance)


@pytest.mark.parametrize("kernel", ["plain", "blocked"])
@pytest.mark.parametrize("queries", [2, 5])
def test_double_precision(kernel: str, queries: int) -> None:
    given = sides(3, queries, 7, 11, dtype=torch.float64)
    check(kernel, given, tolerance=1e-12)
    assert additive_score(*given, kernel=kernel).dtype == torch.float64


@pytest.mark.parametrize("kernel", ["plain", "blocked"])
@pytest.mark.parametrize("masked", [True, False])
def test_finite_differences(kernel: str, masked: bool) -> None:
    leaves = [side.requires_grad_() for side in sides(2, 3, 5, 7, dtype=torch.float64)]
    mask = numbers(2, 3, 5) > 0 if masked else None

    def score(query: Tensor, keys: Tensor, vector: Tensor) -> Tensor:
        return additive_score(query, keys, vector, mask, kernel=kernel)

    assert gradcheck(score, leaves)
    assert gradgradcheck(score, leaves)


@each_kernel
def test_gradients_of_gradients(kernel: str) -> None:
    mask = numbers(3, 5, 7) > -0.5

    def twice(score: Callable[..., Tensor], given: Sides) -> tuple[Tensor, ...]:
        leaves = [side.detach().requires_grad_() for side in given]
        grad = numbers(3, 5, 7).to(given[0].dtype)
        first = torch.autograd.grad(score(*leaves, mask), leaves, grad, create_graph=True)
        assert all(part.requires_grad for part in first)
        total = torch.stack([(part * part).sum() for part in first]).sum()
        return (total.detach(), *torch.autograd.grad(total, leaves))

    query, keys, vector = given = sides(3, 5, 7, 11)
    exact = (query.double(), keys.double(), vector.double())
    found = twice(lambda *inputs: additive_score(*inputs, kernel=kernel), given)
    for one, other in zip(found, twice(oracle, exact), strict=True):
        close(one, other, 5e-6)


@each_kernel
@pytest.mark.parametrize("wanted", [(0,), (1,), (2,), (0, 2)])
def test_gradients_of_some_of_the_inputs(kernel: str, wanted: tuple[int, ...]) -> None:
    given = sides(2, 5, 7, 11)
    grad = numbers(2, 5, 7)
    every = with_gradients(additive_score, given, grad, kernel=kernel)[1:]
    for once_more in (False, True):
        leaves = [side.clone() for side in given]
        chosen = [leaves[i].requires_grad_() for i in wanted]
        scores = additive_score(*leaves, kernel=kernel)
        found = torch.autograd.grad(scores, chosen, grad, create_graph=once_more)
        for i, part in zip(wanted, found, strict=True):
            close(part.detach(), every[i].double(), 2e-6)


# Extremes


def spread(shape: tuple[int, ...], *centres: float) -> Tensor:
    """Centres chosen at random, and up to 2 to either side of them in steps that add exactly."""
    generator = torch.Generator().manual_seed(len(centres))
    centre = torch.tensor(centres)[torch.randint(len(centres), shape, generator=generator)]
    return centre + torch.randint(-16, 17, shape, generator=generator) / 8


EXTREMES: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "opposite": ((100.0,), (-100.25,)),
    "opposite, the other way": ((-100.0,), (100.25,)),
    "saturated": ((100.0,), (100.0,)),
    "saturated below": ((-100.0,), (-100.0,)),
    "both": ((100.0, -100.0), (100.25, -99.5)),
    "43": ((41.0, -41.0), (41.0, -41.0)),
    "44": ((44.0, -44.0), (44.0, -44.0)),
    "45": ((45.0, -45.0), (45.0, -45.0)),
    "43 to 45": ((43.0, 44.0, -45.0), (-43.0, -44.0, 45.0)),
    "extreme queries": ((100.0, -100.0, 0.0), (0.0,)),
    "extreme keys": ((0.0,), (100.0, -100.0, 0.0)),
    "33 under extreme queries": ((60.0, -60.0, 45.0, -45.0), (31.0, -31.0)),
    "35 under extreme queries": ((60.0, -60.0, 45.0, -45.0), (35.0, -35.0)),
    "35 under extreme keys": ((35.0, -35.0), (60.0, -60.0, 45.0, -45.0)),
    "1e30": ((1e30, -1e30), (1e30, -1e30)),
    "1e30 and ordinary": ((1e30, -1e30, 1.0), (0.0,)),
    "the largest there are": ((3.4e38, -3.4e38), (3.4e38, -3.4e38, 0.0)),
    "everything": (
        (0.0, 1.0, 33.0, -43.0, 44.0, -45.0, 100.0, -1000.0, 1e30),
        (0.0, -1.0, -33.0, 43.0, -44.0, 45.0, -100.0, 1000.0, -1e30),
    ),
}


@each_kernel
@pytest.mark.parametrize("name", EXTREMES)
@pytest.mark.parametrize(("queries", "width"), [(2, 37), (5, 37), (5, 131)])
def test_extremes(kernel: str, name: str, queries: int, width: int) -> None:
    """Also so wide that four registers of features share a division, on any machine."""
    of_query, of_keys = EXTREMES[name]
    sides = spread((3, queries, width), *of_query), spread((3, 7, width), *of_keys)
    given = (*sides, numbers(width))
    # Two factors of up to e^86 lose digits; what takes the exponential of the sum does not.
    tolerance = 2e-5 if name == "43" else 2e-6
    check(kernel, given, tolerance=tolerance, least=1.0)
    check(kernel, given, keys_exp=exponentials(given[1]), tolerance=tolerance, least=1.0)


@each_fast
def test_one_extreme_number_does_not_harm_the_others(kernel: str) -> None:
    query, keys, vector = sides(3, 5, 7, 37)
    query[1, 2, 3], keys[1, 4, 3] = 100.0, -100.25
    check(kernel, (query, keys, vector))


@pytest.mark.parametrize("queries", [2, 5])
def test_extremes_in_double_precision(queries: int) -> None:
    for of_query, of_keys in [(1000.0, -1000.25), (340.0, -341.0), (360.0, -360.0), (1e9, 0.0)]:
        query, keys = spread((3, queries, 11), of_query), spread((3, 7, 11), of_keys)
        given = (query.double(), keys.double(), numbers(11).double())
        check("blocked", given, tolerance=1e-12, least=1.0)


@each_kernel
@pytest.mark.parametrize("queries", [2, 5])
@pytest.mark.parametrize("largest", [1.0, 40.0, 100.0])
def test_nan_stays_in_its_row_or_column(kernel: str, queries: int, largest: float) -> None:
    query, keys, vector = sides(3, queries, 7, 37)
    query[0, 0, 0] = keys[0, 0, 0] = largest
    broken = query.clone()
    broken[1, 1, 5] = float("nan")
    for exp in (None, exponentials(keys)):
        scores = additive_score(broken, keys, vector, keys_exp=exp, kernel=kernel)
        assert scores[1, 1].isnan().all()
        scores[1, 1] = 0
        assert scores.isfinite().all()
    broken = keys.clone()
    broken[1, 4, 5] = float("nan")
    for exp in (None, exponentials(broken)):
        scores = additive_score(query, broken, vector, keys_exp=exp, kernel=kernel)
        assert scores[1, :, 4].isnan().all()
        scores[1, :, 4] = 0
        assert scores.isfinite().all()


@each_kernel
@pytest.mark.parametrize("of_query", [-42.0, -44.0])
def test_nan_hides_no_extremes(kernel: str, of_query: float) -> None:
    query, keys, vector = torch.full((2, 5, 7), of_query), torch.full((2, 3, 7), 44.25), numbers(7)
    wanted = oracle(query.double(), keys.double(), vector.double())
    for side, rest in ((query, wanted[1, 1:]), (keys, wanted[1, :, 1:])):
        broken = side.clone()
        broken[1, 0, 0] = float("nan")
        given = (broken, keys) if side is query else (query, broken)
        for exp in (None, exponentials(given[1])):
            scores = additive_score(*given, vector, keys_exp=exp, kernel=kernel)
            close(scores[1, 1:] if side is query else scores[1, :, 1:], rest, 2e-6)
            close(scores[0], wanted[0], 2e-6)


# Masks


def _masks(N: int, Q: int, K: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(N)
    some = torch.rand(N, Q, K, generator=generator) < 0.6
    row, case = some.clone(), some.clone()
    row[1, 2] = False
    case[1] = False
    lengths = torch.tensor([K, 1, K - 3])[:N, None, None]
    return {
        "padding": torch.arange(K) < lengths,
        "full": some,
        "a row of nothing": row,
        "a case of nothing": case,
        "nothing": torch.zeros(1, 1, 1, dtype=torch.bool),
        "everything": torch.ones(N, Q, K, dtype=torch.bool),
        "expanded": (torch.arange(K) < lengths).expand(N, Q, K),
        "the same in every case": some[:1].expand(N, Q, K),
        "of queries": some[..., :1],
        "transposed": some.mT.contiguous().mT,
        "every second": (torch.rand(N, Q, 2 * K, generator=generator) < 0.6)[..., ::2],
        "without cases": some[0],
        "of keys alone": some[0, 0],
    }


MASKS = tuple(_masks(3, 5, 13))


@each_kernel
@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("extreme", [False, True])
def test_masks(kernel: str, name: str, extreme: bool) -> None:
    N, Q, K, A = 3, 5, 13, 37
    mask = _masks(N, Q, K)[name]
    given = sides(N, Q, K, A)
    if extreme:  # the way of the sums
        given[0][0, 0, 0], given[1][0, 0, 0] = 100.0, -100.25
    check(kernel, given, mask, least=1e-3)
    whole = mask.expand(N, Q, K)
    assert (additive_score(*given, mask, kernel=kernel)[~whole] == 0).all()
    # Whatever the incoming gradient holds where nothing may be attended:
    grad = numbers(N, Q, K)
    clean = with_gradients(additive_score, given, grad.masked_fill(~whole, 0), mask, kernel=kernel)
    for bad in (float("nan"), float("inf")):
        spoilt = grad.masked_fill(~whole, bad)
        found = with_gradients(additive_score, given, spoilt, mask, kernel=kernel)
        for one, other in zip(found, clean, strict=True):
            assert torch.equal(one, other)
    _, of_query, of_keys, _ = clean
    assert (of_query[~whole.any(2)] == 0).all()
    assert (of_keys[~whole.any(1)] == 0).all()


@each_kernel
@pytest.mark.parametrize("queries", [2, 5])
def test_what_nobody_may_attend_to_does_not_matter(kernel: str, queries: int) -> None:
    query, keys, vector = sides(3, queries, 13, 37)
    mask = (torch.arange(13) < torch.tensor([13, 3, 7])[:, None])[:, None]
    grad = numbers(3, queries, 13)
    clean = with_gradients(additive_score, (query, keys, vector), grad, mask, kernel=kernel)
    keys[1, 3:], keys[2, 7:] = 1e30, -7.0
    found = with_gradients(additive_score, (query, keys, vector), grad, mask, kernel=kernel)
    for one, other in zip(found, clean, strict=True):
        close(one, other.double())
    keys[1, 3:] = float("nan")
    close(additive_score(query, keys, vector, mask, kernel=kernel), clean[0].double())


# Layouts


@each_kernel
@pytest.mark.parametrize("queries", [2, 5])
def test_strides(kernel: str, queries: int) -> None:
    query, keys, vector = sides(3, queries, 7, 37)
    check(
        kernel,
        (query.mT.contiguous().mT, keys.transpose(0, 1).contiguous().transpose(0, 1), vector),
    )
    check(
        kernel, (query.repeat(1, 1, 2)[..., ::2], keys.repeat(2, 2, 1)[1:4, 3:10], numbers(74)[::2])
    )
    check(
        kernel, (query[:1].expand(3, -1, -1), keys[:, :1].expand(-1, 11, -1), vector[:1].expand(37))
    )


@each_kernel
@pytest.mark.parametrize("queries", [2, 5])
def test_strides_of_the_incoming_gradient(kernel: str, queries: int) -> None:
    given = sides(3, queries, 7, 37)
    query, keys, vector = (side.double() for side in given)
    for grad in (
        numbers(3, 7, queries).mT,
        numbers(3, queries, 14)[..., ::2],
        torch.ones(()).expand(3, queries, 7),
        numbers(3, queries, 1).expand(3, queries, 7),
    ):
        found = with_gradients(additive_score, given, grad, kernel=kernel)
        wanted = with_gradients(oracle, (query, keys, vector), grad.double())
        for one, other in zip(found, wanted, strict=True):
            close(one, other, 2e-6)


@each_kernel
def test_more_dimensions(kernel: str) -> None:
    query, keys, vector = numbers(2, 3, 5, 11), numbers(2, 3, 7, 11), numbers(11)
    check(kernel, (query, keys, vector))
    check(kernel, (query, keys, vector), numbers(2, 1, 1, 7) > 0)
    check(kernel, (query, keys, vector), numbers(3, 5, 7) > 0)
    check(kernel, (query[0, 0], keys[0, 0], vector))  # and none at all
    check(kernel, (query[0, 0], keys[0, 0], vector), numbers(5, 7) > 0)


@each_kernel
@pytest.mark.parametrize("sizes", [(0, 5, 7), (2, 0, 7), (2, 5, 0), (0, 0, 0)])
@pytest.mark.parametrize("masked", [False, True])
def test_nothing(kernel: str, sizes: tuple[int, int, int], masked: bool) -> None:
    N, Q, K = sizes
    mask = torch.ones(N, 1, K, dtype=torch.bool) if masked else None
    given = (torch.randn(N, Q, 11), torch.randn(N, K, 11), torch.randn(11))
    scores, *found = with_gradients(
        additive_score, given, torch.zeros(N, Q, K), mask, kernel=kernel
    )
    assert scores.shape == (N, Q, K)
    for part, side in zip(found, given, strict=True):
        assert part.shape == side.shape
        assert (part == 0).all()


@each_kernel
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_narrow_numbers(kernel: str, dtype: torch.dtype) -> None:
    given = sides(3, 5, 7, 37, dtype=dtype)
    grad = numbers(3, 5, 7).to(dtype)
    found = with_gradients(additive_score, given, grad, kernel=kernel)
    query, keys, vector = given
    exact = (query.double(), keys.double(), vector.double())
    wanted = with_gradients(oracle, exact, grad.double())
    # What is rounded once at the end, or, in the plain formula, at every step.
    tolerance = torch.finfo(dtype).eps * (4 if kernel == "plain" else 1)
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == dtype
        close(one, other, tolerance)


@each_fast
def test_queries_and_keys_of_two_dtypes(kernel: str) -> None:
    query, keys, vector = sides(2, 5, 7, 11)
    narrow = keys.bfloat16()
    given = (query, narrow, vector)
    scores, *found = with_gradients(additive_score, given, numbers(2, 5, 7), kernel=kernel)
    close(scores, oracle(query.double(), narrow.double(), vector.double()))
    assert scores.dtype == torch.float32
    assert [part.dtype for part in found] == [side.dtype for side in given]


@each_kernel
def test_under_autocast(kernel: str) -> None:
    torch.manual_seed(0)
    score = Additive(5, 7, 11, kernel=kernel)
    query, keys = numbers(2, 3, 5), numbers(2, 13, 7)
    wanted = score(query, keys).detach()
    with torch.autocast("cpu", torch.bfloat16):
        found = score(query, keys)
    # The operators compute in float32 whatever is around them.
    assert found.dtype == (torch.bfloat16 if kernel == "plain" else torch.float32)
    close(found.detach(), wanted.double(), 0.03)
    found.sum().backward()
    assert all(
        each.grad is not None and each.grad.dtype == torch.float32 for each in score.parameters()
    )


# Bands: row i of the scores has W columns, and column w is key first[i] + w.


def seen(mask: Tensor | None, band: Band, keys: int) -> Tensor:
    places = band.first.unsqueeze(-1) + torch.arange(band.width)
    inside = (places >= 0) & (places < keys)
    return inside if mask is None else inside & mask


def in_band(
    query: Tensor, keys: Tensor, vector: Tensor, mask: Tensor | None = None, *, band: Band
) -> Tensor:
    K = keys.shape[-2]
    places = band.first.unsqueeze(-1) + torch.arange(band.width)
    scores = oracle(query, keys, vector).gather(-1, places.clamp(0, K - 1))
    return torch.where(seen(mask, band, K), scores, 0.0)


def check_band(
    kernel: str, given: Sides, mask: Tensor | None, band: Band, *, keys_exp: Tensor | None = None
) -> None:
    query, keys, vector = given
    grad = numbers(*query.shape[:-1], band.width)
    exact = (query.double(), keys.double(), vector.double())
    wanted = with_gradients(partial(in_band, band=band), exact, grad.double(), mask)
    # Whatever the incoming gradient holds outside of the keys or of the mask:
    nowhere = ~seen(mask, band, keys.shape[-2])
    for bad in (0.0, float("nan")):
        found = with_gradients(
            additive_score,
            given,
            grad.masked_fill(nowhere, bad),
            mask,
            band=band,
            keys_exp=keys_exp,
            kernel=kernel,
        )
        for one, other in zip(found, wanted, strict=True):
            close(one, other, 2e-6, least=1e-3)
        assert (found[0][nowhere] == 0).all()


def firsts(N: int, Q: int, low: int, high: int) -> Tensor:
    return torch.randint(low, high, (N, Q), generator=torch.Generator().manual_seed(N + Q))


@each_kernel
@pytest.mark.parametrize("sizes", [(3, 5, 13, 37), (3, 2, 13, 64), (2, 41, 7, 3), (1, 1, 1, 17)])
@pytest.mark.parametrize("width", [1, 4, 11, 19])
def test_bands(kernel: str, sizes: tuple[int, int, int, int], width: int) -> None:
    N, Q, K, _ = sizes
    given = sides(*sizes)
    band = Band(firsts(N, Q, -width - 2, K + 3), width)  # some of them wholly outside
    check_band(kernel, given, None, band)
    check_band(kernel, given, numbers(N, Q, width) > 0, band)
    check_band(kernel, given, numbers(N, 1, width) > 0, band, keys_exp=exponentials(given[1]))


@each_kernel
def test_bands_of_extreme_numbers(kernel: str) -> None:
    query, keys, vector = sides(3, 5, 13, 37)
    query[1, 2, 3], keys[1, :, 3] = 100.0, -100.25
    query[2], keys[2] = 1e30, -1e30
    band = Band(firsts(3, 5, -4, 12), 7)
    check_band(kernel, (query, keys, vector), None, band)
    check_band(kernel, (query, keys, vector), None, band, keys_exp=exponentials(keys))


def test_large_bands() -> None:
    # Several shares of the work, and several parts of the keys.
    torch.set_num_threads(2)
    band = Band(firsts(3, 131, -10, 140), 61)
    check_band("numba", sides(3, 131, 149, 61), None, band)
    check_band("numba", sides(3, 131, 149, 61), numbers(3, 131, 61) > 0, band)


@pytest.mark.parametrize("elements", [1, 60, 500])
def test_bands_by_any_size_of_blocks(elements: int, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks_of(monkeypatch, elements)
    check_band("blocked", sides(3, 5, 13, 11), numbers(3, 5, 7) > 0, Band(firsts(3, 5, -5, 15), 7))


@each_kernel
def test_bands_of_more_dimensions_and_any_strides(kernel: str) -> None:
    given = (numbers(2, 3, 5, 11), numbers(2, 3, 13, 11), numbers(11))
    first = firsts(6, 5, -4, 15).view(2, 3, 5)
    check_band(kernel, given, None, Band(first, 7))
    check_band(kernel, given, numbers(2, 1, 5, 1) > 0, Band(first.mT.contiguous().mT, 7))
    check_band(kernel, given, None, Band(first[:1, :1].expand(2, 3, -1), 7))


@each_kernel
def test_gradients_of_gradients_of_bands(kernel: str) -> None:
    band = Band(firsts(3, 5, -5, 15), 7)
    query, keys, vector = sides(3, 5, 13, 11)

    def twice(score: Callable[..., Tensor], given: Sides) -> Tensor:
        leaves = [side.detach().requires_grad_() for side in given]
        grad = numbers(3, 5, 7).to(given[0].dtype)
        first = torch.autograd.grad(score(*leaves), leaves, grad, create_graph=True)
        total = torch.stack([(part * part).sum() for part in first]).sum()
        return torch.cat([part.flatten() for part in torch.autograd.grad(total, leaves)])

    found = twice(partial(additive_score, band=band, kernel=kernel), (query, keys, vector))
    exact = (query.double(), keys.double(), vector.double())
    close(found, twice(partial(in_band, band=band), exact), 5e-6)


# Keys that are prepared once


@each_kernel
@pytest.mark.parametrize("queries", [1, 5])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_exponentials_made_before(kernel: str, queries: int, scale: float) -> None:
    query, keys, vector = sides(3, queries, 7, 37, scale=scale)
    tolerance = 1e-6 if scale <= 1 else 2e-5
    check(kernel, (query, keys, vector), keys_exp=exponentials(keys), tolerance=tolerance)
    exp = exponentials(keys).mT.contiguous().mT
    check(kernel, (query, keys, vector), keys_exp=exp, tolerance=tolerance)


def test_exponentials_of_keys_narrower_than_the_queries() -> None:
    query, keys = spread((3, 5, 11), -60.0).double(), spread((3, 7, 11), 60.25)
    check("blocked", (query, keys, numbers(11)), keys_exp=exponentials(keys), least=1.0)


@pytest.mark.parametrize("kernel", [None, *KERNELS])
@pytest.mark.parametrize("need_weights", [True, False])
def test_one_step_at_a_time_is_all_at_once(kernel: str | None, need_weights: bool) -> None:
    torch.manual_seed(0)
    attention = Attention(Additive(5, 7, 11, bias=True, kernel=kernel), window=Causal())
    query, keys, values = numbers(2, 13, 5), numbers(2, 13, 7), numbers(2, 13, 3)
    mask = torch.arange(13) < torch.tensor([[13], [7]])
    parameters = list(attention.parameters())

    whole = attention(query, keys, values, mask).context
    wanted = torch.autograd.grad(whole.square().sum(), parameters)
    memory = attention.prepare(keys, values, mask)
    steps = [
        attention(query[:, i : i + 1], memory, position=i, need_weights=need_weights).context
        for i in range(13)
    ]
    context = torch.cat(steps, 1)
    found = torch.autograd.grad(context.square().sum(), parameters)
    close(context.detach(), whole.detach().double())
    for one, other in zip(found, wanted, strict=True):
        close(one, other.double(), 2e-6)


# Threads


def _results(kernel: str, given: Sides, mask: Tensor) -> tuple[Tensor, ...]:
    grad = numbers(*given[0].shape[:-1], given[1].shape[-2])
    return with_gradients(additive_score, given, grad, mask, kernel=kernel)


def _large() -> tuple[Sides, Tensor]:
    """Of several shares, so that every thread gets one."""
    return sides(3, 131, 149, 37), numbers(3, 131, 149) > -1


@each_fast
def test_threads_give_the_same(kernel: str) -> None:
    given, mask = _large()
    torch.set_num_threads(1)
    alone = _results(kernel, given, mask)
    torch.set_num_threads(2)
    for one, other in zip(_results(kernel, given, mask), alone, strict=True):
        close(one, other.double())


def test_threads_of_our_own_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = importlib.import_module("regard.attention.kernels._threads")
    given, mask = _large()
    torch.set_num_threads(2)
    wanted = _results("numba", given, mask)
    pool = Mock(wraps=threads._pool)
    monkeypatch.setattr(threads, "_team", lambda: None)
    monkeypatch.setattr(threads, "_pool", pool)
    for one, other in zip(_results("numba", given, mask), wanted, strict=True):
        close(one, other.double())
    assert pool.called


def test_as_many_of_torchs_threads_as_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = importlib.import_module("regard.attention.kernels._threads")
    if threads._team() is None:
        pytest.skip("torch does not run on GNU's OpenMP here")
    team = Mock(wraps=threads._team())
    monkeypatch.setattr(threads, "_team", lambda: team)
    given, mask = _large()
    torch.set_num_threads(1)
    _results("numba", given, mask)
    assert not team.called
    torch.set_num_threads(2)
    _results("numba", given, mask)
    assert {call.args[2] for call in team.call_args_list} == {2}
    # Waking one for little would cost more than it brings.
    team.reset_mock()
    check("numba", sides(2, 5, 7, 11))
    assert not team.called


@pytest.mark.parametrize("team", [True, False])
def test_called_from_several_threads_at_once(team: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = importlib.import_module("regard.attention.kernels._threads")
    if not team:
        monkeypatch.setattr(threads, "_team", lambda: None)
    given, mask = _large()
    wanted = _results("numba", given, mask)
    torch.set_num_threads(2)
    with ThreadPoolExecutor(5) as pool:
        several = list(pool.map(lambda _: _results("numba", given, mask), range(7)))
    for found in several:
        for one, other in zip(found, wanted, strict=True):
            close(one, other.double())


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_in_a_forked_process() -> None:
    # In a process that has no threads yet, which pytest's may have. torch has one in the child,
    # and only our pool is told of two.
    code = """
        import os, torch
        from regard.attention.kernels import _threads, additive_score
        torch.set_num_threads(1)
        _threads._team = lambda: None
        query, keys, vector = torch.randn(3, 67, 64), torch.randn(3, 71, 64), torch.randn(64)
        wanted = torch.tanh(query[:, :, None] + keys[:, None]) @ vector
        def right():
            found = additive_score(query, keys, vector, kernel="numba")
            return bool((found - wanted).abs().max() < 1e-4)
        for threads in (1, 2):
            torch.get_num_threads = lambda: threads
            assert right()
            child = os.fork()
            if child == 0:
                os._exit(0 if right() else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


# As one operator


class _Model(torch.nn.Module):
    """Additive attention, of which the graph should hold one operator."""

    def __init__(self, need_weights: bool, align: Any = masked_softmax) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.attention = Attention(Additive(5, 7, 11), align=align)
        self.need_weights = need_weights

    def forward(self, query: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        attended = self.attention(query, keys, mask=mask, need_weights=self.need_weights)
        context: Tensor = attended.context
        return context


def _of_sizes(N: int, Q: int, K: int) -> tuple[Tensor, Tensor, Tensor]:
    mask = torch.arange(K) < torch.tensor([K, K - 2] * N)[:N, None]
    return numbers(N, Q, 5), numbers(N, K, 7), mask


@pytest.mark.parametrize(
    ("need_weights", "align"),
    [(True, masked_softmax), (False, masked_softmax), (True, sparsemax)],
)
def test_exported_without_our_operators_for_every_length(need_weights: bool, align: Any) -> None:
    model = _Model(need_weights, align)
    queries, keys = Dim("Q"), Dim("K")
    program = torch.export.export(
        model, _of_sizes(2, 3, 5), dynamic_shapes=({1: queries}, {1: keys}, {1: keys})
    )
    assert not [node for node in program.graph.nodes if "regard." in str(node.target)]
    for sizes in ((2, 3, 5), (2, 11, 7), (2, 211, 223), (2, 1, 3)):
        given = _of_sizes(*sizes)
        close(program.module()(*given).detach(), model(*given).detach().double())


@pytest.mark.parametrize("need_weights", [True, False])
def test_compiled_in_one_graph_with_gradients(need_weights: bool) -> None:
    torch.compiler.reset()
    model = _Model(need_weights)
    parameters = list(model.parameters())
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager", dynamic=True)
    for sizes in ((2, 3, 5), (2, 11, 7), (2, 131, 137)):
        given = _of_sizes(*sizes)
        found, wanted = compiled(*given), model(*given)
        close(found.detach(), wanted.detach().double())
        for one, other in zip(
            torch.autograd.grad(found.square().sum(), parameters),
            torch.autograd.grad(wanted.square().sum(), parameters),
            strict=True,
        ):
            close(one, other.double(), 1e-5)
    torch.compiler.reset()


@each_fast
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("masked", [True, False])
def test_operator_keeps_torchs_rules(
    kernel: str, dtype: torch.dtype, masked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    query, keys, vector = (side.requires_grad_() for side in sides(2, 3, 5, 7, dtype=dtype))
    mask = numbers(2, 3, 5) > 0 if masked else None
    exp = exponentials(keys) if dtype == torch.float32 else None
    module = importlib.import_module("regard.attention.kernels._additive")
    operator = Mock(wraps=module._score)
    monkeypatch.setattr(module, "_score", operator)
    additive_score(query, keys, vector, mask, keys_exp=exp, kernel=kernel)
    torch.library.opcheck(torch.ops.regard.additive_score.default, operator.call_args.args)
