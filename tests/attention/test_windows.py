"""Windows by hand, and what must hold of every mechanism whatever the numbers."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from oracles import (
    DRAWN,
    SENSIBLE,
    Case,
    Combination,
    Inputs,
    build,
    draw_inputs,
    fit,
    pairwise,
)
from torch import Tensor

from regard import reference
from regard.attention import (
    ALiBi,
    Attention,
    Causal,
    Dot,
    Global,
    LocalMonotonic,
    LocalPredictive,
    MultiHead,
    Relative,
    ScaledDot,
    Sliding,
    View,
    Window,
    Windows,
    alibi_slopes,
    masked_softmax,
)
from regard.attention.kernels import Reach
from regard.attention.window import distances

QUERY = torch.zeros(1, 3, 1)
DETERMINED = [combination for combination in SENSIBLE if combination.align not in DRAWN]
SUMMING = ("softmax", "sparsemax", "entmax15", "hard, highest")


def _rows(mask: Tensor | None) -> list[str]:
    mask = torch.ones(3, 5) if mask is None else mask  # all is seen
    return ["".join(".x"[int(seen)] for seen in row) for row in mask]


@pytest.mark.parametrize(
    ("window", "position", "rows"),
    [
        (Causal(), 0, ["x....", "xx...", "xxx.."]),
        (Causal(), 2, ["xxx..", "xxxx.", "xxxxx"]),
        (Causal(), 9, ["xxxxx", "xxxxx", "xxxxx"]),
        (Sliding(1), 0, ["x....", ".x...", "..x.."]),
        (Sliding(2), 1, ["xx...", ".xx..", "..xx."]),
        (Sliding(2), 4, ["...xx", "....x", "....."]),
        (LocalMonotonic(0), 1, [".x...", "..x..", "...x."]),
        (LocalMonotonic(1), 0, ["xx...", "xxx..", ".xxx."]),
        (LocalMonotonic(2), 3, [".xxxx", "..xxx", "...xx"]),
        (Windows(Causal(), LocalMonotonic(1)), 1, ["xx...", ".xx..", "..xx."]),
        (Windows(Sliding(3), LocalMonotonic(1), Causal()), 1, ["xx...", ".xx..", "..xx."]),
    ],
)
def test_masks_by_hand(window: Window, position: int, rows: list[str]) -> None:
    view = window(QUERY, 5, position=position)
    assert _rows(view.mask) == rows
    assert view[1:] == (None, None, False)


def test_there_is_no_mask_where_all_is_seen() -> None:
    sides: list[int | None] = [None, 0, 1, 3]
    seen = set()
    for before, after, queries, keys, position in product(sides, sides, (1, 2), range(6), range(6)):
        reach = Reach(before, after)
        query = torch.zeros(1, queries, 1)
        mask = reach.mask(distances(query, keys, position))
        everything = mask is None or (keys > 0 and bool(mask.all()))
        assert reach.covers(queries, keys, position) == everything
        seen.add(everything)
    assert seen == {True, False}
    assert Causal()(QUERY[:, :1], 5, position=4).mask is None


def test_alibi_by_hand() -> None:
    bias = ALiBi(0.5)(QUERY, 4, position=1).bias
    assert bias is not None
    assert bias.tolist() == [[-0.5, 0, -0.5, -1], [-1, -0.5, 0, -0.5], [-1.5, -1, -0.5, 0]]
    two = ALiBi([0.5, 2.0])(torch.zeros(1, 2, 3, 1), 4, position=1).bias
    assert two is not None
    assert two.tolist() == [bias.tolist(), (4 * bias).tolist()]
    both = Windows(ALiBi(0.5), Causal(), ALiBi(0.25))(QUERY, 4, position=1)
    torch.testing.assert_close(both.bias, 1.5 * bias)
    assert _rows(both.mask) == ["xx..", "xxx.", "xxxx"]


def test_alibi_slopes_are_the_papers() -> None:
    assert alibi_slopes(8) == [1 / 2**h for h in range(1, 9)]
    for heads in range(1, 41):
        np.testing.assert_allclose(alibi_slopes(heads), reference.alibi_slopes(heads))
        assert len(set(alibi_slopes(heads))) == heads


def test_relative_by_hand() -> None:
    window = Relative(4, distance=1)
    assert window(torch.ones(1, 3, 4), 4).bias.tolist() == torch.zeros(1, 3, 4).tolist()
    torch.nn.init.constant_(window.vectors[0], -1.0)  # all keys before the one before, too
    torch.nn.init.constant_(window.vectors[2], 3.0)
    bias = window(torch.ones(1, 3, 4), 4, position=1).bias  # 4 / sqrt(4) = 2
    assert bias.tolist() == [[[-2, 0, 6, 6], [-2, -2, 0, 6], [-2, -2, -2, 0]]]


def test_heads_that_share_an_attention_share_the_vectors_of_distances() -> None:
    window = Relative(2, distance=2)
    torch.nn.init.normal_(window.vectors)
    queries = torch.randn(3, 5, 4, 2, generator=torch.Generator().manual_seed(0))  # [B, H, Q, D]
    together = window(queries, 6).bias
    for head in range(5):
        torch.testing.assert_close(together[:, head], window(queries[:, head], 6).bias)


def test_global_says_nothing() -> None:
    assert Global()(QUERY, 5) == View()
    assert Windows()(QUERY, 5) == View()


def _centred(radius: float, *, renormalise: bool = False) -> LocalPredictive:
    """The window of queries that predict the middle: v = 0."""
    window = LocalPredictive(radius, query_dim=1, hidden_dim=2, renormalise=renormalise)
    torch.nn.init.zeros_(window.vector)
    return window


def test_local_predictive_by_hand() -> None:
    # 4 keys: the middle is place 2, the deviation is 1.
    view = _centred(2)(QUERY, 4)
    assert view.mask is not None
    assert view.gain is not None
    assert view.mask.all()
    expected = np.exp(-np.array([4, 1, 0, 1]) / 2)
    np.testing.assert_allclose(view.gain[0, 0].detach().numpy(), expected, rtol=1e-6)
    assert _rows(_centred(1)(QUERY, 6).mask[0]) == ["..xxx."] * 3
    two = Windows(_centred(2), _centred(2), Causal())(QUERY, 4)
    np.testing.assert_allclose(two.gain[0, 0].detach().numpy(), expected**2, rtol=1e-6)
    assert _rows(two.mask[0]) == ["x...", "xx..", "xxx."]
    assert not two.renormalise
    assert Windows(Causal(), _centred(2, renormalise=True))(QUERY, 4).renormalise


@pytest.mark.parametrize("renormalise", [False, True])
def test_local_predictive_weights_by_hand(renormalise: bool) -> None:
    attention = Attention(Dot(), window=_centred(2, renormalise=renormalise))
    weights = attention(torch.zeros(1, 1, 1), torch.zeros(1, 4, 1)).weights[0, 0].detach().numpy()
    expected = np.exp(-np.array([4, 1, 0, 1]) / 2)
    np.testing.assert_allclose(
        weights, expected / (expected.sum() if renormalise else 4), rtol=1e-6
    )


def test_local_predictive_looks_in_the_true_length() -> None:
    window = _centred(1)
    mask = torch.arange(8) < torch.tensor([[6], [8], [2]])
    attention = Attention(Dot(), window=window)
    weights = attention(torch.zeros(3, 1, 1), torch.zeros(3, 8, 1), mask=mask).weights
    # centres at 3, 4 and 1, the last of which has no third key to see
    assert _rows(weights[:, 0] > 0) == ["..xxx...", "...xxx..", "xx......"]
    lengths = torch.tensor([[6], [8], [2]])
    assert window.centres(torch.zeros(3, 1, 1), lengths).tolist() == [[3.0], [4.0], [1.0]]
    # A hole is no end; and where each query has a length of its own, it goes by that.
    holes = torch.tensor([[[True, False, True, True, False, True, False, False]]])
    weights = attention(torch.zeros(1, 1, 1), torch.zeros(1, 8, 1), mask=holes).weights
    assert _rows(weights[0] > 0) == ["..xx...."]
    each = torch.arange(8) < torch.tensor([[[6], [2]]])
    weights = attention(torch.zeros(1, 2, 1), torch.zeros(1, 8, 1), mask=each).weights
    assert _rows(weights[0] > 0) == ["..xxx...", "xx......"]


def test_slopes_of_heads_that_share_an_attention() -> None:
    attention = Attention(ScaledDot(), window=ALiBi([0.1, 0.2, 0.4]))
    together = MultiHead([attention] * 3, 6).double()
    apart = MultiHead(
        [Attention(ScaledDot(), window=ALiBi(s)) for s in (0.1, 0.2, 0.4)], 6
    ).double()
    apart.load_state_dict(together.state_dict())
    words = torch.randn(5, 7, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for each, expected in zip(together(words, words), apart(words, words), strict=True):
        torch.testing.assert_close(each, expected)


def _case(combination: Combination) -> Case:
    return fit(combination, Case(seed=11, B=2, Q=3, K=5, query_dim=7, head_dim=4, position=1))


def _attend(combination: Combination, case: Case, inputs: Inputs) -> tuple[Tensor, Tensor]:
    attended = build(combination, case)(*inputs, position=case.position)
    return attended.context, attended.weights


@pytest.mark.parametrize("combination", pairwise(DETERMINED), ids=" | ".join)
def test_properties(combination: Combination) -> None:
    """Padding changes nothing, nothing is NaN, and weights sum to what they should."""
    case = _case(combination)
    query, keys, values, _ = draw_inputs(case)
    assert values is not None
    context, weights = _attend(combination, case, Inputs(query, keys, values, None))
    assert (weights >= 0).all()
    sums = weights.sum(-1)
    if combination.align in SUMMING and not combination.window.endswith("local-p"):
        present = (weights > 0).any(-1)
        torch.testing.assert_close(sums, present.to(sums.dtype))
    else:
        assert (sums <= 1 + 1e-9).all()

    padding = 1 if combination.score == "location" else 4  # which is made for six keys
    longer = replace(case, K=case.K + padding)
    mask = (torch.arange(longer.K) < case.K).expand(case.B, -1)
    padded = Inputs(
        query,
        torch.cat([keys, 100 * torch.ones_like(keys[:, :padding])], 1),
        torch.cat([values, 100 * torch.ones_like(values[:, :padding])], 1),
        mask,
    )
    long_context, long_weights = _attend(combination, longer, padded)
    torch.testing.assert_close(long_context, context)
    torch.testing.assert_close(long_weights[..., : case.K], weights)
    assert (long_weights[..., case.K :] == 0).all()


@pytest.mark.parametrize(
    "combination",
    pairwise([each for each in DETERMINED if "causal" in each.window]),
    ids=" | ".join,
)
def test_a_later_token_cannot_change_an_earlier_output(combination: Combination) -> None:
    case = replace(_case(combination), Q=5, position=0)
    query, keys, values, _ = draw_inputs(case)
    assert values is not None
    changed = Inputs(query.clone(), keys.clone(), values.clone(), None)
    for tensor in changed[:3]:
        assert tensor is not None
        tensor[:, 3:] += 1
    before, _ = _attend(combination, case, Inputs(query, keys, values, None))
    after, _ = _attend(combination, case, changed)
    torch.testing.assert_close(after[:, :3], before[:, :3])
    if combination.align == "softmax":
        assert not torch.allclose(after[:, 3:], before[:, 3:])


@pytest.mark.parametrize(
    "combination",
    pairwise(
        [
            each
            for each in DETERMINED
            if each.window == "global"
            and each.align in SUMMING
            and each.score not in ("location", "location-sensitive")
            and each[::2] != ("none", "hard, highest")  # of equal scores, the first
        ]
    ),
    ids=" | ".join,
)
def test_permuting_keys_permutes_weights(combination: Combination) -> None:
    case = _case(combination)
    query, keys, values, _ = draw_inputs(case)
    assert values is not None
    order = torch.tensor([3, 0, 4, 1, 2])
    context, weights = _attend(combination, case, Inputs(query, keys, values, None))
    moved, turned = _attend(
        combination, case, Inputs(query, keys[:, order], values[:, order], None)
    )
    torch.testing.assert_close(moved, context)
    torch.testing.assert_close(turned, weights[..., order])


def test_lowest_finite_scores_are_no_mask() -> None:
    """What is allowed keeps its weight however low it scores, what is not gets none."""
    scores = torch.tensor([[-1e30, -1e30, 5.0]])
    weights = masked_softmax(scores, torch.tensor([[True, True, False]]))
    assert weights.tolist() == [[0.5, 0.5, 0.0]]
