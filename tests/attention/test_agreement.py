"""Every score, window, alignment and heads, in every combination, agrees with the reference."""

import inspect
import zlib
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracles import (
    ALIGNS,
    COMBINATIONS,
    DRAWN,
    HEADS,
    SCORES,
    SENSIBLE,
    WINDOWS,
    Case,
    Combination,
    array,
    build,
    draw_inputs,
    expect,
    fit,
    pairwise,
    refusal,
    states_of,
)
from torch import Tensor

import regard.attention
from regard.attention import RecurrentScore, Score, Window
from regard.errors import ConfigError
from regard.reference import Array

assert_arrays_close = partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-9)
assert_tensors_close = partial(torch.testing.assert_close, rtol=1e-9, atol=1e-9)
PAIRS = sorted({(combination.score, combination.window) for combination in SENSIBLE})


def _case_of(combination: Combination) -> Case:
    """A case at random for a combination: all sizes different, some query without any key."""
    seed = zlib.crc32("|".join(combination).encode())
    rng = np.random.default_rng(seed)
    B, Q, K = (int(size) for size in rng.permutation([2, 3, 5])[:3])
    query_dim, key_dim, value_dim, head_dim = (int(size) for size in rng.integers(1, 7, 4))
    kv_heads = int(rng.integers(1, 3))
    mask: NDArray[np.bool_] | None = rng.random((B, Q, K)) < 0.7
    if rng.integers(2):
        mask = np.arange(K) < rng.integers(0, K + 1, B)[:, None]
    case = Case(
        seed=seed,
        B=B,
        Q=Q,
        K=K,
        query_dim=query_dim,
        key_dim=key_dim,
        value_dim=value_dim if rng.integers(2) else None,
        heads=kv_heads * int(rng.integers(1, 3)),
        kv_heads=kv_heads,
        head_dim=head_dim,
        rotary=bool(rng.integers(2)),
        position=int(rng.integers(4)),
        mask=mask if rng.integers(4) else None,
    )
    return fit(combination, case)


@st.composite
def _cases(draw: st.DrawFn) -> Case:
    B, Q, K = draw(st.permutations([1, 2, 3, 4, 5, 6]))[:3]
    widths = [draw(st.integers(1, 6)) for _ in range(4)]
    shape = draw(st.sampled_from([None, "prefix", (B, K), (B, Q, K)]))
    mask = None
    if shape == "prefix":
        lengths = draw(st.lists(st.integers(0, K), min_size=B, max_size=B))
        mask = np.arange(K) < np.array(lengths)[:, None]
    elif isinstance(shape, tuple):
        rows = st.lists(st.booleans(), min_size=K, max_size=K)
        count = int(np.prod(shape[:-1]))
        mask = np.array(draw(st.lists(rows, min_size=count, max_size=count))).reshape(shape)
    kv_heads = draw(st.integers(1, 3))
    return Case(
        seed=draw(st.integers(0, 2**16)),
        B=B,
        Q=Q,
        K=K,
        query_dim=widths[0],
        key_dim=widths[1],
        value_dim=draw(st.sampled_from([widths[2], None])),
        heads=kv_heads * draw(st.integers(1, 3 // kv_heads)),
        kv_heads=kv_heads,
        head_dim=widths[3],
        rotary=draw(st.booleans()),
        position=draw(st.integers(0, 3)),
        mask=mask,
    )


def _check_agreement(combination: Combination, case: Case) -> None:
    about = f"{combination} of {case}"
    module, inputs = build(combination, case), draw_inputs(case)
    attended = module(*inputs, position=case.position)
    states = states_of(attended)
    for b in range(case.B):
        drawn = array(attended.weights[b]) if combination.align in DRAWN else None
        expected = expect(module, combination, case, inputs, b, drawn)
        for name, actual in (
            ("context", attended.context),
            ("weights", attended.weights),
            ("log_prob", attended.log_prob),
            ("entropy", attended.entropy),
            ("state", states),
        ):
            oracle: Array | None = getattr(expected, name)
            if oracle is None:
                assert actual is None, f"{name}: {about}"
            else:
                assert isinstance(actual, Tensor), f"{name}: {about}"
                assert_arrays_close(array(actual[b]), oracle, err_msg=f"{name}: {about}")
    if combination.align not in DRAWN:
        alone = module(*inputs, position=case.position, need_weights=False)
        assert_tensors_close(alone.context, attended.context)
        assert alone.weights is None


def _check_steps(combination: Combination, case: Case) -> None:
    """One query at a time, from a memory and the state before, as all at once."""
    if case.mask is not None and case.mask.ndim == 3:  # a memory serves every query
        case = replace(case, mask=case.mask[:, 0])
    module, inputs = build(combination, case), draw_inputs(case)
    whole = module(*inputs, position=case.position)
    memory = module.prepare(*inputs[1:])
    state = None
    steps = []
    for i in range(case.Q):
        place = case.position + i
        steps.append(module(inputs.query[:, i : i + 1], memory, position=place, state=state))
        state = steps[-1].state
    for actual, expected in (
        (torch.cat([step.context for step in steps], 1), whole.context),
        (torch.cat([step.weights for step in steps], -2), whole.weights),
        (states_of(steps[-1]), states_of(whole)),
    ):
        if expected is None:
            assert actual is None
        else:
            assert_tensors_close(actual, expected)


@pytest.mark.parametrize(("score", "window"), PAIRS)
def test_every_combination_agrees_with_the_reference(score: str, window: str) -> None:
    for combination in SENSIBLE:
        if combination[:2] == (score, window):
            _check_agreement(combination, _case_of(combination))


@pytest.mark.parametrize(
    "combination",
    pairwise([each for each in SENSIBLE if each.align not in DRAWN]),
    ids=" | ".join,
)
def test_every_pair_step_by_step(combination: Combination) -> None:
    _check_steps(combination, _case_of(combination))


@pytest.mark.parametrize("score", SCORES)
@settings(max_examples=30)
@given(st.data())
def test_whatever_the_sizes_and_the_mask(score: str, data: st.DataObject) -> None:
    some = [combination for combination in SENSIBLE if combination.score == score]
    combination = data.draw(st.sampled_from(some))
    case = fit(combination, data.draw(_cases()))
    _check_agreement(combination, case)
    if combination.align not in DRAWN:
        _check_steps(combination, case)


@pytest.mark.parametrize("score", SCORES)
def test_what_is_not_compared_is_refused(score: str) -> None:
    for combination in COMBINATIONS:
        if combination.score == score and (wanted := refusal(combination)) is not None:
            with pytest.raises(ConfigError, match=wanted):
                pytest.fail(f"{build(combination, Case(seed=0, B=1, Q=1, K=1))}: {combination}")


def test_nothing_is_left_out() -> None:
    exported = [getattr(regard.attention, name) for name in regard.attention.__all__]
    classes = {each for each in exported if inspect.isclass(each)}
    case = Case(seed=0, B=2, Q=3, K=5, query_dim=3)
    modules = [build(Combination(s, w, a, "one"), case) for s, w, a, h in SENSIBLE if h == "one"]
    scores = {type(module.score) for module in modules}
    assert scores == {c for c in classes if issubclass(c, Score)} - {Score, RecurrentScore}
    assert {type(module.window) for module in modules} == {
        c for c in classes if issubclass(c, Window)
    } - {Window}
    aligns = {getattr(module.align, "__name__", type(module.align).__name__) for module in modules}
    assert aligns == {"masked_softmax", "sparsemax", "entmax15", "Hard", "Monotonic"}
    assert len(COMBINATIONS) == len(SCORES) * len(WINDOWS) * len(ALIGNS) * len(HEADS)


@pytest.mark.parametrize("empty", ["B", "Q", "K"])
@pytest.mark.parametrize("score", SCORES)
def test_nothing_attends_to_nothing(score: str, empty: str) -> None:
    for combination in pairwise(SENSIBLE):
        if combination.score == score:
            none: dict[str, Any] = {empty: 0, "mask": None}
            case = replace(_case_of(combination), **none)
            attended = build(combination, case)(*draw_inputs(case), position=case.position)
            heads = [] if combination.heads == "one" else [case.heads]
            assert attended.weights.shape == (case.B, *heads, case.Q, case.K), combination
            assert attended.context.shape[:2] == (case.B, case.Q), combination
