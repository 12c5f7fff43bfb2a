"""The option --plugin: names of a module of one's own at the command line."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commands import TINY, Regard
from regard import SeriesClassifier, jobs
from regard.catalogue import ENCODERS, WINDOWS
from regard.errors import RunError
from regard.registry import Registry
from regard.runs import partial_folder, read_run

BEADS = '''
from regard.attention import LocalMonotonic
from regard.models import Convolution
from regard.plugins import register_encoder, register_mechanism

@register_encoder
class Beads(Convolution):
    """Convolutions by another name."""

@register_mechanism
class Near(LocalMonotonic):
    """What is next to p."""

    def __init__(self) -> None:
        super().__init__(radius=1)
'''
WORDS = ("--plugin", "beads")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forget_plugins: None) -> Path:
    """The working directory, with a plug-in in it that is not loaded."""
    (tmp_path / "beads.py").write_text(BEADS)
    config = {**TINY, "model": {**TINY["model"], "encoder": "Beads"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _forget(patch: pytest.MonkeyPatch) -> None:
    """Make the plug-in one that is not loaded."""
    for name in ("beads", "toys", "toys.beads"):
        sys.modules.pop(name, None)
    registries: tuple[Registry[Any], ...] = (ENCODERS, WINDOWS)
    for registry in registries:
        for table in ("_entries", "_plugins"):
            known = getattr(registry, table)
            own = {name: each for name, each in known.items() if name not in ("Beads", "Near")}
            patch.setattr(registry, table, own)


def test_a_run_with_an_encoder_of_ones_own(
    regard: Regard, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = folder / "new.csv"
    new.write_text("\n".join(",".join(map(str, row)) for row in np.eye(3, 41)) + "\n")
    assert regard("train", "config.json", "--out", "run", *WORDS) == 0
    assert json.loads((folder / "run" / "config.json").read_text())["plugins"] == ["beads"]
    for words in (
        ("show", "run"),
        ("predict", "run", "new.csv", "--out", "p.csv"),
        ("explain", "run", "new.csv", "--out", "p.svg"),
    ):
        _forget(monkeypatch)
        assert regard.fails(*words) == (
            "error: run/config.json: needs the plug-in beads; name it with --plugin"
        )
        assert regard(*words, *WORDS) == 0
    assert len((folder / "p.csv").read_text().splitlines()) == 4
    assert (folder / "p.svg").exists()
    assert len(SeriesClassifier.load("run").predict(np.eye(3, 41))) == 3
    _forget(monkeypatch)
    for read in (read_run, SeriesClassifier.load):
        with pytest.raises(RunError, match="needs the plug-in beads; import it first"):
            read(Path("run"))


def test_without_the_option_the_name_is_not_known(regard: Regard, folder: Path) -> None:
    said = regard.fails("train", "config.json", "--out", "run")
    assert "config.json: model.encoder: " in said
    assert "Beads" in said
    assert not (folder / "run").exists()


def test_a_comparison(regard: Regard, folder: Path) -> None:
    words = ("--attention", "global,Near", "--seeds", "1", "--set", "training.epochs=1")
    assert regard("compare", "config.json", "--out", "out", *words, *WORDS) == 0
    assert [line.split()[0] for line in regard.out.splitlines()[:3]] == [
        "attention",
        "global",
        "Near",
    ]
    assert read_run(folder / "out" / "Near-seed0").config.plugins == ("beads",)


def test_mechanisms(regard: Regard, folder: Path) -> None:
    assert "'Near' is not a mechanism" in regard.fails("mechanisms", "Near")
    assert regard("mechanisms", *WORDS) == 0
    assert "  Near                What is next to p\n" in regard.out
    assert regard("mechanisms", "Near", *WORDS) == 0
    assert "in Python: beads.Near()" in regard.out
    assert 'in a configuration: {"attention": {"window": "Near"}}' in regard.out


def test_how_to_call_what_a_module_in_a_package_brings(regard: Regard, folder: Path) -> None:
    (folder / "toys").mkdir()
    (folder / "beads.py").rename(folder / "toys" / "beads.py")
    assert regard("mechanisms", "Near", "--plugin", "toys.beads") == 0
    assert "in Python: toys.beads.Near()" in regard.out


def test_what_is_interrupted_is_resumed_with_the_plug_in(
    regard: Regard, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "train", cut)
    monkeypatch.setattr(jobs, "compare", cut)
    (partial_folder(Path("runs/config")) / "resume").mkdir(parents=True)
    assert regard("train", "config.json", "--set", "seed=1", *WORDS) == 130
    assert regard.err.strip().endswith("--set seed=1 --plugin beads --resume")
    assert regard("compare", "config.json", "--attention", "dot", *WORDS) == 130
    assert regard.err.strip().endswith("--attention dot --plugin beads --resume")


@pytest.mark.parametrize(
    "words",
    [
        ("train", "config.json"),
        ("compare", "config.json", "--attention", "dot"),
        ("predict", "run", "new.csv", "--out", "p.csv"),
        ("explain", "run", "new.csv", "--out", "p.svg"),
        ("show", "run"),
        ("mechanisms",),
    ],
)
def test_a_module_that_is_not_there(regard: Regard, folder: Path, words: tuple[str, ...]) -> None:
    before = {file.name for file in folder.iterdir()}
    said = regard.fails(*words, *WORDS, "--plugin", "pearls")
    assert said == "error: plug-in pearls: cannot be imported: No module named 'pearls'"
    assert {file.name for file in folder.iterdir()} <= before | {"__pycache__"}


@pytest.mark.parametrize("given", ["./beads.py", "beads.py/", "", ".beads"])
def test_what_names_no_module(regard: Regard, folder: Path, given: str) -> None:
    said = regard.fails("show", "run", "--plugin", given)
    assert said == f"error: --plugin {given}: wanted a module's name, such as my_parts"
