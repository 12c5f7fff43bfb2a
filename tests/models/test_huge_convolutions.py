"""Random convolutions of numbers so large that responses are NaN read nothing outside of memory."""

import numpy as np
import pytest
import torch

from regard.models import RandomConvolutions


@pytest.mark.parametrize("where", ["series", "rivals"])
def test_no_response_wins_where_all_are_nan(where: str) -> None:
    values = np.random.default_rng(0).normal(size=(3, 2, 40)).astype(np.float32)
    lengths = np.full(3, 40)
    convolutions = RandomConvolutions(2, 40, 2)
    convolutions.draw(values, lengths, seed=0)
    largest = float(np.finfo(np.float32).max)
    if where == "series":
        values[:, :, ::2], values[:, :, 1::2] = largest, -largest
    else:
        convolutions.rivals.sign_().mul_(largest)
    features = convolutions.features(values, lengths)
    assert features.shape[0] == 3
    convolutions.set_weights(np.ones((features.shape[1], 2)), np.zeros(2))
    evidence = convolutions.evidence(torch.from_numpy(values), None)
    assert evidence.shape == (3, 2, 40)
