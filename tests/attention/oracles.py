"""Every combination of mechanisms, made at random, and beside it what the reference says of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations as pairs
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from regard import reference
from regard.attention import (
    Additive,
    ALiBi,
    Attended,
    Attention,
    Causal,
    Concat,
    Cosine,
    Coverage,
    Dot,
    General,
    Global,
    Hard,
    LocalMonotonic,
    LocalPredictive,
    Location,
    LocationSensitive,
    Monotonic,
    MultiHead,
    RecurrentScore,
    Relative,
    Rotary,
    ScaledDot,
    Score,
    Sliding,
    Uniform,
    Window,
    Windows,
    entmax15,
    masked_softmax,
    sparsemax,
)
from regard.reference import Array, Mask

_Random = np.random.Generator


@dataclass(frozen=True)
class ScoreKind:
    """A score at random, and the scores [K] of one query [Dq] by the reference, given the state."""

    make: Callable[[_Random, int, int], Score]
    scores: Callable[[Any, Array, Array, Array], Array]
    update: Callable[[Array, Array], Array] = lambda state, weights: state
    alike: bool = False  # whether queries must be as wide as keys


@dataclass(frozen=True)
class AlignKind:
    """An alignment at random, whether it is in training, and the reference's, if it can be told."""

    make: Callable[[_Random], Any]
    training: bool = False
    align: reference.Align | None = None


class Seen(NamedTuple):
    """What a window says of Q queries, by the reference."""

    allowed: Mask
    bias: Array | None = None
    gaussian: Array | None = None
    renormalise: bool = False


class Combination(NamedTuple):
    """What is combined, by name."""

    score: str
    window: str
    align: str
    heads: str


@dataclass(frozen=True)
class Case:
    """What a combination is tried on; numbers and options that are not said come from the seed."""

    seed: int
    B: int
    Q: int
    K: int
    query_dim: int = 2
    key_dim: int = 3
    value_dim: int | None = 5  # None: the keys are the values
    heads: int = 2
    kv_heads: int = 2
    head_dim: int = 3
    rotary: bool = False
    position: int = 0
    mask: NDArray[np.bool_] | None = None  # [B, K] or [B, Q, K]


class Inputs(NamedTuple):
    query: Tensor
    keys: Tensor
    values: Tensor | None
    mask: Tensor | None


class Looked(NamedTuple):
    """`Attended` of one case, with heads first [H, ...] where there are heads."""

    context: Array
    weights: Array
    log_prob: Array | None
    entropy: Array | None
    state: Array | None


def array(tensor: Tensor) -> Array:
    """The numbers of a tensor."""
    return np.asarray(tensor.detach().numpy(), dtype=float)


def _maybe(tensor: Tensor | None) -> Array | None:
    return None if tensor is None else array(tensor)


def _hidden(rng: _Random) -> int:
    return int(rng.integers(1, 7))


def _additive(score: Additive, width: int) -> dict[str, Any]:
    query_side = score.query_projection
    return {
        "w_q": array(query_side.weight) if isinstance(query_side, nn.Linear) else np.eye(width),
        "w_k": array(score.key_projection.weight),
        "v": array(score.vector),
        "bias": _maybe(score.key_projection.bias),
    }


def _make_additive(rng: _Random, query_dim: int, key_dim: int) -> Score:
    bias = bool(rng.integers(2))
    if rng.integers(3) == 0:
        return Additive(None, key_dim, query_dim, bias=bias)
    return Additive(query_dim, key_dim, _hidden(rng), bias=bias)


def _make_scaled_dot(rng: _Random, *_: int) -> Score:
    scale = float(rng.uniform(0.1, 1.5)) if rng.integers(2) else None
    return ScaledDot(scale, learnable=bool(rng.integers(2)))


def _temperature(score: ScaledDot | Cosine, otherwise: float) -> float:
    if score.log_temperature is None:
        return otherwise
    return float(np.exp(score.log_temperature.item()))


SCORES = {
    "additive": ScoreKind(
        _make_additive,
        lambda s, q, k, _: reference.additive_score(q[None], k, **_additive(s, len(q)))[0],
    ),
    "concat": ScoreKind(
        lambda rng, dq, dk: Concat(dq, dk, _hidden(rng), bias=bool(rng.integers(2))),
        lambda s, q, k, _: reference.concat_score(
            q[None], k, array(s.projection.weight), array(s.vector), _maybe(s.projection.bias)
        )[0],
    ),
    "dot": ScoreKind(
        lambda *_: Dot(), lambda s, q, k, _: reference.dot_score(q[None], k)[0], alike=True
    ),
    "scaled dot": ScoreKind(
        _make_scaled_dot,
        lambda s, q, k, _: reference.scaled_dot_score(q[None], k, s.scale, _temperature(s, 1.0))[0],
        alike=True,
    ),
    "general": ScoreKind(
        lambda _, dq, dk: General(dq, dk),
        lambda s, q, k, _: reference.general_score(q[None], k, array(s.weight))[0],
    ),
    "cosine": ScoreKind(
        lambda rng, *_: Cosine(float(rng.uniform(0.2, 2)), learnable=bool(rng.integers(2))),
        lambda s, q, k, _: reference.cosine_score(q[None], k, _temperature(s, s.temperature))[0],
        alike=True,
    ),
    "location": ScoreKind(
        lambda rng, dq, _: Location(dq, 6 + int(rng.integers(3))),
        lambda s, q, k, _: reference.location_score(q[None], array(s.weight), len(k))[0],
    ),
    "location-sensitive": ScoreKind(
        lambda rng, dq, dk: LocationSensitive(
            dq,
            dk,
            _hidden(rng),
            filters=int(rng.integers(1, 4)),
            width=1 + 2 * int(rng.integers(4)),
            bias=bool(rng.integers(2)),
        ),
        lambda s, q, k, previous: reference.location_sensitive_score(
            q,
            k,
            previous,
            w_f=array(s.feature_projection.weight),
            filters=array(s.filters)[:, 0],
            **_additive(s.additive, len(q)),
        ),
        lambda state, weights: weights,
    ),
    "coverage": ScoreKind(
        lambda rng, dq, dk: Coverage(dq, dk, _hidden(rng), bias=bool(rng.integers(2))),
        lambda s, q, k, coverage: reference.coverage_score(
            q, k, coverage, w_c=array(s.coverage_vector), **_additive(s.additive, len(q))
        ),
        lambda state, weights: state + weights,
    ),
    "none": ScoreKind(
        lambda *_: Uniform(), lambda s, q, k, _: reference.uniform_score(q[None], k)[0]
    ),
}


def _make_alibi(rng: _Random, heads: int) -> Window:
    slopes = [float(slope) for slope in rng.uniform(0.05, 1, heads)]
    return ALiBi(slopes if heads > 1 or rng.integers(2) else slopes[0])


def _make_local_predictive(rng: _Random, query_dim: int) -> Window:
    return LocalPredictive(
        float(rng.uniform(1, 3)),
        query_dim=query_dim,
        hidden_dim=_hidden(rng),
        renormalise=bool(rng.integers(2)),
    )


# Made of a seed, Dq, and how many heads share it.
WINDOWS: dict[str, Callable[[_Random, int, int], Window]] = {
    "global": lambda *_: Global(),
    "causal": lambda *_: Causal(),
    "local-m": lambda rng, *_: LocalMonotonic(int(rng.integers(3))),
    "local-p": lambda rng, dq, _: _make_local_predictive(rng, dq),
    "sliding": lambda rng, *_: Sliding(int(rng.integers(1, 4))),
    "alibi": lambda rng, _, heads: _make_alibi(rng, heads),
    "causal alibi": lambda rng, _, heads: Windows(Causal(), _make_alibi(rng, heads)),
    "relative": lambda rng, dq, _: Relative(dq, distance=int(rng.integers(1, 6))),
    "causal relative": lambda rng, dq, _: Windows(Causal(), Relative(dq, distance=2)),
    "causal local-p": lambda rng, dq, _: Windows(Causal(), _make_local_predictive(rng, dq)),
}


def see(window: Window, query: Array, K: int, lengths: list[int], position: int, head: int) -> Seen:
    """What a window says, by the reference."""
    Q = len(query)
    match window:
        case Global():
            return Seen(np.ones((Q, K), dtype=bool))
        case Causal():
            return Seen(reference.causal(Q, K, position))
        case Sliding():
            return Seen(reference.sliding(Q, K, window.size, position))
        case LocalMonotonic():
            return Seen(reference.local_monotonic(Q, K, int(window.radius), position))
        case ALiBi():
            slope = window.slopes[head if len(window.slopes) > 1 else 0]
            return Seen(np.ones((Q, K), dtype=bool), reference.alibi(Q, K, slope, position))
        case Relative():
            bias = reference.relative_positions(query, K, array(window.vectors), position)
            return Seen(np.ones((Q, K), dtype=bool), bias)
        case LocalPredictive():
            w_p, v_p = array(window.projection.weight), array(window.vector)
            centres = [
                reference.local_predictive_centres(query[i : i + 1], lengths[i], w_p, v_p)[0]
                for i in range(Q)
            ]
            allowed, gaussian = reference.local_predictive(np.array(centres), K, window.radius)
            return Seen(allowed, None, gaussian, window.renormalise)
        case Windows():
            first, second = (
                see(part, query, K, lengths, position, head)
                for part in window.windows
                if isinstance(part, Window)
            )
            return second._replace(allowed=first.allowed & second.allowed)  # the first only masks
        case _:
            raise NotImplementedError(type(window).__name__)


ALIGNS = {
    "softmax": AlignKind(lambda _: masked_softmax, align=reference.softmax),
    "sparsemax": AlignKind(lambda _: sparsemax, align=reference.sparsemax),
    "entmax15": AlignKind(lambda _: entmax15, align=reference.entmax15),
    "hard, highest": AlignKind(lambda _: Hard(), align=reference.hard_argmax),
    "hard, drawn": AlignKind(lambda _: Hard(), training=True),
    "hard, gumbel": AlignKind(
        lambda rng: Hard("gumbel", temperature=float(rng.uniform(0.2, 2))), training=True
    ),
    "monotonic, expected": AlignKind(
        lambda _: Monotonic(noise=0),
        training=True,
        align=lambda scores, allowed: reference.monotonic_expected(scores, allowed),
    ),
    "monotonic, decoded": AlignKind(
        lambda _: Monotonic(),
        align=lambda scores, allowed: reference.monotonic_hard(scores, allowed),
    ),
}
DRAWN = ("hard, drawn", "hard, gumbel")

HEADS = ("one", "of their own", "shared")


def refusal(combination: Combination) -> str | None:
    """Why a combination makes no sense, as the error says it; None where it does."""
    score, window, align, _ = combination
    if align.startswith("monotonic") and window != "global":
        return "Monotonic cannot be combined with the window"
    if align.startswith("monotonic") and score in ("location-sensitive", "coverage"):
        return "Monotonic computes one score at a time, and .* needs the weights of all keys"
    if align.startswith("hard") and window.endswith("local-p"):
        return "Hard attends to one position, and the gain of .* would only scale its value"
    return None


COMBINATIONS = [Combination(*names) for names in product(SCORES, WINDOWS, ALIGNS, HEADS)]
SENSIBLE = [combination for combination in COMBINATIONS if refusal(combination) is None]


def pairwise(combinations: list[Combination]) -> list[Combination]:
    """Some of the combinations, in which every pair of names of all of them occurs."""
    chosen: list[Combination] = []
    seen: set[tuple[tuple[int, str], ...]] = set()
    for least in range(len(Combination._fields) * (len(Combination._fields) - 1) // 2, 0, -1):
        for combination in combinations:
            new = {*pairs(enumerate(combination), 2)} - seen
            if len(new) >= least:
                chosen.append(combination)
                seen |= new
    return chosen


def build(combination: Combination, case: Case) -> Attention | MultiHead:
    """The combination with parameters at random, in training where its alignment wants that."""
    rng = np.random.default_rng(case.seed)
    torch.manual_seed(case.seed)
    kind = SCORES[combination.score]
    single = combination.heads == "one"
    widths = (case.query_dim, case.key_dim) if single else (case.head_dim, case.head_dim)

    def attention(heads: int) -> Attention:
        return Attention(
            kind.make(rng, *widths),
            window=WINDOWS[combination.window](rng, widths[0], heads),
            align=ALIGNS[combination.align].make(rng),
        )

    module: Attention | MultiHead
    if single:
        module = attention(1)
    else:
        own = combination.heads == "of their own"
        count = case.heads
        module = MultiHead(
            [attention(1) for _ in range(count)] if own else [attention(count)] * count,
            case.query_dim,
            key_dim=case.key_dim,
            value_dim=case.value_dim,
            output_dim=int(rng.integers(1, 7)),
            head_dim=case.head_dim,
            kv_heads=case.kv_heads,
            rotary=Rotary(float(rng.uniform(2, 100))) if case.rotary else None,
            bias=bool(rng.integers(2)),
        )
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.7)
    return module.double().train(ALIGNS[combination.align].training)


def fit(combination: Combination, case: Case) -> Case:
    """The case with the widths that the combination wants."""
    # In one dimension all cosines are equal, and which is the highest is left to rounding.
    least = 2 if combination.score == "cosine" else 1
    query_dim, key_dim, head_dim = (
        max(least, width) for width in (case.query_dim, case.key_dim, case.head_dim)
    )
    alike = SCORES[combination.score].alike and combination.heads == "one"
    return replace(
        case,
        query_dim=query_dim,
        key_dim=query_dim if alike else key_dim,
        head_dim=head_dim + head_dim % 2 if case.rotary else head_dim,
    )


def draw_inputs(case: Case) -> Inputs:
    """Numbers at random."""
    rng = np.random.default_rng(case.seed + 1)
    query = torch.from_numpy(rng.normal(size=(case.B, case.Q, case.query_dim)))
    keys = torch.from_numpy(rng.normal(size=(case.B, case.K, case.key_dim)))
    values = None
    if case.value_dim is not None:
        values = torch.from_numpy(rng.normal(size=(case.B, case.K, case.value_dim)))
    return Inputs(query, keys, values, None if case.mask is None else torch.from_numpy(case.mask))


def look(
    attention: Attention,
    combination: Combination,
    query: Array,
    keys: Array,
    values: Array,
    allowed: Mask,
    position: int,
    head: int,
    drawn: Array | None,
) -> Looked:
    """One head of one case, by the reference.

    Parameters:
        drawn: [Q, K], the weights that were drawn, where that is left to chance: scores that read
            the weights before must read those.
    """
    Q, K = allowed.shape
    kind = SCORES[combination.score]
    lengths = [max([j + 1 for j in range(K) if allowed[i, j]], default=0) for i in range(Q)]
    view = see(attention.window, query, K, lengths, position, head)
    allowed = allowed & view.allowed
    if isinstance(attention.align, Monotonic):
        align = ALIGNS[combination.align].align
        assert align is not None
        scores = [kind.scores(attention.score, row, keys, np.zeros(K)) for row in query]
        offset = attention.align.offset.item()
        context, weights = reference.attend(
            np.array(scores).reshape(Q, K) + offset, values, allowed, align
        )
        return Looked(context, weights, None, None, weights[-1])

    log_prob, entropy = np.zeros(Q), np.zeros(Q)
    turn = iter(range(Q))

    def align_drawn(scores: Array, row: Mask | None) -> Array:
        i = next(turn)
        assert drawn is not None
        logarithms = reference.hard_log_probabilities(scores, row)[0]
        log_prob[i] = sum(logarithms[j] for j in range(K) if drawn[i, j])
        entropy[i] = reference.hard_entropy(scores, row)[0]
        return drawn[i : i + 1]

    context, weights, state = reference.attend_step_by_step(
        lambda i, state: kind.scores(attention.score, query[i], keys, state),
        kind.update,
        np.zeros(K),
        Q,
        values,
        allowed,
        ALIGNS[combination.align].align or align_drawn,
        *view[1:],
    )
    told = combination.align == "hard, drawn"
    recurrent = isinstance(attention.score, RecurrentScore)
    if drawn is not None:  # on keys that may be attended, one for each query that has any
        assert set(drawn.flatten()) <= {0.0, 1.0}
        np.testing.assert_array_equal(drawn.sum(1), allowed.any(1))
        assert not drawn[~allowed].any()
    return Looked(
        context,
        weights,
        log_prob if told else None,
        entropy if told else None,
        state if recurrent else None,
    )


def expect(
    module: Attention | MultiHead,
    combination: Combination,
    case: Case,
    inputs: Inputs,
    b: int,
    drawn: Array | None,
) -> Looked:
    """Case b of the batch, by the reference."""
    query, keys = array(inputs.query[b]), array(inputs.keys[b])
    values = keys if inputs.values is None else array(inputs.values[b])
    allowed = np.ones((case.Q, case.K), dtype=bool)
    if case.mask is not None:
        allowed = allowed & case.mask[b]
    if isinstance(module, Attention):
        return look(module, combination, query, keys, values, allowed, case.position, 0, drawn)
    each: list[Looked] = []

    def head(h: int, q: Array, k: Array, v: Array) -> tuple[Array, Array]:
        attention = module.heads[0 if module.shared else h]
        of_head = None if drawn is None else drawn[h]
        each.append(look(attention, combination, q, k, v, allowed, case.position, h, of_head))
        return each[-1].context, each[-1].weights

    projections = {
        "q": module.query_projection,
        "k": module.key_projection,
        "v": module.value_projection,
        "o": module.output_projection,
    }
    weights: dict[str, Any] = {
        f"w_{name}": array(layer.weight) for name, layer in projections.items()
    }
    biases: dict[str, Any] = {
        f"b_{name}": _maybe(layer.bias) for name, layer in projections.items()
    }
    context, looks = reference.multi_head(
        query,
        keys,
        values,
        module.count,
        head=head,
        kv_heads=module.kv_heads,
        rotary_base=None if module.rotary is None else module.rotary.base,
        position=case.position,
        **weights,
        **biases,
    )
    return Looked(
        context,
        looks,
        *(
            None if parts[0] is None else np.array(parts)
            for parts in zip(*((one.log_prob, one.entropy, one.state) for one in each), strict=True)
        ),
    )


def states_of(attended: Attended) -> Tensor | None:
    """The state, that heads of their own hand back one by one, as [B, H, K]; None where none."""
    state = attended.state
    if isinstance(state, tuple):
        return None if state[0] is None else torch.stack(state, 1)
    assert state is None or isinstance(state, Tensor)
    return state
