"""What goes together badly is refused, and the error says why and what to take instead."""

import re
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from torch import nn

from regard.attention import (
    Additive,
    ALiBi,
    Attention,
    AttentionPooling,
    Causal,
    ConjunctivePooling,
    Cosine,
    Coverage,
    Dot,
    General,
    Hard,
    LastStatePooling,
    LocalMonotonic,
    LocalPredictive,
    Location,
    LocationSensitive,
    Monotonic,
    MultiHead,
    Reinforce,
    Relative,
    Rotary,
    ScaledDot,
    Score,
    SelfAttentionPooling,
    Sliding,
    Windows,
    alibi_slopes,
    rotate,
    sparsemax,
)
from regard.errors import ConfigError

B, Q, K, D = 2, 3, 5, 7


def _local() -> LocalPredictive:
    return LocalPredictive(1, query_dim=D, hidden_dim=2)


def _query(queries: int = Q) -> torch.Tensor:
    return torch.zeros(B, queries, D)


def _keys(keys: int = K) -> torch.Tensor:
    return torch.zeros(B, keys, D)


def _eight_wide(heads: Any) -> MultiHead:
    return MultiHead(heads, 8)


def _mask(*shape: int) -> torch.Tensor:
    return torch.ones(shape, dtype=torch.bool)


COMBINATIONS: dict[str, Callable[[], object]] = {
    "Monotonic cannot be combined with the window Causal: which keys a query may attend to "
    "depends on where the previous query stopped": lambda: Attention(
        Dot(), window=Causal(), align=Monotonic()
    ),
    "Monotonic computes one score at a time, and Coverage needs the weights of all keys: align by "
    "softmax, sparsemax, entmax15 or Hard": lambda: Attention(Coverage(D, D, 2), align=Monotonic()),
    "Monotonic computes one score at a time, and LocationSensitive needs the weights of all keys: "
    "align by softmax, sparsemax, entmax15 or Hard": lambda: Attention(
        LocationSensitive(D, D, 2), align=Monotonic()
    ),
    "Hard attends to one position, and the gain of LocalPredictive would only scale its value: "
    "align by softmax, sparsemax or entmax15, or use another window": lambda: Attention(
        Dot(), window=_local(), align=Hard()
    ),
    "Hard attends to one position, and the gain of Windows would only scale its value: align by "
    "softmax, sparsemax or entmax15, or use another window": lambda: Attention(
        Dot(), window=Windows(Causal(), _local()), align=Hard()
    ),
    "Causal depends on the position of the query, and a learned query has none: use "
    "SelfAttentionPooling, where every state is a query": lambda: AttentionPooling(
        [Attention(Dot()), Attention(Dot(), window=Causal())], D
    ),
    "Coverage depends on the position of the query, and a learned query has none: use "
    "SelfAttentionPooling, where every state is a query": lambda: AttentionPooling(
        [Attention(Coverage(D, D, 2))], D
    ),
    "Windows depends on the position of the query, and a learned query has none: use "
    "SelfAttentionPooling, where every state is a query": lambda: AttentionPooling(
        [Attention(Dot(), window=Windows(ALiBi(0.5)))], D
    ),
    "Causal depends on the position of the query, and the last state is the only query: use "
    "SelfAttentionPooling, where every state is a query": lambda: LastStatePooling(
        [Attention(Dot()), Attention(Dot(), window=Causal())]
    ),
    "LocationSensitive depends on the position of the query, and the last state is the only query: "
    "use SelfAttentionPooling, where every state is a query": lambda: LastStatePooling(
        [Attention(LocationSensitive(D, D, 2))]
    ),
}

NUMBERS: dict[str, Callable[[], object]] = {
    "dropout must be at least 0 and below 1, not 1.0": lambda: Attention(Dot(), dropout=1.0),
    "dropout must be at least 0 and below 1, not -0.5": lambda: Attention(Dot(), dropout=-0.5),
    "radius must be at least 0, not -1": lambda: LocalMonotonic(-1),
    "radius must be at least 0, not nan": lambda: LocalMonotonic(float("nan")),
    "radius must be at least 1, not 0.5": lambda: LocalPredictive(0.5, query_dim=2, hidden_dim=3),
    "size must be at least 1, not 0": lambda: Sliding(0),
    "temperature must be above 0, not 0": lambda: Cosine(0),
    "temperature must be above 0, not -2": lambda: Cosine(-2, learnable=True),
    "temperature must be above 0, not 0.0": lambda: Hard("gumbel", temperature=0.0),
    "estimator must be 'reinforce' or 'gumbel', not 'best'": lambda: Hard(cast(Any, "best")),
    "width must be odd, so that a filter has a centre, not 4": lambda: LocationSensitive(
        D, D, 2, width=4
    ),
    "heads must be at least 1, not 0": lambda: MultiHead(0, 6),
    "heads must be at least 1, not -2": lambda: MultiHead(-2, 6),
    "query_dim 7 is not divisible by 2 heads; set head_dim": lambda: MultiHead(2, 7),
    "kv_heads must divide the 6 heads, not be 4": lambda: MultiHead(6, 12, kv_heads=4),
    "kv_heads must divide the 6 heads, not be 0": lambda: MultiHead(6, 12, kv_heads=0),
    "rotary positions rotate pairs of columns: D must be even, not 7": lambda: rotate(_keys()),
    "slopes must be at least one number, not none": lambda: ALiBi([]),
    "distance must be at least 1, not 0": lambda: Relative(D, distance=0),
}

SHAPES: dict[str, Callable[[], object]] = {
    "query must be [B, Q, Dq] with B = 2, as the keys, not [1, 3, 7]": lambda: Attention(Dot())(
        _query()[:1], _keys()
    ),
    "query must be [B, Q, Dq] with B = 2, as the keys, not [2, 7]; a single query is "
    "query.unsqueeze(1)": lambda: Attention(Dot())(_query()[:, 0], _keys()),
    "query must be [B, Q, Dq] with B = 2, as the keys, not [3, 4, 6]": lambda: MultiHead(1, 6)(
        torch.zeros(3, 4, 6), torch.zeros(2, 5, 6)
    ),
    "query must be [B, Q, Dq] with B = 5, as the keys, not [3, 2, 7]; if the sequence comes "
    "first: batch first, "
    "transpose(0, 1)": lambda: Attention(Dot())(_query().transpose(0, 1), _keys().transpose(0, 1)),
    "query must be [B, Q, Dq] with B = 2, as the keys, not [1, 2, 7]; if the sequence comes "
    "first: batch first, "
    "transpose(0, 1)": lambda: MultiHead(1, D)(_query(1).transpose(0, 1), _keys()),
    "mask must be [B, K] or [B, Q, K] with [B, K] = [5, 2], not [2, 5]; if the sequence comes "
    "first: batch first, transpose(0, 1)": lambda: Attention(Dot())(
        _keys().transpose(0, 1), _keys().transpose(0, 1), mask=_mask(B, K)
    ),
    "mask must be a boolean tensor, True where a key may be attended, not list: "
    "torch.as_tensor(mask)": lambda: Attention(Dot())(_query(), _keys(), mask=[[True] * K] * B),
    "mask must be a boolean tensor, True where a key may be attended, not ndarray: "
    "torch.as_tensor(mask)": lambda: sparsemax(
        torch.zeros(B, K),
        _mask(B, K).numpy(),  # type: ignore[arg-type]
    ),
    "keys must be a tensor, not ndarray: torch.as_tensor(keys)": lambda: Attention(Dot())(
        _query(), _keys().numpy()
    ),
    "query must be a tensor, not list: torch.as_tensor(query)": lambda: Attention(Dot())(
        [[[1.0] * D]] * B, _keys()
    ),
    "mask must be a boolean tensor, True where a key may be attended, not torch.int64: "
    "mask.bool() takes 1 for True": lambda: LastStatePooling([Attention(Dot())])(
        _keys(), torch.ones(B, K, dtype=torch.int64)
    ),
    "query must be 7 wide, the query_dim of the window LocalPredictive, not 6": lambda: Attention(
        ScaledDot(), window=_local()
    )(torch.zeros(B, Q, 6), torch.zeros(B, K, 6)),
    "heads attend to projections 3 wide (head_dim): query of the window LocalPredictive must be as "
    "wide, not 7": lambda: MultiHead([Attention(ScaledDot(), window=_local())] * 2, 6),
    "query_dim of the windows must be one width, not 3, 7": lambda: Windows(
        _local(), LocalPredictive(1, query_dim=3, hidden_dim=2)
    ),
    "keys and values must be [B, K, Dk] and [B, K, Dv], not [5, 7] and [5, 7]": lambda: Attention(
        Dot()
    )(_query(), _keys()[0]),
    "keys and values must be [B, K, Dk] and [B, K, Dv], not [2, 5, 7] and [2, 4, 7]": lambda: (
        Attention(Dot())(_query(), _keys(), _keys(4))
    ),
    "mask must be a boolean tensor, True where a key may be attended, not torch.float32: "
    "mask == 0 of torch's 0 and -inf, mask.bool() of 1 and 0": lambda: Attention(Dot())(
        _query(), _keys(), mask=torch.ones(B, K)
    ),
    "mask must be [B, K] or [B, Q, K] with [B, K] = [2, 5], not [2, 4]": lambda: Attention(Dot())(
        _query(), _keys(), mask=_mask(B, 4)
    ),
    "mask must be [B, K] or [B, Q, K] with [B, K] = [2, 5], not [5]": lambda: Attention(Dot())(
        _query(), _keys(), mask=_mask(K)
    ),
    "mask must be a boolean tensor, True where a key may be attended, not torch.int64 [2]: of "
    "lengths, torch.arange(K) < lengths[:, None]": lambda: Attention(Dot())(
        _query(), _keys(), mask=torch.tensor([3, 5])
    ),
    "mask must be [B, K] or [B, Q, K] with [B, K] = [2, 5], not [3, 5]; if it is [Q, K] for all "
    "cases: mask.expand(B, -1, -1)": lambda: Attention(Dot())(_query(), _keys(), mask=_mask(Q, K)),
    "values must be floating-point, not torch.bool: a mask is mask=": lambda: Attention(Dot())(
        _query(), _keys(), _mask(B, K)
    ),
    "keys must be floating-point, not torch.int64: keys.float()": lambda: Attention(Dot())(
        _query(), _keys().long()
    ),
    "query must be floating-point, not torch.int64: query.float()": lambda: MultiHead(1, D)(
        _query().long(), _keys()
    ),
    "query must be [B, Q, Dq] with B = 5, as the keys, not [2, 3, 7]; if the keys are [K, B, Dk]: "
    "batch first, keys.transpose(0, 1)": lambda: Attention(Dot())(
        _query(), _keys().transpose(0, 1)
    ),
    "values and mask are part of the memory; give them to prepare()": lambda: Attention(Dot())(
        _query(), Attention(Dot()).prepare(_keys()), mask=_mask(B, K)
    ),
    "mask must be [B, K] or [B, Q, K] with Q = 1, not [2, 3, 5]": lambda: Attention(Dot())(
        _query(1), Attention(Dot()).prepare(_keys(), mask=_mask(B, Q, K))
    ),
    "mask must be [B, K] or [B, Q, K] with Q = 3, not [2, 11, 5]": lambda: MultiHead(1, D)(
        _query(), _keys(), mask=_mask(B, 11, K)
    ),
    "query must be 6 wide, not 7": lambda: Attention(Additive(6, D, 2))(_query(), _keys()),
    "query must be 7 wide, not 6": lambda: Attention(Dot())(torch.zeros(B, Q, 6), _keys()),
    "query must be 2 wide, not 7": lambda: Attention(Additive(None, D, 2))(_query(), _keys()),
    "query must be 12 wide, not 7": lambda: MultiHead(1, 12, key_dim=D)(_query(), _keys()),
    "keys must be 6 wide, not 7": lambda: Attention(General(D, 6))(_query(), _keys()),
    "keys must be 11 wide, not 7": lambda: MultiHead(1, D, key_dim=11)(_query(), _keys()),
    "values must be 13 wide, not 7": lambda: MultiHead(1, D, value_dim=13)(_query(), _keys()),
    "state must be of 5 keys, not 3": lambda: Attention(Coverage(D, D, 2))(
        _query(), _keys(), state=torch.zeros(B, 3)
    ),
    "location attention was made for at most 4 keys, not 5": lambda: Attention(Location(D, 4))(
        _query(), _keys()
    ),
    "Coverage takes one query at a time, not 3: each depends on the weights of the previous "
    "one": lambda: Coverage(D, D, 2)(_query(), _keys()),
    "LocationSensitive takes one query at a time, not 3: each depends on the weights of the "
    "previous one": lambda: LocationSensitive(D, D, 2)(_query(), _keys()),
}

TORCH: dict[str, Callable[[], object]] = {
    "add_bias_kv and add_zero_attn have no counterpart in MultiHead": lambda: MultiHead.from_torch(
        nn.MultiheadAttention(6, 2, add_zero_attn=True)
    ),
    "heads that differ": MultiHead([Attention(ScaledDot()) for _ in range(2)], 6).to_torch,
    "the score Dot": MultiHead([Attention(Dot())] * 2, 6).to_torch,
    "a scale other than 1 / sqrt(D)": MultiHead([Attention(ScaledDot(0.3))] * 2, 6).to_torch,
    "the window Causal": MultiHead([Attention(ScaledDot(), window=Causal())] * 2, 6).to_torch,
    "an align other than softmax": MultiHead(
        [Attention(ScaledDot(), align=sparsemax)] * 2, 6
    ).to_torch,
    "shared keys and values": MultiHead(2, 6, kv_heads=1).to_torch,
    "rotary positions": MultiHead(1, 6, rotary=Rotary()).to_torch,
    "a context or heads of another width": MultiHead(2, 6, head_dim=5).to_torch,
}


REFUSED = COMBINATIONS | NUMBERS | SHAPES


@pytest.mark.parametrize("message", REFUSED)
def test_the_whole_message(message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        REFUSED[message]()


@pytest.mark.parametrize("obstacle", TORCH)
def test_what_torch_cannot_do_is_named(obstacle: str) -> None:
    with pytest.raises(ConfigError, match=f"{re.escape(obstacle)}$"):
        TORCH[obstacle]()


@pytest.mark.parametrize("need_weights", [True, False])
def test_slopes_for_other_heads(need_weights: bool) -> None:
    """Slopes of several heads are no slopes of several cases."""
    three = Attention(Dot(), window=ALiBi([0.1, 0.2, 0.3]))
    words = torch.zeros(3, 5, 6)  # as many cases as there are slopes
    message = "ALiBi with 3 slopes must be shared by as many heads of a MultiHead, not by"
    with pytest.raises(ConfigError, match=f"{message} 1$"):
        three(words, words, need_weights=need_weights)
    for heads, count in (([three] * 2, 2), ([three, Attention(Dot())], 1)):
        with pytest.raises(ConfigError, match=f"{message} {count}$"):
            MultiHead(heads, 6)(words, words, need_weights=need_weights)
    MultiHead([three] * 3, 6)(words, words, need_weights=need_weights)


@pytest.mark.parametrize(
    "align", [torch.softmax, nn.functional.softmax, nn.Softmax(-1), torch.relu, torch.sigmoid]
)
def test_alignments_that_take_no_mask(align: Any) -> None:
    with pytest.raises(ConfigError, match=r"align must be called as align\(scores, mask\)"):
        Attention(Dot(), align=align)
    Attention(Dot(), align=sparsemax)


@pytest.mark.parametrize("make", [_eight_wide, SelfAttentionPooling, LastStatePooling])
def test_what_is_no_list_of_heads(make: Any) -> None:
    for heads, given in (("2", "'2'"), (2.5, "2.5"), ([Dot()], "of Dot"), ([None], "of NoneType")):
        message = f"heads must be a list of Attention objects, not {given}"
        with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
            make(heads)
    with pytest.raises(ConfigError, match="heads must be a list of Score objects, not of Attent"):
        ConjunctivePooling([Attention(Dot())], 2, 2, 2)  # type: ignore[list-item]


def test_sizes_that_are_no_numbers() -> None:
    with pytest.raises(ConfigError, match="query_dim must be a whole number, not '8'"):
        Additive("8", 8, 8)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="query_dim must be a whole number, not 8.0"):
        MultiHead(2, 8.0)  # type: ignore[arg-type]


def test_no_heads() -> None:
    for make in (
        lambda: AttentionPooling([], 3),
        lambda: SelfAttentionPooling([]),
        lambda: LastStatePooling([]),
        lambda: ConjunctivePooling([], 3, 3, 2),
        lambda: MultiHead([], 3),
        lambda: alibi_slopes(0),
    ):
        with pytest.raises(ConfigError, match="heads must be at least 1, not 0"):
            make()


def test_what_is_allowed_after_all() -> None:
    """The borders of what is refused."""
    Attention(Dot(), align=Monotonic())
    Attention(General(D, D), window=Windows(Causal(), ALiBi(0.5)), align=Hard())
    AttentionPooling([Attention(Additive(None, D, 2), window=_local())], 2)
    AttentionPooling([Attention(Dot(), align=Monotonic())], D)
    LastStatePooling([Attention(Dot(), window=_local()), Attention(Dot(), align=Monotonic())])
    LocalMonotonic(0)
    LocalPredictive(1, query_dim=2, hidden_dim=3)
    Sliding(1)
    MultiHead(3, 7, head_dim=2, kv_heads=1)
    Attention(Location(D, K))(_query(), _keys())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"score": "additive"},
            "score must be an object, not the name 'additive': `regard mechanisms additive` "
            "says how",
        ),
        ({"score": 3}, "score must be a Score, such as ScaledDot(), not 3"),
        ({"window": Causal}, "window must be an object, not the class Causal: window=Causal(...)"),
        ({"align": Hard}, "align must be an object, not the class Hard: align=Hard(...)"),
        ({"score": Dot}, "score must be an object, not the class Dot: score=Dot(...)"),
        ({"window": sparsemax}, "window must be a Window, such as Causal(), not <function"),
        ({"align": "sparsemax"}, "align must be an object, not the name 'sparsemax': `regard mec"),
        ({"align": 2}, "align must be a function or module, such as sparsemax, not 2"),
    ],
)
def test_parts_of_another_kind(arguments: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        Attention(**{"score": Dot(), **arguments})


def test_reinforce_of_nothing_or_of_other_shapes() -> None:
    three = torch.zeros(3)
    with pytest.raises(ConfigError, match="in training returns it"):
        Reinforce()(None, None, three)
    with pytest.raises(ConfigError, match=re.escape("not [3, 1], [3, 1] and [3]")):
        Reinforce()(three[:, None], three[:, None], three)


@pytest.mark.parametrize(
    "pool",
    [
        AttentionPooling([Attention(Dot())], 3),
        LastStatePooling([Attention(Dot())]),
        SelfAttentionPooling([Attention(Dot())]),
    ],
)
def test_a_mask_of_queries_when_pooling(pool: nn.Module) -> None:
    with pytest.raises(ConfigError, match=re.escape("mask must be [B, S] = [2, 5]")):
        pool(torch.zeros(2, 5, 3), torch.ones(2, 5, 5, dtype=torch.bool))


@pytest.mark.parametrize(("score", "width"), [(Additive(6, 3, 5), 6), (General(3, 6), 6)])
def test_heads_of_another_width_than_their_projections(score: Score, width: int) -> None:
    with pytest.raises(ConfigError, match=rf"3 wide \(head_dim\): .* as wide, not {width}"):
        MultiHead([Attention(score)] * 2, 6)
