"""Embeddings before an encoder and after a decoder, and the projection to a vocabulary."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from building import table
from safetensors.torch import load_file, save_file
from torch import nn

from regard.models import (
    RecurrentDecoder,
    SeriesModel,
    TokenEncoder,
    TokenHead,
    TransformerDecoder,
    make_encoder,
    read_source,
)

V, E, HIDDEN, B, S, L = 11, 6, 4, 3, 7, 5


def _model(*, joint: bool = True, tied: bool = True, decoder: str = "gru") -> SeriesModel:
    torch.manual_seed(0)
    network = make_encoder("gru", channels=E, hidden=HIDDEN, layers=1, dropout=0.0, steps=S)
    reader = TokenEncoder(network, None if joint else V, E, dropout=0.0, unknown=0.0)
    options: dict[str, Any] = {
        "layers": 1,
        "heads": 1,
        "attention": table({"score": "additive", "query": "states"}),
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
    head = TokenHead(writer, V, E, tied=tied, dropout=0.0)
    if joint:
        reader.borrow(head.embedding)
    return SeriesModel(reader, head, dropout=0.0).eval()


def _head(model: SeriesModel) -> TokenHead:
    assert isinstance(model.head, TokenHead)
    return model.head


def _tokens() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    mask = torch.arange(S) < torch.tensor([[S], [4], [1]])
    source = torch.randint(4, V, (B, S), generator=generator) * mask
    target = torch.randint(4, V, (B, L), generator=generator)
    return source, mask, target


@torch.no_grad()
def _logits(model: SeriesModel) -> torch.Tensor:
    source, mask, target = _tokens()
    head = _head(model)
    return head.project(head.teach(read_source(model, [source], mask), target).states)


@pytest.mark.parametrize("decoder", ["gru", "transformer"])
@torch.no_grad()
def test_teacher_forcing_is_one_step_after_another(decoder: str) -> None:
    model = _model(decoder=decoder)
    head, (source, mask, target) = _head(model), _tokens()
    read = read_source(model, [source], mask)
    taught = head.teach(read, target, need_weights=True)
    assert taught.weights is not None
    cache = head.start(read)
    given = torch.full((B,), 2)  # the begin
    for i in range(L):
        logits, cache, weights = head.step(given, cache, need_weights=True)
        torch.testing.assert_close(logits, head.project(taught.states[:, i]), atol=1e-5, rtol=0)
        assert weights is not None
        torch.testing.assert_close(weights, taught.weights[:, 0].mean(1)[:, i], atol=1e-5, rtol=0)
        given = target[:, i]
    assert head.step(given, cache)[2] is None


def test_losses_are_those_of_the_logits() -> None:
    for tied in (True, False):
        model = _model(tied=tied)
        head, (source, mask, target) = _head(model), _tokens()
        nn.init.normal_(head.bias)
        read = read_source(model, [source], mask)
        target[0, -1] = 0  # padding
        written, true = head.teach(read, target), target != 0
        losses, _, _ = head.losses(written, read, target, smoothing=0.0)
        logits = head.project(written.states)[true]
        wanted = nn.functional.cross_entropy(logits, target[true], reduction="none")
        log_probs = head.log_probs(written, read, true)
        torch.testing.assert_close(log_probs.gather(1, target[true].unsqueeze(1))[:, 0], -wanted)
        torch.testing.assert_close(losses, wanted)


def test_a_tied_projection_is_the_embedding() -> None:
    tied, own = _head(_model()), _head(_model(tied=False))
    assert tied.weight is tied.embedding.weight
    assert own.weight is not own.embedding.weight
    assert own.weight.shape == (V, E)
    names = {name for name, _ in own.named_parameters()}
    assert names - {name for name, _ in tied.named_parameters()} == {"projection.weight"}


def test_a_joint_embedding_is_saved_once_and_loads(tmp_path: Path) -> None:
    model, other = _model(), _model()
    names = [name for name in model.state_dict() if "embedding" in name]
    assert names == ["head.embedding.weight"]
    assert len([p for p in model.parameters() if p.shape == (V, E)]) == 1
    for parameter in other.parameters():
        nn.init.zeros_(parameter)
    save_file(model.state_dict(), tmp_path / "weights")
    other.load_state_dict(load_file(tmp_path / "weights"))
    assert torch.equal(_logits(other), _logits(model))


def test_separate_embeddings_are_two() -> None:
    names = [name for name in _model(joint=False).state_dict() if "embedding" in name]
    assert names == ["encoder.embedding.weight", "head.embedding.weight"]


def test_a_copy_borrows_from_itself() -> None:
    model = _model()
    before, twin = _logits(model), copy.deepcopy(model)
    with torch.no_grad():
        _head(model).embedding.weight.zero_()
    assert torch.equal(_logits(twin), before)
    with torch.no_grad():
        _head(twin).embedding.weight.zero_()
    assert torch.equal(_logits(twin), _logits(model))


def test_a_borrowed_embedding_moves_with_the_head() -> None:
    model = _model().double()
    assert _logits(model).dtype == torch.float64
    model.to("meta")
    assert isinstance(model.encoder, TokenEncoder)
    assert model.encoder._borrowed[0].weight.is_meta


def test_a_joint_embedding_gets_the_gradient_of_both_sides() -> None:
    model = _model(tied=False)
    source, mask, target = _tokens()
    read = read_source(model, [source], mask)
    only_source = (set(source.unique().tolist()) - set(target.unique().tolist())) - {0}  # type: ignore[no-untyped-call]
    assert only_source
    head = _head(model)
    head.project(head.teach(read, target).states).sum().backward()  # type: ignore[no-untyped-call]
    gradient = head.embedding.weight.grad
    assert gradient is not None
    assert all(gradient[token].any() for token in only_source)
    assert not gradient[0].any()  # padding


def test_words_are_dropped_in_training_alone() -> None:
    encoder = make_encoder("gru", channels=E, hidden=HIDDEN, layers=1, dropout=0.0, steps=S)
    reader = TokenEncoder(encoder, V, E, dropout=0.0, unknown=0.999999)
    source, mask, _ = _tokens()
    unknown = torch.where(mask, 1, 0)
    torch.manual_seed(0)
    lost, wanted = reader.train()(source, mask), reader.eval()(unknown, mask)
    torch.testing.assert_close(lost[mask], wanted[mask])
    assert not torch.allclose(reader(source, mask)[mask], wanted[mask])


@pytest.mark.parametrize("width", [16, 256])
def test_embedded_tokens_and_logits_start_at_unit_variance(width: int) -> None:
    torch.manual_seed(0)
    head = TokenHead(nn.Module(), 4001, width, tied=True, dropout=0.0)  # type: ignore[arg-type]
    assert not head.embedding.weight[0].any()
    scaled = head.embedding.weight.detach()[1:] * width**0.5
    assert float(scaled.var()) == pytest.approx(1, rel=0.02)
    states = torch.randn(50, width)
    assert float(head.project(states).detach()[:, 1:].var()) == pytest.approx(1, rel=0.15)
