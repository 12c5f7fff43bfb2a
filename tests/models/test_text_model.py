"""The classifier of texts, by hand: embedding, sentences, n-grams, and what is dropped."""

from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from building import built
from published_forms import additive, run_lstm
from torch import Tensor, nn

from regard import reference
from regard.reference import Array

B, T, V, E, D = 3, 13, 17, 5, 7
LENGTHS = torch.tensor([13, 1, 8])
# Which sentence each token stands in; the second of the first text has no token.
SENTENCES = torch.tensor(
    [
        [0, 0, 0, 2, 2, 2, 2, 2, 3, 4, 4, 4, 4],
        [0] + [0] * 12,
        [0, 0, 0, 0, 0, 0, 1, 1] + [0] * 5,
    ]
)


def _make(*, pooling: str = "attention", classes: int = 3, features: int = 0, **own: Any) -> Any:
    torch.manual_seed(0)
    options: dict[str, Any] = {
        "encoder": "lstm",
        "attention": "additive",
        "hidden": D,
        "layers": 1,
        "attention_dim": 11,
        "heads": 1,
        "dropout": 0.0,
        "embedding_dim": E,
        "word_dropout": 0.0,
        "embedding_dropout": 0.0,
    }
    model = built(
        "classify-text",
        model={**options, "pooling": pooling, "ngrams": features > 0, **own},
        incoming={
            "tokenizer_": SimpleNamespace(size=V),
            "ngrams_": SimpleNamespace(size=features) if features else None,
            "width_": E,
            "longest_": T,
        },
        output={"classes_": np.arange(classes)},
    )
    for parameter in model.model.parameters():
        nn.init.normal_(parameter, std=0.6)
    return model.double().eval()


def _texts() -> tuple[Tensor, Tensor]:
    """Tokens [B, T], zeros at the ends, and the mask."""
    mask = torch.arange(T) < LENGTHS[:, None]
    tokens = torch.randint(1, V, (B, T), generator=torch.Generator().manual_seed(1))
    return tokens * mask, mask


def _none(tokens: Tensor) -> tuple[Tensor, Tensor]:
    """No n-grams."""
    shape = (*tokens.shape, 0)
    return torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.double)


def _ask(model: Any, tokens: Tensor, mask: Tensor | None, **own: Tensor) -> Any:
    sentences = own.get("sentences", torch.zeros_like(tokens))
    columns, values = _none(tokens)
    return model(
        tokens, sentences, own.get("columns", columns), own.get("values", values), mask=mask
    )


def _numbers(module: nn.Module) -> dict[str, Array]:
    return {name: tensor.detach().numpy() for name, tensor in module.named_parameters()}


def _pool(pool: Any, states: Array) -> tuple[Array, Array]:
    """Additive attention of one learned query."""
    score = _numbers(pool.heads[0].score)
    query = pool.queries.detach().numpy()
    scores = additive(score, np.eye(query.shape[1]), query, states)[0]
    return reference.attention_pooling(states, scores)


@pytest.mark.parametrize("encoder", ["lstm", "bilstm"])
def test_a_text_is_embedded_read_and_pooled_as_by_hand(encoder: str) -> None:
    model, (tokens, mask) = _make(encoder=encoder), _texts()
    values, maps = _ask(model, tokens, mask)
    series = model.model
    for b, length in enumerate(LENGTHS.tolist()):
        words = model.embedding.weight.detach().numpy()[tokens[b, :length].numpy()]
        states = run_lstm(_numbers(series.encoder.network), words)
        context, weights = _pool(series.head.pool, states)
        dense = _numbers(series.head.classify)
        expected = reference.linear(context[np.newaxis], dense["weight"], dense["bias"])[0]
        np.testing.assert_allclose(values[b].detach(), expected, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(maps["attention"][b, :length].detach(), weights, atol=1e-9)
        assert (maps["attention"][b, length:] == 0).all()


@pytest.mark.parametrize("encoder", ["lstm", "bilstm"])
def test_words_are_pooled_to_sentences_and_these_to_the_text_as_by_hand(encoder: str) -> None:
    """Yang et al., 2016; the weight of a word is that in its sentence times its sentence's."""
    model, (tokens, mask) = _make(pooling="hierarchical", encoder=encoder), _texts()
    values, maps = _ask(model, tokens, mask, sentences=SENTENCES)
    pool = model.model.pool
    readers = [pool.encode_words, pool.encode_sentences]
    words_reader, sentences_reader = (
        partial(run_lstm, _numbers(reader.encoder.network)) for reader in readers
    )
    for b, length in enumerate(LENGTHS.tolist()):
        words = model.embedding.weight.detach().numpy()[tokens[b, :length].numpy()]
        own = SENTENCES[b, :length].numpy()
        document = [words[own == number] for number in np.unique(own)]
        vector, of_words, of_sentences = reference.hierarchical_pooling(
            document,
            partial(_pool, pool.pool_words),
            partial(_pool, pool.pool_sentences),
            words_reader,
            sentences_reader,
        )
        dense = _numbers(model.model.classify)
        expected = reference.linear(vector[np.newaxis], dense["weight"], dense["bias"])[0]
        np.testing.assert_allclose(values[b].detach(), expected, rtol=1e-9, atol=1e-9)
        weights = np.concatenate(
            [share * each for share, each in zip(of_sentences, of_words, strict=True)]
        )
        np.testing.assert_allclose(maps["attention"][b, :length].detach(), weights, atol=1e-9)
        assert (maps["attention"][b, length:] == 0).all()
        assert length == 1 or np.ptp(weights) > 1e-3
    assert set(maps) == {"attention"}


@pytest.mark.parametrize("pooling", ["attention", "conjunctive", "stacked", "hierarchical"])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_text_alone_and_in_a_batch(pooling: str, classes: int) -> None:
    model, (tokens, mask) = _make(pooling=pooling, classes=classes, features=19), _texts()
    generator = torch.Generator().manual_seed(2)
    columns = torch.randint(0, 19, (B, T, 2), generator=generator) * mask.unsqueeze(2)
    values = torch.rand(B, T, 2, generator=generator).double() * mask.unsqueeze(2)
    nn.init.normal_(model.ngrams.weights)
    nn.init.normal_(model.ngrams.bias)
    more = {"sentences": SENTENCES, "columns": columns, "values": values}
    logits, maps = _ask(model, tokens, mask, **more)
    assert logits.shape == (B, classes)
    assert maps["ngrams"].shape == (B, classes, T)
    torch.testing.assert_close(maps["attention"].sum(1), torch.ones(B).double())
    for b, length in enumerate(LENGTHS.tolist()):
        cut = {name: each[b : b + 1, :length] for name, each in more.items()}
        alone, alone_maps = _ask(model, tokens[b : b + 1, :length], None, **cut)
        torch.testing.assert_close(alone[0], logits[b])
        for name, each in alone_maps.items():
            torch.testing.assert_close(each[0], maps[name][b, ..., :length])


@pytest.mark.parametrize("classes", [2, 3])
def test_ngrams_add_what_they_say_where_they_stand(classes: int) -> None:
    model, (tokens, mask) = _make(classes=classes, features=19), _texts()
    plain, _ = _ask(model, tokens, mask)
    nn.init.normal_(model.ngrams.weights)
    model.ngrams.bias.fill_(0.25)
    columns, values = torch.zeros(B, T, 2, dtype=torch.long), torch.zeros(B, T, 2).double()
    columns[0, 4], values[0, 4] = torch.tensor([3, 7]), torch.tensor([0.5, 2.0]).double()
    predicted, maps = _ask(model, tokens, mask, columns=columns, values=values)
    said = 0.5 * model.ngrams.weights[3] + 2.0 * model.ngrams.weights[7]
    if classes == 2:  # one score z, as the logits (-z / 2, z / 2)
        said, bias = torch.cat([-said, said]) / 2, torch.tensor([-0.125, 0.125]).double()
    else:
        bias = torch.full((3,), 0.25).double()
    torch.testing.assert_close(predicted[0], plain[0] + said + bias)
    torch.testing.assert_close(predicted[1], plain[1] + bias)
    torch.testing.assert_close(maps["ngrams"][0, :, 4], said + bias / 13)
    torch.testing.assert_close(maps["ngrams"].sum(2), predicted - plain)
    torch.testing.assert_close((maps["evidence"] + maps["ngrams"]).sum(2), predicted)


def test_a_share_of_the_tokens_is_unknown_in_training_and_never_padding() -> None:
    model, (tokens, mask) = _make(word_dropout=0.5), _texts()
    seen: list[Tensor] = []
    model.embedding.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    model.train()
    for _ in range(50):
        _ask(model, tokens, mask)
    drawn = torch.stack(seen)
    true = mask & (tokens != 1)
    share = (drawn[:, true] == 1).double().mean()
    assert float(share) == pytest.approx(0.5, abs=0.06)
    assert (drawn[:, ~mask] == 0).all()
    assert ((drawn == tokens) | (drawn == 1)).all()
    seen.clear()
    model.eval()
    _ask(model, tokens, mask)
    assert torch.equal(seen[0], tokens)


def test_whole_columns_of_the_embedding_are_dropped_in_training() -> None:
    model, (tokens, mask) = _make(embedding_dropout=0.5), _texts()
    seen: list[Tensor] = []
    model.model.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    model.train()
    torch.manual_seed(3)
    _ask(model, tokens, mask)
    whole = model.embedding(tokens).transpose(1, 2)  # [B, E, T]
    kept = (seen[0] != 0).any(2)
    torch.testing.assert_close(seen[0], 2 * whole * kept.unsqueeze(2))
    assert 0 < kept.double().mean() < 1


def test_every_parameter_of_a_model_of_sentences_learns() -> None:
    model, (tokens, mask) = _make(pooling="hierarchical", embedding_dropout=0.1), _texts()
    model.train()
    _ask(model, tokens, mask, sentences=SENTENCES).values.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert (parameter.grad != 0).any(), name
    assert (model.embedding.weight.grad[0] == 0).all()  # padding
