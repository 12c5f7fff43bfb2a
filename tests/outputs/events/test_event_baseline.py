"""The trigram, against probabilities worked out by hand."""

import numpy as np
import pytest

from regard.outputs.events.baseline import Trigram
from regard.outputs.events.metrics import event_metrics
from regard.outputs.events.outcome import PieceRead

ONE = np.array([False])


def test_a_trigram_by_hand() -> None:
    trigram = Trigram([np.array([[3], [4], [3], [5]])], ONE, events=6)
    # of the voice alone: 3 twice, 4 and 5 once, three kinds of four
    one = {3: (2 + 3 / 6) / 7, 4: (1 + 3 / 6) / 7}
    # after the beginning, and after two of them: 3 once
    first = ((1 + one[3]) / 2 + 1) / 2
    assert np.exp(trigram.log_prob(np.array([[3]]))) == pytest.approx([first])
    # 4 after 3: 4 and 5 once each, two kinds; after the beginning and 3: 4 once
    after = (1 + 2 * one[4]) / 4
    second = (1 + after) / 2
    assert np.exp(trigram.log_prob(np.array([[3], [4]]))) == pytest.approx([first, second])
    assert trigram.likeliest(np.array([[3], [4], [3]])).tolist() == [3, 4, 3]


@pytest.mark.parametrize("given", [[False], [False, False], [True, False], [False, True, False]])
def test_probabilities_sum_to_one(given: list[bool]) -> None:
    rng = np.random.default_rng(0)
    flags, events = np.array(given), 8
    pieces = [rng.integers(3, events, (6, len(flags))) for _ in range(5)]
    trigram = Trigram(pieces, flags, events)
    piece = rng.integers(3, events, (4, len(flags)))
    own = int(np.flatnonzero(~flags)[-1])
    place = 2 * int((~flags).sum()) + int((~flags)[:own].sum())
    total, best = 0.0, []
    for event in range(events):
        piece[2, own] = event
        prob = float(np.exp(trigram.log_prob(piece)[place]))
        total += prob
        best.append(prob)
    assert total == pytest.approx(1)
    assert trigram.likeliest(piece)[place] == int(np.argmax(best))


def test_given_voices_are_seen_before_and_after() -> None:
    piece = np.array([[3, 7], [4, 8], [5, 9]])  # the second voice follows the first
    trigram = Trigram([piece] * 3, np.array([True, False]), events=10)
    assert trigram.likeliest(piece).tolist() == [7, 8, 9]
    turned = np.array([[5, 0], [3, 0]])
    assert trigram.likeliest(turned).tolist() == [9, 7]  # known by the step alone


def test_figures_by_hand() -> None:
    given = np.array([True, False, False])
    events = np.array([[9, 3, 4], [9, 5, 3]])
    logs = np.log(np.array([[1, 0.5, 0.25], [1, 0.5, 0.125]]))
    likeliest = np.array([[0, 3, 3], [0, 5, 4]])
    drafted = np.array([[9, 3, 3], [9, 4, 4]])
    read = PieceRead(events, logs, likeliest, np.zeros((2, 3), bool), drafted)
    found = event_metrics([read], given, ("soprano", "alto", "bass"), None, unknown=1)
    assert found["nll_per_step"] == pytest.approx(-np.log(0.5 * 0.25 * 0.5 * 0.125) / 2)
    assert found["perplexity"] == pytest.approx((0.5 * 0.25 * 0.5 * 0.125) ** -0.25)
    assert found["next_right"] == 0.5
    assert (found["right"], found["right_alto"], found["right_bass"]) == (0.25, 0.5, 0.0)
