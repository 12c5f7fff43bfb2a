"""Compiled code does not look where it reads: what does not go together is refused before."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from regard.attention import Additive, Attention, ScaledDot
from regard.attention.kernels import (
    Band,
    Reach,
    additive_attention,
    additive_attention_and_weights,
    additive_score,
    band_dot,
    band_weighted_sum,
    dot_attention,
)
from regard.errors import ConfigError

N, Q, K, A, DV = 2, 3, 5, 7, 11


def some(*shape: int) -> Tensor:
    return torch.zeros(shape)


def score(
    query: Tensor | None = None,
    keys: Tensor | None = None,
    vector: Tensor | None = None,
    mask: Tensor | None = None,
    **how: object,
) -> Tensor:
    return additive_score(
        some(N, Q, A) if query is None else query,
        some(N, K, A) if keys is None else keys,
        some(A) if vector is None else vector,
        mask,
        **how,  # type: ignore[arg-type]
    )


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "cases": (
        lambda: score(keys=some(4, K, A)),
        "query and keys must be [..., Q, A] and [..., K, A] with the same first dimensions, "
        "not [2, 3, 7] and [4, 5, 7]",
    ),
    "one dimension": (
        lambda: score(query=some(A), keys=some(A)),
        "query and keys must be [..., Q, A] and [..., K, A] with the same first dimensions, "
        "not [7] and [7]",
    ),
    "widths": (
        lambda: score(keys=some(N, K, 8)),
        "query and keys must be equally wide, not 7 and 8",
    ),
    "vector": (lambda: score(vector=some(8)), "vector must be [7], not [8]"),
    "mask": (
        lambda: score(mask=torch.ones(N, Q, 4, dtype=torch.bool)),
        "mask must broadcast to the scores, [2, 3, 5], which [2, 3, 4] does not",
    ),
    "mask of numbers": (
        lambda: score(mask=some(N, Q, K)),
        "mask must be a boolean tensor, True where a key may be attended, not torch.float32: "
        "mask == 0 of torch's 0 and -inf, mask.bool() of 1 and 0",
    ),
    "mask of a band": (
        lambda: score(mask=torch.ones(N, Q, K, dtype=torch.bool), band=Band(some(N, Q).long(), 4)),
        "mask must broadcast to the scores, [2, 3, 4], which [2, 3, 5] does not",
    ),
    "exponentials": (
        lambda: score(keys_exp=some(N, 4, A)),
        "keys_exp must be [2, 5, 7], as the keys, not [2, 4, 7]",
    ),
    "band": (
        lambda: score(band=Band(some(N, 4).long(), 2)),
        "first must be int64 [2, 3], one key for each query, not torch.int64 [2, 4]",
    ),
    "band of numbers": (
        lambda: band_dot(some(N, Q, A), some(N, K, A), some(N, Q), 2),
        "first must be int64 [2, 3], one key for each query, not torch.float32 [2, 3]",
    ),
    "band of other cases": (
        lambda: band_weighted_sum(some(N, Q, 2), some(4, K, A), some(N, Q).long()),
        "weights and values must have the same first dimension, not 2 and 4",
    ),
    "whole numbers": (
        lambda: score(query=some(N, Q, A).long(), keys=some(N, K, A).long()),
        "attention takes floating point numbers, not torch.int64",
    ),
    "devices": (
        lambda: score(keys=torch.zeros(N, K, A, device="meta")),
        "all inputs must be on the same device, not cpu and meta",
    ),
    "values": (
        lambda: additive_attention(some(N, Q, A), some(N, K, A), some(N, 4, DV), some(A)),
        "values must be [2, 5, Dv], not [2, 4, 11]",
    ),
    "values, with weights": (
        lambda: additive_attention_and_weights(
            some(N, Q, A), some(N, K, A), some(N, 4, DV), some(A)
        ),
        "values must be [2, 5, Dv], not [2, 4, 11]",
    ),
    "values of a window": (
        lambda: dot_attention(some(N, Q, A), some(N, K, A), some(N, 4, DV), reach=Reach(1, 1)),
        "values must be [2, 5, Dv], not [2, 4, 11]",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_refused(name: str) -> None:
    call, message = WRONG[name]
    with pytest.raises(ConfigError) as caught:
        call()
    assert str(caught.value) == message


def test_a_mask_of_keys_alone_is_for_all() -> None:
    query, keys, vector = torch.randn(N, Q, A), torch.randn(N, K, A), torch.randn(A)
    mask = torch.tensor([True, True, False, True, False])
    for kernel in ("plain", "blocked", "numba"):
        found = additive_attention(query, keys, keys, vector, mask, kernel=kernel)
        kept = additive_attention(query, keys[:, mask], keys[:, mask], vector, kernel="plain")
        torch.testing.assert_close(found, kept)


@pytest.mark.parametrize("other", [Attention(Additive(A, A, 8)), Attention(ScaledDot())])
def test_a_memory_that_another_score_prepared(other: Attention) -> None:
    memory = other.prepare(some(N, K, A))
    with pytest.raises(ConfigError) as caught:
        Attention(Additive(A, A, 13))(some(N, Q, A), memory)
    width = memory.prepared.shape[-1]
    assert str(caught.value) == (
        "keys must be prepared by this score, 13 wide (or 26, with their exponentials), "
        f"not {width}"
    )
