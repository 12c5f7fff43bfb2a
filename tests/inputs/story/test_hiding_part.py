"""Words that are hidden in training, so that they can only be copied."""

import numpy as np

from regard.inputs.story.hiding_part import HidingPart
from regard.inputs.story.stories import Stories
from regard.inputs.story.story_tokens import encode_story_tokens
from regard.tokens import END, Vocabulary, number_beyond

STORY = ("Zoe took the kite.", "Mary took the lamp.")
QUESTION = "Who took the lamp there?"
ANSWER = "Mary there Zoe nothing"


def _part(share: float) -> tuple[HidingPart, Vocabulary]:
    vocabulary = Vocabulary.train([STORY[1], QUESTION, "nothing"], kind="word")
    cases = Stories((STORY,) * 300, (QUESTION,) * 300)
    limits = {"max_tokens": 64, "max_sentences": 9}
    encoded = encode_story_tokens(vocabulary, cases, copying=True, **limits)
    found = vocabulary.encode([ANSWER])[0]
    answer = number_beyond(vocabulary, ANSWER, found, encoded.beyond[0])
    target = np.append(answer, END).astype(np.int64)
    return HidingPart(encoded, [target] * 300, share=share, seed=3), vocabulary


def test_hidden_words_are_hidden_alike_everywhere() -> None:
    part, vocabulary = _part(0.4)
    batch = part[np.arange(300)]
    assert batch.targets is not None
    words = ["Zoe", "took", "the", "kite", ".", "Mary", "took", "the", "lamp", ".", "[END]"]
    hidden = []
    for story, question, target in zip(
        batch.inputs[0].tolist(), batch.inputs[1].tolist(), batch.targets.tolist(), strict=True
    ):
        assert story[-1] == END
        assert story[1] == story[6] == question[1]  # took
        assert story[8] == question[3]  # lamp
        assert target[0] == story[5]  # Mary
        assert target[2] == story[0] == vocabulary.size  # Zoe was never known
        assert max(target[1], target[3], question[4]) < vocabulary.size  # not in the story
        every = dict(zip(words, story, strict=False))
        assert len(set(every.values())) == len(every)
        hidden.append([every[word] >= vocabulary.size for word in ("took", "the", "Mary", "lamp")])
    shares = np.mean(hidden, axis=0)
    np.testing.assert_allclose(shares, 0.4, atol=0.1)
    both = np.mean([one[0] and one[2] for one in hidden])
    assert 0.08 < both < 0.26  # one by one, .16 expected


def test_each_pass_hides_others_and_the_same_again() -> None:
    part, _ = _part(0.4)
    first = part[np.arange(9)].inputs[0]
    part.set_pass(1)
    second = part[np.arange(9)].inputs[0]
    assert not np.array_equal(first, second)
    part.set_pass(0)
    np.testing.assert_array_equal(part[np.arange(9)].inputs[0], first)
    np.testing.assert_array_equal(part[np.array([4])].inputs[0][0], first[4])


def test_nothing_is_hidden_without_a_share() -> None:
    part, vocabulary = _part(0.0)
    story = part[np.arange(1)].inputs[0][0].tolist()
    assert [number >= vocabulary.size for number in story].count(True) == 2  # Zoe and kite
