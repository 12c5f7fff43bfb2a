"""The reader of a story that writes: what it must not depend on, and what it must."""

from typing import Any

import torch
from torch import Tensor

from regard.models import (
    CopyHead,
    RecurrentDecoder,
    StoryReader,
    StoryWriter,
    WordVectors,
    make_encoder,
    read_source,
)

TOKENS, NAMES, WIDTH, HIDDEN = 23, 13, 5, 6
# of two cases: story with its end mark, question, and which of a case's different words each is
STORIES = [[4, 5, 6, 4, 7, 3], [23, 24, 5, 3]]
QUESTIONS = [[8, 6], [9, 24, 6]]
KINDS = [[1, 2, 3, 1, 4, 5], [1, 2, 3, 4]]
ASKED = [[6, 3], [5, 2, 6]]


def _writer() -> tuple[StoryWriter, CopyHead]:
    torch.manual_seed(3)
    sizes: Any = {"hidden": HIDDEN, "layers": 1, "dropout": 0.0, "steps": 9, "stride": 1}
    vectors = WordVectors(TOKENS, NAMES, WIDTH, named=0.0)
    asker = make_encoder("bilstm", channels=WIDTH, **sizes)
    first = make_encoder("bilstm", channels=StoryReader.channels(vectors, asker), **sizes)
    again = make_encoder("bilstm", channels=2 * first.width, **sizes)
    attention = {"score": "additive", "window": {"global": {}}, "align": "softmax"}
    decoder = RecurrentDecoder(
        again.width,
        WIDTH,
        again.width,
        cell="lstm",
        start=again.summary,
        order="bahdanau",
        feeding=False,
        layers=1,
        heads=1,
        attention={**attention, "query": "states"},
        attention_dim=5,
        positions=9,
        dropout=0.0,
    )
    head = CopyHead(decoder, TOKENS, WIDTH, tied=False, dropout=0.0)
    reader = StoryReader(vectors, asker, first, again, dropout=0.0)
    return StoryWriter(reader, head, dropout=0.0).eval(), head


def _batch(cases: list[int], *, more: int = 0) -> tuple[list[Tensor], Tensor]:
    def rows(of: list[list[int]]) -> Tensor:
        width = max(len(of[at]) for at in cases) + more
        return torch.tensor([of[at] + [0] * (width - len(of[at])) for at in cases])

    story = rows(STORIES)
    return [story, rows(QUESTIONS), rows(KINDS), rows(ASKED)], story != 0


def _losses(model: StoryWriter, inputs: list[Tensor], mask: Tensor | None) -> Tensor:
    targets = torch.tensor([[24, 3]] * len(inputs[0]))
    source = read_source(model, inputs, mask)
    written = model.head.teach(source, targets)
    return model.head.losses(written, source, targets, smoothing=0.0)[1]


def test_padding_changes_nothing() -> None:
    model, _ = _writer()
    inputs, mask = _batch([0, 1], more=3)
    together = _losses(model, inputs, mask).view(2, 2)
    for case in range(2):
        torch.testing.assert_close(together[case], _losses(model, _batch([case])[0], None))


def test_the_question_is_added_at_the_end_mark() -> None:
    model, _ = _writer()
    inputs, mask = _batch([0, 1])
    states, question = model.reader(
        *(each.masked_fill(each >= TOKENS, 1) for each in inputs[:2]), *inputs[2:], mask
    )
    story, questions, kinds, asked = inputs
    encoded, positions = model.encode(story, questions, kinds, asked, mask)
    assert positions is mask
    for case, own in enumerate(STORIES):
        end = len(own) - 1
        torch.testing.assert_close(encoded[case, :end], states[case, :end])
        torch.testing.assert_close(encoded[case, end], states[case, end] + question[case])


def test_it_copies_a_word_that_the_vocabulary_lacks() -> None:
    """Where the gate is shut, its probability is the attention to its place."""
    model, head = _writer()
    with torch.no_grad():
        head.gate.weight.zero_()
        head.gate.bias.fill_(-100.0)
    inputs, _ = _batch([1])
    source = read_source(model, inputs, None)
    assert source.read is inputs[0]
    targets = torch.tensor([[24, 3]])
    written = head.teach(source, targets, need_weights=True)
    assert written.weights is not None
    looks = written.weights[0, -1, 0]  # [words written, words of the story]
    found = head.log_probs(written, source, torch.ones(1, 2, dtype=torch.bool)).exp()
    torch.testing.assert_close(found[0, 24], looks[0, 1])
    torch.testing.assert_close(found[1, 3], looks[1, 3])
