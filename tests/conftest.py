"""What several tests use."""

import gc
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

import reports
from commands import Regard
from regard.catalogue import ALIGNMENTS, ENCODERS, PICTURE_ENCODERS, SCORES, WINDOWS
from regard.registry import Registry
from regard.tasks import INPUTS, OUTPUTS, TASKS

settings.register_profile("untimed", deadline=None)  # a busy machine fails no test
settings.load_profile("untimed")

collect_ignore = ["toy_pair.py"]  # a plug-in: collecting its doctests would register it for all


def pytest_collection_finish() -> None:
    """What is imported and collected stays, and need not be looked through for garbage again."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _short_reports() -> Iterator[None]:
    with reports.short_reports():
        yield


@pytest.fixture
def without_pictures() -> Iterator[None]:
    """For tests of the text of reports, whose pictures others draw."""
    with reports.without_pictures():
        yield


@pytest.fixture(scope="session", autouse=True)
def _short_fits() -> Iterator[None]:
    """What every fit repeats is done once, or not for devices that are not there.

    Lightning looks for callbacks in all installed packages, and torch formats the stack of each
    seed for the devices that it may find later.
    """
    with pytest.MonkeyPatch.context() as patch:
        if (registry := sys.modules.get("lightning.fabric.utilities.registry")) is not None:
            patch.setattr(registry, "entry_points", cache(registry.entry_points))
        if (torch := sys.modules.get("torch")) is not None:
            for device in (torch.cuda, torch.xpu, torch.mtia):
                if not device.is_available():
                    patch.setattr(device, "manual_seed_all", lambda _: None)
        yield


@pytest.fixture
def regard(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Regard:
    return Regard(capsys, monkeypatch)


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers, the same in every run."""
    return np.random.default_rng(0)


@pytest.fixture
def updates_before() -> Iterator[list[int]]:
    """The updates done before each training in this process: 0 where it starts afresh.

    What is trained is the same from the start as from a checkpoint, since every epoch has a seed.
    """
    from regard.training.module import TrainingModule

    found: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            TrainingModule, "on_train_start", lambda self: found.append(self.trainer.global_step)
        )
        yield found


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
