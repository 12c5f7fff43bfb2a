"""What a model would weigh is known before memory is taken for it."""

import threading

import pytest
import torch
from torch import nn

from regard.models import ModelSizeError, layout_of, plan


def _tied() -> nn.Module:
    model = nn.Sequential(nn.Embedding(7, 5), nn.Linear(5, 7), nn.LSTM(5, 3), nn.BatchNorm1d(3))
    model[1].weight = model[0].weight
    return model


def test_the_layout_is_that_of_the_model() -> None:
    assert plan(_tied) == layout_of(_tied().state_dict())


def test_it_takes_no_memory_and_draws_nothing() -> None:
    before = torch.get_rng_state()
    layout = plan(lambda: nn.Linear(2**20, 2**20), most=2**41)  # 4 TiB
    assert layout["weight"] == ("float32", (2**20, 2**20))
    assert torch.equal(torch.get_rng_state(), before)


def test_what_is_too_large_is_not_built_to_its_end() -> None:
    built = 0

    def endless() -> nn.Module:
        nonlocal built
        layers: list[nn.Module] = []
        while True:
            layers.append(nn.Linear(10, 10))
            built += 1

    with pytest.raises(ModelSizeError, match="has more than 1,000 weights"):
        plan(endless, most=1000)
    assert built == 9
    assert nn.Linear(100, 100).weight.numel() == 10_000  # no limit is left behind


def test_another_thread_has_no_limit() -> None:
    built = []

    def both() -> nn.Module:
        other = threading.Thread(target=lambda: built.append(nn.Linear(100, 100)))
        other.start()
        other.join()
        return nn.Linear(2, 2)

    plan(both, most=6)
    assert built[0].weight.device.type == "cpu"
