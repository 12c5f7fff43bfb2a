"""An input and an output from outside, and encoders and scores of the user's own, all by name."""

import json
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor, nn

from commands import Regard
from regard import SeriesClassifier
from regard.catalogue import ENCODERS
from regard.config import resolve_config
from regard.errors import ConfigError, RunError
from regard.jobs import load_parts
from regard.models import Convolution, Encoder
from regard.plugins import name_of, register_encoder, register_task

HERE = Path(__file__).parent

pytestmark = pytest.mark.usefixtures("forget_plugins")


def _beads(path: Path, cases: int, seed: int) -> Path:
    """Strings of 3 to 9 beads, in which x is marked."""
    generator = np.random.default_rng(seed)
    rows = ["".join(generator.choice(list("abx"), generator.integers(3, 10))) for _ in range(cases)]
    marks = ["".join("1" if bead == "x" else "0" for bead in row) for row in rows]
    path.write_text("".join(f"{row} {mark}\n" for row, mark in zip(rows, marks, strict=True)))
    return path


def test_a_pair_from_outside_is_short() -> None:
    lines = (HERE / "toy_pair.py").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) < 80


def test_a_pair_from_outside_trains_predicts_and_explains(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(HERE)
    _beads(tmp_path / "beads.txt", 200, seed=0)
    config = {
        "task": "mark-beads",
        "data": {"kind": "lines", "path": "beads.txt", "validation_share": 0.2},
        "model": {"encoder": "conv", "hidden": 16},
        "training": {"epochs": 4, "device": "cpu"},
    }
    (tmp_path / "beads.json").write_text(json.dumps(config))
    plugin = ("--plugin", "toy_pair")
    assert regard("train", "beads.json", "--out", "run", *plugin) == 0, regard.err
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert metrics["accuracy"] > 0.95  # x can be told from a and b by itself
    assert "accuracy" in regard.out

    new = _beads(tmp_path / "new.txt", 7, seed=1)
    assert regard("predict", "run", new, "--out", "marks.csv", *plugin) == 0, regard.err
    truth = [line.split()[1] for line in new.read_text().splitlines()]
    marks = [line.split(",")[1] for line in Path("marks.csv").read_text().splitlines()[1:]]
    assert [len(mark) for mark in marks] == [len(mark) for mark in truth]
    right = [a == b for a, b in zip("".join(marks), "".join(truth), strict=True)]
    assert np.mean(right) > 0.9
    assert regard("explain", "run", new, "--case", "3", "--out", "case.svg", *plugin) == 0
    assert marks[3] in Path("case.svg").read_text()
    assert "Examples" in Path("run/report.html").read_text()


def test_a_pair_without_targets_is_refused() -> None:
    register_task("text-numbers", input="text", output="numbers")
    config = resolve_config({"task": "text-numbers", "data": {"kind": "table", "path": "a.csv"}})
    with pytest.raises(ConfigError, match="the input text has no targets for numbers"):
        load_parts(config)


SERIES = np.random.default_rng(0).standard_normal((12, 1, 9))
LABELS = np.arange(12) % 2


class Own(Convolution):
    """An encoder that no module registers."""


class Halved(Convolution):
    """Half as many positions as it says."""

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Tensor:
        return super().forward(series, mask)[:, ::2]


class Narrow(Encoder):
    """An encoder without a width."""


def _fit(encoder: object) -> SeriesClassifier:
    return SeriesClassifier(encoder=encoder, hidden=4, epochs=1, random_state=0).fit(SERIES, LABELS)


@pytest.mark.parametrize(
    ("module", "says"),
    [
        (
            "__main__",
            "needs classes of the script that saved it; register them with regard.plugins",
        ),
        ("json", "needs the plug-in json, which is imported but registers nothing; decorate"),
        ("absent", "needs the plug-in absent; import it first"),
    ],
)
def test_a_class_that_no_module_registers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, says: str
) -> None:
    """It loads once any module registers its name; until then the error says what is missing."""
    own = type("Own", (Convolution,), {"__module__": module})
    with monkeypatch.context() as patch:
        patch.setattr("regard.catalogue.ENCODERS._entries", dict(ENCODERS))
        patch.setattr("regard.catalogue.ENCODERS._plugins", {})
        fitted = _fit(own)
        fitted.save(tmp_path / "run")
        wanted = fitted.predict(SERIES)
    with pytest.raises(RunError, match=says):
        SeriesClassifier.load(tmp_path / "run")
    register_encoder(Own)
    assert (SeriesClassifier.load(tmp_path / "run").predict(SERIES) == wanted).all()


@pytest.mark.parametrize(
    ("encoder", "says"),
    [
        (Halved, r"encoder Halved: wanted states \[\d+, 9, 4\], .* given \[\d+, 5, 4\]"),
        (Narrow, "encoder 'Narrow': wanted an Encoder with its width"),
        (nn.GRU, "wanted a subclass of regard.models.Encoder, .* given the class GRU"),
        (Convolution(1, 4, 1), "has no name; give a class or a named function"),
    ],
)
def test_an_encoder_that_is_none(encoder: object, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        _fit(encoder)


def test_an_encoder_is_no_mechanism() -> None:
    with pytest.raises(ConfigError, match="wanted a mechanism, given the encoder Own"):
        name_of(Own, "attention")
