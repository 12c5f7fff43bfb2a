"""What several tests use; and one thread for each, as a busy machine then only costs its share."""

import os

import numpy as np
import pytest

from commands import Regard

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture
def regard(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Regard:
    return Regard(capsys, monkeypatch)


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers, the same in every run."""
    return np.random.default_rng(0)
