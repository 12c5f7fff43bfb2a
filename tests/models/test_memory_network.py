"""The memory network against its loops in NumPy, and what must not change a result."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from regard import reference
from regard.catalogue import ALIGNMENTS, SCORES, SENTENCE_ENCODERS, WINDOWS
from regard.config import AttentionConfig
from regard.models import Echo, MemoryNetwork, WordSum, make_attentions, make_reader

VOCABULARY, WIDTH, HOPS, LONGEST, CLASSES = 23, 5, 3, 11, 7
STORIES = [[[2, 3, 4], [5, 6]], [[7, 8], [9, 10, 11, 12], [13], [2, 3, 4], [14, 15]], [[16]]]
QUESTIONS = [[17, 2], [18, 19, 7], [20]]


def _network(
    *,
    encoder: str = "position",
    hops: int = HOPS,
    two_sided: bool = False,
    echo: bool = True,
    **attention: Any,
) -> MemoryNetwork:
    torch.manual_seed(3)
    settings: Any = {"score": "dot", **attention, "query": "states"}
    table = AttentionConfig.model_validate(settings).model_dump()
    reader = make_reader(
        encoder, tokens=VOCABULARY, vectors=hops + 1, hidden=WIDTH, layers=1, dropout=0.0
    )
    classes = 2 if two_sided else CLASSES
    answers = torch.tensor([[2, 3], [5, 0], [0, 0], [7, 0], [9, 10], [13, 0], [4, 0]])[:classes]
    network = MemoryNetwork(
        reader,
        WordSum(VOCABULARY, WIDTH, 1, positions=False),
        [
            make_attentions(table, heads=1, state_dim=WIDTH, attention_dim=4, positions=LONGEST)[0][
                0
            ]
            for _ in range(hops)
        ],
        echo=Echo(WIDTH, LONGEST) if echo else None,
        answers=answers,
        two_sided=two_sided,
        sentences=LONGEST,
        dropout=0.0,
        word_dropout=0.0,
        time_noise=0.3,
    )
    for each in (reader, network.time, network.gates):  # so that weights differ
        for parameter in each.parameters():
            torch.nn.init.normal_(parameter, std=0.7)
    with torch.no_grad():
        for part in reader.modules():
            if isinstance(part, WordSum):
                part.embedding.weight[0] = 0.0
    return network.double().eval()


def _batch(cases: list[int], *, more: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Sentences, places, questions and mask, with so many further places and words."""
    stories = [STORIES[at] for at in cases]
    sentences = [sentence for story in stories for sentence in story]
    places = torch.zeros(len(cases), max(map(len, stories)) + more, dtype=torch.long)
    at = 0
    for row, story in zip(places, stories, strict=True):
        row[: len(story)] = torch.arange(at, at + len(story))
        at += len(story)
    lengths = torch.tensor([len(story) for story in stories])
    mask = torch.arange(places.shape[1]) < lengths.unsqueeze(1)
    questions = [QUESTIONS[at] for at in cases]
    return _padded(sentences, more), places, _padded(questions, more), mask


def _padded(rows: list[list[int]], more: int) -> Tensor:
    width = max(map(len, rows)) + more
    return torch.tensor([row + [0] * (width - len(row)) for row in rows])


def _chunks(weight: Tensor) -> list[Any]:
    return [each.numpy() for each in torch.split(weight.detach(), WIDTH, 1)]


def _linear(layer: torch.nn.Module) -> tuple[Any, Any]:
    assert isinstance(layer, torch.nn.Linear)
    return layer.weight.detach().numpy(), layer.bias.detach().numpy()


@pytest.mark.parametrize("case", range(len(STORIES)))
def test_it_is_the_published_network(case: int) -> None:
    network = _network(echo=False)
    assert isinstance(network.reader, WordSum)
    state, weights = reference.memory_network(
        STORIES[case],
        QUESTIONS[case],
        embeddings=_chunks(network.reader.embedding.weight),
        times=_chunks(network.time.weight),
        score=reference.dot_score,
        gates=[_linear(gate) for gate in network.gates],
    )
    sentences, places, questions, mask = _batch([0, 1, 2])
    predicted = network(sentences, places, questions, mask)
    length = len(STORIES[case])
    np.testing.assert_allclose(
        predicted.maps["attention"][case, :, :length].detach().numpy(), weights, atol=1e-9
    )
    assert not predicted.maps["attention"][case, :, length:].any()

    embedding = _chunks(network.reader.embedding.weight)[-1]
    words = network.words.embedding.weight.detach().numpy()
    asked = sum(words[word] for word in QUESTIONS[case])
    bags = np.stack([sum(words[word] for word in sentence) for sentence in STORIES[case]])
    found = np.concatenate([asked * (row @ bags) for row in weights])
    heads = {name: each.detach().numpy() for name, each in network.state_dict().items()}
    values = heads["classify.weight"] @ state + heads["classify.bias"]
    values += heads["compare.2.weight"] @ np.maximum(
        heads["compare.0.weight"] @ found + heads["compare.0.bias"], 0
    )
    for n, answer in enumerate(network.answers.tolist()):
        name = [word for word in answer if word]
        values[n] += state @ reference.position_encoding(name, embedding) if name else 0.0
    np.testing.assert_allclose(predicted.values[case].detach().numpy(), values, atol=1e-9)


@pytest.mark.parametrize("encoder", SENTENCE_ENCODERS)
def test_padding_changes_nothing(encoder: str) -> None:
    network = _network(encoder=encoder)
    whole = network(*_batch([0, 1, 2], more=3))
    for case in range(3):
        sentences, places, questions, _ = _batch([case])
        alone = network(sentences, places, questions, None)
        torch.testing.assert_close(whole.values[case], alone.values[0])
        length = len(STORIES[case])
        torch.testing.assert_close(
            whole.maps["attention"][case, :, :length], alone.maps["attention"][0]
        )


MECHANISMS = [
    *[{"score": name} for name in SCORES],
    *[{"window": name} for name in WINDOWS],
    *[{"align": name} for name in ALIGNMENTS],
    {"score": "coverage", "window": {"sliding": 2}},
    {"align": "hard", "window": {"local-m": 1}},
]


@pytest.mark.parametrize("attention", MECHANISMS, ids=str)
def test_every_mechanism_can_be_a_hop(attention: dict[str, Any]) -> None:
    network = _network(**attention)
    whole = network(*_batch([0, 1, 2], more=2))
    assert whole.values.shape == (3, CLASSES)
    maps = whole.maps["attention"]
    assert maps.shape == (3, HOPS, 5 + 2)
    torch.testing.assert_close(maps.sum(2), torch.ones(3, HOPS, dtype=torch.double))
    for case in range(3):
        alone = network(*_batch([case])[:3])  # without a mask
        torch.testing.assert_close(whole.values[case], alone.values[0])
    network.train()
    trained = network(*_batch([0, 1, 2], more=2))
    drawn = attention.get("align") == "hard"
    assert (trained.log_prob is not None) == drawn
    if drawn:
        assert trained.log_prob.shape == (3,)
        trained.log_prob.sum().backward()
    else:
        trained.values.sum().backward()
    assert network.time.weight.grad is not None
    assert torch.isfinite(network.time.weight.grad).all()


def test_a_window_counts_from_the_end_of_each_story() -> None:
    maps = _network(window={"sliding": 2})(*_batch([0, 1, 2])).maps["attention"]
    seen = (maps > 0).any(1).tolist()
    assert seen == [
        [True, True, False, False, False],
        [False, False, False, True, True],
        [True, False, False, False, False],
    ]


def test_it_starts_as_the_network_without_gates() -> None:
    network = _network(echo=False)
    for parameter in network.gates.parameters():
        torch.nn.init.zeros_(parameter)
    assert isinstance(network.reader, WordSum)
    _, weights = reference.memory_network(
        STORIES[1],
        QUESTIONS[1],
        embeddings=_chunks(network.reader.embedding.weight),
        times=_chunks(network.time.weight),
        score=reference.dot_score,
    )
    found = network(*_batch([1])).maps["attention"][0].detach().numpy()
    np.testing.assert_allclose(found, weights, atol=1e-9)


def test_the_order_of_sentences_and_of_words_counts() -> None:
    network = _network()
    sentences, places, questions, mask = _batch([1])
    first = network(sentences, places, questions, mask).values
    turned = network(sentences, places.flip(1), questions, mask).values
    assert not torch.allclose(first, turned)
    assert not torch.allclose(first, network(sentences, places, questions.flip(1), mask).values)


def test_two_classes_have_one_score() -> None:
    values = _network(two_sided=True)(*_batch([0, 1, 2])).values
    assert values.shape == (3, 2)
    torch.testing.assert_close(values[:, 0], -values[:, 1])


def test_time_noise_is_of_training_alone() -> None:
    network = _network()
    batch = _batch([1])
    torch.testing.assert_close(network(*batch).values, network(*batch).values)
    network.train()
    torch.manual_seed(0)
    first = network(*batch).values
    assert any(not torch.allclose(first, network(*batch).values) for _ in range(9))


def test_an_echo_is_what_a_later_sentence_repeats() -> None:
    torch.manual_seed(5)
    echo = Echo(WIDTH, LONGEST).double()
    torch.nn.init.normal_(echo.distance)
    torch.nn.init.normal_(echo.score.weight)
    vectors, mask = (
        torch.randn(2, 4, WIDTH).double(),
        torch.tensor([[True] * 4, [True] * 3 + [False]]),
    )
    found = echo(vectors, mask).detach().numpy()
    weight, apart = echo.score.weight.detach().numpy(), echo.distance.detach().numpy()
    for case, length in enumerate((4, 3)):
        own = vectors[case].numpy()
        for s in range(length):
            later = range(s + 1, length)
            scores = [0.0] + [own[s] @ weight @ own[t] + apart[t - s] for t in later]
            shares = np.exp(scores) / np.exp(scores).sum()
            heard = sum(
                (b * own[t] for b, t in zip(shares[1:], later, strict=True)), np.zeros(WIDTH)
            )
            np.testing.assert_allclose(found[case, s], own[s] * heard, atol=1e-12)
