"""Transformer layers against torch's and the reference's, and step by step against all at once."""

from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from regard import reference
from regard.attention import (
    Additive,
    ALiBi,
    Attention,
    Causal,
    Coverage,
    Dot,
    Hard,
    LocalMonotonic,
    LocationSensitive,
    Monotonic,
    MultiHead,
    Rotary,
    ScaledDot,
    Sliding,
    Windows,
    alibi_slopes,
    entmax15,
    sparsemax,
)
from regard.errors import ConfigError
from regard.models import (
    Decoded,
    DecoderCache,
    Transformer,
    TransformerDecoderLayer,
    TransformerEncoderLayer,
    sinusoids,
)
from regard.reference import Array

B, L, K, D, H, HIDDEN, ENCODED = 3, 5, 7, 11, 2, 17, 13
HEAD = 6  # width of a head: even, for rotary positions

Norm = Literal["pre", "post"]
Activation = Literal["relu", "gelu"]
NORMS: tuple[Norm, ...] = ("pre", "post")
ACTIVATIONS: tuple[Activation, ...] = ("relu", "gelu")

both_norms = pytest.mark.parametrize("norm", NORMS)
both_activations = pytest.mark.parametrize("activation", ACTIVATIONS)


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    torch.manual_seed(0)
    torch.compiler.reset()
    yield
    torch.compiler.reset()


@pytest.fixture
def _torchs_dropout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropout with torch's random numbers, to compare where it is."""
    for module in ("dropout.dropout", "transformer_layers.drop"):
        monkeypatch.setattr(f"regard.models.{module}", functional.dropout)


def _unlike_each_other(module: nn.Module) -> Any:
    """Parameters that start at zero or one are given values that show where they are."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.5)
    return module


def _heads(heads: Any, **how: Any) -> MultiHead:
    return MultiHead(heads, D, head_dim=HEAD, **how)


def _encoder_layer(
    norm: Norm = "pre", attention: MultiHead | None = None
) -> TransformerEncoderLayer:
    made = TransformerEncoderLayer(attention or _heads(H), D, HIDDEN, norm=norm)
    return _unlike_each_other(made).double()  # type: ignore[no-any-return]


def _decoder_layer(
    norm: Norm = "pre", self_attention: str = "scaled dot", cross_attention: str = "scaled dot"
) -> TransformerDecoderLayer:
    made = TransformerDecoderLayer(
        SELF[self_attention](), CROSS[cross_attention](), D, HIDDEN, norm=norm
    )
    return _unlike_each_other(made).double().eval()  # type: ignore[no-any-return]


def _causal(score: Any, **how: Any) -> Attention:
    return Attention(score, window=Causal(), **how)


# Two heads each, of states D wide, under which no position sees a later one.
SELF: dict[str, Callable[[], MultiHead]] = {
    "scaled dot": lambda: _heads([_causal(ScaledDot())] * H),
    "rotary": lambda: _heads([_causal(ScaledDot())] * H, rotary=Rotary(7.0)),
    "alibi": lambda: _heads(
        [Attention(ScaledDot(), window=Windows(Causal(), ALiBi(alibi_slopes(H))))] * H
    ),
    "sliding": lambda: _heads([Attention(ScaledDot(), window=Sliding(3))] * H),
    "additive heads of their own": lambda: _heads(
        [_causal(Additive(HEAD, HEAD, 5)), _causal(Additive(HEAD, HEAD, 3), align=entmax15)],
        rotary=Rotary(7.0),
    ),
    "shared keys and values": lambda: _heads([_causal(ScaledDot())] * H, kv_heads=1),
    "coverage": lambda: _heads([_causal(Coverage(HEAD, HEAD, 5))] * H),
    "heads with and without a state": lambda: _heads(
        [_causal(LocationSensitive(HEAD, HEAD, 5, filters=2, width=3)), _causal(Dot())]
    ),
}
# Of the encoder's states, ENCODED wide.
CROSS: dict[str, Callable[[], MultiHead]] = {
    "scaled dot": lambda: _heads(H, key_dim=ENCODED),
    "rotary, local": lambda: _heads(
        [Attention(ScaledDot(), window=LocalMonotonic(2))] * H,
        key_dim=ENCODED,
        rotary=Rotary(7.0),
    ),
    "sparsemax, coverage": lambda: _heads(
        [Attention(Coverage(HEAD, HEAD, 5), align=sparsemax), Attention(Dot())], key_dim=ENCODED
    ),
    "monotonic": lambda: _heads([Attention(ScaledDot(), align=Monotonic())] * H, key_dim=ENCODED),
}


def _states(length: int = L, width: int = D, *, seed: int = 1, batch: int = B) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, length, width, generator=generator, dtype=torch.float64)


def _padding(*lengths: int) -> Tensor:
    return torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


def _encoded() -> tuple[Tensor, Tensor]:
    return _states(K, ENCODED, seed=2), _padding(7, 3, 1)


# torch's layers, whose heads must divide their width


def _from_torch(peer: nn.MultiheadAttention, **how: Any) -> MultiHead:
    head = Attention(ScaledDot(), dropout=peer.dropout, **how)
    made = MultiHead([head] * peer.num_heads, peer.embed_dim).double()
    made.load_state_dict(MultiHead.from_torch(peer).state_dict())
    return made


def _copy(layer: Any, peer: Any, *norms: str) -> Any:
    layer = layer.double()  # before, so that nothing is rounded
    layer.network[0].load_state_dict(peer.linear1.state_dict())
    layer.network[3].load_state_dict(peer.linear2.state_dict())
    for number, name in enumerate(norms, 1):
        ours = getattr(layer, name).norm
        ours.load_state_dict(getattr(peer, f"norm{number}").state_dict())
    return layer


def _encoder_like(
    peer: nn.TransformerEncoderLayer, norm: Norm, activation: Activation
) -> TransformerEncoderLayer:
    layer = TransformerEncoderLayer(
        _from_torch(peer.self_attn),
        10,
        HIDDEN,
        norm=norm,
        dropout=peer.dropout.p,
        activation=activation,
    )
    return _copy(layer, peer, "around_attention", "around_network")  # type: ignore[no-any-return]


def _decoder_like(
    peer: nn.TransformerDecoderLayer, norm: Norm, activation: Activation
) -> TransformerDecoderLayer:
    layer = TransformerDecoderLayer(
        _from_torch(peer.self_attn, window=Causal()),
        _from_torch(peer.multihead_attn),
        10,
        HIDDEN,
        norm=norm,
        dropout=peer.dropout.p,
        activation=activation,
    )
    around = ("around_self_attention", "around_cross_attention", "around_network")
    return _copy(layer, peer, *around)  # type: ignore[no-any-return]


def _peer(kind: Any, norm: Norm, activation: Activation = "gelu", dropout: float = 0.0) -> Any:
    made = kind(
        10,
        5,
        HIDDEN,
        dropout,
        activation,
        batch_first=True,
        norm_first=norm == "pre",
        dtype=torch.float64,
    )
    return _unlike_each_other(made)


@both_norms
@both_activations
@pytest.mark.parametrize("masked", [False, True])
def test_encoder_layer_is_that_of_torch(norm: Norm, activation: Activation, masked: bool) -> None:
    peer = _peer(nn.TransformerEncoderLayer, norm, activation)
    layer = _encoder_like(peer, norm, activation)
    given, mask = _states(7, 10), _padding(7, 5, 2) if masked else None
    padding = None if mask is None else ~mask
    states, weights = layer(given, mask)
    torch.testing.assert_close(states, peer(given, src_key_padding_mask=padding))
    query = peer.norm1(given) if norm == "pre" else given
    _, expected = peer.self_attn(
        query, query, query, key_padding_mask=padding, average_attn_weights=False
    )
    torch.testing.assert_close(weights, expected)


def test_a_mask_for_each_query_is_that_of_torch() -> None:
    peer = _peer(nn.TransformerEncoderLayer, "pre")
    layer = _encoder_like(peer, "pre", "gelu")
    given = _states(7, 10)
    mask = torch.rand(B, 7, 7) < 0.5
    mask |= torch.eye(7, dtype=torch.bool)  # for torch, every query needs a key
    states = layer(given, mask).context
    expected = peer(given, src_mask=~mask.repeat_interleave(5, 0))
    torch.testing.assert_close(states, expected)


@both_norms
@both_activations
@pytest.mark.parametrize("masked", [False, True])
def test_decoder_layer_is_that_of_torch(norm: Norm, activation: Activation, masked: bool) -> None:
    peer = _peer(nn.TransformerDecoderLayer, norm, activation)
    layer = _decoder_like(peer, norm, activation)
    given, encoded = _states(5, 10), _states(7, 10, seed=2)
    target, source = (_padding(5, 4, 2), _padding(7, 3, 1)) if masked else (None, None)
    decoded = layer(given, layer.start(encoded, source), target)
    future = torch.ones(5, 5, dtype=torch.bool).triu(1)
    expected = peer(
        given,
        encoded,
        tgt_mask=future,
        tgt_key_padding_mask=None if target is None else ~target,
        memory_key_padding_mask=None if source is None else ~source,
    )
    torch.testing.assert_close(decoded.states, expected)

    query = peer.norm1(given) if norm == "pre" else given
    context, weights = peer.self_attn(
        query,
        query,
        query,
        attn_mask=future,
        key_padding_mask=None if target is None else ~target,
        average_attn_weights=False,
    )
    torch.testing.assert_close(decoded.self_weights, weights)
    between = given + context if norm == "pre" else peer.norm1(given + context)
    _, weights = peer.multihead_attn(
        peer.norm2(between) if norm == "pre" else between,
        encoded,
        encoded,
        key_padding_mask=None if source is None else ~source,
        average_attn_weights=False,
    )
    torch.testing.assert_close(decoded.cross_weights, weights)


@both_norms
@pytest.mark.usefixtures("_torchs_dropout")
def test_dropout_is_where_torch_has_it(norm: Norm) -> None:
    # Of one case: with more, torch draws in another order, that of its [L, B, D].
    given, encoded = _states(7, 10, batch=1), _states(11, 10, seed=2, batch=1)
    peer = _peer(nn.TransformerEncoderLayer, norm, dropout=0.3)
    layer = _encoder_like(peer, norm, "gelu")
    for seed in range(3):
        torch.manual_seed(seed)
        expected = peer(given)
        torch.manual_seed(seed)
        torch.testing.assert_close(layer(given, need_weights=False).context, expected)
    torch.testing.assert_close(layer.eval()(given).context, peer.eval()(given))

    peer = _peer(nn.TransformerDecoderLayer, norm, dropout=0.3)
    decoder = _decoder_like(peer, norm, "gelu")
    future = torch.ones(7, 7, dtype=torch.bool).triu(1)
    for seed in range(3):
        torch.manual_seed(seed)
        expected = peer(given, encoded, tgt_mask=future)
        torch.manual_seed(seed)
        decoded = decoder(given, decoder.start(encoded), need_weights=False)
        torch.testing.assert_close(decoded.states, expected)
    decoder, peer = decoder.eval(), peer.eval()
    decoded = decoder(given, decoder.start(encoded))
    torch.testing.assert_close(decoded.states, peer(given, encoded, tgt_mask=future))


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.usefixtures("_torchs_dropout")
def test_series_encoder_is_that_of_torch(dropout: float) -> None:
    encoder = _unlike_each_other(Transformer(3, 16, 2, dropout=dropout)).double()
    layer = nn.TransformerEncoderLayer(
        16, 2, 32, dropout, "gelu", batch_first=True, norm_first=True, dtype=torch.float64
    )
    peer = nn.TransformerEncoder(
        layer, 2, nn.LayerNorm(16, dtype=torch.float64), enable_nested_tensor=False
    )
    _unlike_each_other(peer)
    for ours, theirs in zip(encoder.layers, peer.layers, strict=True):
        assert isinstance(theirs, nn.TransformerEncoderLayer)
        copied = MultiHead.from_torch(theirs.self_attn).state_dict()
        ours.attention.load_state_dict(copied)
        _copy(ours, theirs, "around_attention", "around_network")
    assert isinstance(peer.norm, nn.LayerNorm)
    encoder.norm.load_state_dict(peer.norm.state_dict())
    batch = 1 if dropout else 3  # see above
    series = _states(23, 3, batch=batch).transpose(1, 2)
    mask = None if dropout else _padding(23, 7, 1)
    embedded = series if mask is None else series * mask.unsqueeze(1)
    embedded = encoder.embed(embedded).transpose(1, 2)
    embedded = embedded + sinusoids(23, 16, like=embedded)
    torch.manual_seed(5)
    expected = peer(embedded, src_key_padding_mask=None if mask is None else ~mask)
    torch.manual_seed(5)
    torch.testing.assert_close(encoder(series, mask), expected)


# The reference


def _array(tensor: Tensor) -> Array:
    return np.asarray(tensor.detach().numpy(), dtype=float)


def _linear(layer: nn.Module) -> tuple[Array, Array]:
    assert isinstance(layer, nn.Linear)
    return _array(layer.weight), _array(layer.bias)


def _norm_of(residual: Any) -> reference.Sublayer:
    norm = residual.norm
    weight, bias = _array(norm.weight), _array(norm.bias)
    return lambda x: reference.layer_norm(x, weight, bias, norm.eps)


def _network_of(layer: Any) -> reference.Sublayer:
    first, second = _linear(layer.network[0]), _linear(layer.network[3])
    return lambda x: reference.feed_forward(x, *first, *second, "gelu")


def _look(module: MultiHead, query: Array, keys: Array, allowed: reference.Mask) -> Array:
    """The context of all heads, scaled dot or additive, by the reference."""

    def head(h: int, q: Array, k: Array, v: Array) -> tuple[Array, Array]:
        score = module.heads[0 if module.shared else h].score
        if isinstance(score, Additive):
            w_q = _array(score.get_parameter("query_projection.weight"))
            scores = reference.additive_score(
                q, k, w_q, _array(score.key_projection.weight), _array(score.vector)
            )
        else:
            scores = reference.scaled_dot_score(q, k)
        align = reference.softmax
        if module.heads[0 if module.shared else h].align is entmax15:
            align = reference.entmax15
        return reference.attend(scores, v, allowed, align)

    (w_q, b_q), (w_k, b_k), (w_v, b_v), (w_o, b_o) = (
        _linear(projection)
        for projection in (
            module.query_projection,
            module.key_projection,
            module.value_projection,
            module.output_projection,
        )
    )
    weights = (w_q, w_k, w_v, w_o, b_q, b_k, b_v, b_o)
    return reference.multi_head(
        query,
        keys,
        keys,
        module.count,
        *weights,
        head=head,
        kv_heads=module.kv_heads,
        rotary_base=None if module.rotary is None else module.rotary.base,
    )[0]


@both_norms
def test_encoder_layer_is_that_of_the_reference(norm: Norm) -> None:
    heads = [Attention(Additive(HEAD, HEAD, 5)), Attention(Additive(HEAD, HEAD, 3), align=entmax15)]
    layer = _encoder_layer(norm, _heads(heads))
    given, mask = _states(), _padding(5, 4, 1)
    states = layer(given, mask).context
    for case in range(B):
        allowed = np.broadcast_to(mask[case].numpy(), (L, L))
        expected = reference.encoder_layer(
            _array(given[case]),
            lambda x, allowed=allowed: _look(layer.attention, x, x, allowed),  # type: ignore[misc]
            _network_of(layer),
            [_norm_of(layer.around_attention), _norm_of(layer.around_network)],
            norm,
        )
        np.testing.assert_allclose(_array(states[case]), expected, rtol=1e-6, atol=1e-6)


@both_norms
@pytest.mark.parametrize(
    "mechanism",
    ["scaled dot", "rotary", "additive heads of their own", "shared keys and values"],
)
def test_decoder_layer_is_that_of_the_reference(norm: Norm, mechanism: str) -> None:
    layer = _decoder_layer(norm, mechanism)
    given, (encoded, mask) = _states(), _encoded()
    states = layer(given, layer.start(encoded, mask)).states
    for case in range(B):
        allowed = np.broadcast_to(mask[case].numpy(), (L, K))
        around = (
            layer.around_self_attention,
            layer.around_cross_attention,
            layer.around_network,
        )
        expected = reference.decoder_layer(
            _array(given[case]),
            _array(encoded[case]),
            lambda x: _look(layer.self_attention, x, x, reference.causal(L, L)),
            lambda x, memory, allowed=allowed: _look(  # type: ignore[misc]
                layer.cross_attention, x, memory, allowed
            ),
            _network_of(layer),
            [_norm_of(each) for each in around],
            norm,
        )
        np.testing.assert_allclose(_array(states[case]), expected, rtol=1e-6, atol=1e-6)


# Shapes


def test_shapes() -> None:
    states, weights = _encoder_layer()(_states())
    assert states.shape == (B, L, D)
    assert weights is not None
    assert weights.shape == (B, H, L, L)
    layer = _decoder_layer()
    encoded, mask = _encoded()
    first = layer(_states(3), layer.start(encoded, mask))
    assert (first.cache.position, first.states.shape) == (3, (B, 3, D))
    second = layer(_states(L), first.cache)
    assert (second.cache.position, second.states.shape) == (3 + L, (B, L, D))
    assert second.self_weights.shape == (B, H, L, 3 + L)
    assert second.cross_weights.shape == (B, H, L, K)
    states, cache = second
    assert states is second.states
    assert cache is second.cache


@pytest.mark.parametrize("mechanism", ["scaled dot", "additive heads of their own"])
def test_asking_for_no_weights_gives_the_same_states(mechanism: str) -> None:
    mask = _padding(5, 4, 1)
    encoder = _encoder_layer("pre", SELF[mechanism]())
    states, weights = encoder(_states(), mask, need_weights=False)
    assert weights is None
    torch.testing.assert_close(states, encoder(_states(), mask).context)
    decoder = _decoder_layer("post", mechanism)
    cache = decoder.start(*_encoded())
    decoded = decoder(_states(), cache, mask, need_weights=False)
    assert decoded.self_weights is None
    assert decoded.cross_weights is None
    torch.testing.assert_close(decoded.states, decoder(_states(), cache, mask).states)


# The cache


def _in_parts(
    layer: TransformerDecoderLayer,
    given: Tensor,
    cache: DecoderCache,
    parts: tuple[int, ...],
    mask: Tensor | None = None,
) -> Decoded:
    """All positions, so many at a time, put together as if at once."""
    results: list[Decoded] = []
    for part in parts:
        at = slice(cache.position, cache.position + part)
        results.append(layer(given[:, at], cache, None if mask is None else mask[:, at]))
        cache = results[-1].cache
    assert cache.position == given.shape[1]

    def weights_of(result: Decoded) -> Tensor:
        assert result.self_weights is not None
        return nn.functional.pad(
            result.self_weights, (0, cache.position - result.self_weights.shape[-1])
        )

    cross = [result.cross_weights for result in results if result.cross_weights is not None]
    return Decoded(
        torch.cat([result.states for result in results], 1),
        cache,
        torch.cat([weights_of(result) for result in results], 2),
        torch.cat(cross, 2),
    )


def _assert_same(actual: Decoded, expected: Decoded) -> None:
    torch.testing.assert_close(actual.states, expected.states)
    torch.testing.assert_close(actual.self_weights, expected.self_weights)
    torch.testing.assert_close(actual.cross_weights, expected.cross_weights)
    torch.testing.assert_close(actual.cache, expected.cache)


each_self = pytest.mark.parametrize("mechanism", SELF)
in_parts = pytest.mark.parametrize("parts", [(1,) * 7, (3, 1, 1, 1, 1), (1, 4, 2), (6, 1)])


@both_norms
@each_self
@in_parts
def test_some_at_a_time_is_all_at_once(norm: Norm, mechanism: str, parts: tuple[int, ...]) -> None:
    layer = _decoder_layer(norm, mechanism)
    given, cache = _states(7), layer.start(*_encoded())
    _assert_same(_in_parts(layer, given, cache, parts), layer(given, cache))


@in_parts
@pytest.mark.parametrize("mechanism", CROSS)
def test_some_at_a_time_is_all_at_once_of_the_encoders_states(
    mechanism: str, parts: tuple[int, ...]
) -> None:
    layer = _decoder_layer(cross_attention=mechanism)
    given, cache = _states(7), layer.start(*_encoded())
    _assert_same(_in_parts(layer, given, cache, parts), layer(given, cache))


@each_self
def test_gradients_some_at_a_time_are_those_of_all_at_once(mechanism: str) -> None:
    layer = _decoder_layer("pre", mechanism)
    given, (encoded, mask) = _states(7).requires_grad_(), _encoded()
    encoded.requires_grad_()
    wanted = [given, encoded, *layer.parameters()]
    found = [
        torch.autograd.grad((states * _states(7, seed=3)).sum(), wanted)
        for states in (
            layer(given, layer.start(encoded, mask)).states,
            _in_parts(layer, given, layer.start(encoded, mask), (3, 1, 1, 2)).states,
        )
    ]
    for whole, parts in zip(*found, strict=True):
        torch.testing.assert_close(parts, whole)


@both_norms
@each_self
def test_a_later_target_cannot_change_an_earlier_state(norm: Norm, mechanism: str) -> None:
    layer = _decoder_layer(norm, mechanism)
    cache = layer.start(*_encoded())
    given = _states().requires_grad_()
    states = layer(given, cache).states
    for i in range(L):
        (gradient,) = torch.autograd.grad(
            (states[:, i] * _states(1, seed=3)[:, 0]).sum(), given, retain_graph=True
        )
        assert (gradient[:, i + 1 :] == 0).all()
        seen = 3 if mechanism == "sliding" else L
        assert (gradient[:, max(0, i - seen + 1) : i + 1].abs().sum(-1) > 0).all()


@each_self
def test_a_cache_can_be_gone_on_from_twice(mechanism: str) -> None:
    layer = _decoder_layer("pre", mechanism)
    start = layer.start(*_encoded())
    prompt, one, other = _states(3), _states(2, seed=3), _states(4, seed=4)
    _, cache = layer(prompt, start)
    states_of_one, _ = layer(one, cache)
    states_of_other, _ = layer(other, cache)
    for more, states in ((one, states_of_one), (other, states_of_other)):
        whole = layer(torch.cat([prompt, more], 1), start).states
        torch.testing.assert_close(states, whole[:, 3:])
    assert start.past is None
    assert (start.position, cache.position) == (0, 3)


# Padding


@both_norms
@pytest.mark.parametrize("mechanism", ["scaled dot", "additive heads of their own", "coverage"])
def test_a_target_is_decoded_alone_as_in_a_batch_of_longer_ones(norm: Norm, mechanism: str) -> None:
    layer = _decoder_layer(norm, mechanism)
    lengths = (5, 4, 2)
    given, target, (encoded, source) = _states(), _padding(*lengths), _encoded()
    together = layer(given, layer.start(encoded, source), target).states
    for case, length in enumerate(lengths):
        true = encoded[case : case + 1, source[case]]
        alone = layer(given[case : case + 1, :length], layer.start(true)).states
        torch.testing.assert_close(together[case : case + 1, :length], alone)


@in_parts
def test_what_is_masked_of_the_target_is_seen_by_none_now_or_later(parts: tuple[int, ...]) -> None:
    layer = _decoder_layer()
    given, cache = _states(7), layer.start(*_encoded())
    mask = torch.ones(B, 7, dtype=torch.bool)
    mask[0, 0] = mask[1, :3] = mask[2, 4] = False  # the first rows of two cases see nothing
    whole = layer(given, cache, mask)
    _assert_same(_in_parts(layer, given, cache, parts, mask), whole)
    other = torch.where(mask.unsqueeze(-1), given, 1e3)
    torch.testing.assert_close(layer(other, cache, mask).states[mask], whole.states[mask])
    assert whole.self_weights is not None
    assert (whole.self_weights.sum(2)[:, 0][~mask] == 0).all()
    assert not torch.allclose(whole.states[mask], layer(given, cache).states[mask])


@pytest.mark.parametrize("first", [True, False])
def test_the_target_may_be_masked_at_some_steps_only(first: bool) -> None:
    layer = _decoder_layer()
    given, cache = _states(5), layer.start(*_encoded())
    mask = torch.ones(B, 5, dtype=torch.bool)
    part = slice(0, 3) if first else slice(3, 5)
    mask[0, part.start] = mask[1, part.start : part.stop - 1] = False
    states, between = layer(given[:, :3], cache, mask[:, :3] if first else None)
    more = layer(given[:, 3:], between, None if first else mask[:, 3:]).states
    whole = layer(given, cache, mask).states
    torch.testing.assert_close(torch.cat([states, more], 1), whole)


@both_norms
@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("mechanism", ["scaled dot", "sparsemax, coverage"])
def test_nothing_to_read_gives_finite_states_and_gradients(
    norm: Norm, mechanism: str, need_weights: bool
) -> None:
    layer = _decoder_layer(norm, cross_attention=mechanism)
    encoded, mask = _encoded()
    encoded.requires_grad_()
    mask[1] = False
    given = _states().requires_grad_()
    decoded = layer(given, layer.start(encoded, mask), need_weights=need_weights)
    assert decoded.states.isfinite().all()
    wanted = [given, encoded, *layer.parameters()]
    gradients = torch.autograd.grad((decoded.states * _states(seed=3)).sum(), wanted)
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert (gradients[1][1] == 0).all()
    assert (gradients[1][0] != 0).any()
    if need_weights:
        assert (decoded.cross_weights[1] == 0).all()


@both_norms
def test_nothing_to_see_gives_finite_states_and_gradients(norm: Norm) -> None:
    layer = _encoder_layer(norm)
    mask = _padding(5, 4, 1)
    mask[2] = False
    for need_weights in (True, False):
        given = _states().requires_grad_()
        states = layer(given, mask, need_weights=need_weights).context
        assert states.isfinite().all()
        wanted = [given, *layer.parameters()]
        gradients = torch.autograd.grad((states * _states(seed=3)).sum(), wanted)
        assert all(gradient.isfinite().all() for gradient in gradients)


# Numbers


@both_norms
def test_gradients_are_those_of_finite_differences(norm: Norm) -> None:
    encoder = _unlike_each_other(TransformerEncoderLayer(MultiHead(1, 2), 2, 3, norm=norm)).double()
    given, encoded = _states(3, 2, batch=2), _states(2, 3, seed=2, batch=2)
    mask = _padding(3, 1)
    names = list(dict(encoder.named_parameters()))

    def encode(states: Tensor, *parameters: Tensor) -> Any:
        named = dict(zip(names, parameters, strict=True))
        return tuple(torch.func.functional_call(encoder, named, (states, mask)))

    leaves = [given, *(parameter.detach() for parameter in encoder.parameters())]
    assert torch.autograd.gradcheck(encode, [leaf.requires_grad_() for leaf in leaves])

    causal = MultiHead([_causal(ScaledDot())], 2, rotary=Rotary(7.0))
    cross = MultiHead(1, 2, key_dim=3)
    decoder = TransformerDecoderLayer(causal, cross, 2, 3, norm=norm)
    decoder = _unlike_each_other(decoder).double()

    def decode(states: Tensor, encoded: Tensor) -> Any:
        cache = decoder.start(encoded)
        first = decoder(states[:, :2], cache)
        second = decoder(states[:, 2:], first.cache)
        return first.states, second.states, second.self_weights, second.cross_weights

    leaves = [given.detach().requires_grad_(), encoded.requires_grad_()]
    assert torch.autograd.gradcheck(decode, leaves)


@both_norms
@pytest.mark.parametrize("mechanism", ["scaled dot", "rotary", "alibi"])
def test_bfloat16_stays_and_is_near(norm: Norm, mechanism: str) -> None:
    layer = _decoder_layer(norm, mechanism).bfloat16()
    given, (encoded, mask) = _states(7).bfloat16(), _encoded()
    short = _in_parts(layer, given, layer.start(encoded.bfloat16(), mask), (3, 1, 1, 2))
    assert short.states.dtype == torch.bfloat16
    assert short.self_weights is not None
    assert short.self_weights.dtype == torch.bfloat16
    long = layer.float()(
        given.float(), layer.start(encoded.bfloat16().float(), mask)
    )  # the same, since rounded, parameters
    torch.testing.assert_close(short.states.float(), long.states, rtol=0.05, atol=0.1)

    encoder = _encoder_layer(norm).bfloat16()
    states, weights = encoder(given, _padding(7, 4, 1))
    assert states.dtype == weights.dtype == torch.bfloat16
    wide = encoder.float()(given.float(), _padding(7, 4, 1)).context
    torch.testing.assert_close(states.float(), wide, rtol=0.05, atol=0.1)


# Graphs


@both_norms
def test_one_graph_and_the_exported_program_give_the_same(norm: Norm) -> None:
    layer = _encoder_layer(norm)
    mask = _padding(5, 4, 1)
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    exported = torch.export.export(layer, (_states(), mask)).module()
    for given in (_states(), _states(seed=3)):
        expected = layer(given, mask)
        for result in (compiled(given, mask), exported(given, mask)):
            torch.testing.assert_close(result.context, expected.context)
            torch.testing.assert_close(result.weights, expected.weights)


def test_one_graph_and_the_exported_program_of_a_decoder_give_the_same() -> None:
    layer = _decoder_layer("pre", "rotary")
    with torch.no_grad():  # an exported program takes leaves
        cache = layer(_states(3), layer.start(*_encoded())).cache
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    exported = torch.export.export(layer, (_states(2), cache)).module()
    for given in (_states(2), _states(2, seed=3)):
        expected = layer(given, cache)
        _assert_same(compiled(given, cache), expected)
        _assert_same(exported(given, cache), expected)


# What hard attention has drawn


def test_what_was_drawn_is_handed_on() -> None:
    drawn = Attention(ScaledDot(), align=Hard("reinforce"))
    attended = _encoder_layer("pre", _heads([drawn] * H)).train()(_states())
    assert attended.log_prob is not None
    assert attended.log_prob.shape == attended.entropy.shape == (B, H, L)

    causal = _heads([_causal(ScaledDot(), align=Hard("reinforce"))] * H)
    cross = _heads([drawn] * 3, key_dim=ENCODED)
    layer = _unlike_each_other(TransformerDecoderLayer(causal, cross, D, HIDDEN)).double()
    encoded, mask = _encoded()
    decoded = layer(_states(), layer.start(encoded, mask))
    # The distributions that were drawn from are the weights of soft heads alike.
    soft = [SELF["scaled dot"](), _heads(3, key_dim=ENCODED)]
    for ours, theirs in zip(soft, (causal, cross), strict=True):
        ours.double().load_state_dict(theirs.state_dict())
    query = layer.around_self_attention.before(_states())
    chances = [soft[0](query, query).weights]
    values = causal.value_projection(query).unflatten(-1, (H, HEAD)).transpose(1, 2)
    context = causal.output_projection((decoded.self_weights @ values).transpose(1, 2).flatten(2))
    query = layer.around_cross_attention.before(_states() + context)
    chances.append(soft[1](query, encoded, mask=mask).weights)
    draws = (decoded.self_weights, decoded.cross_weights)
    log_prob = sum(
        torch.xlogy(draw, chance).sum((1, 3)) for draw, chance in zip(draws, chances, strict=True)
    )
    torch.testing.assert_close(decoded.log_prob, log_prob)
    entropy = sum(-torch.xlogy(chance, chance).sum((1, 3)) for chance in chances)
    torch.testing.assert_close(decoded.entropy, entropy)

    calm = _decoder_layer()
    decoded = calm(_states(), calm.start(encoded, mask))
    assert decoded.log_prob is None
    assert decoded.entropy is None


# Errors


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: TransformerEncoderLayer(MultiHead(2, 6), 6, 7, norm="per"),  # type: ignore[arg-type]
            "norm: unknown order 'per'; did you mean 'pre'?",
        ),
        (
            lambda: TransformerEncoderLayer(MultiHead(2, 6), 6, 7, activation="tanh"),  # type: ignore[arg-type]
            "activation: unknown function 'tanh'; choose one of relu, gelu",
        ),
        (
            lambda: TransformerEncoderLayer(MultiHead(2, 6), 6, 7, dropout=1.0),
            "dropout must be at least 0 and below 1, not 1.0",
        ),
        (
            lambda: TransformerEncoderLayer(MultiHead(2, 6), 8, 7),
            "attention: query_dim must be 8, in a layer of width 8, not 6",
        ),
        (
            lambda: TransformerEncoderLayer(MultiHead(2, 6, key_dim=5), 6, 7),
            "attention: key_dim must be 6, in a layer of width 6, not 5",
        ),
        (
            lambda: TransformerDecoderLayer(MultiHead(2, 6, output_dim=5), MultiHead(2, 6), 6, 7),
            "self_attention: output_dim must be 6, in a layer of width 6, not 5",
        ),
        (
            lambda: TransformerDecoderLayer(
                MultiHead(2, 6), MultiHead(2, 6, key_dim=5, value_dim=4), 6, 7
            ),
            "cross_attention: value_dim must be 5, in a layer of width 6, not 4",
        ),
    ],
)
def test_what_does_not_fit_is_named(make: Callable[[], nn.Module], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        make()
    assert str(error.value) == message


def test_masks_that_do_not_fit_are_named() -> None:
    layer = _decoder_layer()
    encoded, mask = _encoded()
    with pytest.raises(ConfigError) as error:
        layer.start(encoded, mask.unsqueeze(1).expand(B, L, K))
    assert str(error.value) == (
        "mask must be [B, L] = [3, 7], as the states it goes with, not [3, 5, 7]"
    )
    cache = layer.start(encoded, mask)
    with pytest.raises(ConfigError) as error:
        layer(_states(1), cache, torch.ones(B, L, dtype=torch.bool))
    assert str(error.value) == (
        "mask must be [B, L] = [3, 1], as the states it goes with, not [3, 5]"
    )
