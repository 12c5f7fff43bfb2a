"""The complete classifier: the published recipe, its maps, binary and many classes."""

import numpy as np
import pytest
import torch
from building import built

from regard.attention import Additive, Attention, AttentionPooling
from regard.catalogue import ALIGNMENTS, ENCODERS, SCORES, WINDOWS
from regard.models import AttentionHead, Recurrent, SeriesModel

B, C, T = 5, 3, 67
LENGTHS = torch.tensor([67, 61, 29, 2, 1])


def _make(
    encoder: str = "conv",
    pooling: str = "attention",
    attention: str = "additive",
    classes: int = 7,
    heads: int = 3,
) -> SeriesModel:
    torch.manual_seed(0)
    model: SeriesModel = built(
        "classify",
        model={
            "encoder": encoder,
            "attention": attention,
            "pooling": pooling,
            "hidden": 8,
            "layers": 2,
            "attention_dim": 13,
            "heads": heads,
            "dropout": 0.5,
        },
        incoming={"channels_": tuple("abc"), "longest_": 151},
        output={"classes_": np.arange(classes)},
    )
    return model.eval()


def _series() -> tuple[torch.Tensor, torch.Tensor]:
    series = torch.randn(B, C, T, generator=torch.Generator().manual_seed(0))
    return series, torch.arange(T) < LENGTHS[:, None]


def _recipe() -> SeriesModel:
    recipe: SeriesModel = built(
        "classify",
        model={
            "encoder": "bilstm",
            "attention": "additive",
            "pooling": "attention",
            "hidden": 32,
            "layers": 1,
            "attention_dim": 64,
            "heads": 1,
            "dropout": 0.0,
        },
        incoming={"channels_": ("a",), "longest_": 500},
        output={"classes_": np.arange(2)},
    )
    return recipe


def test_the_published_recipe_has_its_parameters() -> None:
    model = _recipe()
    # The scorer's output bias adds the same to every score and cancels in the softmax: left out.
    assert sum(p.numel() for p in model.parameters()) == 13_250 - 1


def test_the_published_recipe_computes_the_published_model() -> None:
    model = _recipe().double()
    recurrent, head = model.encoder, model.head
    assert isinstance(recurrent, Recurrent)
    assert isinstance(head, AttentionHead)
    assert isinstance(head.pool, AttentionPooling)
    attention, score = head.pool.heads[0], head.pool.heads[0].score
    assert isinstance(attention, Attention)
    assert isinstance(score, Additive)
    torch.nn.init.normal_(head.pool.queries)
    series = torch.randn(B, 1, 17, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    logits, maps = model(series)
    # The published form: tanh layer with bias, one score, softmax over time, sigmoid of one logit.
    states, _ = recurrent.network(series.transpose(1, 2))
    hidden = torch.tanh(states @ score.key_projection.weight.T + head.pool.queries)
    weights = torch.softmax(hidden @ score.vector + 0.7, 1)  # any output bias
    context = (weights.unsqueeze(-1) * states).sum(1)
    probability = torch.sigmoid(head.classify(context)).squeeze(1)
    torch.testing.assert_close(maps["attention"], weights)
    torch.testing.assert_close(torch.softmax(logits, 1)[:, 1], probability)


@pytest.mark.parametrize("classes", [2, 7])
@pytest.mark.parametrize("pooling", ["attention", "conjunctive"])
@pytest.mark.parametrize("attention", ["additive", "dot", "scaled-dot"])
def test_maps_sum_to_what_they_should(attention: str, pooling: str, classes: int) -> None:
    series, mask = _series()
    model = _make(pooling=pooling, attention=attention, classes=classes)
    logits, maps = model(series, mask)
    assert logits.shape == (B, classes)
    assert maps["attention"].shape == (B, T)
    assert maps["evidence"].shape == (B, classes, T)
    torch.testing.assert_close(maps["attention"].sum(1), torch.ones(B))
    torch.testing.assert_close(maps["evidence"].sum(2), logits)
    assert (maps["attention"][~mask] == 0).all()
    assert (maps["evidence"].transpose(1, 2)[~mask] == 0).all()


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("attention", [*SCORES, *WINDOWS, *ALIGNMENTS])
def test_every_mechanism_pools_what_its_maps_say(attention: str, training: bool) -> None:
    series, mask = _series()
    model = _make(encoder="conv-bilstm", attention=attention, heads=2).train(training)
    model.dropout = 0.0
    classified = model(series, mask)
    logits, maps = classified
    positions = model.encoder.position_mask(mask)
    torch.testing.assert_close(maps["attention"].sum(1), torch.ones(B))
    torch.testing.assert_close(maps["evidence"].sum(2), logits)
    assert (maps["attention"][~positions] == 0).all()
    assert (maps["evidence"].transpose(1, 2)[~positions] == 0).all()
    assert (classified.log_prob is not None) == (attention == "hard" and training)
    loss = logits.square().sum()
    if classified.log_prob is not None:
        loss = loss - classified.log_prob.sum()
    loss.backward()
    if training:
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("attention", ["sparsemax", "local-p", "monotonic", "hard", "coverage"])
def test_a_mechanism_sees_a_case_alone_as_in_a_batch_of_longer_ones(attention: str) -> None:
    series, mask = _series()
    model = _make(encoder="conv-bilstm", attention=attention, heads=2)
    logits, maps = model(series, mask)
    for case, length in enumerate(LENGTHS.tolist()):
        alone, alone_maps = model(series[case : case + 1, :, :length])
        torch.testing.assert_close(logits[case], alone[0], atol=1e-5, rtol=1e-5)
        positions = alone_maps["attention"].shape[1]
        torch.testing.assert_close(
            maps["attention"][case, :positions], alone_maps["attention"][0], atol=1e-5, rtol=1e-5
        )


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("pooling", ["attention", "conjunctive"])
def test_a_case_is_classified_alone_as_in_a_batch_of_longer_ones(
    encoder: str, pooling: str
) -> None:
    series, mask = _series()
    model = _make(encoder=encoder, pooling=pooling)
    logits, maps = model(series, mask)
    for case, length in enumerate(LENGTHS.tolist()):
        alone, alone_maps = model(series[case : case + 1, :, :length])
        torch.testing.assert_close(logits[case], alone[0], atol=1e-5, rtol=1e-5)
        positions = alone_maps["attention"].shape[1]
        torch.testing.assert_close(
            maps["attention"][case, :positions], alone_maps["attention"][0], atol=1e-5, rtol=1e-5
        )
