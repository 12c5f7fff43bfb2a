"""The model of events: what an event may depend on, and writing one by one."""

from typing import Any

import pytest
import torch
from torch import Tensor

from regard.models import EventModel

E = 11
TABLES: dict[str, dict[str, Any]] = {
    "relative": {"score": "scaled-dot", "window": {"relative": {"distance": 4}}},
    "additive, alibi": {"score": "additive", "window": {"alibi": {}}},
    "sliding": {"score": "general", "window": {"sliding": {"size": 5}}},
    "sparse": {"score": "dot", "window": {"global": {}}, "align": "entmax15"},
}
GIVEN = {
    "none": [False],
    "none of three": [False, False, False],
    "the first": [True, False, False],
    "the last": [False, True],
    "two of four": [True, False, False, True],
}


def _model(given: list[bool], table: str = "relative", *, dropout: float = 0.1) -> EventModel:
    torch.manual_seed(0)
    model = EventModel(
        E,
        given,
        width=12,
        layers=2,
        heads=3,
        attention={"align": "softmax", "query": "states", **TABLES[table]},
        attention_dim=12,
        dropout=dropout,
        embedding_dropout=dropout,
        unknown=0.5,
    )
    for parameter in model.parameters():  # biases and vectors of distances start at zero
        torch.nn.init.normal_(parameter, std=0.5)
    return model.double().eval()


def _events(steps: int, voices: int, *, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(3, E, (2, steps * voices), generator=generator)


@pytest.mark.parametrize("given", GIVEN)
def test_an_event_depends_on_what_is_given_and_on_what_was_written_before(given: str) -> None:
    flags = GIVEN[given]
    model, events = _model(flags), _events(4, len(flags))
    length = events.shape[1]
    before = model(events).log_probs.exp()
    for changed in range(length):
        other = events.clone()
        other[:, changed] = 3 + (other[:, changed] - 3 + 1) % (E - 3)
        moved = (model(other).log_probs.exp() - before).abs().amax((0, 2)) > 1e-9
        for place in range(length):
            if flags[place % len(flags)]:
                continue  # nothing is said of what is given
            may = flags[changed % len(flags)] or changed < place
            assert bool(moved[place]) == may, (changed, place)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("given", GIVEN)
def test_one_by_one_gives_the_same_as_all_at_once(given: str, table: str) -> None:
    flags = GIVEN[given]
    model, events = _model(flags, table), _events(5, len(flags))
    mask = torch.ones_like(events, dtype=torch.bool)
    mask[1, 3 * len(flags) :] = False
    events = events * mask
    whole = model(events, mask).log_probs
    cache = model.start(events, mask)
    for place in range(events.shape[1]):
        if flags[place % len(flags)]:
            continue
        said = model.step(cache, place, mask)
        torch.testing.assert_close(said[mask[:, place]], whole[:, place][mask[:, place]])
        cache = cache._replace(last=events[:, place])


def test_padding_changes_nothing() -> None:
    model, events = _model([True, False]), _events(5, 2)
    mask = torch.ones_like(events, dtype=torch.bool)
    mask[0, 6:] = False
    padded = model(events * mask, mask, need_weights=True)
    alone = model(events[:1, :6], need_weights=True)
    torch.testing.assert_close(padded.log_probs[:1, :6], alone.log_probs)
    assert padded.weights is not None
    torch.testing.assert_close(padded.weights[:1, :6, :6], alone.weights)


def test_padding_unknown_and_begin_are_never_written() -> None:
    model = _model([False, False])
    probs = model(_events(3, 2)).log_probs.exp()
    assert (probs[..., :3] == 0).all()
    torch.testing.assert_close(probs.sum(2), torch.ones_like(probs[..., 0]))


@pytest.mark.parametrize("given", GIVEN)
def test_weights_sum_to_one_and_see_what_they_may(given: str) -> None:
    flags = GIVEN[given]
    weights = _model(flags)(_events(4, len(flags)), need_weights=True).weights
    assert weights is not None
    torch.testing.assert_close(weights.sum(2), torch.ones_like(weights[..., 0]))
    places = range(weights.shape[1])
    for query in places:
        own = flags[query % len(flags)]
        for key in places:
            may = flags[key % len(flags)] or (not own and key <= query)
            assert bool((weights[:, query, key] > 0).all()) == may


def test_unknown_events_are_read_in_training_alone() -> None:
    model, events = _model([False], dropout=0.0), _events(40, 1)
    lost = model(events).log_probs
    torch.testing.assert_close(lost, model(events).log_probs)
    model.train()
    assert not torch.allclose(lost, model(events).log_probs)


def test_written_events_are_hidden_in_training_where_others_are_given() -> None:
    model = _model([True, False, False], dropout=0.0).train()
    model.unknown = 0.0
    read = list[Tensor]()
    model.embedding.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0]))
    pieces = torch.randint(3, E, (2000, 12), generator=torch.Generator().manual_seed(1))
    model(pieces)
    hidden = (read[0] == 1).view(2000, 4, 3)
    assert not hidden[..., 0].any()
    shares = hidden[..., 1:].double().mean((1, 2))
    assert float((shares == 1).double().mean()) == pytest.approx(0.5 + 0.5 / 9, abs=0.04)
    assert float(shares.mean()) == pytest.approx(0.75, abs=0.03)
    model.eval()(pieces)
    assert not (read[1] == 1).any()


@pytest.mark.parametrize("given", ["the first", "two of four"])
def test_hidden_events_tell_nothing(given: str) -> None:
    flags = GIVEN[given]
    model, events = _model(flags), _events(4, len(flags))
    own = ~torch.tensor(flags).repeat(4)
    before = model(events, hidden=True).log_probs.exp()
    other = events.clone()
    other[:, own] = 3 + (other[:, own] - 3 + 1) % (E - 3)
    torch.testing.assert_close(model(other, hidden=True).log_probs.exp(), before)
    other = events.clone()
    other[:, ~own] = 3 + (other[:, ~own] - 3 + 1) % (E - 3)
    moved = (model(other, hidden=True).log_probs.exp() - before).abs().amax((0, 2)) > 1e-9
    assert moved[own].all()
