"""Weights that are NaN or infinite: no mechanism fails at them, and no value hides them."""

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from regard.catalogue import ALIGNMENTS, ENCODERS, SCORES, WINDOWS
from regard.config import resolve_config
from regard.models import not_finite
from regard.outputs.sides import sides_of

MODELS: dict[str, dict[str, Any]] = {f"encoder {name}": {"encoder": name} for name in ENCODERS}
MODELS |= {f"score {name}": {"attention": {"score": name}} for name in SCORES}
MODELS |= {f"window {name}": {"attention": name} for name in WINDOWS}
MODELS |= {f"align {name}": {"attention": name} for name in ALIGNMENTS}


def _build(**model: Any) -> torch.nn.Module:
    series = np.random.default_rng(0).normal(size=(8, 2, 23))
    content = {"hidden": 8, "layers": 1, "attention_dim": 4, "encoder": "conv"} | model
    config = resolve_config({"data": {"kind": "arrays"}, "model": content})
    incoming, output = sides_of(config)
    cases = incoming.take(series, np.arange(8) % 2, fitting=True)
    output.fit(cases)
    incoming.fit(cases)
    return incoming.build(output)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("given", MODELS.values(), ids=MODELS)
def test_models_hand_on_what_is_not_finite(given: dict[str, Any], value: float) -> None:
    model = _build(**given)
    with torch.no_grad():
        for each in model.parameters():
            each.fill_(value)
    series = torch.randn(2, 2, 23, generator=torch.Generator().manual_seed(0))
    mask = torch.arange(23) < torch.tensor([[23], [11]])
    for training, allowed in product((False, True), (None, mask)):
        predicted = model.train(training)(series, mask=allowed)
        if not training:
            assert not torch.isfinite(predicted.values).any()


def test_the_first_weight_that_is_not_finite_is_named() -> None:
    linear, norm = torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2)
    model = torch.nn.Sequential(linear, norm)
    assert norm.running_var is not None
    assert not_finite(model) == ""
    norm.running_var[1] = torch.inf
    assert not_finite(model) == ""
    norm.running_var[1] = torch.nan
    assert not_finite(model) == "1.running_var"
    with torch.no_grad():
        linear.bias[0] = -torch.inf
    assert not_finite(model) == "0.bias"
