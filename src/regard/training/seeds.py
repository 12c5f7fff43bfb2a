"""Random seeds of torch's global generator."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

__all__ = ["ONE_FIT", "seed_all", "seeded"]

ONE_FIT = threading.RLock()
"""Held while a model is trained: initial weights and dropout come from torch's global generator,
which belongs to the process, as warning filters do. So fits in several threads run one after the
other, and a seed gives the same model as alone."""


@contextmanager
def seeded(*seeds: int) -> Iterator[None]:
    """Seed torch's global generator inside the block, and restore it afterwards.

    One thread at a time is inside.
    """
    with ONE_FIT, torch.random.fork_rng():
        seed_all(*seeds)
        yield


def seed_all(*seeds: int) -> None:
    """Seed torch's global generator."""
    torch.manual_seed(int(np.random.SeedSequence(seeds).generate_state(1, np.uint64)[0]))
