"""CTC: the loss and the guide of searches, against all ways to spell a text."""

import math
from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby, product
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from toy_decoder import BEGIN, END, Toy, V

from regard.models import (
    CtcGuide,
    beam_search,
    ctc_losses,
    ctc_needs,
    greedy_search,
    reorder,
)

S = 6
LENGTHS = [6, 4, 1, 5]
WORDS = [1, 4]  # tokens that texts are made of; 0 is the blank, 2 the begin, 3 the end


def _log_probs(seed: int = 0, *, spread: float = 1.5) -> tuple[Tensor, Tensor]:
    """[B, S, V] and the mask [B, S]; the begin and the end are never spelled."""
    generator = torch.Generator().manual_seed(seed)
    logits = spread * torch.randn(len(LENGTHS), S, V, generator=generator, dtype=torch.float64)
    logits[..., [BEGIN, END]] = -30.0
    mask = torch.arange(S) < torch.tensor(LENGTHS).unsqueeze(1)
    return logits.log_softmax(2), mask


def _texts(log_probs: Tensor, length: int) -> dict[tuple[int, ...], float]:
    """The probability of every text, the sum over all ways to spell it."""
    rows: NDArray[Any] = log_probs[:length].exp().numpy()
    found: dict[tuple[int, ...], float] = defaultdict(float)
    for way in product([0, *WORDS], repeat=length):
        text = tuple(token for token, _ in groupby(way) if token)
        found[text] += float(np.prod([rows[s, token] for s, token in enumerate(way)]))
    return found


def _begins(texts: dict[tuple[int, ...], float], start: tuple[int, ...]) -> float:
    return sum(p for text, p in texts.items() if text[: len(start)] == start)


def test_the_loss_is_that_of_all_ways_to_spell_a_text() -> None:
    log_probs, mask = _log_probs()
    targets = torch.tensor(
        [[1, 4, 1, END, 0], [4, 4, END, 0, 0], [1, END, 0, 0, 0], [1, 1, 1, END, 0]]
    )
    found = ctc_losses(log_probs, mask, targets)
    for n, length in enumerate(LENGTHS):
        text = tuple(t for t in targets[n].tolist() if t not in (0, END))
        wanted = -math.log(_texts(log_probs[n], length)[text])
        assert found[n].item() == pytest.approx(wanted, rel=1e-9)


def test_a_text_for_which_there_are_too_few_positions_has_no_loss_and_no_gradient() -> None:
    log_probs, mask = _log_probs()
    log_probs.requires_grad_()
    targets = torch.tensor([[1, 4, END, 0], [1, 4, 4, END], [4, 4, END, 0], [1, END, 0, 0]])
    assert [ctc_needs([t for t in row if t]) for row in targets.tolist()] == [2, 4, 3, 1]
    losses = ctc_losses(log_probs, mask, targets)
    assert (losses > 0).tolist() == [True, True, False, True]
    losses.sum().backward()  # type: ignore[no-untyped-call]
    assert log_probs.grad is not None
    assert not log_probs.grad[2].any()
    assert torch.isfinite(log_probs.grad).all()


def _uniform(tokens: Tensor) -> Tensor:
    return torch.full((len(tokens), V), -math.log(V), dtype=torch.float64)


def _walk(guide: CtcGuide, text: Iterable[int], case: int) -> list[Tensor]:
    """The scores [V] after each token of a text, from the begin on."""
    state: Any = reorder(guide.start(), torch.tensor([case]))
    found = []
    for token in [BEGIN, *text]:
        given = torch.tensor([token])
        scores, state = guide.score(given, state, _uniform(given))
        found.append(scores[0])
    return found


@pytest.mark.parametrize("masked", [True, False])
def test_prefixes_have_the_probability_of_all_texts_that_begin_so(masked: bool) -> None:
    log_probs, mask = _log_probs(1)
    weight = 0.4
    guide = CtcGuide(log_probs, mask if masked else None, weight=weight)
    for case, length in enumerate(LENGTHS):
        texts = _texts(log_probs[case], length if masked else S)
        for text in [(1, 1, 4), (4, 1), (1, 4, 4, 1), (4, 4)]:
            for at, scores in enumerate(_walk(guide, text, case)):
                start = text[:at]
                before = _begins(texts, start)
                if before < 1e-8:
                    break
                ratios = {token: _begins(texts, (*start, token)) / before for token in WORDS}
                ratios[END] = texts.get(start, 0.0) / before
                for token, ratio in ratios.items():
                    own = (1 - weight) * math.log(1 / V)
                    wanted = own + weight * (math.log(ratio) if ratio > 1e-8 else -1e4)
                    got = scores[token].item()
                    if ratio > 1e-8:
                        assert got == pytest.approx(wanted, rel=1e-5), (case, start, token)
                    else:
                        assert got < own + weight * math.log(1e-7)


def test_many_positions_lose_no_precision() -> None:
    """Of 400 positions, against the recursion position by position."""
    generator = torch.Generator().manual_seed(3)
    logits = 4 * torch.randn(1, 400, V, generator=generator, dtype=torch.float64)
    log_probs = logits.log_softmax(2)
    guide = CtcGuide(log_probs, None, weight=0.5)
    text = [1, 4, 4, 1, 4] * 12
    scores = _walk(guide, text, 0)
    total = sum(2 * (s[t] + 0.5 * math.log(V)) for s, t in zip(scores, text, strict=False))
    rows = log_probs[0].numpy()
    own, blank = np.full(401, -np.inf), np.concatenate([[0.0], rows[:, 0].cumsum()])
    last, prefix = -1, 0.0
    for token in text:
        both = np.logaddexp(own, blank)
        before = blank if token == last else both
        prefix = float(np.logaddexp.reduce(before[:-1] + rows[:, token]))
        new_own, new_blank = np.full(401, -np.inf), np.full(401, -np.inf)
        for s in range(400):
            new_own[s + 1] = np.logaddexp(new_own[s], before[s]) + rows[s, token]
            new_blank[s + 1] = np.logaddexp(new_own[s], new_blank[s]) + rows[s, 0]
        own, blank, last = new_own, new_blank, token
    assert float(total) == pytest.approx(prefix, rel=1e-9)


def _joint(toy: Toy, log_probs: Tensor, case: int, weight: float, limit: int) -> list[Any]:
    """Every text with its score, the best first."""
    length = LENGTHS[case]
    spelled = _texts(log_probs[case], length)
    found = []
    for count in range(limit):
        for text in product(WORDS, repeat=count):
            if spelled.get(text, 0.0) < 1e-12:
                continue
            total = 0.0
            for at, token in enumerate((*text, END)):
                logits = torch.from_numpy(toy.at(case, text[:at])[0])
                total += (1 - weight) * logits.log_softmax(0)[token].item()
            found.append((total + weight * math.log(spelled[text]), (*text, END)))
    return sorted(found, reverse=True)


@pytest.mark.parametrize("weight", [0.2, 0.7])
@pytest.mark.parametrize("seed", range(3))
def test_a_joint_search_ranks_all_texts_by_both(seed: int, weight: float) -> None:
    """So the states of the guide follow the hypotheses as they are reordered."""
    toy, (log_probs, mask) = Toy(seed), _log_probs(seed)
    guide = CtcGuide(log_probs, mask, weight=weight, beam=40)
    found = beam_search(
        toy.step,
        toy.start(len(LENGTHS)),
        limits=torch.full((len(LENGTHS),), 5),
        beam=40,
        nbest=3,
        length_penalty=0.0,
        guide=guide,
        forbidden=(0, BEGIN),
    )
    for case in range(len(LENGTHS)):
        wanted = _joint(toy, log_probs, case, weight, 5)[:3]
        for rank, (score, tokens) in enumerate(wanted):
            row = found.tokens[case, rank]
            assert tuple(row[row != 0].tolist()) == tokens
            assert found.scores[case, rank].item() == pytest.approx(score, rel=1e-5)


def test_a_beam_of_one_is_greedy_search() -> None:
    toy, (log_probs, mask) = Toy(5), _log_probs(5)
    given: dict[str, Any] = {"limits": torch.full((len(LENGTHS),), 9), "forbidden": (0, BEGIN)}
    given["guide"] = CtcGuide(log_probs, mask, weight=0.5)
    found = [
        greedy_search(toy.step, toy.start(len(LENGTHS)), **given),
        beam_search(toy.step, toy.start(len(LENGTHS)), beam=1, **given),
    ]
    assert found[0].tokens.tolist() == found[1].tokens.tolist()
    torch.testing.assert_close(found[0].log_probs, found[1].log_probs)


def test_only_the_decoders_best_tokens_are_scored_and_always_the_end() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 7, 100, generator=generator)
    guide = CtcGuide(logits.log_softmax(2), None, weight=0.3)
    own = torch.randn(2, 100, generator=generator)
    own[:, END] = -50.0
    scores, _ = guide.score(torch.tensor([BEGIN, BEGIN]), guide.start(), own.log_softmax(1))
    some = torch.isfinite(scores)
    assert some.sum(1).tolist() == [40, 40]
    assert some[:, END].all()
    best = own.topk(39, dim=1).indices
    assert some.gather(1, best).all()
