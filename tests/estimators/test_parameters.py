"""Parameters of other types: taken as what they say, or refused by `fit` in one line."""

from __future__ import annotations

import json
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from torch import nn

from regard.errors import ConfigError
from regard.estimators import SeriesClassifier
from regard.estimators.parameters import as_json


class _Device(Enum):
    CPU = "cpu"


class _Word(StrEnum):
    HARD = "hard"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("gru"), "gru"),
        (np.array(3), 3),
        (np.array([[1.5, 2.0]]), [[1.5, 2.0]]),
        (np.array(["a", None], object), ["a", None]),
        (torch.tensor(3), 3),
        (nn.Parameter(torch.tensor([0.5, 1.0])), [0.5, 1.0]),
        (pd.Series([0.5, 1.0], index=[3, 4]), [0.5, 1.0]),
        (pd.Index(["a", "b"]), ["a", "b"]),
        (pl.Series([1, 2]), [1, 2]),
        ((1, np.int8(2)), [1, 2]),
        (range(3), [0, 1, 2]),
        (Path("a") / "b.csv", "a/b.csv"),
        (_Device.CPU, "cpu"),
        (_Word.HARD, "hard"),
        ({"a": {"b": np.array([1])}, np.int64(4): None}, {"a": {"b": [1]}, "4": None}),
        (MappingProxyType({"a": 1}), {"a": 1}),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_json_can_hold_is_taken(given: Any, wanted: Any) -> None:
    found = as_json(given, "hidden")
    assert found == wanted
    assert json.loads(json.dumps(found)) == wanted


@pytest.mark.parametrize(
    ("field", "given", "kind"),
    [
        ("hidden", {4}, "set"),
        ("hidden", frozenset([4]), "frozenset"),
        ("hidden", b"4", "bytes"),
        ("epochs", 1 + 2j, "complex"),
        ("epochs", np.datetime64("2024-01-01"), "datetime.date"),
        ("dropout", Decimal("0.1"), "decimal.Decimal"),
        ("device", torch.device("cpu"), "torch.device"),
        ("attention", {"window": {"local-p": {4}}}, "set"),
    ],
)
def test_what_it_cannot_hold_is_refused_by_fit(field: str, given: Any, kind: str) -> None:
    model = SeriesClassifier(**{field: given})
    name = "local-p" if isinstance(given, dict) else field
    with pytest.raises(ConfigError, match=f"^{name}: wanted .* an object of the type {kind}$"):
        model.fit(np.zeros((4, 1, 5)), [0, 1, 0, 1])


@pytest.mark.parametrize("field", ["attention", "encoder", "hidden"])
def test_modules_in_place_of_classes_are_refused(field: str) -> None:
    given = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    with pytest.raises(ConfigError, match="an object of <class 'torch.*Sequential'>") as raised:
        SeriesClassifier(**{field: given}).fit(np.zeros((4, 1, 5)), [0, 1, 0, 1])
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("given", [np.random.default_rng(0), torch.tensor(3), "a", 1.5])
def test_random_states_that_are_none(given: Any) -> None:
    model = SeriesClassifier(random_state=given)
    with pytest.raises(ConfigError, match="^random_state: wanted a whole number, .*RandomState"):
        model.fit(np.zeros((4, 1, 5)), [0, 1, 0, 1])


def test_a_model_of_such_parameters_is_saved_and_loaded(tmp_path: Path) -> None:
    series = np.random.default_rng(0).normal(size=(8, 1, 5))
    model = SeriesClassifier(
        encoder=np.str_("conv"),
        attention={"window": {"local-p": torch.tensor(2)}},
        hidden=np.array(4),
        layers=torch.tensor(1),
        epochs=np.int32(1),
        updates_per_epoch=1,
        device=_Device.CPU,
        class_weight={np.int64(0): np.float32(0.5), 1: torch.tensor(2.0)},
        random_state=np.random.RandomState(0),
    )
    model.fit(series, np.arange(8) % 2).save(tmp_path / "run")
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (config["model"]["hidden"], config["model"]["layers"]) == (4, 1)
    assert config["training"]["class_weight"] == {"0": 0.5, "1": 2.0}
    again = SeriesClassifier.load(tmp_path / "run")
    np.testing.assert_array_equal(again.predict_proba(series), model.predict_proba(series))
