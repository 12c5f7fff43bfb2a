"""Tokens of sources and targets that are hidden in training, so that they can only be copied."""

import numpy as np

from regard.inputs.text.pair_part import PairPart
from regard.inputs.text.sources import encode_sources
from regard.tokens import END, Vocabulary, number_beyond

SOURCE, TARGET = "Zoe took the old lamp , Mary took the kite .", "Mary lamp there Zoe"


def _part(share: float, seed: int = 3) -> tuple[PairPart, Vocabulary]:
    vocabulary = Vocabulary.train([SOURCE.replace("Zoe", ""), "there"], kind="word")
    encoded = encode_sources(vocabulary, [SOURCE] * 300, max_tokens=64, copying=True)
    found = vocabulary.encode([TARGET])[0]
    target = np.append(number_beyond(vocabulary, TARGET, found, encoded.beyond[0]), END)
    targets = [target.astype(np.int64)] * 300
    return PairPart(encoded, targets, hidden=share, seed=seed), vocabulary


def _batch(part: PairPart) -> tuple[np.ndarray, np.ndarray]:
    batch = part[np.arange(300)]
    assert batch.targets is not None
    return batch.inputs[0].numpy(), batch.targets.numpy()


def test_hidden_tokens_are_hidden_alike_in_source_and_target() -> None:
    part, vocabulary = _part(0.3)
    sources, targets = _batch(part)
    words = [*SOURCE.split(), "[END]"]
    places = {word: words.index(word) for word in words}
    assert (sources[:, 1] == sources[:, 7]).all()  # took
    assert (sources[:, places["Mary"]] == targets[:, 0]).all()
    assert (sources[:, places["lamp"]] == targets[:, 1]).all()
    assert (targets[:, 3] == vocabulary.size).all()  # Zoe was never known
    assert (sources[:, 0] == vocabulary.size).all()
    assert (targets[:, 2] < vocabulary.size).all()  # there: not in the source
    assert (sources[:, -1] == END).all()
    assert (targets[:, -1] == END).all()
    different = sources[:, [places[word] for word in dict.fromkeys(words)]]
    assert all(len(set(row)) == len(row) for row in different.tolist())
    shares = (different >= vocabulary.size).mean(0)
    np.testing.assert_allclose(shares[1:-1], 0.3, atol=0.1)


def test_each_pass_hides_others_and_the_same_again() -> None:
    part, _ = _part(0.3)
    first = _batch(part)[0]
    part.set_pass(1)
    second = _batch(part)[0]
    part.set_pass(0)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(_batch(part)[0], first)
    np.testing.assert_array_equal(_batch(_part(0.3)[0])[0], first)
    assert not np.array_equal(_batch(_part(0.3, seed=4)[0])[0], first)


def test_nothing_is_hidden_without_a_share() -> None:
    part, vocabulary = _part(0.0)
    sources, _ = _batch(part)
    assert (sources[:, 1:] < vocabulary.size).all()
