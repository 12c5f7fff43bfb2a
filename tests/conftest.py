"""What several tests use."""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from commands import Regard
from regard.catalogue import ALIGNMENTS, ENCODERS, PICTURE_ENCODERS, SCORES, WINDOWS
from regard.registry import Registry
from regard.tasks import INPUTS, OUTPUTS, TASKS
from reports import short_reports

collect_ignore = ["toy_pair.py"]  # a plug-in: collecting its doctests would register it for all


@pytest.fixture(scope="session", autouse=True)
def _short_reports() -> Iterator[None]:
    with short_reports():
        yield


@pytest.fixture
def regard(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Regard:
    return Regard(capsys, monkeypatch)


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers, the same in every run."""
    return np.random.default_rng(0)


@pytest.fixture
def forget_plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test registers, and the modules that did so, are unknown to the others."""
    before = set(sys.modules)
    tables: tuple[Registry[Any], ...]
    tables = (SCORES, WINDOWS, ALIGNMENTS, ENCODERS, PICTURE_ENCODERS, INPUTS, OUTPUTS, TASKS)
    for table in tables:
        for inside in ("_entries", "_plugins"):
            monkeypatch.setattr(table, inside, dict(getattr(table, inside)))
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    owners = {table.plugin_of(name) for table in tables for name in table}
    for name in owners & (set(sys.modules) - before):
        del sys.modules[str(name)]
