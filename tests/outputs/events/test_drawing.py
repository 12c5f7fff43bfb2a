"""Events that are drawn one after the other."""

import numpy as np
import pytest
import torch
from torch import Tensor

from regard.models import EventModel
from regard.outputs.events.drawing import How, among_likeliest, write_events

LOG_PROBS = torch.tensor([[0.1, 0.4, 0.2, 0.3], [0.7, 0.1, 0.1, 0.1]], dtype=torch.float64).log()


def _written_out(row: np.ndarray, how: How) -> np.ndarray:
    """What `How` says, event by event."""
    powers = row ** (1 / how.temperature)
    probs = powers / powers.sum()
    order = sorted(range(len(row)), key=lambda event: (-probs[event], event))
    order = order[: how.top_k or len(order)]
    kept: list[int] = []
    total = 0.0
    for event in order:
        if kept and total >= how.top_p - 1e-9:
            break
        kept.append(event)
        total += probs[event]
    found = np.zeros_like(row)
    found[kept] = probs[kept] / probs[kept].sum()
    return found


@pytest.mark.parametrize("temperature", [0.25, 1.0, 3.0])
@pytest.mark.parametrize("top_k", [None, 1, 3])
@pytest.mark.parametrize("top_p", [0.05, 0.7, 1.0])
def test_what_is_drawn_from(temperature: float, top_k: int | None, top_p: float) -> None:
    how = How(temperature, top_k, top_p)
    rows = [_written_out(row, how) for row in LOG_PROBS.exp().numpy()]
    np.testing.assert_allclose(among_likeliest(LOG_PROBS, how).numpy(), rows, atol=1e-12)


def _model(given: list[bool], *, seed: int = 0) -> EventModel:
    torch.manual_seed(seed)
    model = EventModel(
        9,
        given,
        width=8,
        layers=1,
        heads=2,
        attention={
            "score": "scaled-dot",
            "window": {"relative": {"distance": 3}},
            "align": "softmax",
            "query": "states",
        },
        attention_dim=8,
        dropout=0.0,
        embedding_dropout=0.0,
        unknown=0.0,
    )
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return model.eval()


def _write(model: EventModel, events: Tensor, known: Tensor, seeds: list[int]) -> Tensor:
    """Each case by a seed of its own."""
    numbers = [
        torch.rand(events.shape[1], generator=torch.Generator().manual_seed(seed)) for seed in seeds
    ]
    with torch.inference_mode():
        return write_events(model, events, known, None, How(), torch.stack(numbers).double())


def test_what_is_written_has_the_probabilities_of_the_model() -> None:
    model, count = _model([False, False]), 4000
    events = torch.zeros(count, 4, dtype=torch.int64)
    known = torch.zeros(count, 4, dtype=torch.bool)
    written = _write(model, events, known, list(range(count)))
    first = torch.bincount(written[:, 0], minlength=9) / count
    torch.testing.assert_close(first, model(written[:1]).log_probs[0, 0].exp(), atol=0.03, rtol=0)
    often = written[:, 0].mode().values  # and of the second after the most frequent first
    some = written[written[:, 0] == often]
    second = torch.bincount(some[:, 1], minlength=9) / len(some)
    expected = model(some[:1]).log_probs[0, 1].exp()
    torch.testing.assert_close(second, expected, atol=0.06, rtol=0)


def test_a_primer_and_given_voices_stay() -> None:
    model = _model([True, False])
    events = torch.tensor([[5, 0, 6, 0, 7, 0]])
    known = torch.tensor([[True, False] * 3])
    written = _write(model, events, known, [0])
    assert written[0, ::2].tolist() == [5, 6, 7]
    assert (written[0, 1::2] >= 3).all()
    model = _model([False])
    written = _write(model, events, torch.tensor([[True] * 3 + [False] * 3]), [0])
    assert written[0, :3].tolist() == [5, 0, 6]


def test_what_is_written_does_not_depend_on_the_other_cases() -> None:
    model = _model([True, False])
    events = torch.randint(3, 9, (3, 8), generator=torch.Generator().manual_seed(1))
    known = torch.tensor([True, False] * 4).expand(3, -1)
    together = _write(model, events, known, [4, 5, 6])
    for n in range(3):
        alone = _write(model, events[n : n + 1], known[:1], [4 + n])
        assert alone[0].tolist() == together[n].tolist()
