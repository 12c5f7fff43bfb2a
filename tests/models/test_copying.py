"""Heads that write a token or copy one, against loops."""

from typing import Any

import numpy as np
import pytest
import torch
from building import table
from torch import Tensor, nn

from regard import reference
from regard.models import (
    CopyHead,
    RecurrentDecoder,
    SeriesModel,
    Source,
    TokenEncoder,
    TransformerDecoder,
    beam_search,
    greedy_search,
    make_encoder,
    read_source,
    reorder,
)

V, E, HIDDEN, B, S, L = 11, 6, 4, 3, 7, 5


def _model(
    decoder: str = "gru", *, score: str = "additive", align: str = "softmax", heads: int = 1
) -> SeriesModel:
    torch.manual_seed(0)
    network = make_encoder("gru", channels=E, hidden=HIDDEN, layers=1, dropout=0.0, steps=S)
    reader = TokenEncoder(network, None, E, dropout=0.0, unknown=0.0)
    options: dict[str, Any] = {
        "layers": 2,
        "heads": heads,
        "attention": table({"score": score, "align": align, "query": "states"}),
        "attention_dim": 5,
        "positions": S,
        "dropout": 0.0,
    }
    cell: Any = decoder
    writer = (
        TransformerDecoder(network.width, E, **options)
        if decoder == "transformer"
        else RecurrentDecoder(
            network.width, E, network.width, cell=cell, order="bahdanau", feeding=False, **options
        )
    )
    head = CopyHead(writer, V, E, tied=True, dropout=0.0)
    nn.init.normal_(head.bias)
    nn.init.normal_(head.gate.weight)
    reader.borrow(head.embedding)
    return SeriesModel(reader, head, dropout=0.0).double().eval()


def _head(model: SeriesModel) -> CopyHead:
    assert isinstance(model.head, CopyHead)
    return model.head


def _tokens() -> tuple[Tensor, Tensor, Tensor]:
    """Sources with words beyond the vocabulary, which two targets have as well."""
    source = torch.tensor([[4, 11, 5, 12, 11, 3, 0], [13, 6, 3, 0, 0, 0, 0], [4, 5, 6, 7, 8, 9, 3]])
    target = torch.tensor([[11, 4, 12, 3, 0], [13, 6, 6, 5, 3], [7, 10, 3, 0, 0]])
    return source, source != 0, target


@torch.no_grad()
def _by_loops(model: SeriesModel) -> tuple[list[Any], list[Any]]:
    """Probabilities [L, V + 3] and shares [L, S] of each case, from states and weights."""
    head, (source, mask, target) = _head(model), _tokens()
    written = head.teach(read_source(model, [source], mask), target)
    assert written.weights is not None
    every, shares = [], []
    for case in range(B):
        rows, copied = [], []
        for i in range(L):
            state = written.states[case, i]
            looks = written.weights[case, -1, :, i].mean(0)
            looks = looks / looks.sum()
            gate = float(head.gate(state))
            given = gate, looks.numpy(), source[case].numpy()
            p = reference.pointer_generator(head.project(state).numpy(), *given, V + 3)
            token = int(target[case, i])
            rows.append(p)
            words = (source[case] > 3).numpy()
            copied.append(reference.copied_shares(*given, token, p[token]) * words)
        every.append(np.array(rows))
        shares.append(np.array(copied))
    return every, shares


MODELS = [
    ("gru", "additive", "softmax", 1),
    ("lstm", "dot", "sparsemax", 1),
    ("gru", "location-sensitive", "softmax", 1),
    ("gru", "general", "entmax15", 1),
    ("transformer", "scaled-dot", "softmax", 2),
    ("transformer", "additive", "softmax", 2),
]
each_model = pytest.mark.parametrize(("decoder", "score", "align", "heads"), MODELS)


@each_model
def test_probabilities_are_those_of_loops(decoder: str, score: str, align: str, heads: int) -> None:
    model = _model(decoder, score=score, align=align, heads=heads)
    head, (source, mask, target) = _head(model), _tokens()
    wanted, shares = _by_loops(model)
    with torch.no_grad():
        read = read_source(model, [source], mask)
        written = head.teach(read, target)
        true = target != 0
        found = head.log_probs(written, read, true).exp()
        np.testing.assert_allclose(found, np.concatenate(wanted)[true.flatten()], atol=1e-9)
        np.testing.assert_allclose(found.sum(1), 1)
        losses, plain, right = head.losses(written, read, target, smoothing=0.0)
        own = found.gather(1, target[true].unsqueeze(1)).squeeze(1)
        torch.testing.assert_close(losses, -own.log())
        torch.testing.assert_close(plain, losses)
        assert torch.equal(right, found.argmax(1) == target[true])
        maps = head.maps(written, read, target)
        np.testing.assert_allclose(maps["copied"], np.stack(shares), atol=1e-9)


@each_model
@torch.no_grad()
def test_a_step_is_that_of_teacher_forcing(
    decoder: str, score: str, align: str, heads: int
) -> None:
    model = _model(decoder, score=score, align=align, heads=heads)
    head, (source, mask, target) = _head(model), _tokens()
    read = read_source(model, [source], mask)
    taught = head.log_probs(head.teach(read, target), read, torch.ones_like(target) > 0)
    cache, given = head.start(read), torch.full((B,), 2)
    for i in range(L):
        log_probs, cache, weights = head.step(given, cache, need_weights=True)
        torch.testing.assert_close(log_probs, taught.view(B, L, -1)[:, i])
        assert weights is not None
        given = target[:, i]
        cache = reorder(cache, torch.arange(B))
    assert head.step(given, cache)[2] is None


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_gradient_is_that_of_the_probability(smoothing: float) -> None:
    """Smoothed where a token is written, and as far: the share that was copied is not."""
    model = _model()
    head, (source, mask, target) = _head(model), _tokens()
    true = target != 0
    parameters = list(model.parameters())
    read = read_source(model, [source], mask)
    written = head.teach(read, target)
    losses, _, _ = head.losses(written, read, target, smoothing=smoothing)
    found = torch.autograd.grad(losses.sum(), parameters, retain_graph=True)
    log_p = head.log_probs(written, read, true).gather(1, target[true].unsqueeze(1)).squeeze(1)
    logits = head.project(written.states[true]).log_softmax(1)
    known = target[true].clamp(max=V - 1)
    plain = logits.gather(1, known.unsqueeze(1)).squeeze(1)
    gate = torch.sigmoid(head.gate(written.states[true]).squeeze(1))
    share = (gate * plain.exp() / log_p.exp()).detach() * (target[true] < V)
    extra = smoothing * share * (plain - logits.mean(1))
    wanted = torch.autograd.grad((extra - log_p).sum(), parameters)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)


@torch.no_grad()
def test_a_case_is_the_same_alone() -> None:
    model = _model()
    head, (source, mask, target) = _head(model), _tokens()
    read = read_source(model, [source], mask)
    true = target != 0
    whole = head.log_probs(head.teach(read, target), read, true)
    own, ids = source[1:2, :3], target[1:2]
    alone = read_source(model, [own], None)
    found = head.log_probs(head.teach(alone, ids), alone, ids != 0)
    rows = whole[true.nonzero()[:, 0] == 1]
    torch.testing.assert_close(found, rows[:, : found.shape[1]])
    assert (rows[:, V : V + 2] == -torch.inf).all()  # words of the other case


@torch.no_grad()
def test_words_beyond_the_vocabulary_are_read_as_unknown() -> None:
    model = _model()
    source, mask, target = _tokens()
    beyond = source >= V
    states = read_source(model, [source], mask).states
    other = read_source(model, [source.masked_fill(beyond, 1)], mask).states
    torch.testing.assert_close(states, other)
    head, read = _head(model), Source(states, mask, source)
    known = target.masked_fill(target >= V, 1)
    torch.testing.assert_close(head.teach(read, target).states, head.teach(read, known).states)


@torch.no_grad()
def test_searches_write_words_beyond_the_vocabulary() -> None:
    model = _model()
    head, (source, mask, _) = _head(model), _tokens()
    head.gate.weight.zero_()
    head.gate.bias.fill_(-30.0)  # everything is copied
    read = read_source(model, [source], mask)
    limits = torch.tensor([4, 4, 4])
    greedy = greedy_search(head.step, head.start(read), limits=limits)
    beam = beam_search(head.step, head.start(read), limits=limits, beam=4, nbest=4)
    for case in range(B):
        own = {*source[case].tolist(), 0, 3}
        assert {*greedy.tokens[case].flatten().tolist()} <= own
        assert {*beam.tokens[case].flatten().tolist()} <= own
    assert (beam.tokens[:2] >= V).any()
    read = read_source(model, [source], mask)
    first = beam.tokens[:, 0]
    found = head.log_probs(head.teach(read, first), read, first != 0)
    each = found.gather(1, first[first != 0].unsqueeze(1)).squeeze(1)
    sums = torch.zeros(B).double().index_add(0, (first != 0).nonzero()[:, 0], each)
    torch.testing.assert_close(beam.log_probs[:, 0].double(), sums)
