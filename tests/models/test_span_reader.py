"""The reader of words: what it must not depend on, and what it must."""

from typing import Any

import pytest
import torch
from torch import Tensor

from regard.attention import Additive, Attention
from regard.catalogue import ENCODERS
from regard.models import AnswerPointer, SpanReader, StoryReader, WordVectors, make_encoder

TOKENS, NAMES, WIDTH, HIDDEN = 23, 13, 5, 6
# of two cases: story, question, and which of a case's different words each is
STORIES = [[2, 3, 4, 2, 5], [6, 1, 1, 7]]
QUESTIONS = [[8, 4], [9, 1, 6]]
KINDS = [[1, 2, 3, 1, 4], [4, 1, 2, 3]]
ASKED = [[5, 3], [5, 2, 4]]


def _reader(encoder: str = "bilstm", *, echo: bool = True, named: float = 0.0) -> SpanReader:
    torch.manual_seed(3)
    sizes: Any = {"hidden": HIDDEN, "layers": 1, "dropout": 0.0, "steps": 9, "stride": 1}
    vectors = WordVectors(TOKENS, NAMES, WIDTH, named=named)
    asker = make_encoder(encoder, channels=WIDTH, **sizes)
    first = make_encoder(encoder, channels=StoryReader.channels(vectors, asker), **sizes)
    again = make_encoder(encoder, channels=2 * first.width, **sizes) if echo else None
    start, end = (Attention(Additive(first.width, first.width, 7)) for _ in range(2))
    pointer = AnswerPointer(start, end, first.width, dropout=0.0)
    return SpanReader(StoryReader(vectors, asker, first, again, dropout=0.0), pointer).eval()


def _batch(cases: list[int], *, more: int = 0) -> tuple[Tensor, ...]:
    def rows(of: list[list[int]]) -> Tensor:
        width = max(len(of[at]) for at in cases) + more
        return torch.tensor([of[at] + [0] * (width - len(of[at])) for at in cases])

    story = rows(STORIES)
    return story, rows(QUESTIONS), rows(KINDS), rows(ASKED), story != 0


@pytest.mark.parametrize("echo", [True, False])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_case_is_the_same_alone_and_padded(encoder: str, echo: bool) -> None:
    reader = _reader(encoder, echo=echo)
    padded = reader(*_batch([0, 1], more=3)).maps["attention"]
    for case, story in enumerate(STORIES):
        alone = reader(*_batch([case])[:4]).maps["attention"]
        assert alone.shape == (1, 2, len(story))
        torch.testing.assert_close(padded[case : case + 1, :, : len(story)], alone)
        assert not padded[case, :, len(story) :].any()


def test_a_word_attends_to_its_other_places() -> None:
    reader, seen = _reader(), list[Tensor]()
    assert reader.reader.again is not None
    reader.reader.again.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    reader(*_batch([0]))
    states, elsewhere = torch.split(seen[0][0].T, 2 * HIDDEN, 1)  # [words, width]
    torch.testing.assert_close(elsewhere[[0, 3]], states[[3, 0]])  # one other place each
    assert not elsewhere[[1, 2, 4]].any()  # none


def test_it_knows_which_unknown_word_is_asked_about() -> None:
    reader = _reader()
    story, questions, kinds, asked, mask = _batch([1])
    before = reader(story, questions, kinds, asked, mask).maps["attention"]
    other = asked.clone()
    other[0, 1] = 1
    assert not torch.allclose(
        before, reader(story, questions, kinds, other, mask).maps["attention"]
    )


def test_unknown_words_have_names_and_known_ones_their_vectors() -> None:
    vectors = WordVectors(TOKENS, NAMES, WIDTH, named=0.5).eval()
    words, kinds = (
        torch.tensor([[1, 4, 1, 0], [1, 1, 1, 0]]),
        torch.tensor([[1, 3, 2, 0], [14, 1, 2, 0]]),
    )
    weight = vectors.embedding.weight
    found = vectors(words, kinds)
    expected = [TOKENS, 4, TOKENS + 1, 0]
    torch.testing.assert_close(found[0], weight[expected])
    torch.testing.assert_close(found[1], weight[[TOKENS, TOKENS, TOKENS + 1, 0]])  # 13 names


@pytest.mark.parametrize("named", [0.3, 0.99])
def test_names_are_drawn_for_each_case_and_alike_for_each_word(named: float) -> None:
    torch.manual_seed(1)
    vectors = WordVectors(TOKENS, NAMES, WIDTH, named=named).train()
    words = torch.tensor([[1, 4, 1, 5, 4, 6, 0]]).repeat(4000, 1)
    kinds = torch.tensor([[1, 3, 2, 4, 3, 5, 0]]).repeat(4000, 1)
    found = vectors(words, kinds)
    rows = (found.unsqueeze(2) == vectors.embedding.weight).all(3).float().argmax(2)  # [4000, 7]
    assert (rows[:, 6] == 0).all()
    assert (rows[:, [0, 2]] >= TOKENS).all()  # unknown words always have names
    assert (rows[:, 0] != rows[:, 2]).all()  # different ones
    assert (rows[:, 1] == rows[:, 4]).all()  # the same word, the same name
    share = (rows[:, 3] >= TOKENS).float().mean()
    assert float(share) == pytest.approx(named, abs=0.03)
    every = torch.bincount(rows[:, 0], minlength=TOKENS + NAMES)[TOKENS:]
    assert int(every.min()) > 4000 / NAMES / 1.5  # all names alike


def test_all_different_words_of_a_case_have_different_names() -> None:
    torch.manual_seed(1)
    vectors = WordVectors(TOKENS, NAMES, WIDTH, named=0.6).train()
    words = torch.arange(2, 2 + NAMES).repeat(500, 1)
    kinds = torch.arange(1, 1 + NAMES).repeat(500, 1)
    named, numbers = vectors._drawn(words == 1, words, kinds)
    for own, each in zip(named, numbers, strict=True):
        chosen = (each[own] % NAMES).tolist()
        assert len(set(chosen)) == len(chosen)
