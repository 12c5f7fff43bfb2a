"""Published data sets, read from the folder that the environment variable REGARD_DATA names."""

import os
from pathlib import Path

import numpy as np
import pytest

from regard.data import Cases, kind_of, load

FOLDER = os.environ.get("REGARD_DATA")

pytestmark = pytest.mark.skipif(
    FOLDER is None, reason="REGARD_DATA is unset: it names the folder of the published data sets"
)


def published(problem: str, suffix: str) -> tuple[Cases, Cases]:
    stem = Path(FOLDER or "") / "series" / problem / Path(problem).name
    paths = [f"{stem}_{part}.{suffix}" for part in ("TRAIN", "TEST")]
    training, test = load(kind_of(paths[0]), path=paths[0], test_path=paths[1])
    assert test is not None
    return training, test


@pytest.mark.parametrize(
    ("problem", "sizes", "channels", "classes"),
    [
        ("multivariate/BasicMotions", (40, 40), 6, 4),
        ("multivariate/JapaneseVowels", (270, 370), 12, 9),
        ("multivariate/PLAID", (537, 537), 1, 11),
        ("multivariate/PickupGestureWiimoteZ", (50, 50), 1, 10),
    ],
)
def test_classification(problem: str, sizes: tuple[int, int], channels: int, classes: int) -> None:
    training, test = published(problem, "ts")
    assert (len(training), len(test)) == sizes
    for cases in (training, test):
        assert cases.values.shape[1] == channels
        assert cases.labels is not None
        assert len(np.unique(cases.labels)) == classes
        assert cases.values.shape[2] == cases.lengths.max()
        # A class comes from the last field, the values from those before.
        assert np.isfinite(cases.values).all()


def test_unequal_lengths() -> None:
    training, test = published("multivariate/JapaneseVowels", "ts")
    lengths = np.concatenate([training.lengths, test.lengths])
    assert (lengths.min(), lengths.max()) == (7, 29)
    assert (
        training.values[~np.broadcast_to(training.mask[:, None], training.values.shape)] == 0
    ).all()
    assert training.values[0, 0, :3].tolist() == [1.860936, 1.891651, 1.939205]


@pytest.mark.parametrize(
    ("problem", "sizes", "steps"),
    [("regression/Covid3Month", (140, 61), 84), ("regression/Tecator", (172, 43), 100)],
)
def test_regression(problem: str, sizes: tuple[int, int], steps: int) -> None:
    training, test = published(problem, "ts")
    assert (len(training), len(test)) == sizes
    for cases in (training, test):
        assert cases.values.shape[1:] == (1, steps)
        assert cases.labels is not None
        assert cases.labels.dtype == np.float64
        assert np.ptp(cases.labels) > 0


@pytest.mark.parametrize(
    ("problem", "sizes", "steps", "classes"),
    [
        ("ucr/ECG200", (100, 100), 96, ["-1", "1"]),
        ("ucr/ItalyPowerDemand", (67, 1029), 24, ["1", "2"]),
        ("ucr/CBF", (30, 900), 128, ["1", "2", "3"]),
        ("ucr/TwoLeadECG", (23, 1139), 82, ["1", "2"]),
    ],
)
def test_univariate(problem: str, sizes: tuple[int, int], steps: int, classes: list[str]) -> None:
    training, test = published(problem, "tsv")
    assert (training.values.shape, test.values.shape) == tuple((size, 1, steps) for size in sizes)
    for cases in (training, test):
        assert cases.labels is not None
        assert np.unique(cases.labels).tolist() == classes


def test_every_problem_of_the_folder_is_read() -> None:
    folders = sorted((Path(FOLDER or "") / "series" / "ucr").iterdir())
    assert len(folders) == 12
    for folder in folders:
        training, test = published(f"ucr/{folder.name}", "tsv")
        # Both parts were brought to zero mean and unit variance, series by series, when published.
        assert np.abs(training.values).max() < 30
        assert training.values.shape[2] == test.values.shape[2]
