"""Errors: what is wrong, and how to fix it in Python, in a configuration and by an option."""

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

from regard import SeriesClassifier, cli, train
from regard.errors import (
    ConfigError,
    DataError,
    Fix,
    RegardError,
    RunError,
    in_configuration,
    spoken,
)

CASES: list[tuple[tuple[Fix, ...], str, str, str]] = [
    ((), "x: wrong", "x: wrong", "x: wrong"),
    (
        ("overwrite",),
        "x: wrong; choose another name or pass overwrite=True",
        "x: wrong; choose another name or pass overwrite=True",
        "x: wrong; choose another name or use --overwrite",
    ),
    (
        ("resume", "overwrite"),
        "x: wrong; pass resume=True to continue, or choose another name or pass overwrite=True",
        "x: wrong; pass resume=True to continue, or choose another name or pass overwrite=True",
        "x: wrong; use --resume to continue, or choose another name or use --overwrite",
    ),
    (
        (("missing", "interpolate"),),
        "x: wrong; pass missing='interpolate'",
        'x: wrong; set "missing": "interpolate" in "data"',
        'x: wrong; set "missing": "interpolate" in "data"',
    ),
    (
        ("training.learning_rate", ("label", None)),
        "x: wrong; pass learning_rate, or pass label=None",
        'x: wrong; set "learning_rate" in "training", or set "label": null in "data"',
        'x: wrong; set "learning_rate" in "training", or set "label": null in "data"',
    ),
]


@pytest.mark.parametrize(("fixes", "python", "configuration", "line"), CASES)
@pytest.mark.parametrize("kind", [RegardError, ConfigError, DataError, RunError])
def test_fixes_are_told_in_the_words_of_the_caller(
    kind: type[RegardError],
    fixes: tuple[Fix, ...],
    python: str,
    configuration: str,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = kind("x: wrong", fixes=fixes)
    assert str(error) == python

    @spoken(in_configuration)
    def fails(*args: Any, **options: Any) -> None:
        raise error

    with pytest.raises(kind) as caught:
        fails()
    assert str(caught.value) == configuration

    monkeypatch.setattr("regard.config.read_config", fails)
    assert _printed(monkeypatch, capsys, "train", "x.json") == f"error: {line}\n"


def test_options_are_those_of_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*args: Any, **options: Any) -> None:
        raise DataError("x: wrong", fixes=("labelled", ("future", "known.csv")))

    monkeypatch.setattr("regard.jobs.predict", fails)
    said = _printed(monkeypatch, capsys, "predict", "run", "x.csv", "--out", "y.csv")
    wanted = "use --labelled or --unlabelled, or use --future known.csv"
    assert said == f"error: x: wrong; {wanted}\n"


def _printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> str:
    monkeypatch.setattr("sys.argv", ["regard", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("kind", [RegardError, ConfigError, DataError, RunError])
def test_copies_keep_the_fixes(kind: type[RegardError]) -> None:
    error = kind("x: exists", fixes=("overwrite",))
    error.speech = in_configuration
    for other in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert type(other) is kind
        assert (str(other), other.fixes) == (str(error), ("overwrite",))


def test_the_fixes_of_the_command_line_are_options_of_a_command() -> None:
    from typer.main import get_command

    group: Any = get_command(cli.app)
    options = {each.name for command in group.commands.values() for each in command.params}
    assert set(cli.root._FIXES) <= options


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("train", "c.json", "--resume", "--overwrite"),
            "--resume, --overwrite: exclude each other; choose one",
        ),
        (
            ("explain", "run", "x.csv", "--text", "x", "--out", "y.png"),
            "source, --text: exclude each other; give one of them",
        ),
        (("explain", "run", "x.csv", "--out", "out"), "--out: wanted a name that ends in .png"),
    ],
)
def test_options_are_named_as_they_are_typed(
    words: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.json").write_text('{"data": {"kind": "sine"}}', encoding="utf-8")
    assert _printed(monkeypatch, capsys, *words).startswith(f"error: {said}")


def test_python_names_parameters_and_a_configuration_its_fields() -> None:
    with pytest.raises(ConfigError, match=r"^SeriesClassifier: epochs: wanted greater"):
        SeriesClassifier(epochs=0).fit([[1.0, 2.0], [2.0, 1.0]], ["a", "b"])
    with pytest.raises(ConfigError, match=r"^config: training\.epochs: wanted greater"):
        train({"data": {"kind": "sine"}, "training": {"epochs": 0}}, "unused")
